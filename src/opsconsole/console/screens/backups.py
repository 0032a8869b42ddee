"""Backups: the sets, how old they are, and whether they add up."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from opsconsole.console import drift_orders, orders, restore_orders
from opsconsole.console.figures import age, at_length, counted, grouped
from opsconsole.console.filters import SET_WORDS, record_query
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.policy_words import type_words
from opsconsole.console.screens.list_screen import ListScreen
from opsconsole.console.sources import Source
from opsconsole.console.states import state_of_set
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.backup import BackupSet, TypeStatus
from opsconsole.domain.filter_words import Filtered
from opsconsole.domain.ids import short_id
from opsconsole.service.list_export import SET_CELLS, ListExport

WIDE_FROM = 120
"""From this many columns on there is room beside the list."""

BESIDE_WIDTH = 35
"""Columns beside the list."""

LIST_WORDS: dict[TypeStatus, str] = {
    TypeStatus.PENDING: "being listed",
    TypeStatus.PARTIAL: "listed in part",
    TypeStatus.FAILED: "not listed",
    TypeStatus.NOT_AVAILABLE: "not available",
}
"""What is said of a type whose figures alone would say too little."""

LOOK_EVERY_S = 5
"""How often the ages are looked at: they change by the minute."""


def _policies(row: BackupSet, pen: Pen, width: int) -> list[Span]:
    return pen.cell(f"{grouped(row.count('fetched'))} of {grouped(row.count('listed'))}", width, right=True)


def _missing(row: BackupSet, pen: Pen, width: int) -> list[Span]:
    missing = 0 if row.is_active else row.missing
    return pen.cell(grouped(missing) if missing else "·", width, "bad" if missing else "faint", right=True)


def _by(row: BackupSet, pen: Pen, width: int) -> list[Span]:
    return pen.cell(row.initiator_name, width, "dim")


SET_COLUMNS: tuple[Column[BackupSet], ...] = (
    Column("Set", 6, lambda row, pen, width: pen.cell(short_id(row.id), width)),
    Column("State", 12, lambda row, pen, width: pen.state_cell(state_of_set(row), width)),
    Column("Tenant", 8, lambda row, pen, width: pen.cell(row.tenant, width), flex=2),
    Column("Policies", 14, _policies, right=True),
    Column("Missing", 7, _missing, right=True, from_width=66),
    Column("Types", 5, lambda row, pen, width: pen.cell(str(len(row.by_type)), width, right=True), True, from_width=90),
    Column("Age", 8, lambda row, pen, width: pen.cell(age(row.created_at, pen.now), width, right=True), right=True),
    Column(
        "Made", 19, lambda row, pen, width: pen.cell(at_length(row.created_at, pen.zone), width, "dim"), from_width=104
    ),
    Column("By", 8, _by, from_width=76, below_width=104),
    Column("By", 8, _by, flex=1, from_width=104),
)


class BackupsScreen(ListScreen):
    """Sets, newest first; each opens to its policies."""

    place = "backups"
    words = SET_WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    BackupsScreen WindowTable { width: 1fr; }
    BackupsScreen #beside { display: none; width: 38; height: 1fr; border-left: solid $faint; padding: 0 1; }
    BackupsScreen.-wide #beside { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._ages: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("backups")
        yield Banner()
        yield FilterLine("state:incomplete tenant:name since:7d, or the end of an id", self.words, self.offered_names)
        with Horizontal():
            yield WindowTable(SET_COLUMNS, empty=self._empty, is_markable=True)
            yield Facts(id="beside")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the sets."""
        self.set_interval(LOOK_EVERY_S, self._look_at_ages)
        self._fit()
        self.relist(keep=True)

    def on_resize(self) -> None:
        """Show what the set under the cursor lacks beside the list where there is room."""
        self._fit()

    def _fit(self) -> None:
        self.set_class(self.size.width >= WIDE_FROM, "-wide")
        self._look_beside()

    @on(WindowTable.Moved)
    def _look_beside(self) -> None:
        if self.is_there and self.has_class("-wide"):
            found, facts = self._current(), self.query_one("#beside", Facts)
            facts.show(types_beside(found, facts.pen) if found else [])

    def on_screen_resume(self) -> None:
        """Bring the ages up to date at once."""
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

    def source_of(self, found: Filtered) -> Source[BackupSet]:
        """List the sets that the filter leaves."""
        desk, query = self.desk, record_query(found)
        return Source[BackupSet](
            key=lambda row: row.id,
            load=lambda limit, cursor: desk.sets(limit, cursor, query=query),
            load_back=lambda limit, cursor: desk.sets(limit, cursor, query=query, backwards=True),
            find=desk.backup_set,
        )

    def count_found(self, found: Filtered) -> int:
        """Count them."""
        return self.desk.count_sets(record_query(found))

    def exported(self) -> ListExport[BackupSet]:
        """Export them."""
        desk, query = self.desk, record_query(self._filtered)
        return ListExport(
            "backup sets",
            SET_CELLS,
            BackupSet.to_json,
            lambda limit, cursor: desk.sets(limit, cursor, query=query),
            lambda: desk.count_sets(query),
        )

    def _empty(self, pen: Pen) -> list[list[Span]]:
        return self.unfitting(pen, "set") or _empty(pen)

    # What is done to it

    def started(self) -> None:
        """Show the set that was just begun."""
        self.relist(keep=True)

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


def types_beside(found: BackupSet, pen: Pen) -> list[list[Span]]:
    """Return how complete a set is, type by type: what lacks something first."""
    state = state_of_set(found)
    lines: list[list[Span]] = [
        [(pen.state(state), pen.ink(state.ink)), (f"  set {short_id(found.id)}", pen.ink("strong"))],
        [*pen.cell(f"{found.tenant} by {found.initiator_name}", BESIDE_WIDTH, "dim")],
        [],
    ]
    empty = 0
    for key, counts in sorted(found.by_type.items(), key=lambda each: (-each[1].missing, each[0])):
        said, ink = f"{grouped(counts.fetched)} of {grouped(counts.listed)}", "bad" if counts.missing else "text"
        if not counts.listed and counts.status is TypeStatus.LISTED:
            empty += 1
            continue
        if counts.status in LIST_WORDS:
            said, ink = LIST_WORDS[counts.status], "dim" if counts.status is TypeStatus.NOT_AVAILABLE else "bad"
        room = max(1, BESIDE_WIDTH - 1 - len(said))
        name = pen.cell(type_words(key), room, "text" if counts.missing else "dim")
        lines.append([*name, (" ", pen.ink("dim")), (said, pen.ink(ink))])
    if empty:
        lines += [[], [(f"{counted(empty, 'type')} without a policy", pen.ink("dim"))]]
    return lines


def _empty(pen: Pen) -> list[list[Span]]:
    return [
        [("No backup sets yet.", pen.ink("strong"))],
        [("A set holds the assignments of every policy of a tenant, as they were.", pen.ink("dim"))],
        [],
        [("b", pen.ink("key")), (" backs up a tenant: the first set.", pen.ink("text"))],
    ]
