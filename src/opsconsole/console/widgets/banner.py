"""The banner: the store is lost, this console's engine ended, or Graph does not answer; since when, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.widget import Widget

from opsconsole.console.figures import at
from opsconsole.console.pen import Span, line_of
from opsconsole.domain.clock import to_text
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

Words = tuple[list[Span], list[Span]]
"""What stands at the left of the line, and at its right."""


class Banner(Widget):
    """One line above the list; not there while all is well. What is worst is said first."""

    DEFAULT_CSS = "Banner { height: 1; display: none; background: $surface; }"

    def on_mount(self) -> None:
        """Look once a second, but draw only while there is something to say."""
        self.set_interval(1, self.look)
        self.look()

    def look(self) -> None:
        """Come or go with what is wrong."""
        is_wrong = self._words() is not None
        if self.display != is_wrong:
            self.display = is_wrong
        if is_wrong:
            self.refresh()

    def _words(self) -> Words | None:
        return self._store_lost() or self._engine_ended() or self._graph_lost()

    def _store_lost(self) -> Words | None:
        app = cast("OpsConsoleApp", self.app)
        pen, loss = app.pen, app.loss
        if loss is None:
            return None
        # A clock that is set back makes nothing younger than now, and no try later than it comes.
        old = max(0, round((pen.now - loss.seen_at).total_seconds()))
        wait = min(loss.every_s, max(0, round((loss.next_try_at - pen.now).total_seconds())))
        return (
            [(pen.drawn(" ⚠ Store lost. "), pen.ink("bad")), (pen.drawn(loss.message), pen.ink("text"))],
            [(pen.drawn(f" on screen: {old} s old · next try in {wait:.0f} s "), pen.ink("dim"))],
        )

    def _engine_ended(self) -> Words | None:
        app = cast("OpsConsoleApp", self.app)
        if app.engine is None or not app.engine.has_failed():
            return None
        pen = app.pen
        return (
            [
                (pen.drawn(" ⚠ The engine ended. "), pen.ink("bad")),
                (pen.drawn(app.engine.why_failed()), pen.ink("text")),
            ],
            [(" E", pen.ink("key")), (" starts it again ", pen.ink("dim"))],
        )

    def _graph_lost(self) -> Words | None:
        loss = getattr(self.screen, "graph_loss", None)
        if loss is None:
            return None
        pen = cast("OpsConsoleApp", self.app).pen
        since = at(to_text(min(loss.since, pen.now)), pen.now, pen.zone)
        tries = "trying now"
        if loss.next_try_at is not None and loss.next_try_at > pen.now:
            tries = f"next try in {(loss.next_try_at - pen.now).total_seconds():.0f} s"
        return (
            [
                (pen.drawn(" ⚠ Graph lost. "), pen.ink("bad")),
                (pen.drawn(f"{plain(loss.tenant)} {loss.words}"), pen.ink("text")),
            ],
            [(pen.drawn(f" since {since} · {tries} "), pen.ink("dim"))],
        )

    def render(self) -> Text:
        """Draw the line."""
        words = self._words()
        return line_of(*words, self.size.width) if words is not None else Text("")
