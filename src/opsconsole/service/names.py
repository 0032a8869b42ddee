"""Suggestions for names that were probably mistyped."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(text: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known name, or nothing."""
    near = get_close_matches(text, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
