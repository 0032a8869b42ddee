"""How a table reads its list: in worker threads, page by page, and what it does with what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from msgspec import Struct

from opsconsole.console.sources import PAGE_ROWS, PageLike, Reading, Source
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.table_moving import TableMoving
from opsconsole.console.window import FIRST, MAX_PAGES, Window
from opsconsole.console.work import begin
from opsconsole.errors import NotFound, OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

T = TypeVar("T")

AFTER_S = 0.05
"""How long after rows that were read before they are brought up to date: they are drawn by then."""

MAX_LOOKUPS = 60
"""Rows looked up one by one at a refresh; more than fit on a screen need not be fresh."""


class _Held(Struct, Generic[T], frozen=True):
    items: list[T]
    next_cursor: str | None = None


def _window_of(source: Source[T]) -> Window[T]:
    return Window(source.key, is_newest_first=source.is_newest_first, rank=source.rank)


class TableReading(TableMoving[T]):
    """One reading at a time; what another list asked for meanwhile is dropped."""

    def show(
        self, source: Source[T], *, keep: bool = False, hold: str | None = None, ready: PageLike[T] | None = None
    ) -> None:
        """Show another list from its top. ``keep``: leave the old rows on screen until the new ones are there.

        ``hold``: a key of a list whose keys go up; the cursor stands on that row, or on the first after its place.
        ``ready``: the first page where it was read already; it is shown at once, and brought up to date a moment later.
        """
        self._source = source
        self._key = source.key
        self._has_failed = self._is_stale = False
        self._is_entering = True
        self._generation += 1
        if ready is not None:
            window = _window_of(source)
            window.start(ready)
            self._enter(window)
            self.set_timer(AFTER_S, self.renew)
            return
        if not keep:
            self.is_loaded = False
            self._window = _window_of(source)
            self.cursor = self.top = 0
            self.refresh()
        if not self.is_loaded:
            self._emptiness.begin()
        begin(self, self._read_first, source, self._generation, hold, group="table", is_newest_only=True)

    def name_columns(self, columns: Sequence[Column[T]]) -> None:
        """Show the same rows under other columns."""
        shown = [(column.title, column.mark, column.from_width) for column in columns]
        if shown != [(column.title, column.mark, column.from_width) for column in self._columns]:
            self._columns = columns
            self.refresh()

    def renew(self) -> None:
        """Bring the rows in memory up to date; called when the store changed. Calls during a reading become one more."""
        if self._source is None:
            return
        if self._has_failed:
            self.show(self._source, keep=self.is_loaded)
            return
        if self._is_entering or self._is_reading:
            self._is_stale = True
            return
        self._read_for = self._window
        begin(self, self._renew, self._source, self._generation, group="renew")

    def put(self, rows: list[T], key: Callable[[T], str]) -> None:
        """Show a short list that the caller holds; the cursor stays on its row wherever that comes to stand."""
        held = key(self.current) if self.current is not None else None
        if self.is_loaded and rows == self._window.rows:
            return
        self._source = None
        self._is_entering = False
        self._generation += 1
        self._key = key
        self._window = Window(key, is_newest_first=False)
        self._window.start(_Held(rows))
        self.is_loaded = True
        self.cursor = next((place for place, row in enumerate(rows) if key(row) == held), min(self.cursor, len(rows)))
        self.cursor = max(0, min(self.cursor, len(rows) - 1))
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Moved())

    async def _read_first(self, source: Source[T], generation: int, hold: str | None) -> None:
        window = _window_of(source)
        try:
            window.start(await self._ask(source.read, FIRST))
            while hold is not None and window.rows and window.next_reading and source.key(window.rows[-1]) < hold:
                window.append(await self._ask(source.read, window.next_reading))
        except OpsError as error:
            if generation == self._generation:
                self._has_failed, self._is_entering = True, False
                self._emptiness.end()
                self.post_message(self.Troubled(error))
            return
        if generation != self._generation:
            return
        height, row = self._body_height, self.cursor - self.top
        place = 0
        if hold is not None and window.rows:
            places = (place for place, one in enumerate(window.rows) if source.key(one) >= hold)
            place = next(places, len(window.rows) - 1)
        self._enter(window, place, max(0, min(place - row, len(window.rows) - height)) if place else 0)
        self._look_ahead()
        self._catch_up()

    def _enter(self, window: Window[T], place: int = 0, top: int = 0) -> None:
        """Show another window, the cursor on a row of it."""
        self._window = window
        self.cursor, self.top = place, top
        self._keep_in_view()
        self.is_loaded = True
        self._emptiness.end()
        self._has_failed = self._is_entering = False
        self.refresh()
        loaded = self.Loaded()
        loaded.set_sender(self)  # else who called would be: what a screen sends through its own parts stops at it
        self.post_message(loaded)
        self.post_message(self.Moved())

    @property
    def _is_reading(self) -> bool:
        """Tell whether the window is being read; what is read for one that was replaced meanwhile is dropped."""
        return self._read_for is self._window

    def _let_go(self, window: Window[T]) -> None:
        if self._read_for is window:
            self._read_for = None

    def _catch_up(self) -> None:
        """Renew where the store changed while something was being read: that may be older than the change."""
        if self._is_stale and not self._is_entering and not self._is_reading:
            self._is_stale = False
            self.renew()

    def show_end(self) -> None:
        """Go to the last row of the whole list, wherever the window is."""
        source = self._source
        if self._is_entering:
            return  # what is on the screen is still another list
        if source is None or not self.is_loaded or not self._window.has_more:
            self.move_to(len(self._window.rows) - 1)
        elif source.load_back is not None:
            begin(self, self._read_end, source, self._generation, group="table", is_newest_only=True)
        else:
            begin(self, self._walk_to_end, source, self._generation, group="table", is_newest_only=True)

    async def _read_end(self, source: Source[T], generation: int) -> None:
        try:
            page = await self._ask(source.read, Reading(None, is_back=True))
        except OpsError as error:
            self.post_message(self.Troubled(error))
            return
        if generation != self._generation or not page.items:
            return
        # From now on this is another window: what is being read for the old one is dropped.
        window = _window_of(source)
        window.start_at_end(page, self._window.first_rows)
        self._window = window
        self.cursor = self.top = len(window.rows) - 1
        self.top = max(0, len(window.rows) - self._body_height)
        self.refresh()
        self.post_message(self.Moved())
        self._look_ahead()
        self._catch_up()

    async def _walk_to_end(self, source: Source[T], generation: int) -> None:
        while generation == self._generation and self._window.has_more:
            if not await self._go_on(source, generation, below=True, is_walk=True):
                return
        if generation == self._generation:
            self.move_to(len(self._window.rows) - 1)
        self._catch_up()

    async def _renew(self, source: Source[T], generation: int) -> None:
        window = self._read_for = self._window
        try:
            read: list[T] = []
            next_cursor: str | None = None
            for reading in window.readings():
                limit = min(200, PAGE_ROWS + window.waiting + 10) if reading == FIRST else PAGE_ROWS
                page = await self._ask(source.read, reading, limit)
                read.extend(page.items)
                next_cursor = None if reading.is_back else page.next_cursor
            looked_up: list[T] = []
            if source.find is not None:
                for key in window.missing_in(read)[:MAX_LOOKUPS]:
                    try:
                        row = await self._ask(source.find, key)
                    except NotFound:
                        continue
                    if row is not None:
                        looked_up.append(row)
        except OpsError as error:
            self.post_message(self.Troubled(error))
            return
        finally:
            self._let_go(window)
        if generation == self._generation and window is self._window:
            self._take_in(source, window, read, looked_up, next_cursor)
        else:
            self._is_stale = True
        self._catch_up()

    def _take_in(
        self, source: Source[T], window: Window[T], read: list[T], looked_up: list[T], next_cursor: str | None
    ) -> None:
        if not window.rows and read:
            self.show(source, keep=True)
            return
        if window.is_torn_by(read):
            self.show_end()
            return
        waiting = window.waiting
        for place in window.merge(read, looked_up, next_cursor):
            self._refresh_row(place)
            if place == self.cursor:
                self.post_message(self.Moved())
        if waiting != window.waiting:
            self._refresh_last_line()

    async def _go_on(self, source: Source[T], generation: int, *, below: bool, is_walk: bool = False) -> bool:
        """Read the next page, and tell whether it could be. ``is_walk``: wherever the cursor is by then."""
        window = self._read_for = self._window
        try:
            reading = window.next_reading if below else window.before_reading
            if reading is None:
                return True
            page = await self._ask(source.read, reading)
        except OpsError as error:
            self.post_message(self.Troubled(error))
            return False
        finally:
            self._let_go(window)
        if generation != self._generation or window is not self._window:
            return True
        if not is_walk and not self._is_near(below=below):
            return True  # the cursor went to the other end meanwhile: its rows must not go
        was_full = len(window.rows) - self.top >= self._body_height
        moved = -window.append(page) if below else window.prepend(page)
        stood = self.top + moved
        self.cursor = max(0, min(self.cursor + moved, len(window.rows) - 1))
        self.top = max(0, stood)
        self._keep_in_view()
        if not was_full or self.top != stood:  # else the same rows stand where they stood
            self.refresh()
        return True

    def _is_near(self, *, below: bool) -> bool:
        """Tell whether less than a screen of rows is left before an end of those in memory: then the next page is read.

        It is read late enough for the page that goes at the other end to be out of view.
        """
        height = self._body_height
        spare = max(1, min(height, (MAX_PAGES - 1) * PAGE_ROWS - height))
        return (len(self._window.rows) - self.top - height if below else self.top) < spare

    def _look_ahead(self) -> None:
        if self._source is None or self._is_entering or self._is_reading:
            return
        below = self._window.has_more and self._is_near(below=True)
        above = self._window.has_before and self._is_near(below=False)
        if below or above:
            self._read_for = self._window  # at once: the worker begins later, and a key may come before
            begin(self, self._read_on, self._source, self._generation, below=below, group="page")

    async def _read_on(self, source: Source[T], generation: int, *, below: bool) -> None:
        while await self._go_on(source, generation, below=below):
            has_more = self._window.has_more if below else self._window.has_before
            is_full = len(self._window.rows) >= MAX_PAGES * PAGE_ROWS
            if generation != self._generation or is_full or not has_more or not self._is_near(below=below):
                self._catch_up()
                return

    async def _ask(self, call: Callable[..., Any], *values: Any) -> Any:
        return await cast("OpsConsoleApp", self.app).ask(call, *values)
