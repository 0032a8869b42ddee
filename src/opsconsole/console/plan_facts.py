"""A plan in words: what it would change in sum, and what it means for one policy."""

from __future__ import annotations

from collections.abc import Mapping

from opsconsole.console.figures import at_length, grouped
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.restores import source_of
from opsconsole.console.states import PLAN_STATES, RESTORE_STATES
from opsconsole.console.targets import assignments_in, target_words
from opsconsole.domain.failure import REASONS
from opsconsole.domain.plain_text import cut, plain
from opsconsole.domain.plan import DANGER_WORDS, Danger
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun

MAX_KEPT = 12
"""Unchanged targets named for one policy; the others are counted."""


def plan_facts(restore: RestoreRun, pen: Pen, width: int, *, only_changes: bool) -> list[list[Span]]:
    """Return the lines at the head of a plan."""
    state = RESTORE_STATES[restore.status]
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
        ("will change   ", pen.ink("dim")),
        (f"{grouped(blocked)} ", pen.ink("danger" if blocked else "faint")),
        ("blocked   ", pen.ink("dim")),
        (f"{grouped(unchanged)} ", pen.ink("text" if unchanged else "faint")),
        ("unchanged", pen.ink("dim")),
        ("   (not listed; c shows all)" if only_changes and unchanged else "", pen.ink("dim")),
    ]
    lines = [first, second]
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


def policy_facts(item: RestoreItem, pen: Pen, names: Mapping[str, str]) -> list[list[Span]]:
    """Return what a plan means for one policy: added, removed and kept targets by name, dangers and blocks in words."""
    state = PLAN_STATES[item.state]
    lines: list[list[Span]] = [
        [(cut(item.policy_name or item.policy_id, 120), pen.ink("strong"))],
        [(pen.state(state), pen.ink(state.ink)), (f"  {plain(item.policy_type)}", pen.ink("dim"))],
        [],
    ]
    for danger in item.dangers:
        words = DANGER_WORDS[Danger(danger)] if danger in set(Danger) else danger
        lines.append([(pen.drawn(f"⚠ {words}"), pen.ink("danger"))])
    if item.dangers:
        lines.append([])
    if item.state is ItemState.BLOCKED or item.failure:
        lines += _blocked(item, pen)
    lines += [[(f"+ {_cut(target_words(target))}", pen.ink("added"))] for target in item.added]
    lines += [[(f"- {_cut(target_words(target))}", pen.ink("removed"))] for target in item.removed]
    live, planned = set(assignments_in(item.live)), set(assignments_in(item.planned))
    kept = sorted(live & planned)
    for entry in kept[:MAX_KEPT]:
        lines.append([(f"= {_cut(target_words(entry.to_json(names)))}", pen.ink("dim"))])
    if len(kept) > MAX_KEPT:
        lines.append([(f"= and {grouped(len(kept) - MAX_KEPT)} more that stay", pen.ink("dim"))])
    if item.planned is not None and not planned and item.state is not ItemState.BLOCKED:
        lines += [[], [("assigned to nobody afterwards", pen.ink("danger" if live else "dim"))]]
    return lines


def _blocked(item: RestoreItem, pen: Pen) -> list[list[Span]]:
    lines: list[list[Span]] = [
        [(pen.drawn(f"? {_cut(target_words(target))}"), pen.ink("danger"))] for target in item.unresolved
    ]
    if item.failure:
        info = REASONS[item.failure.reason]
        lines += [
            [(_cut(item.failure.message, 400), pen.ink("text"))],
            [(pen.drawn(f"→ {info.next_step}"), pen.ink("key"))],
        ]
    if item.unresolved:
        lines.append([("s", pen.ink("key")), (" settles these targets here.", pen.ink("text"))])
    return [*lines, []]


def _cut(text: str, width: int = 160) -> str:
    return cut(text, width)
