"""What a terminal shows that is too small for any screen: how large it is, how large it has to be, and that q quits."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from opsconsole.console.pen import text_of

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

LEAST = Size(60, 15)
"""Below this a list has no room for its own columns, and a confirmation none for its numbers."""


def is_too_small(size: Size) -> bool:
    """Tell whether a terminal has no room for the screens; one that has not told its size yet is not judged."""
    return bool(size) and (size.width < LEAST.width or size.height < LEAST.height)


class _Words(Widget):
    DEFAULT_CSS = "_Words { width: 1fr; height: 1fr; }"

    def render(self) -> Text:
        app = cast("OpsConsoleApp", self.app)
        pen, size = app.pen, app.size
        said = text_of(
            (f"This terminal is {size.width}×{size.height}; ", pen.ink("strong")),
            (f"opsconsole needs {LEAST.width}×{LEAST.height} or more. ", pen.ink("text")),
            ("Enlarge it to go on; ", pen.ink("dim")),
            ("q", pen.ink("key")),
            (" quits.", pen.ink("dim")),
        )
        said.no_wrap = False
        return said


class TooSmall(Screen[None]):
    """Lies over whatever is open and takes its keys: nothing is ordered that nobody can see. Goes by itself."""

    DEFAULT_CSS = "TooSmall { background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.leave", "Quit", show=False, id="quit_small")]

    def compose(self) -> list[Widget]:
        """Lay out the words."""
        return [_Words()]

    def on_resize(self) -> None:
        """Say the new size."""
        for words in self.query(_Words):
            words.refresh()

    def on_screen_resume(self) -> None:
        """Go, where the terminal has room by now."""
        look_at_size(cast("OpsConsoleApp", self.app), self.app.size)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Keep the mouse from what lies below."""
        event.stop()


def look_at_size(app: OpsConsoleApp, size: Size) -> None:
    """Cover the screen of a terminal that is too small, and uncover it when there is room again.

    The question of what becomes of the runs in hand is never covered: it can be answered on any terminal.
    """
    if not app.screen_stack:
        return
    if is_too_small(size):
        from opsconsole.console.dialogs.leaving import LeavingDialog

        if not isinstance(app.screen, (TooSmall, LeavingDialog)):
            app.push_screen(TooSmall())
    elif isinstance(app.screen, TooSmall) and not app.screen._pruning:
        app.pop_screen()
