"""What an execution wrote, as lines below its audit entry: each policy, and its targets before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from opsconsole.console.audit_lines import EntryLine
from opsconsole.console.difference_sides import before_and_after
from opsconsole.console.pen import Pen
from opsconsole.console.policy_words import type_words
from opsconsole.console.states import State
from opsconsole.console.targets import target_words

if TYPE_CHECKING:
    from opsconsole.service.written import WrittenPolicy

WRITE_STATES: dict[str, State] = {
    "applied": State("✓", "written and read back", "good", "+"),
    "not_applied": State("✗", "refused: nothing changed", "bad", "x"),
    "awaiting_approval": State("◔", "waits for approval", "partial", "?"),
    "unknown": State("?", "not known whether it took", "danger", "?"),
    "intent": State("?", "not known whether it took", "danger", "?"),
    "in_part": State("◐", "written in part", "partial", "~"),
}
"""What is known of the writes to one policy."""


def written_lines(policy: WrittenPolicy, pen: Pen) -> list[EntryLine]:
    """Return the lines of one policy: its name and state, then whom it was for before, and after where that is proven."""
    state = WRITE_STATES.get(policy.state, WRITE_STATES["unknown"])
    title = f"{policy.policy_name or policy.policy_id} · {type_words(policy.policy_type)}"
    lines = [EntryLine("", pen.state(state), title, state.ink)]
    if policy.after is None:
        after = "the same: nothing changed" if policy.state == "not_applied" else "not proven"
        before = [target_words(target) for target in policy.before] or ["nobody"]
        lines += [EntryLine("", " ", words, "text", "" if place else after) for place, words in enumerate(before)]
    elif not policy.before and not policy.after:
        lines.append(EntryLine("", "=", "nobody", "dim", "nobody"))
    else:
        lines += [
            EntryLine("", sign, left, ink, right, right_ink)
            for sign, left, ink, right, right_ink in before_and_after(policy.before, policy.after)
        ]
        if not policy.after:
            lines[1] = replace(lines[1], right="nobody", right_ink="danger")
        elif not policy.before:
            lines[1] = replace(lines[1], text="nobody", ink="dim")
    return [replace(line, key=f"w{policy.item_id}.{number:05d}") for number, line in enumerate(lines)]
