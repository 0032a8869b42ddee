"""A button of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from opsconsole.console.pen import Pen


class Choice(Widget, can_focus=True):
    """One of a dialog's answers; Enter or Space takes it."""

    DEFAULT_CSS = """
    Choice { width: auto; height: 1; padding: 0 2 0 0; margin-left: 2; background: $surface; color: $foreground; }
    Choice:focus { background: $primary; color: $background; text-style: bold; }
    Choice:disabled { color: $faint; }
    Choice:nocolor { text-style: none; }
    Choice:focus:nocolor { text-style: reverse bold; }
    Choice:disabled:nocolor { text-style: dim; }
    """
    BINDINGS = [Binding("enter,space", "take", "Take", show=False, id="take")]  # noqa: RUF012 - as Textual declares it

    class Taken(Message):
        """The answer was given."""

        def __init__(self, answer: str) -> None:
            super().__init__()
            self.answer = answer

    def __init__(self, label: str, answer: str, *, disabled: bool = False) -> None:
        super().__init__(id=f"answer-{answer}", disabled=disabled)
        self._label = label
        self._answer = answer

    def get_content_width(self, *_: object) -> int:
        """Return the width of mark and label."""
        return Text(self._label).cell_len + 2

    def render(self) -> Text:
        """Draw the label, and before it the mark of what Enter takes: colour alone tells some nothing."""
        pen: Pen | None = getattr(self.app, "pen", None)  # the card of the first run has none
        mark = "▸" if pen is None else pen.drawn("▸")
        return Text(f"{mark if self.has_focus else ' '} {self._label}")

    def on_focus(self) -> None:
        """Draw the mark."""
        self.refresh()

    def on_blur(self) -> None:
        """Take the mark away."""
        self.refresh()

    def action_take(self) -> None:
        """Give the answer."""
        self.post_message(self.Taken(self._answer))

    def on_click(self, event: events.Click) -> None:
        """Give the answer; not by the second half of a double click, which was meant for what was here before."""
        if event.chain == 1:
            self.action_take()
