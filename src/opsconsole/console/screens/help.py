"""Help: the keys of a screen, made from the keys table."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.desk.identity import refusal
from opsconsole.console.keys import Key, bindings_of, keys_of
from opsconsole.console.pen import Pen, Span, width_of
from opsconsole.console.places import EVERYWHERE, LISTS
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.states import PLAN_STATES, RUN_STATES, State
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable

Row = tuple[int, list[Span]]
"""A numbered line, drawn already."""

KEY_WIDTH = 9
LABEL_WIDTH = 16


class HelpScreen(LiveScreen):
    """Opened with ``?`` from anywhere."""

    place = "help"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = "HelpScreen WindowTable { margin-top: 1; }"

    def __init__(self, about: str) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("help", self._about)
        yield Banner()
        yield WindowTable((Column("", 10, _line, flex=1),), has_headings=False, is_text=True)
        yield FooterLine(self.place)

    def reload(self, *, anew: bool = False) -> None:
        """Show the keys at once: they come from no store, and are looked up most when one does not answer."""
        del anew
        self._data = None
        self.receive(None)

    def receive(self, data: object) -> None:
        """Show the keys."""
        del data
        lines = help_lines(self._about, self.console_app.pen, self.size.width - 2, self._note)
        self.query_one(WindowTable).put(list(enumerate(lines)), lambda row: f"{row[0]:04d}")

    def _note(self, key: Key) -> str | None:
        app = self.console_app
        if not app.is_key_there(key):
            return "Not here: this console only watches."
        if key.capability is not None and not app.may_press(key):
            return refusal(key.capability)
        behind = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        if isinstance(behind, LiveScreen) and (reason := behind.why_not(key.id)):
            return f"{key.help} {reason}"
        return None


def help_lines(place: str, pen: Pen, width: int, note_of: Callable[[Key], str | None]) -> list[list[Span]]:
    """Return the help of a place: its own keys, those of lists, those of everywhere, and what the signs mean."""
    own: list[Key] = []
    wide: list[Key] = []
    for key in keys_of(place):
        (wide if key.places >= EVERYWHERE - {"help"} else own).append(key)
    sections = [("On this screen", own), ("Everywhere", wide)]
    if place in LISTS or place in ("run", "item", "policy", "entry"):
        sections.insert(1, ("In the list", keys_of("table")))
    lines: list[list[Span]] = []
    for title, keys in sections:
        if lines:
            lines.append([])
        lines.append([(title, pen.ink("title"))])
        for key in keys:
            lines += _key_lines(key, pen, width, note_of(key))
    lines += [[], [("What the signs mean", pen.ink("title"))], *_signs(pen, RUN_STATES.values(), width)]
    if place == "plan":
        lines += _signs(pen, PLAN_STATES.values(), width)
    return lines


def _key_lines(key: Key, pen: Pen, width: int, refused: str | None) -> list[list[Span]]:
    ink = "faint" if refused else "key"
    first, *rest = _wrapped(refused or key.help, width - KEY_WIDTH - LABEL_WIDTH)
    line = [
        *pen.cell(key.shown, KEY_WIDTH, ink),
        *pen.cell(key.label, LABEL_WIDTH, "faint" if refused else "text"),
        (first, pen.ink("dim")),
    ]
    indent = " " * (KEY_WIDTH + LABEL_WIDTH)
    return [line, *([(indent + more, pen.ink("dim"))] for more in rest)]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(20, width)) or [""]


def _signs(pen: Pen, states: Iterable[State], width: int) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    for state in states:
        span = (f"{pen.state(state)}   ", pen.ink(state.ink))
        if lines[-1] and width_of([*lines[-1], span]) > width:
            lines.append([])
        lines[-1].append(span)
    return lines


def _line(row: Row, pen: Pen, width: int) -> list[Span]:
    spans = row[1]
    return [*spans, (" " * max(0, width - width_of(spans)), pen.ink("text"))]
