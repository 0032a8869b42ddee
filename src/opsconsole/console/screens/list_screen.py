"""What every screen with a filtered list has: the filter, how many of how many it leaves, marks, and its export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from textual import on

from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.sources import PageLike, Source
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.filter_words import Filtered, FilterError, FilterWord, parse_filter
from opsconsole.errors import NotFound


class Counted(Struct, frozen=True):
    """How many rows the filter leaves, of how many; ``more`` is what else a screen read along with them."""

    found: int
    total: int
    more: Any = None


class FilteredScreen(LiveScreen):
    """Subclasses say which ``words`` their filter has, and what it lists (``source_of``)."""

    words: ClassVar[tuple[FilterWord, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self._filtered = Filtered({})
        self._filter = ""
        self._is_wrong = False
        self._names_nobody = False

    # What a subclass says

    def source_of(self, found: Filtered) -> Source[Any]:
        """Return the list that a filter leaves."""
        raise NotImplementedError

    def offered_names(self) -> Mapping[str, Sequence[str]]:
        """Return what is offered after words whose values are names."""
        return {"tenant": self.console_app.tenant_names}

    # What it does

    @property
    def line(self) -> FilterLine:
        """Return the filter."""
        return self.query_one(FilterLine)

    @property
    def table(self) -> WindowTable[Any]:
        """Return the list."""
        return self.query_one(WindowTable)

    def relist(self, *, keep: bool = False, hold: str | None = None, ready: PageLike[Any] | None = None) -> None:
        """Show what the filter leaves, from the top; ``ready`` is its first page where that was read before."""
        line = self.line
        try:
            self._filtered = parse_filter(line.text, self.words, self.desk.now(), self.console_app.zone)
        except FilterError as error:
            line.complain(error)
            self._is_wrong = True
            self.table.refresh()
            return
        self._is_wrong, self._names_nobody, self._filter = False, False, line.text
        line.tell(None, None)
        self.table.show(self.source_of(self._filtered), keep=keep, hold=hold, ready=ready)
        self.reload(anew=True)

    def _show_nothing(self, error: NotFound) -> None:
        # A tenant that nobody knows, or whose name is still being typed, is the filter's fault: the list stays.
        if self._filtered.one("tenant") is None:
            super()._show_nothing(error)
            return
        self._is_wrong = self._names_nobody = True
        self.line.complain(error)
        self.table.refresh()

    def _show_something(self) -> None:
        if self._names_nobody:
            self._is_wrong = self._names_nobody = False
        super()._show_something()

    def unfitting(self, pen: Pen, noun: str) -> list[list[Span]] | None:
        """Return what an empty list says because of its filter; None where the filter is not why."""
        if self._is_wrong:
            return [[("This filter is not understood: nothing was searched.", pen.ink("dim"))]]
        if self.line.text:
            return [
                [(f"No {noun} fits this filter.", pen.ink("strong"))],
                [("Esc", pen.ink("key")), (" clears it; everything was searched.", pen.ink("dim"))],
            ]
        return None

    @on(FilterLine.Changed)
    def _filter_changed(self) -> None:
        self.relist(keep=True)

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    def action_filter(self) -> None:
        """Go into the filter."""
        self.line.begin()

    def action_clear(self) -> None:
        """Take marks away; else leave the filter, clearing it."""
        if not self.unmark():
            self.line.clear()
            self.table.focus()

    def action_back(self) -> None:
        """Take marks away, clear the filter, then go back: one at a time."""
        if self.unmark():
            return
        if self.line.text or not self.table.has_focus:
            self.line.clear()
            self.table.focus()
        else:
            super().action_back()


class ListScreen(FilteredScreen):
    """A list that is counted whole each time; subclasses say how (``count_found``)."""

    def count_found(self, found: Filtered) -> int:
        """Return how many rows a filter leaves. Runs in a worker thread."""
        raise NotImplementedError

    def fetch(self) -> Counted:
        """Count what the filter leaves, and all there is."""
        total = self.count_found(Filtered({}))
        return Counted(self.count_found(self._filtered) if self._filter else total, total)

    def receive(self, data: Counted) -> None:
        """Show the counts."""
        if not self._is_wrong:  # what is wrong stays on the screen
            self.line.tell(data.found, data.total)
