"""What a state looks like in a table: glyph, word and style, the same everywhere."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from opsconsole.cli.columns import Cell
from opsconsole.domain.run import OperationRun, Status


@dataclass(frozen=True, slots=True)
class State:
    """One state's looks; ``ascii_glyph`` is for terminals whose encoding lacks the glyph."""

    glyph: str
    ascii_glyph: str
    word: str
    style: str


STATES: dict[str, State] = {
    "queued": State("◌", ".", "queued", "dim"),
    "running": State("▶", ">", "running", "cyan"),
    "succeeded": State("✓", "+", "succeeded", "green"),
    "partially_succeeded": State("◐", "~", "partial", "yellow"),
    "failed": State("✗", "x", "failed", "bold red"),
    "cancelled": State("⊘", "-", "cancelled", "dim"),
    "undone": State("↶", "<", "undone", "dim"),
    "previewing": State("▶", ">", "previewing", "cyan"),
    "previewed": State("◇", "o", "previewed", "cyan"),
    "preview_failed": State("✗", "x", "preview failed", "bold red"),
    "executing": State("▶", ">", "executing", "cyan"),
    "completed": State("✓", "+", "completed", "green"),
    "unchanged": State("=", "=", "unchanged", "dim"),
    "will_change": State("~", "~", "will change", "yellow"),
    "blocked": State("!", "!", "blocked", "bold red"),
    "applied": State("✓", "+", "applied", "green"),
    "awaiting_approval": State("◔", "?", "awaiting approval", "yellow"),
    "skipped": State("-", "-", "skipped", "dim"),
    "pending": State("◌", ".", "pending", "dim"),
    "fetched": State("✓", "+", "fetched", "green"),
    "listed": State("✓", "+", "listed", "green"),
    "partial": State("◐", "~", "partial", "yellow"),
    "not_available": State("-", "-", "not available", "dim"),
    "refused": State("✗", "x", "refused", "bold red"),
    "complete": State("✓", "+", "complete", "green"),
    "incomplete": State("◐", "~", "incomplete", "yellow"),
    "active": State("▶", ">", "in progress", "cyan"),
    "ok": State("✓", "+", "ok", "green"),
    "warn": State("◐", "~", "warn", "yellow"),
    "fail": State("✗", "x", "fail", "bold red"),
    "urgent": State("✗", "x", "urgent", "bold red"),
    "soon": State("◐", "~", "soon", "yellow"),
    "note": State("·", "-", "note", "dim"),
    "missing": State("✗", "x", "missing", "bold red"),
    "unknown": State("◌", ".", "not checked", "dim"),
    "paused": State("◌", ".", "paused", "dim"),
    "changed": State("~", "~", "changed", "yellow"),
    "new": State("+", "+", "new", "green"),
    "gone": State("-", "-", "gone", "red"),
    "same": State("=", "=", "same", "dim"),
}
"""Every state that a table shows. A test holds that no value of the domain is missing."""


def state_cell(key: str) -> Cell:
    """Return the cell of a state; an unknown one is shown by its word alone."""
    state = STATES.get(key)
    if state is None:
        return Cell(key)
    return Cell(f"{drawable(state.glyph, state.ascii_glyph)} {state.word}", state.style)


def run_state(run: OperationRun) -> str:
    """Return the key of a run's state: its outcome once it completed."""
    return run.outcome.value if run.status is Status.COMPLETED else run.status.value


def drawable(glyph: str, ascii_glyph: str) -> str:
    """Return the glyph, or what stands for it where the encoding of stdout lacks it."""
    try:
        glyph.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return ascii_glyph
    return glyph
