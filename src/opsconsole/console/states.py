"""The states table: each state has a glyph, a word, an ink and a glyph for terminals without Unicode."""

from __future__ import annotations

from dataclasses import dataclass

from opsconsole.domain.backup import BackupSet, ItemStatus
from opsconsole.domain.restore import ItemState, RestoreStatus
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.domain.run_event import EventKind


@dataclass(frozen=True, slots=True)
class State:
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

ITEM_STATES: dict[ItemStatus, State] = {
    ItemStatus.PENDING: State("◌", "pending", "queued", "."),
    ItemStatus.FETCHED: State("✓", "fetched", "good", "+"),
    ItemStatus.FAILED: State("✗", "failed", "bad", "x"),
    ItemStatus.SKIPPED: State("⊘", "skipped", "ended", "-"),
}

SET_STATES: dict[str, State] = {
    "active": State("▶", "running", "running", ">"),
    "complete": State("✓", "complete", "good", "+"),
    "incomplete": State("◐", "incomplete", "partial", "~"),
}

PLAN_STATES: dict[ItemState, State] = {
    ItemState.UNCHANGED: State("=", "unchanged", "dim", "="),
    ItemState.WILL_CHANGE: State("~", "will change", "changed", "~"),
    ItemState.BLOCKED: State("!", "blocked", "danger", "!"),
    ItemState.APPLIED: State("✓", "applied", "good", "+"),
    ItemState.FAILED: State("✗", "failed", "bad", "x"),
    ItemState.AWAITING_APPROVAL: State("◔", "awaiting approval", "partial", "?"),
    ItemState.SKIPPED: State("⊘", "skipped", "ended", "-"),
}

DIFFERENCE_STATES: dict[str, State] = {
    "changed": State("~", "changed", "changed", "~"),
    "new": State("+", "new", "added", "+"),
    "gone": State("-", "gone", "removed", "-"),
    "unknown": State("?", "not compared", "danger", "?"),
}
"""What became of a policy between two states of a tenant; of one that was not compared nothing is known."""

RESTORE_STATES: dict[RestoreStatus, State] = {
    RestoreStatus.PREVIEWING: State("▶", "previewing", "running", ">"),
    RestoreStatus.PREVIEWED: State("◇", "previewed", "changed", "o"),
    RestoreStatus.PREVIEW_FAILED: State("✗", "preview failed", "bad", "x"),
    RestoreStatus.EXECUTING: State("▶", "executing", "running", ">"),
    RestoreStatus.COMPLETED: State("✓", "completed", "good", "+"),
    RestoreStatus.CANCELLED: State("⊘", "cancelled", "ended", "-"),
}

AUDIT_STATES: dict[str, State] = {
    "succeeded": State("✓", "done", "good", "+"),
    "partially_succeeded": State("◐", "partial", "partial", "~"),
    "failed": State("✗", "failed", "bad", "x"),
    "cancelled": State("⊘", "cancelled", "ended", "-"),
    "refused": State("!", "refused", "danger", "!"),
}

LOG_STATES: dict[EventKind, State] = {
    EventKind.ATTEMPT: State("▶", "taken up", "running", ">"),
    EventKind.TAKEN_OVER: State("↻", "taken over", "danger", "!"),
    EventKind.RELEASED: State("○", "given back", "ended", "o"),
    EventKind.PHASE: State("▸", "phase", "strong", ">"),
    EventKind.THROTTLE_WAIT: State("‖", "throttled", "partial", "w"),
    EventKind.PACE_WAIT: State("‖", "held back", "dim", "w"),
    EventKind.LEASE_WAIT: State("‖", "waits", "partial", "w"),
    EventKind.RETRY: State("↺", "sent again", "partial", "r"),
    EventKind.TOKEN: State("↺", "new token", "dim", "t"),
    EventKind.SMALLER_PAGES: State("↓", "pages", "dim", "d"),
    EventKind.FALLBACK: State("↓", "other way", "dim", "d"),
    EventKind.FAILED: State("✗", "failed", "bad", "x"),
    EventKind.APPROVAL: State("◔", "approval", "partial", "?"),
    EventKind.CANCEL: State("▷", "cancel", "partial", "c"),
    EventKind.LEFT_OUT: State("…", "left out", "dim", "~"),
    EventKind.COMPLETED: State("■", "ended", "strong", "="),
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
