"""Differences in text: which policies came, went and changed, and which targets."""

from __future__ import annotations

from opsconsole.cli.output import Output
from opsconsole.cli.states import state_cell
from opsconsole.cli.targets import target_words
from opsconsole.cli.text import number
from opsconsole.domain.plain_text import plain
from opsconsole.operations.differences import Differences


def tell_differences(out: Output, found: Differences) -> None:
    """Write the counts, then each policy that differs with its targets."""
    counts = found.to_json()["counts"]
    out.line(", ".join(f"{number(count)} {name}" for name, count in counts.items() if count or name != "unknown"))
    for item in found.items:
        out.line(f"{state_cell(item.kind).text}  {item.policy_type}  {plain(item.policy_name or item.policy_id)}")
        for sign, targets in (("+", item.added), ("-", item.removed)):
            for target in targets:
                out.line(f"    {sign} {target_words(target)}")
