"""Where a long list comes from: its pages, read downwards and upwards, and what identifies and orders its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

T = TypeVar("T")

PAGE_ROWS = 50
"""Rows of a page: two screens' worth, read in well under a millisecond."""


class PageLike(Protocol[T]):
    """What a source returns: rows in order, and where to go on (None at the end)."""

    @property
    def items(self) -> list[T]: ...
    @property
    def next_cursor(self) -> str | None: ...


class Reading(Struct, frozen=True):
    """How one page is read: what follows ``cursor``, or what comes before it; without one, from the top or the end."""

    cursor: str | None = None
    is_back: bool = False


class Source(Struct, Generic[T], frozen=True):
    """Where a list comes from. ``load``, ``load_back`` and ``find`` run in worker threads; ``key`` is a row's identity.

    ``load_back`` returns the rows before a cursor, or the last ones of the list, in the list's order, and where to go
    on upwards; a list without it can be left at its end only by way of what lies between. ``rank`` orders the rows of
    a list that falls by something else than its keys. ``is_newest_first``: new rows come in at the top (and wait
    there); otherwise they come in at the end. ``new`` is what rows that wait are called.
    """

    key: Callable[[T], str]
    load: Callable[[int, str | None], PageLike[T]]
    find: Callable[[str], T | None] | None = None
    is_newest_first: bool = True
    load_back: Callable[[int, str | None], PageLike[T]] | None = None
    rank: Callable[[T], Any] | None = None
    new: str = "newer"

    def read(self, reading: Reading, limit: int = PAGE_ROWS) -> PageLike[T]:
        """Return a page. A list that cannot be read backwards is never asked to be."""
        if reading.is_back:
            assert self.load_back is not None  # noqa: S101 - only such a list is entered from its end
            return self.load_back(limit, reading.cursor)
        return self.load(limit, reading.cursor)
