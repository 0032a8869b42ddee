"""Tables for people, drawn by rich: no wider than the terminal, or than a page in a pipe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from opsconsole.cli.columns import Cell, Column, Row
from opsconsole.cli.text import zone_word
from opsconsole.domain.plain_text import plain

PAGE_WIDTH = 100
"""Columns a table may use where neither a terminal nor COLUMNS says how many there are."""

GAP = 2
"""Blanks between two columns: the box's divider and a collapsed padding."""

NARROWEST = 8
"""No column is made narrower than its title or this: less of a name tells nothing."""

FAIR, FAIR_WHOLE = 20, 38
"""Room that a column should have before others are left out for it: most of a name, or lines that can be read."""

LONGEST_WORD = 48
"""Up to this length a word is not broken either while others can be left out: the name of a permission is copied."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table as text, and the titles of the columns for which there was no room."""

    text: str
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class _Strip:
    """One column with its texts and the room it gets."""

    column: Column
    title: str
    texts: list[Text]
    width: int = 0
    least: int = 0
    fair: int = 0

    def __post_init__(self) -> None:
        self.width = max((len(self.title), *(text.cell_len for text in self.texts)))
        self.least = self.width if self.column.fixed else min(self.width, max(len(self.title), NARROWEST))
        fair = self.width if self.column.fixed else min(self.width, self._whole() if self.column.whole else FAIR)
        self.fair = max(fair, self.least)

    def _whole(self) -> int:
        words = (cell_len(word) for text in self.texts for word in text.plain.split())
        return max(FAIR_WHOLE, min(LONGEST_WORD, max(words, default=0)))


def draw(columns: Sequence[Column], rows: Sequence[Row], *, is_terminal: bool) -> Drawn:
    """Return the table, in colours only for a terminal and only where NO_COLOR is not set.

    A column without a single word is left out. What does not fit is cut on a terminal and broken into lines in a pipe,
    where nobody could ask for more.
    """
    strips = [_strip(column, [row[index] for row in rows]) for index, column in enumerate(columns)]
    strips = [strip for strip in strips if any(text.cell_len for text in strip.texts)]
    width = shutil.get_terminal_size((PAGE_WIDTH, 1)).columns
    kept = _narrow(strips, width, fits_always=is_terminal)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", collapse_padding=True)
    for strip in kept:
        is_cut = is_terminal and not strip.column.whole
        table.add_column(
            strip.title,
            justify=strip.column.align,
            width=strip.width,
            no_wrap=is_cut,
            overflow="ellipsis" if is_cut else "fold",
        )
    for cells in zip(*(strip.texts for strip in kept), strict=True):
        table.add_row(*cells)
    buffer = StringIO()
    console = Console(
        file=buffer,
        force_terminal=is_terminal,
        width=max(width, _total(kept)),
        no_color="NO_COLOR" in os.environ or not is_terminal,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    console.print(table)
    text = "\n".join(line.rstrip() for line in buffer.getvalue().rstrip("\n").split("\n"))
    return Drawn(text, tuple(strip.title for strip in strips if strip not in kept))


def _strip(column: Column, cells: Sequence[str | Cell]) -> _Strip:
    title = f"{column.title} ({zone_word()})" if column.is_time else column.title
    return _Strip(column, title, [_text(cell) for cell in cells])


def _narrow(strips: Sequence[_Strip], width: int, *, fits_always: bool) -> list[_Strip]:
    """Return the strips that fit into ``width`` side by side, and make them as narrow as that needs.

    ``fits_always``: where even that is not enough, the last ones are left out as well: a terminal would break every line.
    """
    kept = list(strips)
    for strip in sorted((one for one in strips if one.column.drop), key=lambda one: one.column.drop):
        if sum(one.fair for one in kept) + _gaps(kept) <= width:
            break
        kept.remove(strip)
    while fits_always and len(kept) > 1 and sum(one.least for one in kept) + _gaps(kept) > width:
        kept.pop()
    # The widest gives first, so that a short column stays readable beside a long one; none less than is fair unless all do.
    while _total(kept) > width:
        able = [strip for strip in kept if strip.width > strip.fair] or [one for one in kept if one.width > one.least]
        if not able:
            break
        max(able, key=lambda strip: strip.width).width -= 1
    return kept


def _total(strips: Sequence[_Strip]) -> int:
    return sum(strip.width for strip in strips) + _gaps(strips)


def _gaps(strips: Sequence[_Strip]) -> int:
    return GAP * max(0, len(strips) - 1)


def _text(value: str | Cell) -> Text:
    if isinstance(value, Cell):
        return Text(value.text, style=value.style)
    return Text(plain(value))
