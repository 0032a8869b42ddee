"""The table of a long history: 200 rows in memory over keyset pages; rows never move under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.table_emptiness import Emptiness
from opsconsole.console.widgets.table_lines import headings, newer, row_line, strip_of
from opsconsole.console.window import PAGE_ROWS, Source, Window
from opsconsole.errors import NotFound, OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

T = TypeVar("T")

AHEAD_ROWS = 15
"""Rows left below (or above) the cursor when the next page is read, so that going on never waits."""

MAX_LOOKUPS = 60
"""Rows looked up one by one at a refresh; more than fit on a screen need not be fresh."""

MARGIN = 3
"""Columns before the first cell, where the cursor's mark stands."""


@dataclass(frozen=True)
class _Held(Generic[T]):
    items: list[T]
    next_cursor: str | None = None


class WindowTable(Widget, Generic[T], can_focus=True):
    """Shows the rows of a ``Source``. It reads in worker threads and draws only the lines that changed.

    ``is_text``: the rows are lines to read, so that keys scroll them and none is marked.
    """

    DEFAULT_CSS = "WindowTable { height: 1fr; }"
    BINDINGS = bindings_of("table")

    class Moved(Message):
        """The cursor came to stand on another row, or the row under it changed."""

    class Opened(Message):
        """The row under the cursor was clicked again."""

    class Loaded(Message):
        """The first page of a list arrived."""

    class Troubled(Message):
        """A reading failed."""

        def __init__(self, error: OpsError) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        noun: str = "",
        empty: Callable[[Pen], list[list[Span]]] | None = None,
        has_headings: bool = True,
        is_text: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = columns
        self._noun = noun
        self._emptiness = Emptiness(self, empty)
        self._top_lines = 1 if has_headings else 0
        self._is_text = is_text
        self._margin = 1 if is_text else MARGIN
        self._source: Source[T] | None = None
        self._window: Window[T] = Window(lambda row: "")
        self._generation = 0
        self._is_reading = False
        self._is_stale = False
        self._has_failed = False
        self.is_loaded = False
        self.cursor = 0
        self.top = 0

    # What a screen asks

    @property
    def current(self) -> T | None:
        """Return the row under the cursor."""
        rows = self._window.rows
        return rows[self.cursor] if self.is_loaded and self.cursor < len(rows) else None

    @property
    def rows(self) -> list[T]:
        """Return the rows in memory."""
        return self._window.rows

    @property
    def waiting(self) -> int:
        """Return how many new rows wait above the first."""
        return self._window.waiting

    def show(self, source: Source[T], *, keep: bool = False, hold: str | None = None) -> None:
        """Show another list from its top. ``keep``: leave the old rows on screen until the new ones are there.

        ``hold``: a key of a list whose keys go up; the cursor stands on that row, or on the first after its place.
        """
        self._source = source
        self._has_failed = False
        self._generation += 1
        if not keep:
            self.is_loaded = False
            self._window = Window(source.key)
            self.cursor = self.top = 0
            self.refresh()
        if not self.is_loaded:
            self._emptiness.begin()
        self.run_worker(self._read_first(source, self._generation, hold), group="table", exclusive=True)

    def name_columns(self, columns: Sequence[Column[T]]) -> None:
        """Show the same rows under other titles."""
        if [column.title for column in columns] != [column.title for column in self._columns]:
            self._columns = columns
            self.refresh()

    def renew(self) -> None:
        """Bring the rows in memory up to date; called when the store changed. Calls during a reading become one more."""
        if self._source is None:
            return
        if self._has_failed:
            self.show(self._source, keep=self.is_loaded)
            return
        if not self.is_loaded:
            return
        if self._is_reading:
            self._is_stale = True
            return
        self.run_worker(self._renew(self._source, self._generation), group="renew")

    def put(self, rows: list[T], key: Callable[[T], str]) -> None:
        """Show a short list that the caller holds; the cursor stays on its row wherever that comes to stand."""
        held = key(self.current) if self.current is not None else None
        if self.is_loaded and rows == self._window.rows:
            return
        self._source = None
        self._generation += 1
        self._window = Window(key, is_newest_first=False)
        self._window.start(_Held(rows))
        self.is_loaded = True
        self.cursor = next((place for place, row in enumerate(rows) if key(row) == held), min(self.cursor, len(rows)))
        self.cursor = max(0, min(self.cursor, len(rows) - 1))
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Moved())

    # Reading

    async def _read_first(self, source: Source[T], generation: int, hold: str | None) -> None:
        window = Window(source.key, is_newest_first=source.is_newest_first)
        try:
            window.start(await self._ask(source.load, PAGE_ROWS, None))
            while hold is not None and window.rows and window.has_more and source.key(window.rows[-1]) < hold:
                window.append(await self._ask(source.load, PAGE_ROWS, window.next_cursor))
        except OpsError as error:
            self._has_failed = True
            self._emptiness.end()
            self.post_message(self.Troubled(error))
            return
        if generation != self._generation:
            return
        height, row = self._body_height, self.cursor - self.top
        self._window = window
        self.cursor = self.top = 0
        if hold is not None and window.rows:
            places = (place for place, one in enumerate(window.rows) if source.key(one) >= hold)
            self.cursor = next(places, len(window.rows) - 1)
            self.top = max(0, min(self.cursor - row, len(window.rows) - height))
            self._keep_in_view()
        self.is_loaded = True
        self._emptiness.end()
        self._has_failed = self._is_reading = self._is_stale = False
        self.refresh()
        self.post_message(self.Loaded())
        self.post_message(self.Moved())
        if hold is not None:
            self._look_ahead()

    async def _renew(self, source: Source[T], generation: int) -> None:
        self._is_reading = True
        window = self._window
        try:
            read: list[T] = []
            next_cursor: str | None = None
            for cursor in window.cursors():
                limit = min(200, PAGE_ROWS + window.waiting + 10) if cursor is None else PAGE_ROWS
                page = await self._ask(source.load, limit, cursor)
                read.extend(page.items)
                next_cursor = page.next_cursor
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
            self._is_reading = False
        if generation == self._generation and window is self._window:
            self._take_in(source, window, read, looked_up, next_cursor)
        if self._is_stale:
            self._is_stale = False
            self.renew()

    def _take_in(
        self, source: Source[T], window: Window[T], read: list[T], looked_up: list[T], next_cursor: str | None
    ) -> None:
        if not window.rows and read:
            self.show(source, keep=True)
            return
        waiting = window.waiting
        for place in window.merge(read, looked_up, next_cursor):
            self._refresh_row(place)
            if place == self.cursor:
                self.post_message(self.Moved())
        if waiting != window.waiting:
            self._refresh_line(self.size.height - 1)

    async def _go_on(self, source: Source[T], generation: int, *, below: bool) -> None:
        self._is_reading = True
        window = self._window
        try:
            cursor = window.next_cursor if below else window.before_cursor
            page = await self._ask(source.load, PAGE_ROWS, cursor)
        except OpsError as error:
            self.post_message(self.Troubled(error))
            return
        finally:
            self._is_reading = False
        if generation != self._generation or window is not self._window:
            return
        was_full = len(window.rows) - self.top >= self._body_height
        moved = -window.append(page) if below else window.prepend(page)
        self.cursor += moved
        self.top += moved
        self._keep_in_view()
        if not was_full:  # else the same rows stand where they stood
            self.refresh()

    def _look_ahead(self) -> None:
        if self._source is None or self._is_reading:
            return
        below = self._window.has_more and self.cursor >= len(self._window.rows) - AHEAD_ROWS
        above = self._window.has_before and self.cursor < AHEAD_ROWS
        if below or above:
            self.run_worker(self._go_on(self._source, self._generation, below=below), group="page")

    async def _ask(self, call: Callable[..., Any], *values: Any) -> Any:
        return await cast("OpsConsoleApp", self.app).ask(call, *values)

    # Moving

    @property
    def _body_height(self) -> int:
        return max(1, self.size.height - self._top_lines - 1)

    def move_to(self, place: int) -> None:
        """Put the cursor on a row, as near as there is one."""
        rows = len(self._window.rows)
        if self._is_text:
            place = max(0, min(place, rows - self._body_height))
            if place != self.top:
                self.cursor = self.top = place
                self.refresh()
            return
        place = max(0, min(place, rows - 1))
        if place == self.cursor:
            return
        before, top = self.cursor, self.top
        self.cursor = place
        self._keep_in_view()
        if self.top != top:
            self.refresh()
        else:
            self._refresh_row(before)
            self._refresh_row(place)
        self.post_message(self.Moved())
        self._look_ahead()

    def _keep_in_view(self) -> None:
        height = self._body_height
        self.top = max(0, min(self.top, self.cursor))
        if self.cursor >= self.top + height:
            self.top = self.cursor - height + 1

    def action_cursor_up(self) -> None:
        """Move one row up."""
        self.move_to(self.cursor - 1)

    def action_cursor_down(self) -> None:
        """Move one row down."""
        self.move_to(self.cursor + 1)

    def action_page_up(self) -> None:
        """Move one screen up."""
        self.move_to(self.cursor - self._body_height)

    def action_page_down(self) -> None:
        """Move one screen down."""
        self.move_to(self.cursor + self._body_height)

    def jump_up(self) -> None:
        """Go to the first row; where newer ones wait or the first was let go, read the list anew."""
        if self._source is not None and (self._window.waiting or self._window.has_before):
            self.show(self._source, keep=True)
        else:
            self.move_to(0)

    def jump_down(self) -> None:
        """Go to the last row in memory."""
        self.move_to(len(self._window.rows) - 1)

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked; a click on the chosen one opens it."""
        place = self.top + event.y - self._top_lines
        if not 0 <= place < len(self._window.rows):
            return
        if place == self.cursor:
            self.post_message(self.Opened())
        self.move_to(place)

    def on_mouse_scroll_down(self) -> None:
        """Move with the wheel."""
        self.move_to(self.cursor + 3)

    def on_mouse_scroll_up(self) -> None:
        """Move with the wheel."""
        self.move_to(self.cursor - 3)

    def on_resize(self) -> None:
        """Keep the cursor in view when the terminal changes its size."""
        self._keep_in_view()
        self.refresh()

    def on_focus(self) -> None:
        """Show the cursor."""
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        """Dim the cursor."""
        self._refresh_row(self.cursor)

    # Drawing

    def _refresh_row(self, place: int) -> None:
        if self.top <= place < self.top + self._body_height:
            self._refresh_line(place - self.top + self._top_lines)

    def _refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Draw one line: headings, a row, the line about newer rows, or what an empty list says."""
        pen = cast("OpsConsoleApp", self.app).pen
        width = self.size.width
        if y < self._top_lines:
            return self._strip(headings(self._columns, pen, width, self._margin), width)
        if y == self.size.height - 1:
            return self._strip(newer(self._window.waiting, pen), width)
        place = self.top + y - self._top_lines
        rows, margin = self._window.rows, self._margin
        if place < len(rows):
            is_current = place == self.cursor and not self._is_text
            style = pen.cursor if is_current and self.has_focus else None
            return self._strip(
                row_line(self._columns, rows[place], pen, width, margin, is_current=is_current), width, style
            )
        if not rows:
            return self._strip(self._emptiness.line(pen, y - self._top_lines, is_loaded=self.is_loaded), width)
        return Strip.blank(width, self.rich_style)

    def _strip(self, spans: list[Span], width: int, style: Style | None = None) -> Strip:
        return strip_of(spans, width, self.rich_style + style if style else self.rich_style)
