"""The log of a run: what happened while it was carried out, one line each, and the phases that it went through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MAX_EVENTS = 500
"""Lines a run may have: as many as a person reads. What comes after that is left out, and the log says so."""


class EventKind(StrEnum):
    """What a line of the log tells."""

    ATTEMPT = "attempt"
    TAKEN_OVER = "taken_over"
    RELEASED = "released"
    PHASE = "phase"
    THROTTLE_WAIT = "throttle_wait"
    PACE_WAIT = "pace_wait"
    LEASE_WAIT = "lease_wait"
    RETRY = "retry"
    TOKEN = "token"  # noqa: S105  a kind of line, no secret
    SMALLER_PAGES = "smaller_pages"
    FALLBACK = "fallback"
    FAILED = "failed"
    APPROVAL = "approval"
    CANCEL = "cancel"
    LEFT_OUT = "left_out"
    COMPLETED = "completed"


TROUBLE = frozenset({EventKind.TAKEN_OVER, EventKind.FAILED, EventKind.CANCEL, EventKind.LEFT_OUT, EventKind.COMPLETED})
"""What the log of a failed run shows before anybody asks for all of it: what failed, who was lost, how it ended."""

WAITS = frozenset({EventKind.THROTTLE_WAIT, EventKind.PACE_WAIT, EventKind.LEASE_WAIT})
"""Lines about time in which nothing was sent; ``data.waited_s`` says how long in sum."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One line. ``text`` is clean text of the product's own; ``times`` is how often it happened, ``ended_at`` when last.

    ``data`` holds what a reader sees in his own zone and words: ``until``, ``waited_s``, ``reason``, ``phase``.
    """

    seq: int
    at: str
    kind: EventKind
    text: str
    ended_at: str | None = None
    times: int = 1
    data: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the line as ``runs show --log --json`` prints it."""
        return {
            "seq": self.seq,
            "at": self.at,
            "ended_at": self.ended_at,
            "kind": self.kind.value,
            "text": self.text,
            "times": self.times,
            "data": self.data,
        }


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a run's work; ``ended_at`` None while it lasts."""

    name: str
    began_at: str
    ended_at: str | None


def phases_of(events: Iterable[RunEvent], completed_at: str | None) -> list[Phase]:
    """Return the phases in order. One that its worker never ended lasted until the next one took the run up."""
    phases: list[Phase] = []
    for event in events:
        if event.kind in (EventKind.ATTEMPT, EventKind.TAKEN_OVER, EventKind.PHASE):
            if phases and phases[-1].ended_at is None:
                phases[-1] = Phase(phases[-1].name, phases[-1].began_at, event.at)
            if event.kind is EventKind.PHASE:
                phases.append(Phase(event.text, event.at, event.ended_at))
    if phases and phases[-1].ended_at is None:
        phases[-1] = Phase(phases[-1].name, phases[-1].began_at, completed_at)
    return phases
