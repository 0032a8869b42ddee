"""The banner: says that the store is lost, how old the screen is, and when the next try comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.widget import Widget

from opsconsole.console.pen import line_of

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp


class Banner(Widget):
    """One line above the list; not there while all is well."""

    DEFAULT_CSS = "Banner { height: 1; display: none; background: $surface; }"

    def on_mount(self) -> None:
        """Look once a second, but draw only while there is something to say."""
        self.set_interval(1, self.look)
        self.look()

    def look(self) -> None:
        """Come or go with the loss."""
        lost = cast("OpsConsoleApp", self.app).loss is not None
        if self.display != lost:
            self.display = lost
        if lost:
            self.refresh()

    def render(self) -> Text:
        """Draw the line."""
        app = cast("OpsConsoleApp", self.app)
        pen, loss = app.pen, app.loss
        if loss is None:
            return Text("")
        old = f"{max(0, round((pen.now - loss.seen_at).total_seconds()))} s"
        wait = max(0, round((loss.next_try_at - pen.now).total_seconds()))
        return line_of(
            [(pen.drawn(" ⚠ Store lost. "), pen.ink("bad")), (pen.drawn(loss.message), pen.ink("text"))],
            [(pen.drawn(f" on screen: {old} old · next try in {wait} s "), pen.ink("dim"))],
            self.size.width,
        )
