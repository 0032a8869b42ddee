"""A plan in words: what it would change in sum."""

from __future__ import annotations

from opsconsole.console.figures import at_length, grouped
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.restores import source_of
from opsconsole.console.states import RESTORE_STATES
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain
from opsconsole.domain.plan import DANGER_WORDS, Danger
from opsconsole.domain.restore import RestoreRun


def plan_facts(restore: RestoreRun, pen: Pen, width: int, *, only_changes: bool) -> list[list[Span]]:
    """Return the lines at the head of a plan."""
    state = RESTORE_STATES[restore.standing]
    changes, blocked = restore.counts.get("will_change", 0), restore.counts.get("blocked", 0)
    unchanged = restore.counts.get("unchanged", 0)
    first = [
        (f" {pen.state(state)}", pen.ink(state.ink)),
        (f"  {plain(restore.tenant)}", pen.ink("strong")),
        (
            pen.drawn(f"  {'' if restore.undo_of else 'from '}{source_of(restore)} · {restore.mode.value}"),
            pen.ink("text"),
        ),
        (f"  {at_length(restore.created_at, pen.zone)} by {plain(restore.initiator_name)}", pen.ink("dim")),
    ]
    second: list[Span] = [
        (f" {grouped(changes)} ", pen.ink("changed" if changes else "faint")),
        (f"{_change_words(restore, changes)}   ", pen.ink("dim")),
        (f"{grouped(blocked)} ", pen.ink("danger" if blocked else "faint")),
        ("blocked   ", pen.ink("dim")),
        (f"{grouped(unchanged)} ", pen.ink("text" if unchanged else "faint")),
        ("unchanged", pen.ink("dim")),
        ("   (not listed; c shows all)" if only_changes and unchanged else "", pen.ink("dim")),
    ]
    lines = [first, second]
    if restore.undone_by is not None:
        lines.append([(f" undone by the plan {short_id(restore.undone_by)}", pen.ink("text"))])
    if left_out := len(restore.left_out):
        noun = "policy was" if left_out == 1 else "policies were"
        lines.append([(f" {grouped(left_out)} {noun} left out by hand", pen.ink("partial"))])
    line = ""
    for danger in Danger:
        if number := restore.dangers.get(danger.value):
            words = f"{DANGER_WORDS[danger]}: {grouped(number)}"
            if line and len(line) + len(words) + 6 > width:
                lines.append([(pen.drawn(line), pen.ink("danger"))])
                line = ""
            line += f" · {words}" if line else f" ⚠ {words}"
    if line:
        lines.append([(pen.drawn(line), pen.ink("danger"))])
    return lines


def _change_words(restore: RestoreRun, changes: int) -> str:
    """Return what the number of changes is: of a plan that was run, what it was to change; its rows say what became of each."""
    if not restore.executions:
        return "will change"
    return "planned change" if changes == 1 else "planned changes"
