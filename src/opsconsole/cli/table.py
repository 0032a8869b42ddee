"""Tables for people, drawn by rich: as wide as the terminal, or as wide as they need to be in a pipe."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from opsconsole.cli.output import Cell, Column, Row
from opsconsole.domain.plain_text import plain

PIPE_WIDTH = 10_000
"""Columns a table may use where no terminal limits it: nothing is cut for the program that reads it."""


def draw(columns: Sequence[Column], rows: Sequence[Row], *, is_terminal: bool) -> str:
    """Return the table as text, with colours only for a terminal and only where NO_COLOR is not set."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.title,
            justify=column.align,
            no_wrap=True,
            overflow="ellipsis",
            min_width=_widest(rows, columns.index(column)) if column.fixed else None,
        )
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    buffer = StringIO()
    console = Console(
        file=buffer,
        force_terminal=is_terminal,
        width=None if is_terminal else PIPE_WIDTH,
        no_color="NO_COLOR" in os.environ or not is_terminal,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    console.print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip("\n").split("\n"))


def _text(value: str | Cell) -> Text:
    if isinstance(value, Cell):
        return Text(value.text, style=value.style)
    return Text(plain(value))


def _widest(rows: Sequence[Row], index: int) -> int:
    return max((_text(row[index]).cell_len for row in rows), default=0)
