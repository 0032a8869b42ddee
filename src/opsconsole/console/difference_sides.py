"""What differs of one policy, as two sides; and a policy before and after, target by target."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opsconsole.console.pen import Pen
from opsconsole.console.policy_words import type_words
from opsconsole.console.states import DIFFERENCE_STATES
from opsconsole.console.targets import target_words
from opsconsole.console.widgets.sides import Side, TwoSides

if TYPE_CHECKING:
    from opsconsole.operations.differences import Difference
    from opsconsole.service.drift import DriftItem

Target = Mapping[str, Any]


def difference_sides(
    item: Difference | DriftItem, pen: Pen, left: str, right: str, words: Mapping[str, str]
) -> TwoSides:
    """Return both sides of a policy; ``words`` say what a policy of each kind without sides means."""
    state = DIFFERENCE_STATES[item.kind]
    head = (
        (item.policy_name or item.policy_id, "strong"),
        (f"{pen.state(state)} · {type_words(item.policy_type)}", state.ink),
    )
    if item.kind != "changed":
        note = getattr(item, "note", "")
        return TwoSides(head, words=((note or words.get(item.kind, ""), "text"),))
    removed = [("-", target_words(target), "removed") for target in item.removed]
    added = [("+", target_words(target), "added") for target in item.added]
    nothing = [("", "none that the other side lacks", "dim")]
    return TwoSides(head, Side(left, removed or nothing), Side(right, added or nothing))


def before_and_after(before: Sequence[Target], after: Sequence[Target]) -> list[tuple[str, str, str, str, str]]:
    """Return lines of sign, target before, its ink, target after, its ink: what stays stands on both sides of one line."""
    marks = {json.dumps(target, sort_keys=True, default=str) for target in after}
    kept = [target for target in before if json.dumps(target, sort_keys=True, default=str) in marks]
    gone = [target for target in before if target not in kept]
    come = [target for target in after if target not in kept]
    lines = [("=", target_words(target), "dim", target_words(target), "dim") for target in kept]
    lines += [("-", target_words(target), "removed", "", "dim") for target in gone]
    return [*lines, *(("+", "", "dim", target_words(target), "added") for target in come)]
