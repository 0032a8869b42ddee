"""One policy of a plan, side by side: what is live on the left, what is planned on the right, both by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from opsconsole.console.figures import grouped
from opsconsole.console.folding import word_folded
from opsconsole.console.pen import Pen, Span
from opsconsole.console.policy_words import type_words
from opsconsole.console.states import PLAN_STATES
from opsconsole.console.targets import assignments_in, target_words
from opsconsole.domain.failure import REASONS
from opsconsole.domain.plain_text import cut, plain
from opsconsole.domain.plan import DANGER_WORDS, Danger
from opsconsole.domain.restore import ItemState, RestoreItem

MAX_KEPT = 12
"""Unchanged targets named for one policy; the others are counted."""

MAX_WORDS = 160
"""Columns of one target: two names of groups or filters as long as the directory allows would push the others away."""

HANG = 2
"""What goes on of a target stands below its words, not below its sign."""

LEFT, RIGHT = "Live, as the preview saw it", "Planned"


@dataclass(frozen=True, slots=True)
class _Line:
    """One target on each side; an empty text leaves its side blank."""

    left: str
    right: str
    left_ink: str = "dim"
    right_ink: str = "dim"


def policy_sides(item: RestoreItem, pen: Pen, names: Mapping[str, str], width: int) -> list[list[Span]]:
    """Return what a plan means for one policy in lines of ``width`` columns: dangers in words, then live against planned."""
    state = PLAN_STATES[item.state]
    lines: list[list[Span]] = [
        [(cut(item.policy_name or item.policy_id, width), pen.ink("strong"))],
        [
            (pen.state(state), pen.ink(state.ink)),
            (f"  {cut(type_words(item.policy_type), max(1, width - 24))}", pen.ink("dim")),
        ],
    ]
    lines += [[(pen.drawn(f"⚠ {words}"), pen.ink("danger"))] for words in _dangers(item)]
    # Why nothing was written comes first: a policy may have hundreds of targets.
    if item.failure and item.state in (ItemState.BLOCKED, ItemState.FAILED, ItemState.AWAITING_APPROVAL):
        lines += _why(item, pen, width)
    half = (width - 3) // 2
    lines += [
        [*pen.cell(LEFT, half, "dim"), (pen.drawn(" │ "), pen.ink("faint")), (cut(RIGHT, half), pen.ink("dim"))],
        *(part for line in _targets(item, names) for part in _drawn(line, pen, half, width - 3 - half)),
    ]
    return lines


def _dangers(item: RestoreItem) -> list[str]:
    known = {danger.value for danger in Danger}
    return [DANGER_WORDS[Danger(danger)] if danger in known else danger for danger in item.dangers]


def _targets(item: RestoreItem, names: Mapping[str, str]) -> list[_Line]:
    live, planned = set(assignments_in(item.live)), set(assignments_in(item.planned))
    if item.planned is None:
        stays = [f"  {_words(entry.to_json(names))}" for entry in sorted(live)]
        open_ones = [f"? {_words(target)}" for target in item.unresolved] or ["nothing is written"]
        return [_Line(left or "", right or "", "text", "danger") for left, right in zip_longest(stays, open_ones)]
    removed = [f"- {_words(target)}" for target in item.removed]
    added = [f"+ {_words(target)}" for target in item.added]
    lines = [_Line(left or "", right or "", "removed", "added") for left, right in zip_longest(removed, added)]
    kept = [f"= {_words(entry.to_json(names))}" for entry in sorted(live & planned)]
    lines += [_Line(one, one) for one in kept[:MAX_KEPT]]
    if len(kept) > MAX_KEPT:
        more = f"= and {grouped(len(kept) - MAX_KEPT)} more that stay"
        lines.append(_Line(more, more))
    if not planned and item.state is not ItemState.SKIPPED:
        lines.append(
            _Line("" if live else "assigned to nobody", "assigned to nobody", "dim", "danger" if live else "dim")
        )
    return lines


def _drawn(line: _Line, pen: Pen, half: int, other_half: int) -> list[list[Span]]:
    left = word_folded(line.left, half, HANG) if line.left else []
    right = word_folded(line.right, other_half, HANG) if line.right else []
    return [
        [
            *pen.cell(one or "", half, line.left_ink),
            (pen.drawn(" │ "), pen.ink("faint")),
            (pen.drawn(cut(other or "", other_half)), pen.ink(line.right_ink)),
        ]
        for one, other in zip_longest(left, right)
    ]


def _why(item: RestoreItem, pen: Pen, width: int) -> list[list[Span]]:
    lines: list[list[Span]] = []
    if item.failure is not None:
        info = REASONS[item.failure.reason]
        lines += [[(part, pen.ink("text"))] for part in word_folded(cut(item.failure.message, 400), width)]
        lines += [[(pen.drawn(part), pen.ink("key"))] for part in word_folded(f"→ {info.next_step}", width)]
    if item.unresolved and item.state is ItemState.BLOCKED:
        lines.append([("s", pen.ink("key")), (" settles these targets here.", pen.ink("text"))])
    return lines


def _words(target: Mapping[str, object]) -> str:
    return cut(plain(target_words(target)), MAX_WORDS)
