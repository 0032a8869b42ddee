"""The pen: what drawing needs to know of the terminal and the moment: inks, glyphs, clock and time zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from msgspec import Struct
from rich.style import Style
from rich.text import Text

from opsconsole.console.states import DRAWN_ASCII, State
from opsconsole.console.theme import CURSOR_BY_THEME, INKS_BY_THEME
from opsconsole.domain.plain_text import cell_width, cut

Span = tuple[str, Style]
"""A piece of one line and how it is drawn. The text must be plain already."""


class Pen(Struct, frozen=True):
    """How to draw at one moment. ``is_ascii`` replaces every drawn character by one that each terminal has.

    ``only_tenant`` is the name of the one tenant there is: what is on every line need not be said on each.
    ``watched`` are the ids of the runs whose end rings the bell.
    """

    theme: str
    now: datetime
    zone: tzinfo | None = None
    is_ascii: bool = False
    only_tenant: str | None = None
    watched: frozenset[str] = frozenset()

    def ink(self, name: str) -> Style:
        """Return the style of an ink of the theme."""
        return INKS_BY_THEME[self.theme][name]

    @property
    def cursor(self) -> Style:
        """Return the style of the row under the cursor."""
        return CURSOR_BY_THEME[self.theme]

    def drawn(self, text: str) -> str:
        """Return the product's own text with its drawn characters as this terminal can show them."""
        return "".join(DRAWN_ASCII.get(char, char) for char in text) if self.is_ascii else text

    def state(self, state: State) -> str:
        """Return glyph and word."""
        return f"{state.ascii if self.is_ascii else state.glyph} {state.word}"

    def cell(self, text: str, width: int, ink: str = "text", *, right: bool = False) -> list[Span]:
        """Return foreign or own text, made plain, cut and padded to exactly ``width`` columns.

        The padding is drawn apart: underlined or reversed, only the text is.
        """
        shown = self.drawn(cut(text, width))
        spans: list[Span] = [(shown, self.ink(ink))]
        if blanks := width - cell_width(shown):
            spans.insert(0 if right else 1, (" " * blanks, Style.null()))
        return spans

    def state_cell(self, state: State, width: int) -> list[Span]:
        """Return a state, the same width for each."""
        return self.cell(self.state(state), width, state.ink)

    def bar(self, done: int, total: int, width: int, ink: str = "running") -> list[Span]:
        """Return a progress bar of ``width`` columns."""
        filled = 0 if total <= 0 else min(width, int(done / total * width))
        style = self.ink(ink)
        return [
            (self.drawn("━" * filled), Style(color=style.color, bold=style.bold, dim=style.dim)),
            (self.drawn("─" * (width - filled)), self.ink("faint")),
        ]


def width_of(spans: Iterable[Span]) -> int:
    """Return the columns that spans take."""
    return sum(cell_width(text) for text, _ in spans)


def text_of(*spans: Span) -> Text:
    """Return spans as one Rich text: nothing in it is read as markup."""
    text = Text(no_wrap=True, end="")
    for content, style in spans:
        text.append(content, style)
    return text


def line_of(left: list[Span], right: list[Span], width: int) -> Text:
    """Return one line with something at each end; the left part is cut where they would touch."""
    room = width - width_of(right) - (1 if right else 0)
    kept: list[Span] = []
    for content, style in left:
        if room <= 0:
            break
        piece = cut(content, room) if cell_width(content) > room else content
        kept.append((piece, style))
        room -= cell_width(piece)
    gap = max(0, width - width_of(kept) - width_of(right))
    return text_of(*kept, (" " * gap, Style.null()), *right)
