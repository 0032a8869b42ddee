"""The first line: where this is, whose it is, whether it is live, and the clock in minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.widget import Widget

from opsconsole.console.figures import clock_minutes
from opsconsole.console.pen import Span, line_of, width_of
from opsconsole.domain.plain_text import cell_width, cut

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp


class HeaderLine(Widget):
    """Shows ``opsconsole ▸ runs … contoso (main) · alice: owner ● live 14:02``."""

    DEFAULT_CSS = "HeaderLine { height: 1; background: $surface; }"

    def __init__(self, *crumbs: str) -> None:
        super().__init__()
        self._crumbs = crumbs
        self._shown = ""
        self._shown_mark: tuple[str, str, str] | None = None

    def name_crumbs(self, *crumbs: str) -> None:
        """Name the place anew."""
        if crumbs != self._crumbs:
            self._crumbs = crumbs
            self.refresh()

    def on_mount(self) -> None:
        """Look at the clock every few seconds; redraw only when the minute changed."""
        self.set_interval(5, self._tick)

    def _tick(self) -> None:
        app = cast("OpsConsoleApp", self.app)
        pen = app.pen
        if (clock_minutes(pen.now, pen.zone), app.liveness) != (self._shown, self._shown_mark):
            self.refresh()

    def render(self) -> Text:
        """Draw the line."""
        app = cast("OpsConsoleApp", self.app)
        pen = app.pen
        self._shown = clock_minutes(pen.now, pen.zone)
        left: list[Span] = [(" opsconsole", pen.ink("title"))]
        for crumb in self._crumbs:
            left += [(pen.drawn(" ▸ "), pen.ink("dim")), (cut(crumb, 40), pen.ink("strong"))]
        mark, word, ink = self._shown_mark = app.liveness
        right: list[Span] = [
            (pen.drawn(f"   {mark} "), pen.ink(ink)),
            (f"{word}  ", pen.ink(ink)),
            (f"{self._shown} ", pen.ink("text")),
        ]
        # The place comes first: whose it is stands where there is room left, from the end (actor and role).
        room = self.size.width - width_of(left) - width_of(right) - 2
        scope = next((words for words in (app.scope, app.scope.rpartition(" · ")[2]) if cell_width(words) <= room), "")
        return line_of(left, [(scope, pen.ink("dim")), *right], self.size.width)
