"""What may be typed into the filter of a list of differences, and what it stands for."""

from __future__ import annotations

from opsconsole.console.states import DIFFERENCE_STATES
from opsconsole.domain.difference import DifferenceFilter
from opsconsole.errors import UsageError
from opsconsole.graph.policy_types import POLICY_TYPES

WORDS = ("kind", "type")
"""What may stand before a colon; text without a colon is searched in policies' names and ids."""


def parse_difference_filter(text: str) -> DifferenceFilter:
    """Return the filter that ``kind:changed,new type:mobileApp pilot`` stands for. Raises UsageError that names the word."""
    kinds: list[str] = []
    types: list[str] = []
    loose: list[str] = []
    for token in text.split():
        word, colon, value = token.partition(":")
        if not colon:
            loose.append(token)
        elif word.lower() not in WORDS:
            raise UsageError(
                f"{word}: is no word of this filter.", f"One of {', '.join(WORDS)}; or text without a colon."
            )
        elif word.lower() == "kind":
            kinds += [_near(word, part, list(DIFFERENCE_STATES)) for part in value.split(",") if part]
        else:
            types += [_near(word, part, list(POLICY_TYPES)) for part in value.split(",") if part]
    return DifferenceFilter(tuple(kinds), tuple(types), " ".join(loose) or None)


def _near(word: str, value: str, known: list[str]) -> str:
    for name in known:
        if name.lower() == value.lower():
            return name
    for name in known:
        if name.lower().startswith(value.lower()):
            return name
    raise UsageError(f"{word}:{value} is not known.", f"One of {', '.join(known)}.")
