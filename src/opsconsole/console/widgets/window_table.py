"""The table of a long history: 200 rows in memory over keyset pages; rows never move under the cursor."""

from __future__ import annotations

from typing import TypeVar

from opsconsole.console.keys import bindings_of
from opsconsole.console.widgets.table_reading import TableReading

T = TypeVar("T")


class WindowTable(TableReading[T]):
    """Shows the rows of a ``Source``. It reads in worker threads and draws only the lines that changed.

    ``is_text``: the rows are lines to read, so that keys scroll them. ``is_markable``: space marks a row; the keys of
    marked rows stand in ``marked``, and ``Marked`` is posted when they change.
    """

    BINDINGS = bindings_of("table")

    def jump_up(self) -> None:
        """Go to the first row; where newer ones wait or the first was let go, read the list anew."""
        if self._source is not None and (self._window.waiting or self._window.has_before):
            self.show(self._source, keep=True)
        else:
            self.move_to(0)

    def jump_down(self) -> None:
        """Go to the last row of the whole list: the oldest, or the newest where new rows come in at the end."""
        self.show_end()
