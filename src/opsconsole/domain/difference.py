"""What may be asked of a list of differences: kinds, types, text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DIFFERING = ("changed", "new", "gone")
"""The kinds of policies that differ, in the order in which they are counted."""

UNKNOWN = "unknown"
"""The kind of a policy that could not be compared: never to be taken for the same."""

KINDS = (*DIFFERING, UNKNOWN)
"""What a policy in a list of differences can be."""


@dataclass(frozen=True, slots=True)
class DifferenceFilter:
    """Which policies; an empty field does not restrict. ``search`` is a part of a policy's name or id."""

    kinds: Sequence[str] = ()
    types: Sequence[str] = ()
    search: str | None = None


EVERYTHING = DifferenceFilter()
"""Restricts nothing."""
