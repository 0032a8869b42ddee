"""The dashboard: one glance says whether all is well; what needs somebody is a list that leads to the place."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from opsconsole.console import orders
from opsconsole.console.figures import age
from opsconsole.console.health_states import URGENCY_STATES
from opsconsole.console.keys import bindings_of
from opsconsole.console.need_places import open_need
from opsconsole.console.overview_facts import coverage_lines, overview_lines, panel_lines, well_lines
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.attention import Need, NeedKind
from opsconsole.domain.plain_text import plain
from opsconsole.errors import OpsError
from opsconsole.service.overview import Overview

LOOK_EVERY_S = 5.0
"""How often ages and closures are looked at: time passes without the store changing."""

READ_EVERY_S = 60.0
"""How often the overview is read without a change: a backup grows stale, a schedule is missed, with nobody writing."""

CALM_S = 0.4
"""Changes that come faster are taken together: a glance is a dozen queries, and four frames a second tell nobody more."""

PANEL_FROM, PANEL_WIDTH = 110, 46
"""From this width on, the policy types stand beside the list."""


def _tenant(row: Need, pen: Pen, width: int) -> list[Span]:
    return pen.cell(row.tenant or "", width, "text")


def _since(row: Need, pen: Pen, width: int) -> list[Span]:
    return pen.cell(age(row.since, pen.now) if row.since else "", width, "dim", right=True)


def _urgency(row: Need, pen: Pen, width: int) -> list[Span]:
    return pen.state_cell(URGENCY_STATES[row.info.urgency], width)


def _word(row: Need, pen: Pen, width: int) -> list[Span]:
    return pen.cell(row.info.word, width, URGENCY_STATES[row.info.urgency].ink)


def _text(row: Need, pen: Pen, width: int) -> list[Span]:
    return pen.cell(row.text[:1].upper() + row.text[1:], width)


_URGENCY = Column("When", 6, _urgency)
_WORD = Column("About", 10, _word, from_width=100)
_TENANT = Column("Tenant", 12, _tenant)
_TEXT = Column("What", 10, _text, flex=1)
_SINCE = Column("Since", 8, _since, right=True)

SHORT = 18
"""Below this many lines the list needs those of what is covered."""

BY_BACKUP = frozenset({NeedKind.NO_BACKUP, NeedKind.STALE_BACKUP})
"""What the backup key of this screen mends."""

FOR_ONE = (_URGENCY, _WORD, _TEXT, _SINCE)
FOR_SEVERAL = (_URGENCY, _WORD, _TENANT, _TEXT, _SINCE)
"""With one tenant there is no use in naming it on every line."""


class DashboardScreen(LiveScreen):
    """What to look at first in the morning."""

    place = "dashboard"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = f"""
    DashboardScreen #summary {{ margin-top: 1; }}
    DashboardScreen #middle {{ height: 1fr; }}
    DashboardScreen #list {{ width: 1fr; }}
    DashboardScreen WindowTable {{ margin-top: 1; }}
    DashboardScreen #step {{ height: 2; padding: 0 1; }}
    DashboardScreen.-wide #step {{ height: 3; }}
    DashboardScreen #panel {{ width: {PANEL_WIDTH}; height: 1fr; border-left: solid $faint; margin-top: 1; display: none; }}
    DashboardScreen.-wide #panel {{ display: block; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: Overview | None = None
        self._calm: Timer | None = None
        self._is_due = False
        self._ages: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("dashboard")
        yield Banner()
        yield Facts(id="summary")
        with Horizontal(id="middle"):
            with Vertical(id="list"):
                yield WindowTable(FOR_ONE, empty=self._empty)
                yield Facts(id="step", keeps_last=True)
            yield Facts(id="panel")
        yield Facts(id="coverage", classes="-ruled")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """Read for the first time."""
        self.query_one("#summary", Facts).show([[(" Reading the store…", self.console_app.pen.ink("dim"))]])
        self.set_interval(LOOK_EVERY_S, self._look)
        self.set_interval(READ_EVERY_S, self._read_again)

    def on_screen_resume(self) -> None:
        """Bring the ages up to date at once."""
        self._look()

    # What it fetches and shows

    def fetch(self) -> Overview:
        """Read the overview."""
        return self.desk.overview()

    def receive(self, data: Overview) -> None:
        """Show it."""
        self._found = data
        pen, width = self.console_app.pen, self.size.width
        is_wide = width >= PANEL_FROM and bool(data.sets)
        self.set_class(is_wide, "-wide")
        self.query_one("#coverage").display = bool(data.tenants) and not is_wide and self.size.height >= SHORT
        self.query_one("#summary", Facts).show(overview_lines(data, pen, width, self.size.height))
        self.query_one("#coverage", Facts).show(coverage_lines(data, pen, width))
        table: WindowTable[Need] = self.query_one(WindowTable)
        table.name_columns(FOR_ONE if len(data.tenants) <= 1 else FOR_SEVERAL)
        table.put(list(data.needs), lambda need: need.id)
        self._beside()

    def store_changed(self) -> None:
        """Bring everything up to date, changes that come fast taken together."""
        if self._calm is not None:
            self._is_due = True
            return
        self.reload()
        self._calm = self.set_timer(CALM_S, self._calmed)

    def _calmed(self) -> None:
        self._calm = None
        if self._is_due:
            self._is_due = False
            self.store_changed()

    def _read_again(self) -> None:
        if self.app.app_focus and self.app.screen is self:
            self.reload()

    def _look(self) -> None:
        # Widgets draw only what reads differently: once a minute at most, unless a closure ends.
        if self._found is None or not self.is_there or not self.app.app_focus:
            return
        pen, width, found = self.console_app.pen, self.size.width, self._found
        self.query_one("#summary", Facts).show(overview_lines(found, pen, width, self.size.height))
        self.query_one("#coverage", Facts).show(coverage_lines(found, pen, width))
        ages = [age(need.since, pen.now) if need.since else "" for need in found.needs]
        if ages != self._ages:
            self._ages = ages
            self.query_one(WindowTable).refresh()

    @on(WindowTable.Moved)
    def _beside(self) -> None:
        if self._found is None:
            return
        need, pen = self._current(), self.console_app.pen
        lines: list[list[Span]] = []
        if need is not None:
            whose = f"{need.tenant}: " if need.tenant else ""
            lines = [
                [(plain(f"{whose}{need.text}."), pen.ink("strong"))],
                [
                    (pen.drawn(f"→ {need.info.next_step}"), pen.ink("key")),
                    *([(" b", pen.ink("strong")), (" does it.", pen.ink("dim"))] if need.kind in BY_BACKUP else []),
                ],
            ]
        self.query_one("#step", Facts).show(lines)
        sets = self._found.sets
        name = need.tenant if need and need.tenant in sets else min(sets, default=None)
        if name is not None:
            held = panel_lines(plain(name), sets[name], pen, PANEL_WIDTH - 1, max(8, self.size.height - 10))
            self.query_one("#panel", Facts).show(held)

    def failed(self, error: OpsError) -> None:
        """Say so where nothing was read yet; else what was read stays, under the banner."""
        if self._found is None:
            pen = self.console_app.pen
            self.query_one("#summary", Facts).show([[(f" {plain(error.message)}", pen.ink("bad"))]])

    def _empty(self, pen: Pen) -> list[list[Span]]:
        return well_lines(self._found, pen) if self._found is not None else []

    # What is done to it

    def why_not(self, key_id: str) -> str | None:
        """Dim what has nothing under the cursor."""
        if key_id == "open" and self._found is not None and not self._found.needs:
            return "Nothing needs you: there is nothing to open."
        return None

    def action_open(self) -> None:
        """Go where the need under the cursor is looked at."""
        if not self.refuses("open") and (need := self._current()):
            open_need(self, need)

    def action_backup(self) -> None:
        """Ask, then back up the tenant of the need under the cursor, or one that is picked."""
        need = self._current()
        views = self._found.tenants if self._found else ()
        orders.ask_backup(self, next((view for view in views if need and view.name == need.tenant), None))

    def copied(self) -> str:
        """Return the id that the need under the cursor is about, or the tenant's name."""
        need = self._current()
        return plain(need.ref or need.tenant or "") if need else ""

    def _current(self) -> Need | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, Need) else None
