"""Runs, the home screen: every operation, live, by state, found by what was typed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.graph_loss import GraphLoss, graph_loss_of
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.run_columns import RUN_COLUMNS
from opsconsole.console.run_filter import parse_run_filter
from opsconsole.console.run_tabs import RUN_TABS, RunTab
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.not_there import no_tenant_lines
from opsconsole.console.widgets.tab_line import TabLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.window import Source
from opsconsole.domain.run import OperationRun
from opsconsole.errors import UsageError

if TYPE_CHECKING:
    from opsconsole.service.runs import RunQuery


@dataclass(frozen=True, slots=True)
class _Figures:
    """What the lines above the table count."""

    states: dict[tuple[str, str], int]
    found: int | None


class RunsScreen(LiveScreen):
    """Tabs with counts, a filter that searches the whole history, and the table."""

    place = "runs"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)

    def __init__(self, digit: str = "1") -> None:
        super().__init__()
        self._digit = digit
        self._query: RunQuery | None = None
        self._filter = ""
        self._is_wrong = False
        self._found: int | None = None
        self._total: int | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("runs")
        yield Banner()
        yield TabLine()
        yield FilterLine("outcome:failed type:restore since:7d by:name, or the end of an id")
        yield WindowTable(RUN_COLUMNS, empty=self._empty, is_markable=True)
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """Show the newest runs."""
        self._list()
        super().on_mount()

    # What it fetches and shows

    def fetch(self) -> _Figures:
        """Count: the states from the kept counts, and exactly what the filter finds."""
        states = dict(self.desk.state_counts())
        query = self._query
        found = self.desk.count_runs(query) if query is not None and self._filter else None
        return _Figures(states, found)

    def receive(self, data: _Figures) -> None:
        """Show the counts."""
        self.query_one(TabLine).count(data.states)
        tab = self._tab
        self._total = RUN_TABS[0].count(data.states)
        self._found = data.found if data.found is not None else tab.count(data.states)
        self._tell()

    def _tell(self) -> None:
        if self._is_wrong:
            return  # what is wrong stays on the screen
        line = self.query_one(FilterLine)
        line.tell(self._found, self._total if line.text else self._found)

    @property
    def _tab(self) -> RunTab:
        return next(tab for tab in RUN_TABS if tab.digit == self._digit)

    def _list(self, *, keep: bool = False) -> None:
        line = self.query_one(FilterLine)
        try:
            query = parse_run_filter(line.text, self.desk.now(), self.console_app.zone)
        except UsageError as error:
            line.complain(str(error))
            self._is_wrong = True
            self.query_one(WindowTable).refresh()
            return
        self._is_wrong = False
        if query.statuses or query.outcomes:
            self._digit = "1"
        else:
            query = replace(query, statuses=self._tab.statuses, outcomes=self._tab.outcomes)
        self._query, self._filter = query, line.text
        self._found = None
        self.query_one(TabLine).choose(self._digit)
        if self._total is not None:
            self._tell()
        desk = self.desk
        source = Source[OperationRun](
            key=lambda run: run.id,
            load=lambda limit, cursor: desk.runs(query, limit, cursor),
            find=desk.run,
        )
        self.query_one(WindowTable).show(source, keep=keep)
        self.reload()

    def _empty(self, pen: Pen) -> list[list[Span]]:
        if self._is_wrong:
            return [[("This filter is not understood: nothing was searched.", pen.ink("dim"))]]
        if self.query_one(FilterLine).text:
            return [
                [("No run fits this filter.", pen.ink("strong"))],
                [("Esc", pen.ink("key")), (" clears it; the whole history was searched.", pen.ink("dim"))],
            ]
        if self._digit != "1":
            return [
                [(f"No run is {self._tab.title.lower()}.", pen.ink("strong"))],
                [("1", pen.ink("key")), (" shows all runs.", pen.ink("dim"))],
            ]
        if self.console_app.identity is not None and not self.console_app.tenant_names:
            return no_tenant_lines(self.console_app.config_place, pen)
        return [
            [("No runs yet.", pen.ink("strong"))],
            [("Every backup, preview, restore and check stands here: while it works,", pen.ink("dim"))],
            [("and long after.", pen.ink("dim"))],
            [],
            [("b", pen.ink("key")), (" backs up a tenant: the first run.", pen.ink("text"))],
        ]

    # What is done to it

    @on(FilterLine.Changed)
    def _filter_changed(self) -> None:
        self._list(keep=True)

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.query_one(WindowTable).focus()

    @on(TabLine.Chosen)
    def _tab_clicked(self, event: TabLine.Chosen) -> None:
        self.choose_tab(event.digit)

    def choose_tab(self, digit: str) -> None:
        """Show the runs of one state."""
        line = self.query_one(FilterLine)
        kept = [part for part in line.text.split() if not part.lower().startswith(("outcome:", "status:"))]
        self._digit = digit
        if len(kept) != len(line.text.split()):
            line.replace(" ".join(kept))
        else:
            self._list(keep=True)

    def action_filter(self) -> None:
        """Go into the filter."""
        self.query_one(FilterLine).begin()

    def action_clear(self) -> None:
        """Leave the filter, clearing it; marks are taken away first."""
        if self.unmark():
            return
        self.query_one(FilterLine).clear()
        self.query_one(WindowTable).focus()

    def action_open(self) -> None:
        """Open the run under the cursor."""
        if run := self._current():
            from opsconsole.console.screens.run import RunScreen

            self.app.push_screen(RunScreen(run.id))

    def action_retry(self) -> None:
        """Ask, then start again what the run under the cursor left undone."""
        from opsconsole.console import orders

        if run := self._current():
            orders.ask_retry(self, run)

    def action_cancel(self) -> None:
        """Ask, then cancel the run under the cursor."""
        from opsconsole.console import orders

        if run := self._current():
            orders.ask_cancel(self, run)

    def action_backup(self) -> None:
        """Ask, then back up a tenant."""
        from opsconsole.console import orders

        orders.ask_backup(self)

    def action_watch(self) -> None:
        """Ring the bell when the run under the cursor ends, or do so no more."""
        if run := self._current():
            self.console_app.bells.toggle(run)
            self.query_one(WindowTable).refresh()

    @property
    def graph_loss(self) -> GraphLoss | None:
        """Return that Graph is lost to a run of the list."""
        rows = self.query_one(WindowTable).rows if self.is_there else []
        return next((loss for run in rows if (loss := graph_loss_of(run))), None)

    def started(self) -> None:
        """Show what was just started: the newest runs."""
        self._list(keep=True)

    def copied(self) -> str:
        """Return the id of the run under the cursor."""
        run = self._current()
        return run.id if run else ""

    def _current(self) -> OperationRun | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, OperationRun) else None
