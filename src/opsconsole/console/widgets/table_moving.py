"""How the cursor of a table moves, and how rows are marked."""

from __future__ import annotations

from typing import TypeVar

from textual import events

from opsconsole.console.widgets.table_drawing import TableDrawing

T = TypeVar("T")

PART_AHEAD = 3
"""The list moves on by a third of its height when the cursor reaches its edge: what comes next is seen before, and most
keys change two lines of the terminal instead of all (1.5 kB a key on average; row by row it would be 6)."""


class TableMoving(TableDrawing[T]):
    """The cursor never leaves the rows in memory; near their ends the next page is asked for."""

    def _look_ahead(self) -> None:
        """Read on where the cursor comes near the end of what is in memory."""

    def move_to(self, place: int, *, view: int = 0) -> None:
        """Put the cursor on a row, as near as there is one, and the view around it.

        ``view``: so many rows the view moves along with the cursor. Of a text the row at the top is the one that is moved to.
        """
        rows = len(self._window.rows)
        if self._is_text:
            place = max(0, min(place, rows - self._body_height))
            if place != self.top:
                self.cursor = self.top = place
                self.refresh()
            return
        place = max(0, min(place, rows - 1))
        if place == self.cursor:
            return
        before, top = self.cursor, self.top
        self.cursor = place
        if view:
            self.top = max(0, min(self.top + view, rows - self._body_height))
        self._keep_in_view(ahead=self._body_height // PART_AHEAD)
        if self.top != top:
            self._refresh_body()
        else:
            self._refresh_row(before)
            self._refresh_row(place)
        self.post_message(self.Moved())
        self._look_ahead()

    def _keep_in_view(self, ahead: int = 0) -> None:
        """Move the view to the cursor if it stands outside, and ``ahead`` rows on, as far as there are rows."""
        height = self._body_height
        if self.cursor < self.top:
            self.top = self.cursor - ahead
        elif self.cursor >= self.top + height:
            last = max(self.cursor, min(self.cursor + ahead, len(self._window.rows) - 1))
            self.top = last - height + 1
        self.top = max(0, self.top)

    def action_cursor_up(self) -> None:
        """Move one row up."""
        self.move_to(self.cursor - 1)

    def action_cursor_down(self) -> None:
        """Move one row down."""
        self.move_to(self.cursor + 1)

    def action_mark(self) -> None:
        """Mark the row under the cursor, or unmark it, and move on; where rows are lines to read, move a screen on."""
        row = self.current
        if not self._is_markable:
            self.action_page_down()
        elif row is not None:
            self._marks.toggle(self._key(row))
            self._refresh_row(self.cursor)
            self._refresh_last_line()
            self.post_message(self.Marked())
            self.move_to(self.cursor + 1)

    def clear_marks(self) -> bool:
        """Take every mark away; tell whether there was one."""
        had = self._marks.clear()
        if had:
            self.refresh()
            self.post_message(self.Marked())
        return had

    def action_page_up(self) -> None:
        """Move one screen up."""
        self.move_to(self.cursor - self._body_height, view=-self._body_height)

    def action_page_down(self) -> None:
        """Move one screen down."""
        self.move_to(self.cursor + self._body_height, view=self._body_height)

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked; a click on the chosen one opens it."""
        place = self.top + event.y - self._top_lines
        if not 0 <= place < len(self._window.rows):
            return
        if place == self.cursor:
            self.post_message(self.Opened())
        self.move_to(place)

    def on_mouse_scroll_down(self) -> None:
        """Move with the wheel."""
        self.move_to(self.cursor + 3)

    def on_mouse_scroll_up(self) -> None:
        """Move with the wheel."""
        self.move_to(self.cursor - 3)

    def on_resize(self) -> None:
        """Keep the cursor in view when the terminal changes its size."""
        self._keep_in_view()
        self.refresh()
        self._look_ahead()

    def on_focus(self) -> None:
        """Show the cursor."""
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        """Dim the cursor."""
        self._refresh_row(self.cursor)
