"""One tenant: its health, what may be read policy type by policy type, and what is spent of Graph's budget."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console import orders
from opsconsole.console.figures import grouped
from opsconsole.console.health_states import ACCESS_STATES
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.tenant_facts import budget_lines, health_lines, step_lines
from opsconsole.console.tenant_orders import ask_check, why_not_here
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.backup import TypeCounts, TypeStatus
from opsconsole.domain.plain_text import plain
from opsconsole.service.access_lines import AccessLine, AccessState
from opsconsole.service.tenants import TenantReport

LOOK_EVERY_S = 1.0
"""How often a closure's time left is looked at; drawn only when it reads differently."""

SMALL_HEIGHT, AREAS_SMALL, AREAS_TALL = 32, 3, 8
"""On a small terminal the fullest areas of the budget, on a tall one all that are likely."""

WORST_FIRST = (
    AccessState.MISSING,
    AccessState.FAILED,
    AccessState.NOT_AVAILABLE,
    AccessState.UNKNOWN,
    AccessState.OK,
)
"""What somebody must do something about stands where the cursor begins."""

Row = tuple[AccessLine, TypeCounts | None]


def _held(row: Row, pen: Pen, width: int) -> list[Span]:
    counts = row[1]
    if counts is None:
        return pen.cell("·", width, "faint", right=True)
    if counts.status is TypeStatus.NOT_AVAILABLE:
        return pen.cell("not available", width, "dim", right=True)
    if counts.status in (TypeStatus.FAILED, TypeStatus.PENDING):
        return pen.cell("not listed", width, "bad", right=True)
    if not counts.listed:
        return pen.cell("no policy", width, "faint", right=True)
    ink = "bad" if counts.missing else "text"
    return pen.cell(f"{grouped(counts.fetched)} of {grouped(counts.listed)}", width, ink, right=True)


def _permission(row: Row, pen: Pen, width: int) -> list[Span]:
    return pen.cell(row[0].permission, width, "bad" if row[0].state is AccessState.MISSING else "dim")


ACCESS_COLUMNS: tuple[Column[Row], ...] = (
    Column("Policy type", 16, lambda row, pen, width: pen.cell(row[0].label, width), flex=1),
    Column("Access", 13, lambda row, pen, width: pen.state_cell(ACCESS_STATES[row[0].state], width)),
    Column("Backed up", 15, _held, right=True),
    Column("Permission", 42, _permission, from_width=100),
)


class TenantScreen(LiveScreen):
    """Opened from Tenants and from the dashboard."""

    place = "tenant"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    TenantScreen #facts { margin-top: 1; }
    TenantScreen WindowTable { margin-top: 1; }
    TenantScreen #step { height: 4; }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._tenant = name
        self._report: TenantReport | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("tenants", self._tenant)
        yield Banner()
        yield Facts(id="facts")
        yield WindowTable(ACCESS_COLUMNS)
        yield Facts(id="step", classes="-ruled")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """Read for the first time."""
        self.set_interval(LOOK_EVERY_S, self._look)

    # What it fetches and shows

    def fetch(self) -> TenantReport:
        """Read the tenant."""
        return self.desk.tenant(self._tenant)

    def receive(self, data: TenantReport) -> None:
        """Show it."""
        self._report = data
        self._look()
        counts = data.backup_set.by_type if data.backup_set else {}
        rows: list[Row] = [(line, counts.get(line.subject)) for line in data.access]
        rows.sort(key=lambda row: WORST_FIRST.index(row[0].state))
        table: WindowTable[Row] = self.query_one(WindowTable)
        table.put(rows, lambda row: row[0].subject)
        self._beside()

    def _look(self) -> None:
        report = self._report
        if report is None or not self.is_there or not self.app.app_focus:
            return
        pen, width = self.console_app.pen, self.size.width
        areas = AREAS_SMALL if self.size.height < SMALL_HEIGHT else AREAS_TALL
        self.query_one("#facts", Facts).show(
            [
                *health_lines(report.view, report.access, report.backup_set, pen, width),
                *budget_lines(report.view, pen, width, areas),
            ]
        )

    @on(WindowTable.Moved)
    def _beside(self) -> None:
        current = self.query_one(WindowTable).current
        line = current[0] if isinstance(current, tuple) else None
        self.query_one("#step", Facts).show(step_lines(line, self.console_app.pen, self.size.width))

    # What is done to it

    def why_not(self, key_id: str) -> str | None:
        """Dim what cannot be started for this tenant, or leads nowhere yet."""
        view = self._report.view if self._report else None
        if view is None:
            return None
        if key_id in ("check", "backup"):
            return why_not_here(view)
        if key_id == "last_check" and view.last_check is None:
            return f"{view.name} was never checked: c checks it."
        if key_id == "newest_set" and view.newest_set is None:
            return f"{view.name} has no backup yet: b makes the first one."
        return None

    def action_check(self) -> None:
        """Ask, then check the tenant."""
        if not self.refuses("check") and self._report is not None:
            ask_check(self, self._report.view)

    def action_backup(self) -> None:
        """Ask, then back the tenant up."""
        if not self.refuses("backup") and self._report is not None:
            orders.ask_backup(self, self._report.view)

    def action_last_check(self) -> None:
        """Open the run of the last check."""
        if not self.refuses("last_check") and self._report is not None and self._report.view.last_check is not None:
            from opsconsole.console.screens.run import RunScreen

            self.app.push_screen(RunScreen(str(self._report.view.last_check["run"])))

    def action_newest_set(self) -> None:
        """Open the newest set."""
        if not self.refuses("newest_set") and self._report is not None and self._report.view.newest_set is not None:
            from opsconsole.console.screens.backup_set import BackupSetScreen

            self.app.push_screen(BackupSetScreen(self._report.view.newest_set.id))

    def copied(self) -> str:
        """Return the permission of the type under the cursor where it is missing, else the tenant's name."""
        current = self.query_one(WindowTable).current
        if isinstance(current, tuple) and current[0].state is AccessState.MISSING:
            return str(current[0].permission)
        return plain(self._tenant)
