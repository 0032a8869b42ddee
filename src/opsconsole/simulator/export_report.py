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
        """One line for people."""
        passed_over = "; ".join(f"{count} {reason}" for reason, count in sorted(self.reasons.items()))
        return f"policies: {self.policies}, files: {self.files}" + (
            f"; passed over: {passed_over}" if passed_over else ""
        )
