"""Runs, the home screen: every operation, live, by state, found by what was typed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from opsconsole.console.graph_loss import GraphLoss, graph_loss_of
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.run_columns import SORT_WORDS, run_rank, sorted_columns
from opsconsole.console.run_filter import RUN_WORDS, run_query
from opsconsole.console.run_tabs import RUN_TABS, RunTab
from opsconsole.console.screens.list_screen import Counted, ListScreen
from opsconsole.console.sources import Source
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.not_there import no_tenant_lines
from opsconsole.console.widgets.run_beside import WIDE_FROM, RunBeside
from opsconsole.console.widgets.tab_line import TabLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.filter_words import Filtered
from opsconsole.domain.run import OperationRun
from opsconsole.domain.run_sort import RunSort
from opsconsole.errors import NotFound
from opsconsole.service.runs import RunQuery

if TYPE_CHECKING:
    from opsconsole.service.list_export import ListExport


class RunsScreen(ListScreen):
    """Tabs with counts, a filter that searches the whole history, and the table."""

    place = "runs"
    words = RUN_WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    RunsScreen WindowTable { width: 1fr; }
    RunsScreen #beside { display: none; width: 28%; min-width: 34; height: 1fr; border-left: solid $faint; padding: 0 1; }
    RunsScreen.-wide #beside { display: block; }
    """

    def __init__(self, digit: str = "1") -> None:
        super().__init__()
        self._digit = digit
        self._sort, self._is_reversed = RunSort.STARTED, False
        self._total: int | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("runs")
        yield Banner()
        yield TabLine()
        hint = "outcome:failed type:restore since:7d by:name, or the end of an id"
        yield FilterLine(hint, self.words, self.offered_names)
        with Horizontal():
            yield WindowTable(sorted_columns(self._sort, is_reversed=False), empty=self._empty, is_markable=True)
            yield RunBeside(id="beside")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """Show the newest runs, at once where they were read before there was a screen."""
        self._fit()
        before, self.console_app.first_runs = self.console_app.first_runs, None
        self.relist(ready=before if self._query(Filtered({})) == RunQuery() else None)

    def on_resize(self) -> None:
        """Show the run under the cursor beside the list where there is room."""
        self._fit()

    def _fit(self) -> None:
        self.set_class(self.size.width >= WIDE_FROM, "-wide")
        self._look_beside()

    # What it fetches and shows

    def fetch(self) -> Counted:
        """Count: the states from the kept counts, and exactly what the filter finds."""
        states = dict(self.desk.state_counts())
        total = RUN_TABS[0].count(states)
        found = self.desk.count_runs(self._query(self._filtered)) if self._filter else self._tab.count(states)
        return Counted(found, total, states)

    def receive(self, data: Counted) -> None:
        """Show the counts."""
        self.query_one(TabLine).count(data.more)
        self._total = data.total
        if not self._is_wrong:
            self.line.tell(data.found, data.total if self._filter else data.found)

    @property
    def _tab(self) -> RunTab:
        return next(tab for tab in RUN_TABS if tab.digit == self._digit)

    def _query(self, found: Filtered) -> RunQuery:
        query = replace(run_query(found), sort=self._sort, is_reversed=self._is_reversed)
        if query.statuses or query.outcomes:
            return query
        return replace(query, statuses=self._tab.statuses, outcomes=self._tab.outcomes)

    def source_of(self, found: Filtered) -> Source[OperationRun]:
        """List the runs of the tab and the filter."""
        if found.all("status") or found.all("outcome"):
            self._digit = "1"
        self.query_one(TabLine).choose(self._digit)
        desk, query = self.desk, self._query(found)
        is_by_time = query.sort is RunSort.STARTED
        return Source[OperationRun](
            key=lambda run: run.id,
            load=lambda limit, cursor: desk.runs(query, limit, cursor),
            load_back=lambda limit, cursor: desk.runs(query, limit, cursor, backwards=True),
            find=desk.run,
            is_newest_first=not (is_by_time and query.is_reversed),
            rank=None if is_by_time else partial(run_rank, sort=query.sort, is_reversed=query.is_reversed),
            new="newer" if is_by_time else "new",
        )

    def exported(self) -> ListExport[OperationRun]:
        """Export the runs of the tab and the filter, in their order."""
        from opsconsole.service.list_export import RUN_CELLS, ListExport

        desk, query = self.desk, self._query(self._filtered)
        return ListExport(
            "runs",
            RUN_CELLS,
            OperationRun.to_json,
            lambda limit, cursor: desk.runs(query, limit, cursor),
            lambda: desk.count_runs(query),
        )

    def _empty(self, pen: Pen) -> list[list[Span]]:
        if unfitting := self.unfitting(pen, "run"):
            return unfitting
        if self._digit != "1":
            part = [("5", pen.ink("key")), (" shows those that failed in part, ", pen.ink("dim"))]
            return [
                [(f"No run is {self._tab.title.lower()}.", pen.ink("strong"))],
                [*(part if self._digit == "6" else ()), ("1", pen.ink("key")), (" shows all runs.", pen.ink("dim"))],
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
            self.relist(keep=True)

    def action_sort(self) -> None:
        """Pick what the list is sorted by."""
        from opsconsole.console.dialogs.pick import Entry, PickDialog

        entries = [
            Entry(f"{place}", words, "as it is now" if (sort, turned) == (self._sort, self._is_reversed) else "")
            for place, (sort, turned, words) in enumerate(SORT_WORDS)
        ]
        self.app.push_screen(PickDialog("Sort runs", entries), self._sorted)

    def _sorted(self, picked: str | None) -> None:
        if picked is None:
            return
        self._sort, self._is_reversed, _ = SORT_WORDS[int(picked)]
        self.table.name_columns(sorted_columns(self._sort, is_reversed=self._is_reversed))
        self.relist(keep=True)

    def action_open(self) -> None:
        """Open the run under the cursor."""
        if run := self._current():
            from opsconsole.console.screens.run import RunScreen

            self.app.push_screen(RunScreen(run.id))

    def action_retry(self) -> None:
        """Ask, then start again what the marked runs, or the one under the cursor, left undone."""
        from opsconsole.console import marked_orders, orders

        if self.table.marked:
            self.order_read(self._marked_runs, self.table.marked, then=partial(marked_orders.ask_retry_marked, self))
        elif run := self._current():
            orders.ask_retry(self, run)

    def action_cancel(self) -> None:
        """Ask, then cancel the marked runs, or the one under the cursor."""
        from opsconsole.console import marked_orders, orders

        if self.table.marked:
            self.order_read(self._marked_runs, self.table.marked, then=partial(marked_orders.ask_cancel_marked, self))
        elif run := self._current():
            orders.ask_cancel(self, run)

    def _marked_runs(self, keys: Sequence[str]) -> list[OperationRun]:
        found = []
        for key in keys:
            with contextlib.suppress(NotFound):
                found.append(self.desk.run(key))
        return found

    def label_of(self, key: Key) -> str:
        """Say how many ``r`` and ``x`` would act on."""
        marked = len(self.table.marked) if self.is_there else 0
        return f"{key.id} {marked}" if marked and key.id in ("retry", "cancel") else super().label_of(key)

    @on(WindowTable.Moved)
    def _look_beside(self) -> None:
        if self.is_there and self.has_class("-wide"):
            self.query_one(RunBeside).show_run(self._current())

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
        self.relist(keep=True)

    def copied(self) -> str:
        """Return the id of the run under the cursor."""
        run = self._current()
        return run.id if run else ""

    def _current(self) -> OperationRun | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, OperationRun) else None
