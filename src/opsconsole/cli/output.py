"""What leaves the program: one JSON document or text on stdout, everything else on stderr."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from opsconsole.cli.columns import Cell, Column, Row
from opsconsole.domain.plain_text import plain


def prepare_streams() -> None:
    """Make stdout and stderr take any character: what the terminal's encoding lacks is shown escaped."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


class Output:
    """The program's two streams. With ``is_json`` stdout carries exactly one document."""

    def __init__(self, *, is_json: bool) -> None:
        self.is_json = is_json

    @property
    def is_terminal(self) -> bool:
        """Tell whether progress may be drawn: stderr is a terminal."""
        return sys.stderr is not None and sys.stderr.isatty()

    @property
    def can_ask(self) -> bool:
        """Tell whether somebody is there to answer a question."""
        return self.is_terminal and sys.stdin is not None and sys.stdin.isatty()

    def document(self, value: object) -> None:
        """Write the one JSON document: indented for a reader, on one line for a program; ASCII, so that any stream carries it."""
        from opsconsole.domain.json_text import to_document

        is_read = sys.stdout is not None and sys.stdout.isatty()
        self.line(to_document(value, indent=2 if is_read else None))

    def line(self, text: str = "") -> None:
        """Write a line of text to stdout."""
        if sys.stdout is not None:
            _write(sys.stdout, text + "\n", descriptor=1)

    def note(self, text: str) -> None:
        """Write a message to stderr."""
        if sys.stderr is not None:
            _write(sys.stderr, text + "\n", descriptor=2)

    def table(self, columns: Sequence[Column], rows: Iterable[Row], *, empty: str = "") -> None:
        """Write a table to stdout, or, where there are no rows, the sentence ``empty`` to stderr."""
        listed = list(rows)
        if not listed:
            if empty:
                self.note(empty)
            return
        from opsconsole.cli.table import draw

        drawn = draw(columns, listed, is_terminal=sys.stdout is not None and sys.stdout.isatty())
        self.line(drawn.text)
        if drawn.left_out:
            self.note(f"Left out at this width: {', '.join(drawn.left_out)}; --json has everything.")

    def fields(self, pairs: Iterable[tuple[str, str | Cell]]) -> None:
        """Write names and values, one pair a line, the values under one another."""
        listed = [(name, value.text if isinstance(value, Cell) else plain(value)) for name, value in pairs]
        width = max((len(name) for name, _ in listed), default=0)
        for name, value in listed:
            self.line(f"{name.ljust(width)}  {value}".rstrip())

    def page(self, items: list[Any], next_cursor: str | None) -> None:
        """Write one page of a list as the JSON of contract.md."""
        self.document({"items": items, "next_cursor": next_cursor})

    def page_table(
        self, columns: Sequence[Column], rows: Iterable[Row], next_cursor: str | None, *, empty: str
    ) -> None:
        """Write one page of a list as a table, and on stderr how to get the next one."""
        self.table(columns, rows, empty=empty)
        if next_cursor:
            self.note(f"There are more: --cursor {plain(next_cursor)}")


def _write(stream: TextIO, text: str, *, descriptor: int) -> None:
    """Write and flush; a reader that has gone away is no error, and what follows is dropped. Raises OSError for others."""
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        # What is still in the buffer must not be tried again when the interpreter ends.
        _silence(descriptor)
        # Windows reports a closed pipe as an invalid argument.
        if not isinstance(error, BrokenPipeError) and not (os.name == "nt" and error.errno == errno.EINVAL):
            raise


def _silence(descriptor: int) -> None:
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, descriptor)
    os.close(sink)
