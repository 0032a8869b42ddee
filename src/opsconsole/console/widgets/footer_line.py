"""The last line: the keys of this screen; those that need another role, or cannot apply right now, are dimmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.style import Style
from rich.text import Text
from textual import events
from textual.widget import Widget

from opsconsole.console.keys import Key, keys_of
from opsconsole.console.pen import Span, text_of, width_of

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp
    from opsconsole.console.screens.live_screen import LiveScreen


ALWAYS = frozenset({"back", "help", "palette"})
"""Keys that work also where a screen's thing is not there."""


class FooterLine(Widget):
    """Shows keys from the keys table, as many as fit; help shows them all."""

    DEFAULT_CSS = "FooterLine { height: 1; background: $surface; }"

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place
        self._shown: list[tuple[str, str, bool]] = []
        self._drawn: list[tuple[int, int, Key]] = []

    def look(self) -> None:
        """Draw the line anew if a key came, went, or changed what it would do."""
        if self._states() != self._shown:
            self.refresh()

    def _states(self) -> list[tuple[str, str, bool]]:
        return [(key.id, self._screen.label_of(key), self._is_dimmed(key)) for key in self._keys()]

    @property
    def _screen(self) -> LiveScreen:
        return cast("LiveScreen", self.screen)

    def _keys(self) -> list[Key]:
        app = cast("OpsConsoleApp", self.app)
        return [
            key
            for key in keys_of(self._place)
            if key.in_footer
            and app.is_key_there(key)
            and key.id != f"go_{self._place}"
            and self._screen.is_key_of_use(key.id)
            and (key.id in ALWAYS or not self._screen.is_of_nothing)
        ]

    def _is_dimmed(self, key: Key) -> bool:
        return not cast("OpsConsoleApp", self.app).may_press(key) or self._screen.why_not(key.id) is not None

    def render(self) -> Text:
        """Draw the line: always with help and palette, the others as far as there is room."""
        self._shown = self._states()
        keys = self._keys()
        last = [(key, self._spans(key)) for key in keys if key.id in ("help", "palette")]
        first = [(key, self._spans(key)) for key in keys if key.id not in ("help", "palette")]
        room = self.size.width - 1 - sum(width_of(spans) + 2 for _, spans in last)
        fitting: list[tuple[Key, list[Span]]] = []
        for key, spans in first:
            needed = width_of(spans) + 2
            if needed > room:
                break
            room -= needed
            fitting.append((key, spans))
        line: list[Span] = [(" ", Style.null())]
        self._drawn = []
        for key, spans in [*fitting, *last]:
            start = width_of(line)
            line += spans
            self._drawn.append((start, width_of(line), key))
            line.append(("  ", Style.null()))
        return text_of(*line)

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        for start, end, key in self._drawn:
            if start <= event.x < end:
                await self.screen.run_action(key.action)

    def _spans(self, key: Key) -> list[Span]:
        pen = cast("OpsConsoleApp", self.app).pen
        ink = ("faint", "faint") if self._is_dimmed(key) else ("key", "text")
        label = self._screen.label_of(key)
        return [(pen.drawn(key.shown), pen.ink(ink[0])), (pen.drawn(f" {label}"), pen.ink(ink[1]))]
