"""What a table without rows says: that it is being read, that nothing is shown to a stranger, or what would stand here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from rich.style import Style
from textual.timer import Timer
from textual.widget import Widget

from opsconsole.console.pen import Pen, Span
from opsconsole.console.widgets.not_there import no_member_lines

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

SLOW_S = 0.2
"""A list that is read longer than this says so; said at once, the word would only flash."""

ABOVE = 2
"""Blank lines between the headings and what is said."""


class Emptiness:
    """``is_slow``: the first rows have been waited for so long that it is said. Belongs to one table."""

    def __init__(self, table: Widget, empty: Callable[[Pen], list[list[Span]]] | None) -> None:
        self._table = table
        self._empty = empty
        self._timer: Timer | None = None
        self.is_slow = False

    def begin(self) -> None:
        """Begin to wait for the first rows."""
        self.end()
        self._timer = self._table.set_timer(SLOW_S, self._say)

    def end(self) -> None:
        """Rows came, or what went wrong is said elsewhere."""
        self.is_slow = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _say(self) -> None:
        self.is_slow = True
        self._table.refresh()

    def line(self, pen: Pen, index: int, *, is_loaded: bool) -> list[Span]:
        """Return one line of it, counted from the first below the headings."""
        lines = self._lines(pen, is_loaded=is_loaded)
        place = index - ABOVE
        return [("    ", Style.null()), *lines[place]] if 0 <= place < len(lines) else []

    def _lines(self, pen: Pen, *, is_loaded: bool) -> list[list[Span]]:
        if not is_loaded:
            return [[(pen.drawn("reading…"), pen.ink("dim"))]] if self.is_slow else []
        stranger = no_member_lines(cast("OpsConsoleApp", self._table.app), pen)
        if stranger is not None:
            return stranger
        return self._empty(pen) if self._empty is not None else []
