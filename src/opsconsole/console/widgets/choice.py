"""A button of one line."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget


class Choice(Widget, can_focus=True):
    """One of a dialog's answers; Enter or Space takes it."""

    DEFAULT_CSS = """
    Choice { width: auto; height: 1; padding: 0 2; margin-left: 2; background: $surface; color: $foreground; }
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
        """Return the width of the label."""
        return Text(self._label).cell_len

    def render(self) -> Text:
        """Draw the label."""
        return Text(self._label)

    def action_take(self) -> None:
        """Give the answer."""
        self.post_message(self.Taken(self._answer))

    def on_click(self, event: events.Click) -> None:
        """Give the answer; not by the second half of a double click, which was meant for what was here before."""
        if event.chain == 1:
            self.action_take()
