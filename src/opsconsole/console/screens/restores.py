"""Restores: the plans that were made, and what became of them."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.figures import at, grouped
from opsconsole.console.filters import RESTORE_WORDS, record_query
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.list_screen import ListScreen
from opsconsole.console.sources import Source
from opsconsole.console.states import RESTORE_STATES
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.filter_words import Filtered
from opsconsole.domain.ids import short_id
from opsconsole.domain.restore import RestoreRun
from opsconsole.service.list_export import RESTORE_CELLS, ListExport


def source_of(row: RestoreRun) -> str:
    """Return where a plan comes from: a set, or the undo of another plan."""
    if row.undo_of:
        return f"undo {short_id(row.undo_of)}"
    return f"set {short_id(row.set_id)}" if row.set_id else "no set"


def _count(row: RestoreRun, name: str, pen: Pen, width: int, ink: str) -> list[Span]:
    number = row.counts.get(name, 0)
    return pen.cell(grouped(number) if number else "·", width, ink if number else "faint", right=True)


RESTORE_COLUMNS: tuple[Column[RestoreRun], ...] = (
    Column("Plan", 6, lambda row, pen, width: pen.cell(short_id(row.id), width)),
    Column("State", 16, lambda row, pen, width: pen.state_cell(RESTORE_STATES[row.standing], width)),
    Column("Tenant", 6, lambda row, pen, width: pen.cell(row.tenant, width), flex=1),
    Column("From", 11, lambda row, pen, width: pen.cell(source_of(row), width, "dim"), from_width=74),
    Column("Mode", 6, lambda row, pen, width: pen.cell(row.mode.value, width, "dim"), from_width=90),
    Column("Changes", 7, lambda row, pen, width: _count(row, "will_change", pen, width, "changed"), right=True),
    Column("Blocked", 7, lambda row, pen, width: _count(row, "blocked", pen, width, "bad"), right=True),
    Column(
        "Made",
        8,
        lambda row, pen, width: pen.cell(at(row.created_at, pen.now, pen.zone), width, "dim"),
        from_width=74,
    ),
    Column("By", 12, lambda row, pen, width: pen.cell(row.initiator_name, width, "dim"), from_width=100),
)


class RestoresScreen(ListScreen):
    """Plans, newest first."""

    place = "restores"
    words = RESTORE_WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("restores")
        yield Banner()
        yield FilterLine("state:completed tenant:name since:7d, or the end of an id", self.words, self.offered_names)
        yield WindowTable(RESTORE_COLUMNS, empty=self._empty)
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the plans."""
        self.relist()

    def source_of(self, found: Filtered) -> Source[RestoreRun]:
        """List the plans that the filter leaves."""
        desk, query = self.desk, record_query(found)
        return Source[RestoreRun](
            key=lambda row: row.id,
            load=lambda limit, cursor: desk.restores(limit, cursor, query=query),
            load_back=lambda limit, cursor: desk.restores(limit, cursor, query=query, backwards=True),
            find=desk.restore,
        )

    def count_found(self, found: Filtered) -> int:
        """Count them."""
        return self.desk.count_restores(record_query(found))

    def exported(self) -> ListExport[RestoreRun]:
        """Export them."""
        desk, query = self.desk, record_query(self._filtered)
        return ListExport(
            "restores",
            RESTORE_CELLS,
            RestoreRun.to_json,
            lambda limit, cursor: desk.restores(limit, cursor, query=query),
            lambda: desk.count_restores(query),
        )

    def _empty(self, pen: Pen) -> list[list[Span]]:
        return self.unfitting(pen, "restore") or _empty(pen)

    def action_new(self) -> None:
        """Ask for a set, a tenant and what of it, then preview a restore."""
        if not self.refuses("restore_new"):
            from opsconsole.console.restore_pick import ask_restore

            ask_restore(self)

    def action_open(self) -> None:
        """Open the plan under the cursor."""
        if found := self._current():
            from opsconsole.console.screens.plan import PlanScreen

            self.app.push_screen(PlanScreen(found.id))

    def copied(self) -> str:
        """Return the plan's id."""
        found = self._current()
        return found.id if found else ""

    def _current(self) -> RestoreRun | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, RestoreRun) else None


def _empty(pen: Pen) -> list[list[Span]]:
    return [
        [("No restore was planned yet.", pen.ink("strong"))],
        [("A plan says, policy by policy, what a restore would change, and is", pen.ink("dim"))],
        [("looked at before anything is written.", pen.ink("dim"))],
        [],
        [("n", pen.ink("key")), (" picks a backup set and previews the first restore.", pen.ink("text"))],
    ]
