"""The first run: one card that says what this program is, and offers the demo or a first configuration."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from opsconsole.console.pen import Pen, Span, text_of
from opsconsole.console.theme import DARK, LIGHT, PLAIN, themes
from opsconsole.console.widgets.choice import Choice
from opsconsole.domain.clock import system_clock
from opsconsole.domain.plain_text import plain

DEMO, CONNECT, QUIT = "demo", "connect", "quit"
"""What the card answers."""

_WHAT = (
    "Backs up and restores the assignments of Intune policies, and",
    "shows every run: what failed and why, and who changed what.",
)

_CHOICES = {
    True: "c  Make the store that the configuration names",
    False: "c  Connect a tenant: write a configuration, make a store",
}


class Card(Screen[None]):
    """What stands on the terminal."""

    DEFAULT_CSS = """
    Card { align: center middle; background: $background; overflow-y: auto; }
    Card #card { width: 68; max-width: 100%; height: auto; padding: 1 2;
        background: $panel; border: round $faint; border-title-color: $primary; border-title-style: bold; }
    Card Static { width: 100%; height: auto; background: $panel; margin-bottom: 1; }
    Card Choice { margin: 0; width: 100%; padding: 0 1; background: $panel; }
    Card Choice:focus { background: $primary; }
    """

    def __init__(self, place: str, *, is_configured: bool, is_ascii: bool) -> None:
        super().__init__()
        self._place = place
        self._is_configured = is_configured
        self._is_ascii = is_ascii

    def compose(self) -> ComposeResult:
        """Lay the card out."""
        pen = Pen(self.app.theme, system_clock(), None, self._is_ascii)
        missing = "There is no store yet at" if self._is_configured else "There is no configuration yet at"
        with Vertical(id="card") as card:
            card.border_title = " opsconsole "
            yield Static(_wrapping([[(line, pen.ink("text"))] for line in _WHAT]))
            yield Static(_wrapping([[(missing, pen.ink("dim"))], [(plain(self._place), pen.ink("strong"))]]))
            yield Choice("d  Open the demo: a simulated tenant, nothing real touched", DEMO)
            yield Choice(_CHOICES[self._is_configured], CONNECT)
            yield Choice("q  Quit", QUIT)


class FirstRunApp(App[str]):
    """Returns one of ``DEMO``, ``CONNECT``, ``QUIT``. ``place`` is the path at which nothing is yet.

    ``is_configured``: there is a configuration, but not the store that it names.
    """

    ENABLE_COMMAND_PALETTE = False
    TITLE = "opsconsole"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", f"answer('{DEMO}')", "Demo", show=False, id="demo"),
        Binding("c", f"answer('{CONNECT}')", "Connect", show=False, id="connect"),
        Binding("q,escape", f"answer('{QUIT}')", "Quit", show=False, id="quit_card"),
        Binding("ctrl+c,ctrl+q", f"answer('{QUIT}')", "Quit", show=False, priority=True, id="quit_card_always"),
        Binding("down,right,j", "focus_next", show=False, id="next_choice"),
        Binding("up,left,k", "focus_previous", show=False, id="previous_choice"),
    ]

    def __init__(self, place: str, *, is_configured: bool, theme: str, is_ascii: bool = False) -> None:
        super().__init__(ansi_color=True if theme not in (DARK, LIGHT) else None)
        self.no_color = theme == PLAIN
        self._place = place
        self._is_configured = is_configured
        self._is_ascii = is_ascii
        for one in themes():
            self.register_theme(one)
        self.theme = theme

    def get_default_screen(self) -> Screen[None]:
        """Return the card."""
        return Card(self._place, is_configured=self._is_configured, is_ascii=self._is_ascii)

    @on(Choice.Taken)
    def _taken(self, event: Choice.Taken) -> None:
        self.exit(event.answer)

    def action_answer(self, answer: str) -> None:
        """Leave with an answer."""
        self.exit(answer)


def _wrapping(lines: list[list[Span]]) -> Text:
    text = Text("\n").join(text_of(*line) for line in lines)
    text.no_wrap = False
    text.overflow = "fold"
    return text
