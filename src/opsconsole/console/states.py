"""The states table: each state has a glyph, a word, an ink and a glyph for terminals without Unicode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from opsconsole.domain.run import OperationRun, Outcome, RunType, Status

if TYPE_CHECKING:
    from opsconsole.domain.backup import BackupSet


class State(Struct, frozen=True):
    """How one state is shown: always glyph and word together, so that neither colour nor font is needed."""

    glyph: str
    word: str
    ink: str
    ascii: str


RUN_STATES: dict[str, State] = {
    "queued": State("◌", "queued", "queued", "."),
    "running": State("▶", "running", "running", ">"),
    "succeeded": State("✓", "succeeded", "good", "+"),
    "partially_succeeded": State("◐", "partial", "partial", "~"),
    "failed": State("✗", "failed", "bad", "x"),
    "cancelled": State("⊘", "cancelled", "ended", "-"),
    "cancelling": State("▷", "cancelling", "partial", ">"),
}
"""A run's status while it is active, its outcome afterwards."""

ITEM_STATES: dict[str, State] = {
    "pending": State("◌", "pending", "queued", "."),
    "fetched": State("✓", "fetched", "good", "+"),
    "failed": State("✗", "failed", "bad", "x"),
    "skipped": State("⊘", "skipped", "ended", "-"),
}

SET_STATES: dict[str, State] = {
    "active": State("▶", "running", "running", ">"),
    "complete": State("✓", "complete", "good", "+"),
    "incomplete": State("◐", "incomplete", "partial", "~"),
}

PLAN_STATES: dict[str, State] = {
    "unchanged": State("=", "unchanged", "dim", "="),
    "will_change": State("~", "will change", "changed", "~"),
    "blocked": State("!", "blocked", "danger", "!"),
    "applied": State("✓", "applied", "good", "+"),
    "failed": State("✗", "failed", "bad", "x"),
    "awaiting_approval": State("◔", "awaiting approval", "partial", "?"),
    "skipped": State("⊘", "skipped", "ended", "-"),
}

DIFFERENCE_STATES: dict[str, State] = {
    "changed": State("~", "changed", "changed", "~"),
    "new": State("+", "new", "added", "+"),
    "gone": State("-", "gone", "removed", "-"),
    "unknown": State("?", "not compared", "danger", "?"),
}
"""What became of a policy between two states of a tenant; of one that was not compared nothing is known."""

RESTORE_STATES: dict[str, State] = {
    "previewing": State("▶", "previewing", "running", ">"),
    "previewed": State("◇", "previewed", "changed", "o"),
    "preview_failed": State("✗", "preview failed", "bad", "x"),
    "executing": State("▶", "executing", "running", ">"),
    "completed": State("✓", "completed", "good", "+"),
    "undone": State("↶", "undone", "ended", "<"),
    "cancelled": State("⊘", "cancelled", "ended", "-"),
}

AUDIT_STATES: dict[str, State] = {
    "succeeded": State("✓", "done", "good", "+"),
    "partially_succeeded": State("◐", "partial", "partial", "~"),
    "failed": State("✗", "failed", "bad", "x"),
    "cancelled": State("⊘", "cancelled", "ended", "-"),
    "refused": State("!", "refused", "danger", "!"),
}

LOG_STATES: dict[str, State] = {
    "attempt": State("▶", "taken up", "running", ">"),
    "taken_over": State("↻", "taken over", "danger", "!"),
    "released": State("○", "given back", "ended", "o"),
    "phase": State("▸", "phase", "strong", ">"),
    "throttle_wait": State("‖", "throttled", "partial", "w"),
    "pace_wait": State("‖", "held back", "dim", "w"),
    "lease_wait": State("‖", "waits", "partial", "w"),
    "retry": State("↺", "sent again", "partial", "r"),
    "token": State("↺", "new token", "dim", "t"),
    "smaller_pages": State("↓", "pages", "dim", "d"),
    "fallback": State("↓", "other way", "dim", "d"),
    "failed": State("✗", "failed", "bad", "x"),
    "approval": State("◔", "approval", "partial", "?"),
    "cancel": State("▷", "cancel", "partial", "c"),
    "left_out": State("…", "left out", "dim", "~"),
    "completed": State("■", "ended", "strong", "="),
}
"""What the lines of a run's log tell."""

TYPE_WORDS: dict[RunType, str] = {
    RunType.CAPTURE: "capture",
    RunType.FETCH: "fetch",
    RunType.PREVIEW: "preview",
    RunType.RESTORE: "restore",
    RunType.DRIFT: "drift",
    RunType.CHECK: "check",
    RunType.RECONCILE: "reconcile",
}
"""What a run's type is called on screens."""

DRAWN_ASCII: dict[str, str] = {
    "▸": ">",
    "▾": "v",
    "▴": "^",
    "●": "*",
    "◆": "*",
    "○": "o",
    "×": "x",
    "━": "#",
    "·": "-",
    "…": "~",
    "↵": "Enter",
    "→": "->",
    "─": ".",
    "│": "|",
    "⚠": "!",
    "♪": "*",
    "▁": "_",
    "▂": "_",
    "▃": "-",
    "▄": "-",
    "▅": "=",
    "▆": "=",
    "▇": "#",
}
"""What stands for the other drawn characters on a terminal without Unicode."""


def state_of_run(run: OperationRun) -> State:
    """Return how a run is shown."""
    if run.status is Status.RUNNING and run.cancel_requested_at:
        return RUN_STATES["cancelling"]
    if run.status is Status.COMPLETED and run.outcome is not Outcome.PENDING:
        return RUN_STATES[run.outcome.value]
    return RUN_STATES[run.status.value]


def state_of_set(backup_set: BackupSet) -> State:
    """Return how a backup set is shown."""
    if backup_set.is_active:
        return SET_STATES["active"]
    return SET_STATES["complete" if backup_set.is_complete else "incomplete"]
