"""Keyset pages over one column: read from either end of a list, in either direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def keyset(column: str, *, is_falling: bool, backwards: bool) -> tuple[str, str]:
    """Return the condition that a row lies beyond ``:cursor``, and the order to read in."""
    is_down = is_falling != backwards
    return f"{column} {'<' if is_down else '>'} :cursor", f"{column} {'DESC' if is_down else 'ASC'}"


def cut_page(rows: Sequence[T], limit: int, *, backwards: bool) -> tuple[list[T], T | None]:
    """Return the rows of a page, of which one more was read, in the list's order; and the one after which the list goes on."""
    page = list(rows[:limit])
    last = page[-1] if len(rows) > limit and page else None
    return (page[::-1] if backwards else page), last
