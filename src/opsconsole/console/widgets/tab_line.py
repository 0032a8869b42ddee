"""The tabs of Runs with their counts, as wide as the terminal allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from opsconsole.console.figures import grouped, short_number
from opsconsole.console.pen import Pen, Span, text_of, width_of
from opsconsole.console.run_tabs import RUN_TABS, RunTab

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp


class TabLine(Widget):
    """Shows ``1 All 48,211   2 ◌ Queued 3 …``; the narrower the terminal, the shorter the tabs that are not chosen."""

    DEFAULT_CSS = "TabLine { height: 1; }"

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, digit: str) -> None:
            super().__init__()
            self.digit = digit

    def __init__(self) -> None:
        super().__init__()
        self._digit = "1"
        self._counts: Mapping[tuple[str, str], int] | None = None
        self._places: list[tuple[int, int, str]] = []

    def choose(self, digit: str) -> None:
        """Mark a tab as the chosen one."""
        if digit != self._digit:
            self._digit = digit
            self.refresh()

    def count(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Show other counts, if they differ."""
        if counts != self._counts:
            self._counts = dict(counts)
            self.refresh()

    def render(self) -> Text:
        """Draw the longest form that fits."""
        pen = cast("OpsConsoleApp", self.app).pen
        for form, gap in enumerate((3, 2, 2, 1, 3)):
            tabs = [self._tab(pen, tab, form) for tab in RUN_TABS]
            if sum(map(width_of, tabs)) + gap * (len(tabs) - 1) + 1 <= self.size.width:
                break
        line: list[Span] = [(" ", Style.null())]
        self._places = []
        for tab, spans in zip(RUN_TABS, tabs, strict=True):
            start = width_of(line)
            line += spans
            self._places.append((start, width_of(line), tab.digit))
            line.append((" " * gap, Style.null()))
        return text_of(*line)

    def _tab(self, pen: Pen, tab: RunTab, form: int) -> list[Span]:
        is_chosen = tab.digit == self._digit
        glyph = "" if tab.state is None else (tab.state.ascii if pen.is_ascii else tab.state.glyph)
        title = tab.title if tab.state is None or form < 4 or is_chosen else ""
        count = "…" if self._counts is None else grouped(tab.count(self._counts))
        if form >= 3 and self._counts is not None:
            count = short_number(tab.count(self._counts))
        between = " " if form < 2 and glyph else ""
        chosen = Style(underline=True) if is_chosen else Style.null()
        words = " ".join(part for part in (title, count) if part)
        ink = pen.ink("strong" if is_chosen else "dim")
        spans = [(tab.digit + (between or ("" if glyph else " ")), pen.ink("key"))]
        if glyph:
            state_ink = tab.state.ink if tab.state is not None else "text"
            spans += [
                (glyph, pen.ink("text" if state_ink == "bad" and not self._any(tab) else state_ink)),
                (" ", Style.null()),
            ]
        return [*spans, (words, ink + chosen)]

    def _any(self, tab: RunTab) -> bool:
        return self._counts is not None and tab.count(self._counts) > 0

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the pointer."""
        for start, end, digit in self._places:
            if start <= event.x < end:
                self.post_message(self.Chosen(digit))
