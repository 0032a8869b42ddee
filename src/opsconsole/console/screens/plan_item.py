"""One policy of a plan with the whole screen to itself: every target, live against planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span, width_of
from opsconsole.console.plan_sides import policy_sides
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain
from opsconsole.domain.restore import RestoreItem

Row = tuple[int, list[Span]]
"""A numbered line, drawn already."""


class PlanItemScreen(LiveScreen):
    """Opened from a plan; the plan's own fields never change, so nothing is read again."""

    place = "policy"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = "PlanItemScreen WindowTable { margin-top: 1; }"

    def __init__(self, restore_id: str, item: RestoreItem, names: Mapping[str, str]) -> None:
        super().__init__()
        self._restore_id = restore_id
        self._item = item
        self._names = names

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("restores", short_id(self._restore_id), plain(self._item.policy_name) or "policy")
        yield Banner()
        yield WindowTable((Column("", 10, _line, flex=1),), has_headings=False, is_text=True)
        yield FooterLine(self.place)

    def receive(self, data: object) -> None:
        """Show every line."""
        del data
        lines = policy_sides(self._item, self.console_app.pen, self._names, self.size.width - 2)
        self.query_one(WindowTable).put(list(enumerate(lines)), lambda row: f"{row[0]:06d}")

    def copied(self) -> str:
        """Return the policy's id."""
        return plain(self._item.policy_id)


def _line(row: Row, pen: Pen, width: int) -> list[Span]:
    spans = row[1]
    return [*spans, (" " * max(0, width - width_of(spans)), pen.ink("text"))]
