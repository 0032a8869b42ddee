"""A column of a table: its title, its width, and how a row's cell is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from opsconsole.console.pen import Pen, Span

T = TypeVar("T")

GAP = 2
"""Blank columns between two cells."""


class Column(Struct, Generic[T], frozen=True):
    """``cell`` returns spans of exactly the width it is given. ``flex`` columns share what is left.

    ``from_width`` and ``below_width``: how wide the table must and must not be for the column to be shown. ``mark``
    stands behind the title of the column that the list is sorted by; it may stand in the gap after it.
    """

    title: str
    width: int
    cell: Callable[[T, Pen, int], list[Span]]
    right: bool = False
    flex: int = 0
    from_width: int = 0
    below_width: int = 10_000
    mark: str = ""


def fitted(columns: Sequence[Column[T]], width: int) -> list[tuple[Column[T], int]]:
    """Return the columns shown at a width, each with its own width."""
    shown = [column for column in columns if column.from_width <= width < column.below_width]
    spare = width - sum(column.width for column in shown) - GAP * max(0, len(shown) - 1)
    parts = sum(column.flex for column in shown)
    result = []
    for column in shown:
        share = spare * column.flex // parts if parts and spare > 0 else 0
        result.append((column, column.width + share))
    return result
