"""Differences in text: which policies came, went and changed, and which targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsconsole.cli.output import Output
from opsconsole.cli.states import state_cell
from opsconsole.cli.targets import target_words
from opsconsole.cli.text import number
from opsconsole.domain.failure import Failure
from opsconsole.domain.plain_text import plain
from opsconsole.operations.differences import Difference, Differences

SHOWN_MESSAGES = 3
"""Different messages that stand in the line about what was not compared; the run shows all of them."""


def tell_differences(out: Output, found: Differences, failures: Sequence[Failure] = ()) -> None:
    """Write the counts, each policy that differs with its targets, and last, not to be missed, what was not compared and why."""
    tell_counts(out, found.to_json()["counts"])
    tell_items(out, found.items)
    if found.unknown or failures:
        _tell_unknown(out, max(found.unknown, 1), failures)


def tell_counts(out: Output, counts: Mapping[str, int]) -> None:
    """Write how many policies of each kind there are; what was not compared only where that is something."""
    out.line(", ".join(f"{number(count)} {name}" for name, count in counts.items() if count or name != "unknown"))


def tell_items(out: Output, items: Sequence[Difference]) -> None:
    """Write each policy that differs, with its targets."""
    for item in items:
        out.line(f"{state_cell(item.kind).text}  {item.policy_type}  {plain(item.policy_name or item.policy_id)}")
        for sign, targets in (("+", item.added), ("-", item.removed)):
            for target in targets:
                out.line(f"    {sign} {target_words(target)}")


def _tell_unknown(out: Output, unknown: int, failures: Sequence[Failure]) -> None:
    messages = list(dict.fromkeys(plain(failure.message) for failure in failures))
    why = " ".join(messages[:SHOWN_MESSAGES]) or "their assignments are not in both sets."
    more = f" And {number(len(messages) - SHOWN_MESSAGES)} other reasons." if len(messages) > SHOWN_MESSAGES else ""
    out.line(f"! {number(unknown)} could not be compared: {why}{more}")
