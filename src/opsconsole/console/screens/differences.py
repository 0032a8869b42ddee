"""What the list of differences has in common, whatever was compared: filter, counts, both sides of the policy under the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from opsconsole.console.difference_sides import difference_sides
from opsconsole.console.filters import DIFFERENCE_WORDS, difference_filter
from opsconsole.console.pen import Pen, Span
from opsconsole.console.policy_words import type_words
from opsconsole.console.screens.list_screen import FilteredScreen
from opsconsole.console.sources import Source
from opsconsole.console.states import DIFFERENCE_STATES
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.sides import Sides, TwoSides
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.difference import EVERYTHING, DifferenceFilter
from opsconsole.domain.filter_words import Filtered
from opsconsole.domain.plain_text import plain
from opsconsole.service.list_export import DIFFERENCE_CELLS, ListExport

if TYPE_CHECKING:
    from opsconsole.operations.differences import Difference
    from opsconsole.service.caller import Page
    from opsconsole.service.drift import DriftItem

    Row = Difference | DriftItem

WIDE_FROM = 110
"""Columns from which both sides stand beside the list; below it they stand under it."""


def _sides_count(row: Row, pen: Pen, width: int) -> list[Span]:
    half = width // 2
    return [
        *pen.cell(f"+{len(row.added)}" if row.added else "", half, "added", right=True),
        *pen.cell(f"-{len(row.removed)}" if row.removed else "", width - half, "removed", right=True),
    ]


DIFFERENCE_COLUMNS: tuple[Column[Row], ...] = (
    Column("State", 14, lambda row, pen, width: pen.state_cell(DIFFERENCE_STATES[row.kind], width)),
    Column("Policy", 10, lambda row, pen, width: pen.cell(row.policy_name or row.policy_id, width), flex=3),
    Column("Type", 20, lambda row, pen, width: pen.cell(type_words(row.policy_type), width, "dim"), from_width=72),
    Column("Targets", 9, _sides_count, right=True),
)


class DifferencesScreen(FilteredScreen):
    """Subclasses say what is compared: ``crumbs``, ``load``, ``count``, ``key_of``, the titles of both sides and words."""

    words = DIFFERENCE_WORDS
    DEFAULT_CSS = """
    DifferencesScreen #facts { padding: 1 0 0 0; }
    DifferencesScreen #both { height: 1fr; layout: vertical; }
    DifferencesScreen WindowTable { height: 1fr; }
    DifferencesScreen Sides { height: 8; border-top: solid $faint; padding: 0 1; }
    DifferencesScreen.-wide #both { layout: horizontal; }
    DifferencesScreen.-wide WindowTable { width: 11fr; }
    DifferencesScreen.-wide Sides { width: 9fr; height: 1fr; border-top: none; border-left: solid $faint; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: int | None = None
        self._counted: object = None

    def compose(self) -> ComposeResult:
        """Lay the screen out: facts and filter above, policies and both sides below or beside each other."""
        yield HeaderLine(*self.crumbs())
        yield Banner()
        yield Facts(id="facts")
        yield FilterLine("kind:changed type:mobileApp, or part of a policy's name or id", self.words)
        with Container(id="both"):
            yield WindowTable(DIFFERENCE_COLUMNS, empty=self._empty, is_markable=self.is_markable)
            yield Sides()
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List what differs."""
        self.set_class(self.size.width >= WIDE_FROM, "-wide")
        self.relist()

    def on_resize(self) -> None:
        """Put both sides where there is room for them."""
        self.set_class(self.size.width >= WIDE_FROM, "-wide")

    # What a subclass says

    is_markable = False

    def crumbs(self) -> tuple[str, ...]:
        """Return where this is."""
        raise NotImplementedError

    def load(self, flt: DifferenceFilter, limit: int, cursor: str | None) -> Page[Any]:
        """Return a page of what differs. Runs in a worker thread."""
        raise NotImplementedError

    def count(self, flt: DifferenceFilter) -> Mapping[str, int]:
        """Return how many policies of each kind fit. Runs in a worker thread."""
        raise NotImplementedError

    def key_of(self, row: Row) -> str:
        """Return a row's identity, which sorts as the list does."""
        raise NotImplementedError

    def side_titles(self) -> tuple[str, str]:
        """Return what stands above each side."""
        raise NotImplementedError

    def kind_words(self) -> Mapping[str, str]:
        """Return what a policy of a kind without sides means."""
        raise NotImplementedError

    def json_of(self, row: Row) -> dict[str, Any]:
        """Return the JSON of contract.md."""
        raise NotImplementedError

    def total(self) -> int | None:
        """Return how many rows the list has without a filter, or None while that is not known."""
        raise NotImplementedError

    def stamp(self) -> object:
        """Return what a count holds for: another stamp asks for another count."""
        raise NotImplementedError

    def nothing(self, pen: Pen) -> list[list[Span]]:
        """Return what the empty list says where no filter was typed."""
        raise NotImplementedError

    # What it fetches and shows

    def look_at_counts(self) -> None:
        """Say how many of how many are listed; count anew where that may have changed."""
        if self._is_wrong:
            return
        line, flt = self.line, difference_filter(self._filtered)
        if flt == EVERYTHING:
            line.tell(self.total(), self.total())
            return
        line.tell(self._found, self.total())
        wanted = (flt, self.stamp())
        if self._counted != wanted:
            self._counted = wanted
            self.read(self.count, flt, then=lambda counts: self._take_count(flt, counts), missed=self._count_missed)

    def _count_missed(self) -> None:
        self._counted = None  # the next look counts once more

    def _take_count(self, flt: DifferenceFilter, counts: Mapping[str, int]) -> None:
        if flt == difference_filter(self._filtered):
            self._found = sum(
                number for kind, number in counts.items() if kind in (flt.kinds or tuple(DIFFERENCE_STATES))
            )
            self.line.tell(self._found, self.total())

    def source_of(self, found: Filtered) -> Source[Any]:
        """List what the filter leaves, in the order in which it was found."""
        flt, self._found = difference_filter(found), None
        return Source[Any](
            key=self.key_of, load=lambda limit, cursor: self.load(flt, limit, cursor), is_newest_first=False
        )

    def exported(self) -> ListExport[Row]:
        """Export what the filter leaves."""
        flt = difference_filter(self._filtered)
        return ListExport(
            "differences", DIFFERENCE_CELLS, self.json_of, lambda limit, cursor: self.load(flt, limit, cursor)
        )

    def _empty(self, pen: Pen) -> list[list[Span]]:
        return self.unfitting(pen, "difference") or self.nothing(pen)

    @on(WindowTable.Moved)
    def _show_sides(self) -> None:
        row, sides = self.current(), self.query_one(Sides)
        sides.display = row is not None
        left, right = self.side_titles()
        sides.show(
            TwoSides() if row is None else difference_sides(row, self.console_app.pen, left, right, self.kind_words())
        )

    def current(self) -> Row | None:
        """Return the policy under the cursor."""
        row: Row | None = self.table.current
        return row

    # What is done to it

    def copied(self) -> str:
        """Return the policy's id."""
        row = self.current()
        return plain(row.policy_id) if row is not None else ""
