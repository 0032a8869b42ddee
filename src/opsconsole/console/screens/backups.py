"""Backups: the sets, how old they are, and whether they add up."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console import drift_orders, orders, restore_orders
from opsconsole.console.figures import age, at_length, grouped
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.states import state_of_set
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.window import Source
from opsconsole.domain.backup import BackupSet
from opsconsole.domain.ids import short_id

LOOK_EVERY_S = 5
"""How often the ages are looked at: they change by the minute."""


def _policies(row: BackupSet, pen: Pen, width: int) -> list[Span]:
    return pen.cell(f"{grouped(row.count('fetched'))} of {grouped(row.count('listed'))}", width, right=True)


def _missing(row: BackupSet, pen: Pen, width: int) -> list[Span]:
    missing = 0 if row.is_active else row.missing
    return pen.cell(grouped(missing) if missing else "·", width, "bad" if missing else "faint", right=True)


SET_COLUMNS: tuple[Column[BackupSet], ...] = (
    Column("Set", 6, lambda row, pen, width: pen.cell(short_id(row.id), width)),
    Column("State", 12, lambda row, pen, width: pen.state_cell(state_of_set(row), width)),
    Column("Tenant", 6, lambda row, pen, width: pen.cell(row.tenant, width), flex=2),
    Column("Policies", 15, _policies, right=True),
    Column("Missing", 7, _missing, right=True),
    Column("Types", 5, lambda row, pen, width: pen.cell(str(len(row.by_type)), width, right=True), True, from_width=90),
    Column("Age", 8, lambda row, pen, width: pen.cell(age(row.created_at, pen.now), width, right=True), right=True),
    Column(
        "Made", 19, lambda row, pen, width: pen.cell(at_length(row.created_at, pen.zone), width, "dim"), from_width=100
    ),
    Column("By", 8, lambda row, pen, width: pen.cell(row.initiator_name, width, "dim"), flex=1),
)


class BackupsScreen(LiveScreen):
    """Sets, newest first; each opens to its policies."""

    place = "backups"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = "BackupsScreen WindowTable { margin-top: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._ages: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("backups")
        yield Banner()
        yield WindowTable(SET_COLUMNS, empty=_empty, is_markable=True)
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the sets."""
        super().on_mount()
        self.set_interval(LOOK_EVERY_S, self._look_at_ages)
        self._list()

    def on_screen_resume(self) -> None:
        """Bring the ages up to date at once."""
        super().on_screen_resume()
        self._look_at_ages()

    def _look_at_ages(self) -> None:
        # Drawn anew only when one of them reads differently: once a minute at most.
        if not self.is_mounted or not self.app.app_focus:
            return
        table, now = self.query_one(WindowTable), self.desk.now()
        ages = [age(row.created_at, now) for row in table.rows]
        if ages != self._ages:
            self._ages = ages
            table.refresh()

    def _list(self) -> None:
        desk = self.desk
        source = Source[BackupSet](key=lambda row: row.id, load=desk.sets, find=desk.backup_set)
        self.query_one(WindowTable).show(source, keep=True)

    # What is done to it

    def started(self) -> None:
        """Show the set that was just begun."""
        self._list()

    def action_open(self) -> None:
        """Open the set under the cursor."""
        if found := self._current():
            from opsconsole.console.screens.backup_set import BackupSetScreen

            self.app.push_screen(BackupSetScreen(found.id))

    def action_backup(self) -> None:
        """Ask, then back up a tenant."""
        orders.ask_backup(self)

    def action_fetch(self) -> None:
        """Ask, then fetch what the set lacks."""
        if found := self._current():
            orders.ask_fetch(self, found)

    def action_preview(self) -> None:
        """Ask, then preview a restore of the set."""
        if found := self._current():
            restore_orders.ask_preview(self, found)

    def action_drift(self) -> None:
        """Ask, then compare the set with its tenant."""
        if (found := self._current()) and not self.refuses("drift"):
            drift_orders.ask_drift(self, found)

    def action_difference(self) -> None:
        """Open the difference of the two marked sets, or of the one under the cursor and another."""
        marked, found = self.query_one(WindowTable).marked, self._current()
        if len(marked) > 2:
            self.console_app.say(f"{len(marked)} sets are marked: mark two, or none and pick one.")
        elif len(marked) == 2:
            drift_orders.open_difference(self, *marked)
        elif found is not None and marked and marked[0] != found.id:
            drift_orders.open_difference(self, marked[0], found.id)
        elif found is not None:
            drift_orders.pick_other(self, found.id)

    def why_not(self, key_id: str) -> str | None:
        """Say why the set under the cursor cannot be compared with its tenant."""
        return drift_orders.why_not_drift(self._current()) if key_id == "drift" else super().why_not(key_id)

    def copied(self) -> str:
        """Return the set's id."""
        found = self._current()
        return found.id if found else ""

    def _current(self) -> BackupSet | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, BackupSet) else None


def _empty(pen: Pen) -> list[list[Span]]:
    return [
        [("No backup sets yet.", pen.ink("strong"))],
        [("A set holds the assignments of every policy of a tenant, as they were.", pen.ink("dim"))],
        [],
        [("b", pen.ink("key")), (" backs up a tenant: the first set.", pen.ink("text"))],
    ]
