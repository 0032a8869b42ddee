"""How a table of a long list is drawn, line by line: only the lines that changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from opsconsole.console.marks import Marks
from opsconsole.console.pen import Pen, Span
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.table_emptiness import Emptiness
from opsconsole.console.widgets.table_lines import (
    below_line,
    headings,
    marked_line,
    marks_line,
    newer,
    row_line,
    strip_of,
)
from opsconsole.console.window import Source, Window
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

T = TypeVar("T")

MARGIN = 3
"""Columns before the first cell, where the marks of a row and of the cursor stand."""


class TableDrawing(Widget, Generic[T], can_focus=True):
    """What a table holds, and its lines. ``is_text``: the rows are lines to read, so that keys scroll them."""

    DEFAULT_CSS = "TableDrawing { height: 1fr; }"

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

    class Marked(Message):
        """Rows were marked or unmarked."""

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        noun: str = "",
        empty: Callable[[Pen], list[list[Span]]] | None = None,
        has_headings: bool = True,
        is_text: bool = False,
        is_markable: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = columns
        self._noun = noun
        self._emptiness = Emptiness(self, empty)
        self._top_lines = 1 if has_headings else 0
        self._is_text = is_text
        self._is_markable = is_markable and not is_text
        self._marks = Marks()
        self._margin = 1 if is_text else MARGIN
        self._source: Source[T] | None = None
        self._key: Callable[[T], str] = lambda row: ""
        self._window: Window[T] = Window(self._key)
        self._generation = 0
        self._is_entering = False
        self._read_for: Window[T] | None = None
        self._is_stale = False
        self._has_failed = False
        self.is_loaded = False
        self.cursor = 0
        self.top = 0

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

    @property
    def marked(self) -> tuple[str, ...]:
        """Return the keys of the marked rows, in the order in which they were marked, in memory or not."""
        return self._marks.keys

    @property
    def _body_height(self) -> int:
        return max(1, self.size.height - self._top_lines - 1)

    def _refresh_row(self, place: int) -> None:
        if self.top <= place < self.top + self._body_height:
            self._refresh_line(place - self.top + self._top_lines)

    def _refresh_body(self) -> None:
        self.refresh(Region(0, self._top_lines, self.size.width, self._body_height))

    def _refresh_last_line(self) -> None:
        self._refresh_line(self.size.height - 1)

    def _refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Draw one line: headings, a row, the line about newer rows, or what an empty list says."""
        pen = cast("OpsConsoleApp", self.app).pen
        width = self.size.width
        if y < self._top_lines:
            return self._strip(headings(self._columns, pen, width, self._margin), width)
        if y == self.size.height - 1:
            below = [
                *(below_line(len(self._window.rows) - self.top - self._body_height, pen) if self._is_text else ()),
                *marks_line(len(self._marks), pen),
                *newer(self._window.waiting, pen, self._source.new if self._source else "newer"),
            ]
            return self._strip(below, width)
        place = self.top + y - self._top_lines
        rows = self._window.rows
        if place < len(rows):
            is_current = place == self.cursor and not self._is_text
            style = pen.cursor if is_current and self.has_focus else None
            return self._strip(self._row_spans(rows[place], pen, width, is_current=is_current), width, style)
        if not rows:
            return self._strip(self._emptiness.line(pen, y - self._top_lines, is_loaded=self.is_loaded), width)
        return Strip.blank(width, self.rich_style)

    def _row_spans(self, row: T, pen: Pen, width: int, *, is_current: bool) -> list[Span]:
        is_marked = bool(self._marks) and self._key(row) in self._marks
        spans = row_line(self._columns, row, pen, width, self._margin, is_current=is_current)
        return marked_line(spans, pen) if is_marked else spans

    def _strip(self, spans: list[Span], width: int, style: Style | None = None) -> Strip:
        return strip_of(spans, width, self.rich_style + style if style else self.rich_style)
