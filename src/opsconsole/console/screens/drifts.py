"""Drift: every check of a set against its tenant, and what each one found."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console import drift_orders
from opsconsole.console.drift_facts import numbers, state_of_check
from opsconsole.console.figures import at, grouped, seconds_between, took
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span, width_of
from opsconsole.console.run_columns import progress_of
from opsconsole.console.run_filter import CHECK_WORDS, run_query
from opsconsole.console.screens.list_screen import ListScreen
from opsconsole.console.sources import Source
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.filter_words import Filtered
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import Outcome, Status
from opsconsole.service.list_export import CHECK_CELLS, ListExport

if TYPE_CHECKING:
    from opsconsole.service.drift import DriftCheck

NEWEST = "latest"
"""What is compared where no check stands under the cursor: the newest set that can be used."""


def _result(row: DriftCheck, pen: Pen, width: int) -> list[Span]:
    done, total = progress_of(row.run)
    if row.run.status is Status.QUEUED:
        return pen.cell("waits", width, "dim")
    if row.run.status is Status.RUNNING:
        words = f" {grouped(done)} of {grouped(total)}" if total else " starting"
        return [*pen.bar(done, total, 8), *pen.cell(words, width - 8)]
    if row.run.outcome is Outcome.FAILED:
        return pen.cell("nothing compared", width, "dim")
    spans = numbers(row, pen)
    if width_of(spans) > width:
        return pen.cell("".join(text for text, _ in spans), width, "changed")
    return [*spans, *pen.cell("", width - width_of(spans))]


def _number(row: DriftCheck, name: str, pen: Pen, width: int, ink: str) -> list[Span]:
    number = row.counts[name]
    if name == "unknown" and row.run.outcome is Outcome.FAILED:
        return pen.cell("all", width, ink, right=True)
    return pen.cell(grouped(number) if number else "·", width, ink if number else "faint", right=True)


def _took(row: DriftCheck, pen: Pen, width: int) -> list[Span]:
    return pen.cell(took(seconds_between(row.run.started_at, row.run.completed_at, pen.now)), width, "dim", right=True)


DRIFT_COLUMNS: tuple[Column[DriftCheck], ...] = (
    Column("Check", 6, lambda row, pen, width: pen.cell(short_id(row.run.id), width)),
    Column("State", 11, lambda row, pen, width: pen.state_cell(state_of_check(row), width)),
    Column("Tenant", 8, lambda row, pen, width: pen.cell(row.run.tenant or "", width), flex=1),
    Column("Set", 6, lambda row, pen, width: pen.cell(short_id(row.set_id), width), from_width=74),
    Column("~changed +new -gone =same", 25, _result, flex=1, below_width=112),
    Column("Changed", 7, lambda row, pen, width: _number(row, "changed", pen, width, "changed"), True, 0, 112),
    Column("New", 6, lambda row, pen, width: _number(row, "new", pen, width, "added"), True, 0, 112),
    Column("Gone", 6, lambda row, pen, width: _number(row, "gone", pen, width, "removed"), True, 0, 112),
    Column("Same", 7, lambda row, pen, width: _number(row, "same", pen, width, "text"), True, 0, 112),
    Column("Not compared", 12, lambda row, pen, width: _number(row, "unknown", pen, width, "danger"), True, 0, 112),
    Column(
        "When",
        8,
        lambda row, pen, width: pen.cell(at(row.run.created_at, pen.now, pen.zone), width, "dim"),
        from_width=74,
    ),
    Column("Took", 5, _took, True, from_width=112),
    Column("By", 8, lambda row, pen, width: pen.cell(row.run.initiator_name, width, "dim"), flex=1, from_width=90),
)
"""Eighty columns hold the counts as signs; wider terminals have a column for each."""


class DriftsScreen(ListScreen):
    """Checks, newest first; each opens to what it found."""

    place = "drift"
    words = CHECK_WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("drift")
        yield Banner()
        hint = "outcome:failed tenant:name since:7d by:name, or the end of an id"
        yield FilterLine(hint, self.words, self.offered_names)
        yield WindowTable(DRIFT_COLUMNS, empty=self._empty)
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the checks."""
        self.relist()

    def source_of(self, found: Filtered) -> Source[DriftCheck]:
        """List the checks that the filter leaves."""
        desk, query = self.desk, run_query(found)
        return Source["DriftCheck"](
            key=lambda row: row.run.id,
            load=lambda limit, cursor: desk.drifts(query, limit, cursor),
            load_back=lambda limit, cursor: desk.drifts(query, limit, cursor, backwards=True),
            find=desk.drift_check,
        )

    def count_found(self, found: Filtered) -> int:
        """Count them."""
        return self.desk.count_drifts(run_query(found))

    def exported(self) -> ListExport[DriftCheck]:
        """Export them, each with its counts."""
        from opsconsole.service.drift import check_json

        desk, query = self.desk, run_query(self._filtered)
        return ListExport(
            "drift checks",
            CHECK_CELLS,
            check_json,
            lambda limit, cursor: desk.drifts(query, limit, cursor),
            lambda: desk.count_drifts(query),
        )

    def _empty(self, pen: Pen) -> list[list[Span]]:
        return self.unfitting(pen, "drift check") or _empty(pen)

    # What is done to it

    def started(self) -> None:
        """Show the check that was just begun."""
        self.relist(keep=True)

    def action_open(self) -> None:
        """Open the check under the cursor."""
        if check := self._current():
            from opsconsole.console.screens.drift_check import DriftCheckScreen

            self.app.push_screen(DriftCheckScreen(check.run.id))

    def action_drift(self) -> None:
        """Ask, then compare the set of the check under the cursor once more, or the newest set."""
        if not self.refuses("drift"):
            check = self._current()
            drift_orders.ask_drift_of(self, check.set_id if check is not None else NEWEST)

    def action_run_of(self) -> None:
        """Open the run of the check under the cursor."""
        if check := self._current():
            from opsconsole.console.screens.run import RunScreen

            self.app.push_screen(RunScreen(check.run.id))

    def copied(self) -> str:
        """Return the run's id."""
        check = self._current()
        return check.run.id if check is not None else ""

    def _current(self) -> DriftCheck | None:
        current: DriftCheck | None = self.table.current
        return current


def _empty(pen: Pen) -> list[list[Span]]:
    return [
        [("No drift check yet.", pen.ink("strong"))],
        [("A check compares a backup set with its tenant as it is now:", pen.ink("dim"))],
        [("which policies changed, came and went, and whom that hits.", pen.ink("dim"))],
        [],
        [("d", pen.ink("key")), (" compares the newest set; on Backups, the one under the cursor.", pen.ink("text"))],
    ]
