"""What came of reading a folder of exports: how much was taken, and why the rest was not."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class ExportReport:
    """Counts, and each file or entry passed over with its reason; `duplicates` are ids met again, the first one kept."""

    files: int = 0
    policies: int = 0
    duplicates: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def skip(self, place: str, reason: str) -> None:
        """Notes a file, or an entry of one, that was passed over."""
        self.skipped.append((place, reason))

    @property
    def reasons(self) -> dict[str, int]:
        """How often each reason was given."""
        return dict(Counter(reason for _, reason in self.skipped))

    @property
    def summary(self) -> str:
        """Sentences for people: what was taken, and a line for each reason why something was not."""
        lines = [f"Took {_counted(self.policies, 'policy', 'policies')} from {_counted(self.files, 'file', 'files')}."]
        if self.skipped:
            lines.append(f"Passed over {_counted(len(self.skipped), 'file or entry', 'files or entries')}:")
            reasons = sorted(self.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
            lines += [f"  {'once' if count == 1 else f'{count:,} times'}: {reason}" for reason, count in reasons]
        return "\n".join(lines)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
