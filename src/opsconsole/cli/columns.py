"""What a table is made of: columns, and cells in rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct


class Column(Struct, frozen=True):
    """A column of a table.

    A ``fixed`` one is never cut nor broken, however narrow the terminal; a ``whole`` one may take several lines, but is
    never cut. Where not everything fits, those with a ``drop`` number are left out first, the lowest number first.
    ``is_time`` adds the zone to the title.
    """

    title: str
    align: Literal["left", "right"] = "left"
    fixed: bool = False
    whole: bool = False
    drop: int = 0
    is_time: bool = False


class Cell(Struct, frozen=True):
    """A table cell of the program's own words, in a style; plain strings are foreign text and made harmless."""

    text: str
    style: str = ""


Row = Sequence[str | Cell]
