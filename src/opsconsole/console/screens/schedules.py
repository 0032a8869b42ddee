"""Schedules: what starts by the clock, when next, and how it went the last time."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console import new_schedule, schedule_orders
from opsconsole.console.desk.schedules import ScheduleView
from opsconsole.console.fire_times import fire_at
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.rule_words import short_rule_words
from opsconsole.console.schedule_facts import schedule_facts, state_of_schedule
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.states import state_of_run
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.beside import Beside, about_width
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable

LOOK_EVERY_S = 5
"""How often the time left is looked at: it changes by the minute."""


def _last(row: ScheduleView, pen: Pen, width: int) -> list[Span]:
    if row.last_run is None:
        return pen.cell("·", width, "faint")
    return pen.state_cell(state_of_run(row.last_run), width)


def _next(row: ScheduleView, pen: Pen, width: int) -> list[Span]:
    shown = fire_at(row.schedule.next_fire_at, pen.now, pen.zone)
    return pen.cell(shown or "·", width, "text" if shown else "faint")


SCHEDULE_COLUMNS: tuple[Column[ScheduleView], ...] = (
    Column("State", 9, lambda row, pen, width: pen.state_cell(state_of_schedule(row.schedule), width)),
    Column("Starts", 6, lambda row, pen, width: pen.cell(row.schedule.kind.value, width)),
    Column("Tenant", 9, lambda row, pen, width: pen.cell(row.schedule.tenant, width), from_width=60),
    Column("Rule", 14, lambda row, pen, width: pen.cell(short_rule_words(row.schedule.rule), width), flex=1),
    Column("Next", 12, _next),
    Column("Last run", 11, _last, from_width=74),
)


COLUMNS_OF_ONE_TENANT = tuple(column for column in SCHEDULE_COLUMNS if column.title != "Tenant")
"""Where every schedule is of one tenant, its name need not stand on each line."""


class SchedulesScreen(LiveScreen):
    """Rules, oldest first; what the one under the cursor means stands beside or below."""

    place = "schedules"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = "SchedulesScreen Beside { margin-top: 1; }"

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("schedules")
        yield Banner()
        with Beside():
            yield WindowTable(COLUMNS_OF_ONE_TENANT, empty=_empty)
            yield Facts(id="about", classes="about")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """Read the schedules, and look at the clock."""
        self.set_interval(LOOK_EVERY_S, self._look_at_clock)

    # What it fetches and shows

    def fetch(self) -> list[ScheduleView]:
        """Read the schedules of every workspace of the actor."""
        return self.desk.schedules()

    def receive(self, data: list[ScheduleView]) -> None:
        """Show them."""
        table = self.query_one(WindowTable)
        is_one = len({view.schedule.tenant_id for view in data}) < 2
        table.name_columns(COLUMNS_OF_ONE_TENANT if is_one else SCHEDULE_COLUMNS)
        table.put(data, lambda row: row.schedule.id)
        self._show_about()

    def _look_at_clock(self) -> None:
        if self.is_there and self.app.app_focus:
            self._show_about()

    @on(WindowTable.Moved)
    def _show_about(self) -> None:
        facts = self.query_one("#about", Facts)
        view = self._current()
        facts.show(schedule_facts(view, facts.pen, about_width(self.size.width)) if view else [])

    # What is done to it

    def why_not(self, key_id: str) -> str | None:
        """Say that there is nothing under the cursor, or that it never started anything."""
        view = self._current()
        if key_id in ("open", "schedule_pause", "schedule_remove", "schedule_run") and view is None:
            return "There is no schedule yet: n adds one."
        if key_id == "open" and view is not None and view.last_run is None:
            return "This schedule has started no run yet: r runs it now."
        return None

    def label_of(self, key: Key) -> str:
        """Name what ``p`` and Enter do at the row under the cursor."""
        view = self._current()
        if key.id == "schedule_pause" and view is not None and view.schedule.is_paused:
            return "resume"
        return "last run" if key.id == "open" else super().label_of(key)

    def action_open(self) -> None:
        """Open the last run."""
        view = self._current()
        if view is None or self.refuses("open") or view.last_run is None:
            return
        from opsconsole.console.screens.run import RunScreen

        self.app.push_screen(RunScreen(view.last_run.id))

    def action_new(self) -> None:
        """Ask what, where and when, then add a schedule."""
        if not self.refuses("schedule_new"):
            new_schedule.ask_new(self)

    def action_pause(self) -> None:
        """Ask, then pause the schedule or let it fire again."""
        self._ask("schedule_pause", schedule_orders.ask_pause)

    def action_run_now(self) -> None:
        """Ask, then start what the schedule starts."""
        self._ask("schedule_run", schedule_orders.ask_run_now)

    def action_remove(self) -> None:
        """Ask, then remove the schedule."""
        self._ask("schedule_remove", schedule_orders.ask_remove)

    def _ask(self, key_id: str, ask: Any) -> None:
        view = self._current()
        if not self.refuses(key_id) and view is not None:
            ask(self, view.schedule)

    def copied(self) -> str:
        """Return the schedule's id."""
        view = self._current()
        return view.schedule.id if view else ""

    def _current(self) -> ScheduleView | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, ScheduleView) else None


def _empty(pen: Pen) -> list[list[Span]]:
    return [
        [("No schedule yet.", pen.ink("strong"))],
        [("A schedule starts a backup or a drift check by the clock,", pen.ink("dim"))],
        [("while a console or an engine runs.", pen.ink("dim"))],
        [],
        [("n", pen.ink("key")), (" adds the first one.", pen.ink("text"))],
    ]
