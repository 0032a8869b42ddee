"""Tenants: which there are, whether each can be reached, how old its newest complete backup is, and who serves it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console import orders
from opsconsole.console.figures import age, at
from opsconsole.console.health_states import closed_until, health_of
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.tenant_facts import budget_lines
from opsconsole.console.tenant_orders import ask_check, why_not_here
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.clock import to_text
from opsconsole.domain.plain_text import plain
from opsconsole.service.tenant_views import TenantView

LOOK_EVERY_S = 5.0
"""How often ages and closures are looked at: time passes without the store changing."""

LOW, AREAS_LOW, AREAS_TALL = 32, 4, 9
"""Lines of the terminal below which only the fullest areas of the budget stand below the list."""


def _health(row: TenantView, pen: Pen, width: int) -> list[Span]:
    return pen.state_cell(health_of(row, to_text(pen.now)), width)


def _checked(row: TenantView, pen: Pen, width: int) -> list[Span]:
    if row.last_check is None:
        return pen.cell("never", width, "dim", right=True)
    return pen.cell(age(row.last_check["completed_at"], pen.now), width, right=True)


def _backup(row: TenantView, pen: Pen, width: int) -> list[Span]:
    if row.complete_set is None:
        return pen.cell("none", width, "partial", right=True)
    return pen.cell(age(row.complete_set.created_at, pen.now), width, right=True)


def _engines(row: TenantView, pen: Pen, width: int) -> list[Span]:
    count = len(row.engines)
    return pen.cell(str(count) if count else "none", width, "text" if count else "dim", right=True)


def _waits(row: TenantView, pen: Pen, width: int) -> list[Span]:
    until = closed_until(row, to_text(pen.now))
    return pen.cell(at(until, pen.now, pen.zone) or "·", width, "partial" if until else "dim")


TENANT_COLUMNS: tuple[Column[TenantView], ...] = (
    Column("Tenant", 10, lambda row, pen, width: pen.cell(row.name, width, "strong"), flex=2),
    Column("Health", 14, _health),
    Column("Checked", 8, _checked, right=True),
    Column("Complete backup", 15, _backup, right=True),
    Column("Engines", 7, _engines, right=True, from_width=74),
    Column(
        "Production",
        10,
        lambda row, pen, width: pen.cell("production" if row.is_production else "·", width, "dim"),
        from_width=74,
    ),
    Column("Waits until", 11, _waits, from_width=96),
    Column(
        "Sign-in", 16, lambda row, pen, width: pen.cell(row.auth_method or "not here", width, "dim"), from_width=110
    ),
    Column("Workspace", 9, lambda row, pen, width: pen.cell(row.workspace, width, "dim"), flex=1, from_width=116),
)


class TenantsScreen(LiveScreen):
    """Each opens to what may be read in it, type by type."""

    place = "tenants"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = "TenantsScreen WindowTable { margin-top: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[object] = []

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("tenants")
        yield Banner()
        yield WindowTable(TENANT_COLUMNS, empty=_empty)
        yield Facts(id="budget", classes="-ruled")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """Read for the first time."""
        self.set_interval(LOOK_EVERY_S, self._look)

    # What it fetches and shows

    def fetch(self) -> list[TenantView]:
        """Read the tenants."""
        return self.desk.tenants()

    def receive(self, data: list[TenantView]) -> None:
        """Show them."""
        table: WindowTable[TenantView] = self.query_one(WindowTable)
        table.put(data, lambda view: view.name)
        self._beside()

    def _look(self) -> None:
        if not self.is_there or not self.app.app_focus:
            return
        table, pen = self.query_one(WindowTable), self.console_app.pen
        shown: list[object] = [
            (_health(row, pen, 14), _checked(row, pen, 8), _backup(row, pen, 15), _waits(row, pen, 11))
            for row in table.rows
        ]
        if shown != self._shown:
            self._shown = shown
            table.refresh()
            self._beside()

    @on(WindowTable.Moved)
    def _beside(self) -> None:
        view, pen = self._current(), self.console_app.pen
        areas = AREAS_LOW if self.size.height < LOW else AREAS_TALL
        lines = budget_lines(view, pen, self.size.width, areas) if view else []
        self.query_one("#budget", Facts).show(lines)

    # What is done to it

    def why_not(self, key_id: str) -> str | None:
        """Dim what cannot be started for the tenant under the cursor."""
        return why_not_here(self._current()) if key_id in ("check", "backup") else None

    def action_open(self) -> None:
        """Open the tenant under the cursor."""
        if view := self._current():
            from opsconsole.console.screens.tenant import TenantScreen

            self.app.push_screen(TenantScreen(view.name))

    def action_check(self) -> None:
        """Ask, then check the tenant under the cursor."""
        if not self.refuses("check") and (view := self._current()):
            ask_check(self, view)

    def action_backup(self) -> None:
        """Ask, then back up the tenant under the cursor."""
        if not self.refuses("backup") and (view := self._current()):
            orders.ask_backup(self, view)

    def copied(self) -> str:
        """Return the tenant's name."""
        view = self._current()
        return plain(view.name) if view else ""

    def _current(self) -> TenantView | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, TenantView) else None


def _empty(pen: Pen) -> list[list[Span]]:
    return [
        [("No tenant yet.", pen.ink("strong"))],
        [("A tenant is bound by a [[tenants]] block of the configuration file,", pen.ink("dim"))],
        [("which names where its credentials are kept.", pen.ink("dim"))],
        [],
        [("`opsconsole init` writes the file and says what to fill in.", pen.ink("text"))],
    ]
