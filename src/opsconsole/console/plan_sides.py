"""One policy of a plan, side by side: what is live on the left, what is planned on the right, both by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from opsconsole.console.figures import grouped
from opsconsole.console.folding import wrapped
from opsconsole.console.pen import Pen, Span
from opsconsole.console.policy_words import type_words
from opsconsole.console.states import PLAN_STATES
from opsconsole.console.targets import assignments_in, target_words
from opsconsole.domain.failure import REASONS
from opsconsole.domain.plain_text import cell_width, cut, plain
from opsconsole.domain.plan import DANGER_WORDS, Danger
from opsconsole.domain.restore import ItemState, RestoreItem

MAX_WORDS = 160
"""Columns of one target: two names of groups or filters as long as the directory allows would push the others away."""

LEFT, RIGHT = "Live, as the preview saw it", "Planned"


_SAY_WHY = frozenset({ItemState.BLOCKED, ItemState.FAILED, ItemState.AWAITING_APPROVAL, ItemState.SKIPPED})
"""States of a policy that its failure explains."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One target on each side; an empty text leaves its side blank."""

    left: str
    right: str
    left_ink: str = "dim"
    right_ink: str = "dim"


def policy_sides(
    item: RestoreItem, pen: Pen, names: Mapping[str, str], width: int, height: int = 0
) -> list[list[Span]]:
    """Return what a plan means for one policy in lines of ``width`` columns: dangers in words, then live against planned.

    ``height``: lines that there is room for; the last of them counts those that are left out. 0: as many as it takes.
    """
    # Why nothing was written comes first: a policy may have hundreds of targets.
    lines = [_head(item, pen, width), *_dangers(item, pen, width), *_why(item, pen, width)]
    half = (width - 3) // 2
    lines += [
        [*pen.cell(LEFT, half, "dim"), (pen.drawn(" │ "), pen.ink("faint")), (cut(RIGHT, half), pen.ink("dim"))],
        *(part for line in _targets(item, names) for part in _drawn(line, pen, half, width - 3 - half)),
    ]
    if not height or len(lines) <= height:
        return lines
    more = len(lines) - height + 1
    last: list[Span] = [
        (pen.drawn(f"… {grouped(more)} more lines: "), pen.ink("text")),
        (pen.drawn("↵"), pen.ink("key")),
        (" shows all", pen.ink("text")),
    ]
    return [*lines[: height - 1], last]


def _head(item: RestoreItem, pen: Pen, width: int) -> list[Span]:
    state = PLAN_STATES[item.state]
    shown = pen.state(state)
    kind = cut(type_words(item.policy_type), 28)
    room = max(8, width - cell_width(shown) - cell_width(kind) - 4)
    return [
        (shown, pen.ink(state.ink)),
        (f"  {cut(item.policy_name or item.policy_id, room)}", pen.ink("strong")),
        (f"  {kind}", pen.ink("dim")),
    ]


def _dangers(item: RestoreItem, pen: Pen, width: int) -> list[list[Span]]:
    known = {danger.value for danger in Danger}
    words = [DANGER_WORDS[Danger(danger)] if danger in known else danger for danger in item.dangers]
    text = " · ".join(f"⚠ {one}" for one in words)
    return [[(pen.drawn(part), pen.ink("danger"))] for part in wrapped(text, width)] if words else []


def _targets(item: RestoreItem, names: Mapping[str, str]) -> list[_Line]:
    live, planned = set(assignments_in(item.live)), set(assignments_in(item.planned))
    if item.planned is None:
        stays = [f"= {_words(entry.to_json(names))}" for entry in sorted(live)]
        open_ones = [f"? {_words(target)}" for target in item.unresolved] or ["nothing is written"]
        return [_Line(left or "", right or "", "text", "danger") for left, right in zip_longest(stays, open_ones)]
    removed = [f"- {_words(target)}" for target in item.removed]
    added = [f"+ {_words(target)}" for target in item.added]
    lines = [_Line(left or "", right or "", "removed", "added") for left, right in zip_longest(removed, added)]
    kept = [f"= {_words(entry.to_json(names))}" for entry in sorted(live & planned)]
    lines += [_Line(one, one) for one in kept]
    if not planned and item.state is not ItemState.SKIPPED:
        lines.append(
            _Line("" if live else "assigned to nobody", "assigned to nobody", "dim", "danger" if live else "dim")
        )
    return lines


def _drawn(line: _Line, pen: Pen, half: int, other_half: int) -> list[list[Span]]:
    left = wrapped(line.left, half, "  ") if line.left else []
    right = wrapped(line.right, other_half, "  ") if line.right else []
    return [
        [
            *pen.cell(one or "", half, line.left_ink),
            (pen.drawn(" │ "), pen.ink("faint")),
            (pen.drawn(cut(other or "", other_half)), pen.ink(line.right_ink)),
        ]
        for one, other in zip_longest(left, right)
    ]


def _why(item: RestoreItem, pen: Pen, width: int) -> list[list[Span]]:
    if item.failure is None or item.state not in _SAY_WHY:
        return []
    lines: list[list[Span]] = [
        [(pen.drawn(part), pen.ink("text"))] for part in wrapped(cut(item.failure.message, 400), width)
    ]
    if item.unresolved and item.state is ItemState.BLOCKED:
        settles = " settles this here: map it, drop it, or leave the policy out."
        return [*lines, [("s", pen.ink("key")), (settles, pen.ink("text"))]]
    next_step = f"→ {REASONS[item.failure.reason].next_step}"
    return lines + [[(pen.drawn(part), pen.ink("key"))] for part in wrapped(next_step, width, "  ")]


def _words(target: Mapping[str, object]) -> str:
    return cut(plain(target_words(target)), MAX_WORDS)
