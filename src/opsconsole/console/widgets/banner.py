"""The banner: the store is lost, this console's engine ended, or Graph does not answer; since when, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct
from rich.text import Text
from textual.timer import Timer
from textual.widget import Widget

from opsconsole.console.figures import at
from opsconsole.console.folding import wrapped
from opsconsole.console.pen import Span, line_of, text_of
from opsconsole.domain.clock import to_text
from opsconsole.domain.plain_text import cut, plain

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

CALM_S = 3.0
"""How often is looked while all is well for what nobody tells the banner of: that this console's engine ended."""

MAX_LINES = 3
"""Lines of each part of the words below the first: both parts leave the list half of the smallest terminal."""


class Words(Struct, frozen=True):
    """What stands at the left of the first line and at its right, and below it: what is wrong at length, what to do next."""

    left: list[Span]
    right: list[Span]
    below: tuple[tuple[str, str], ...] = ()


class Banner(Widget):
    """Stands above the list; not there while all is well. What is worst is said first."""

    DEFAULT_CSS = "Banner { height: auto; display: none; background: $surface; }"

    def __init__(self) -> None:
        super().__init__()
        self._height = 0
        self._seconds: Timer | None = None

    def on_mount(self) -> None:
        """Look now and then, and each second while there is something to say: it grows older."""
        self.set_interval(CALM_S, self.look)
        self._seconds = self.set_interval(1, self.look, pause=True)
        self.look()

    def look(self) -> None:
        """Come or go with what is wrong."""
        is_wrong = self._words() is not None
        if self.display != is_wrong:
            self.display = is_wrong
            if self._seconds is not None:
                (self._seconds.resume if is_wrong else self._seconds.pause)()
        if is_wrong:
            height = len(self._lines())
            self.refresh(layout=height != self._height)
            self._height = height

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
        return Words(
            [(pen.drawn(" ⚠ Store lost. "), pen.ink("bad"))],
            [(pen.drawn(f" on screen: {old} s old · next try in {wait:.0f} s "), pen.ink("dim"))],
            ((loss.message, "text"), *(((f"→ {loss.hint}", "key"),) if loss.hint else ())),
        )

    def _engine_ended(self) -> Words | None:
        app = cast("OpsConsoleApp", self.app)
        if app.engine is None or not app.engine.has_failed():
            return None
        pen = app.pen
        return Words(
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
        return Words(
            [
                (pen.drawn(" ⚠ Graph lost. "), pen.ink("bad")),
                (pen.drawn(f"{plain(loss.tenant)} {loss.words}"), pen.ink("text")),
            ],
            [(pen.drawn(f" since {since} · {tries} "), pen.ink("dim"))],
        )

    def _lines(self) -> list[Text]:
        words, width = self._words(), self.size.width or self.app.size.width
        if words is None:
            return []
        pen = cast("OpsConsoleApp", self.app).pen
        told = []
        for text, ink in words.below:
            lines = wrapped(text, width - 4)
            if len(lines) > MAX_LINES:
                lines = [*lines[: MAX_LINES - 1], f"{cut(lines[MAX_LINES - 1], width - 6)} …"]
            told += [text_of(("   ", pen.ink("dim")), (pen.drawn(line), pen.ink(ink))) for line in lines]
        return [line_of(words.left, words.right, width), *told]

    def render(self) -> Text:
        """Draw the lines."""
        return Text("\n").join(self._lines())
