"""The last line: the keys of this screen, those that need another role dimmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from opsconsole.console.keys import Key, keys_of
from opsconsole.console.pen import Span, text_of, width_of

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp


class FooterLine(Widget):
    """Shows keys from the keys table, as many as fit; help shows them all."""

    DEFAULT_CSS = "FooterLine { height: 1; background: $surface; }"

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def render(self) -> Text:
        """Draw the line: always with help and palette, the others as far as there is room."""
        app = cast("OpsConsoleApp", self.app)
        keys = [
            key
            for key in keys_of(self._place)
            if key.in_footer and app.is_key_there(key) and key.id != f"go_{self._place}"
        ]
        last = [self._spans(key) for key in keys if key.id in ("help", "palette")]
        first = [self._spans(key) for key in keys if key.id not in ("help", "palette")]
        room = self.size.width - 1 - sum(width_of(spans) + 2 for spans in last)
        line: list[Span] = [(" ", Style.null())]
        for spans in first:
            needed = width_of(spans) + 2
            if needed > room:
                break
            room -= needed
            line += [*spans, ("  ", Style.null())]
        for spans in last:
            line += [*spans, ("  ", Style.null())]
        return text_of(*line)

    def _spans(self, key: Key) -> list[Span]:
        app = cast("OpsConsoleApp", self.app)
        pen = app.pen
        ink = ("key", "text") if app.may_press(key) else ("faint", "faint")
        return [(pen.drawn(key.shown), pen.ink(ink[0])), (pen.drawn(f" {key.label}"), pen.ink(ink[1]))]
