"""What `doctor` finds: lines that say ok, warn or fail, each with a next step."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Finding(StrEnum):
    """How good a line's news is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Line:
    """One check: what was looked at, what was found, what to do about it (empty where nothing is to do)."""

    finding: Finding
    name: str
    detail: str
    next_step: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the line as JSON."""
        return {
            "finding": self.finding.value,
            "name": self.name,
            "detail": self.detail,
            "next_step": self.next_step,
        }


@dataclass(slots=True)
class Diagnosis:
    """The lines so far, in the order in which they were found."""

    lines: list[Line] = field(default_factory=list)

    def ok(self, name: str, detail: str) -> None:
        """Add good news."""
        self.lines.append(Line(Finding.OK, name, detail))

    def warn(self, name: str, detail: str, next_step: str) -> None:
        """Add what works but should be looked at."""
        self.lines.append(Line(Finding.WARN, name, detail, next_step))

    def fail(self, name: str, detail: str, next_step: str) -> None:
        """Add what does not work."""
        self.lines.append(Line(Finding.FAIL, name, detail, next_step))

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing failed."""
        return all(line.finding is not Finding.FAIL for line in self.lines)
