"""The window: the few pages of a long list that are in memory, and what may happen to them while somebody reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from opsconsole.console.sources import PAGE_ROWS, PageLike, Reading, Source

__all__ = ["MAX_PAGES", "PAGE_ROWS", "PageLike", "Reading", "Source", "Window"]

T = TypeVar("T")

MAX_PAGES = 4
"""Pages kept in memory: 200 rows, whatever the length of the history."""

FIRST = Reading()
"""How the top of a list is read."""


class _Page(Struct, Generic[T]):
    reading: Reading
    rows: list[T]


class Window(Generic[T]):
    """Rows in memory. Rows that are there keep their places; those that came in since, above or between, are only counted.

    It may be entered from the top or from the bottom. ``rank`` says where a row stands in a list that falls: the
    higher, the nearer to the top. A row keeps the rank it was first read with, so that a change moves nothing.
    """

    def __init__(
        self, key: Callable[[T], str], *, is_newest_first: bool = True, rank: Callable[[T], Any] | None = None
    ) -> None:
        self._key = key
        self._rank = rank or key
        self._is_newest_first = is_newest_first
        self._first_rows: list[T] = []
        self._ranks: dict[str, Any] = {}
        self._pages: list[_Page[T]] = []
        self._above: list[Reading] = []
        self._below: list[Reading] = []
        self._top: Reading | None = None
        self._end: Reading | None = None
        self.waiting = 0
        self.rows: list[T] = []

    @property
    def has_more(self) -> bool:
        """Tell whether the list goes on below the window."""
        return self.next_reading is not None

    @property
    def has_before(self) -> bool:
        """Tell whether there are rows above the window."""
        return self.before_reading is not None

    @property
    def next_reading(self) -> Reading | None:
        """Return how the page below the window is read."""
        return self._below[-1] if self._below else self._end

    @property
    def before_reading(self) -> Reading | None:
        """Return how the page above the window is read."""
        return self._above[-1] if self._above else self._top

    @property
    def first_rows(self) -> list[T]:
        """Return the rows that stood at the top when the list was entered."""
        return self._first_rows

    def start(self, page: PageLike[T]) -> None:
        """Begin anew with a first page."""
        self._enter(_Page(FIRST, list(page.items)))
        self._first_rows = self._pages[0].rows
        self._end = _onwards(page)

    def start_at_end(self, page: PageLike[T], first_rows: Sequence[T]) -> None:
        """Begin anew with the last page of the list; ``first_rows`` are those that stood at its top, for what waits."""
        self._enter(_Page(Reading(None, is_back=True), list(page.items)))
        self._first_rows = self._pages[0].rows if page.next_cursor is None else list(first_rows)
        self._top = None if page.next_cursor is None else Reading(page.next_cursor, is_back=True)
        self._remember(self._first_rows)

    def _enter(self, page: _Page[T]) -> None:
        self._pages, self._above, self._below = [page], [], []
        self._top = self._end = None
        self._ranks = {}
        self.waiting = 0
        self._settle()

    def append(self, page: PageLike[T]) -> int:
        """Add the page below the window; return how many rows went at the top to keep it small."""
        reading = self.next_reading or FIRST
        if self._below:
            self._below.pop()
        else:
            self._end = _onwards(page)
        self._pages.append(_Page(reading, self._unknown(page.items)))
        gone = 0
        if len(self._pages) > MAX_PAGES:
            dropped = self._pages.pop(0)
            self._above.append(dropped.reading)
            gone = len(dropped.rows)
        self._settle()
        return gone

    def prepend(self, page: PageLike[T]) -> int:
        """Add the page above the window; return how many rows came in at the top.

        The first page is the one that was read first: what came in above it since goes on waiting.
        """
        reading = self.before_reading or FIRST
        rows = self._first_rows if reading == FIRST else self._unknown(page.items)
        if self._above:
            self._above.pop()
        else:
            self._top = None if page.next_cursor is None else Reading(page.next_cursor, is_back=True)
        self._pages.insert(0, _Page(reading, rows))
        if len(self._pages) > MAX_PAGES:
            self._below.append(self._pages.pop().reading)
        self._settle()
        return len(rows)

    def readings(self) -> list[Reading]:
        """Return how the pages in memory were read: what brings them up to date; the top as well, for what came in."""
        found = [page.reading for page in self._pages]
        return found if FIRST in found or not self._is_newest_first else [FIRST, *found]

    def missing_in(self, read: Iterable[T]) -> list[str]:
        """Return the keys of rows in memory that a fresh reading did not bring: each must be looked up by itself."""
        found = {self._key(row) for row in read}
        return [key for row in self.rows if (key := self._key(row)) not in found]

    def merge(self, read: Sequence[T], looked_up: Sequence[T] = (), next_cursor: str | None = None) -> list[int]:
        """Bring rows in memory up to date without moving one; return the places of those that changed."""
        fresh = {self._key(row): row for row in (*read, *looked_up)}
        known = {self._key(row) for row in self.rows}
        if self._is_newest_first:
            known |= {self._key(row) for row in self._first_rows}
            self.waiting = len({key for row in read if (key := self._key(row)) not in known and self._is_waiting(row)})
        changed: list[int] = []
        place = 0
        for page in self._pages:
            for index in _renew(page.rows, self._key, fresh):
                changed.append(place + index)
            place += len(page.rows)
        if self.has_before:
            _renew(self._first_rows, self._key, fresh)
        if not self._is_newest_first and not self.has_more and self._pages:
            added = [row for row in read if self._key(row) not in known and self._is_at_end(row)]
            self._pages[-1].rows.extend(added)
            self._end = Reading(next_cursor) if next_cursor is not None else None
            changed.extend(range(place, place + len(added)))
        self._settle()
        return changed

    def is_torn_by(self, read: Sequence[T]) -> bool:
        """Tell whether so much came in at the end of a list that grows there that a fresh reading meets no row of it."""
        last = self._pages[-1] if self._pages else None
        if self._is_newest_first or last is None or not last.reading.is_back or last.reading.cursor is not None:
            return False
        known = {self._key(row) for row in last.rows}
        return bool(read) and bool(known) and not any(self._key(row) in known for row in read)

    def _is_waiting(self, row: T) -> bool:
        # Above the end of the first page or between rows in memory; anything else is a page that is not in memory.
        if not self.rows:
            return True
        rank = self._rank(row)
        above = bool(self._first_rows) and rank > self._rank_of(self._first_rows[-1])
        return above or bool(self._rank_of(self.rows[-1]) < rank < self._rank_of(self.rows[0]))

    def _is_at_end(self, row: T) -> bool:
        return not self.rows or self._key(row) > self._key(self.rows[-1])

    def _rank_of(self, row: T) -> Any:
        return self._ranks.get(self._key(row), self._rank(row))

    def _unknown(self, rows: Iterable[T]) -> list[T]:
        known = {self._key(row) for row in self.rows}
        return [row for row in rows if self._key(row) not in known]

    def _settle(self) -> None:
        self.rows = [row for page in self._pages for row in page.rows]
        self._remember(self.rows)

    def _remember(self, rows: Iterable[T]) -> None:
        known = self._ranks
        kept = {self._key(row): known.get(self._key(row), self._rank(row)) for row in self._first_rows}
        kept |= {(key := self._key(row)): known.get(key, self._rank(row)) for row in (*self.rows, *rows)}
        self._ranks = kept


def _onwards(page: PageLike[T]) -> Reading | None:
    return None if page.next_cursor is None else Reading(page.next_cursor)


def _renew(rows: list[T], key: Callable[[T], str], fresh: dict[str, T]) -> list[int]:
    changed = []
    for index, row in enumerate(rows):
        new = fresh.get(key(row))
        if new is not None and new != row:
            rows[index] = new
            changed.append(index)
    return changed
