"""How the lines of a table are drawn: its headings, its rows, and the line about newer ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from opsconsole.console.pen import Pen, Span, width_of
from opsconsole.console.widgets.column import GAP, Column, fitted
from opsconsole.console.window import PAGE_ROWS

T = TypeVar("T")


def headings(columns: Sequence[Column[T]], pen: Pen, width: int, margin: int) -> list[Span]:
    """Return the line of titles; ``margin`` columns stand before the first."""
    spans: list[Span] = [(" " * margin, Style.null())]
    taken = 0
    for index, (column, cells) in enumerate(fitted(columns, width - margin - 1)):
        if index:
            spans.append((" " * (GAP - taken), Style.null()))
        title, taken = column.title, 0
        if column.mark:
            # Right-aligned titles end where their figures do: the mark stands in the gap.
            taken = 1 if column.right or len(title) == cells else 0
            spans += pen.cell(f"{title}{pen.drawn(column.mark)}", cells + taken, "strong", right=column.right)
        else:
            spans += pen.cell(title, cells, "dim", right=column.right)
    return spans


def row_line(
    columns: Sequence[Column[T]], row: T, pen: Pen, width: int, margin: int, *, is_current: bool
) -> list[Span]:
    """Return the cells of a row; the current one is marked."""
    spans: list[Span] = [(pen.drawn(" ▸ "), pen.ink("title"))] if is_current else [(" " * margin, Style.null())]
    for index, (column, cells) in enumerate(fitted(columns, width - margin - 1)):
        if index:
            spans.append((" " * GAP, Style.null()))
        spans += column.cell(row, pen, cells)
    return spans


def marked_line(spans: list[Span], pen: Pen) -> list[Span]:
    """Return the cells of a row with the mark of a marked one before them."""
    (lead, ink), *rest = spans
    return [(pen.drawn("◆"), pen.ink("key")), (lead[1:], ink), *rest]


def newer(waiting: int, pen: Pen, word: str = "newer") -> list[Span]:
    """Return the line about the rows that wait above the first; nothing when there are none."""
    if not waiting:
        return []
    more = "+" if waiting >= PAGE_ROWS else ""
    return [
        (pen.drawn(f" {waiting}{more} {word} · "), pen.ink("running")),
        ("g", pen.ink("key")),
        (" jumps up (rows never move under the cursor)", pen.ink("dim")),
    ]


def marks_line(marked: int, pen: Pen) -> list[Span]:
    """Return how many rows are marked and how to unmark them; nothing when there are none."""
    if not marked:
        return []
    return [
        (pen.drawn(f" ◆ {marked} marked · "), pen.ink("key")),
        ("Esc", pen.ink("key")),
        (" unmarks  ", pen.ink("dim")),
    ]


def below_line(hidden: int, pen: Pen) -> list[Span]:
    """Return how many lines of a text stand below the last one in view; nothing when there are none."""
    if hidden <= 0:
        return []
    return [
        (pen.drawn(f" … {hidden:,} more {'line' if hidden == 1 else 'lines'} · "), pen.ink("dim")),
        ("PgDn", pen.ink("key")),
    ]


def strip_of(spans: list[Span], width: int, style: Style) -> Strip:
    """Return spans as one strip of exactly ``width`` columns."""
    used = width_of(spans)
    segments = list(_inked([*spans, (" " * (width - used), Style.null())], style))
    strip = Strip(segments, max(used, width)).crop(0, width)
    # Neighbours drawn alike become one: each change of style costs the terminal some forty bytes.
    return strip.apply_style(style).simplify()


def _inked(spans: Iterable[Span], ground: Style) -> Iterator[Segment]:
    """Draw blanks with the ink before them where they look the same, and nothing for an empty text."""
    before = Style.null()
    is_even = not _shows(ground)
    for text, ink in spans:
        if not text:
            continue
        if is_even and not ink and text.isspace() and not before.bgcolor and not _shows(before):
            ink = before
        before = ink
        yield Segment(text, ink)


def _shows(ink: Style) -> bool:
    """Tell whether an ink, or a ground under it, makes a blank look different by what is drawn on it."""
    return bool(ink.underline or ink.underline2 or ink.reverse or ink.strike or ink.overline)
