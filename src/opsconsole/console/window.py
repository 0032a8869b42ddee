"""The window: the few pages of a long list that are in memory, and what may happen to them while somebody reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")

PAGE_ROWS = 50
"""Rows of a page: two screens' worth, read in well under a millisecond."""

MAX_PAGES = 4
"""Pages kept in memory: 200 rows, whatever the length of the history."""


class PageLike(Protocol[T]):
    """What a source returns: rows in order, and where to go on (None at the end)."""

    @property
    def items(self) -> list[T]: ...
    @property
    def next_cursor(self) -> str | None: ...


@dataclass(frozen=True)
class Source(Generic[T]):
    """Where a list comes from. ``load`` and ``find`` run in worker threads; ``key`` is a row's identity and its order.

    ``is_newest_first``: new rows come in at the top (and wait there); otherwise they come in at the end.
    """

    key: Callable[[T], str]
    load: Callable[[int, str | None], PageLike[T]]
    find: Callable[[str], T | None] | None = None
    count: Callable[[], int] | None = None
    is_newest_first: bool = True


@dataclass
class _Page(Generic[T]):
    number: int
    rows: list[T]


class Window(Generic[T]):
    """Rows in memory. Rows that are there keep their places; those that came in at the top since are only counted."""

    def __init__(self, key: Callable[[T], str], *, is_newest_first: bool = True) -> None:
        self._key = key
        self._is_newest_first = is_newest_first
        self._starts: list[str | None] = [None]
        self._first_rows: list[T] = []
        self._pages: list[_Page[T]] = []
        self._next: str | None = None
        self.waiting = 0
        self.rows: list[T] = []

    @property
    def has_more(self) -> bool:
        """Tell whether the list goes on below the window."""
        return self._next is not None

    @property
    def has_before(self) -> bool:
        """Tell whether rows above the window were let go."""
        return bool(self._pages) and self._pages[0].number > 0

    @property
    def next_cursor(self) -> str | None:
        """Return where the page below the window begins."""
        return self._next

    @property
    def before_cursor(self) -> str | None:
        """Return where the page above the window begins."""
        return self._starts[self._pages[0].number - 1]

    def start(self, page: PageLike[T]) -> None:
        """Begin anew with a first page."""
        self._starts = [None]
        self._pages = [_Page(0, list(page.items))]
        self._first_rows = self._pages[0].rows
        self._next = page.next_cursor
        self.waiting = 0
        self._settle()

    def append(self, page: PageLike[T]) -> int:
        """Add the page below the window; return how many rows went at the top to keep it small."""
        number = self._pages[-1].number + 1
        del self._starts[number:]
        self._starts.append(self._next)
        self._pages.append(_Page(number, self._unknown(page.items)))
        self._next = page.next_cursor
        gone = len(self._pages.pop(0).rows) if len(self._pages) > MAX_PAGES else 0
        self._settle()
        return gone

    def prepend(self, page: PageLike[T]) -> int:
        """Add the page above the window; return how many rows came in at the top.

        The first page is the one that was read first: what came in above it since goes on waiting.
        """
        number = self._pages[0].number - 1
        rows = self._first_rows if number == 0 else self._unknown(page.items)
        self._pages.insert(0, _Page(number, rows))
        if len(self._pages) > MAX_PAGES:
            dropped = self._pages.pop()
            self._next = self._starts[dropped.number]
        self._settle()
        return len(rows)

    def cursors(self) -> list[str | None]:
        """Return where the pages in memory begin: what to read to bring them up to date, the top for what came in."""
        starts = [self._starts[page.number] for page in self._pages]
        return starts if None in starts or not self._is_newest_first else [None, *starts]

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
            self.waiting = sum(1 for row in read if self._key(row) not in known and self._is_waiting(row))
        changed: list[int] = []
        place = 0
        for page in self._pages:
            for index in _renew(page.rows, self._key, fresh):
                changed.append(place + index)
            place += len(page.rows)
        if self.has_before:
            _renew(self._first_rows, self._key, fresh)
        if not self._is_newest_first and self._next is None and self._pages:
            added = [row for row in read if self._key(row) not in known]
            self._pages[-1].rows.extend(added)
            self._next = next_cursor
            changed.extend(range(place, place + len(added)))
        self._settle()
        return changed

    def _is_waiting(self, row: T) -> bool:
        # Above the end of the first page or between rows in memory; anything else is a page that is not in memory.
        if not self.rows:
            return True
        key = self._key(row)
        above = bool(self._first_rows) and key > self._key(self._first_rows[-1])
        return above or self._key(self.rows[-1]) < key < self._key(self.rows[0])

    def _unknown(self, rows: Iterable[T]) -> list[T]:
        known = {self._key(row) for row in self.rows}
        return [row for row in rows if self._key(row) not in known]

    def _settle(self) -> None:
        self.rows = [row for page in self._pages for row in page.rows]


def _renew(rows: list[T], key: Callable[[T], str], fresh: dict[str, T]) -> list[int]:
    changed = []
    for index, row in enumerate(rows):
        new = fresh.get(key(row))
        if new is not None and new != row:
            rows[index] = new
            changed.append(index)
    return changed
