"""One run: how far it is, what it counted, its failures by reason, and what belongs to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from opsconsole.console import orders
from opsconsole.console.desk.runs import RunReport
from opsconsole.console.graph_loss import GraphLoss, graph_loss_of
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.log_lines import panel_lines
from opsconsole.console.retry_orders import ask_retry_part
from opsconsole.console.run_facts import run_facts
from opsconsole.console.run_things import Thing, columns_of, explained, nothing_yet, things_of
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.failure import Reason
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.service.parts import WHOLE_ONLY

if TYPE_CHECKING:
    from opsconsole.domain.restore import RestoreRun

WIDE_FROM = 110
"""From this many columns on there is room for the log beside what failed."""

LOG_WIDTH = 46
"""Columns of the log beside it."""

SHORT = 20
"""Below this many lines what failed is listed, and explained only where it is opened."""

SAMPLES = 60
"""Readings of the pace kept for the sparkline."""


class RunScreen(LiveScreen):
    """Follows a run while it works, and shows it long after."""

    place = "run"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    RunScreen #facts { padding: 1 0; }
    RunScreen #left { width: 1fr; }
    RunScreen #explained { height: 7; padding: 0 1; }
    RunScreen.-short #explained { display: none; }
    RunScreen #log { display: none; width: 46; height: 1fr; padding: 0 1; border-left: solid $faint; }
    RunScreen.-wide #log { display: block; }
    """

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id
        self._report: RunReport | None = None
        self._pace: deque[tuple[float, int]] = deque(maxlen=SAMPLES)
        self._order: dict[str, int] = {}

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("runs", short_id(self._run_id))
        yield Banner()
        yield Facts(id="facts")
        with Horizontal():
            with Vertical(id="left"):
                yield WindowTable(columns_of(has_failures=False), empty=nothing_yet)
                yield Facts(id="explained", classes="-ruled", keeps_last=True)
            yield Facts(id="log")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """Count the seconds of a run that works, also while nothing is written."""
        self.set_interval(1, self._tick)

    def _tick(self) -> None:
        if self._report is not None and self._report.run.status is Status.RUNNING and self.app.app_focus:
            self._show_facts(self._report)

    # What it fetches and shows

    def fetch(self) -> RunReport:
        """Read the run with everything around it."""
        return self.desk.run_report(self._run_id)

    def receive(self, data: RunReport) -> None:
        """Show it."""
        self._report = data
        self.console_app.bells.opened(data.run)
        self._name_place()
        done = data.run.counters.done
        now = self.desk.now().timestamp()
        if not self._pace or (done != self._pace[-1][1] and now > self._pace[-1][0]):
            self._pace.append((now, done))
        self._show_facts(data)
        table = self.query_one(WindowTable)
        stood_first, had_failures = table.cursor == 0, bool(self._order)
        things = things_of(data, self._order)
        table.name_columns(columns_of(has_failures=any(thing.reason for thing in things)))
        table.put(things, lambda row: row.key)
        if stood_first and not had_failures and not data.run.is_active:
            table.move_to(0)  # who follows a run without moving looks at what failed when it ends
        self._show_log()

    def _show_facts(self, report: RunReport) -> None:
        facts = self.query_one("#facts", Facts)
        waiting_for = report.related.get("waiting_for")
        facts.show(run_facts(report.run, facts.pen, self.size.width, self._rates(), waiting_for, report.log))

    def _show_log(self) -> None:
        self.set_class(self.size.height < SHORT, "-short")
        self.set_class(self.size.width >= WIDE_FROM, "-wide")
        self.call_after_refresh(self._fill_log)  # how many lines there is room for, the layout says

    def _fill_log(self) -> None:
        if self._report is None or self.size.width < WIDE_FROM:
            return
        log = self.query_one("#log", Facts)
        room = log.size.height - 2
        lines = panel_lines(self._report.log, log.pen, LOG_WIDTH - 3, room) if room > 0 else []
        title = [("Log", log.pen.ink("title")), ("   l ", log.pen.ink("key")), ("opens it whole", log.pen.ink("dim"))]
        nothing = [[("Nothing yet: lines come once an engine takes the run up.", log.pen.ink("dim"))]]
        log.show([title, [], *(lines or nothing)])

    def _rates(self) -> list[float]:
        samples = list(self._pace)
        return [(later[1] - earlier[1]) / max(0.05, later[0] - earlier[0]) for earlier, later in pairwise(samples)]

    # What is done to it

    @on(WindowTable.Moved)
    def _explain(self) -> None:
        facts = self.query_one("#explained", Facts)
        facts.show(explained(self._current(), facts.pen))

    def action_open(self) -> None:
        """Open what is under the cursor."""
        thing = self._current()
        if thing is None:
            return
        kind, ref = thing.opens
        self.app.push_screen(_OPENERS[kind](self._run_id, ref))

    def why_not(self, key_id: str) -> str | None:
        """Say why this run cannot be retried or cancelled, or has no plan."""
        if self._report is None:
            return None
        run, related = self._report.run, self._report.related
        match key_id:
            case "retry":
                later = [str(ref) for ref in related.get("retries") or ()]
                if later and run.type is RunType.RESTORE:
                    return f"Run {short_id(later[-1])} took up what this one left: retry that one."
                return orders.why_not_retry(run)
            case "retry_reason":
                return self._why_not_reason(run)
            case "cancel":
                return orders.why_not_cancel(run)
            case "plan":
                return None if related.get("restore_run") else "This run has no restore plan."
            case "undo":
                wrote = run.type is RunType.RESTORE and not run.is_active and related.get("restore_run")
                return None if wrote else "Nothing was written by this run that could be undone."
            case _:
                return None

    def is_key_of_use(self, key_id: str) -> bool:
        """Leave the footer to what can become of the run: it is cancelled before its end, undone after it, retried if it failed."""
        run = self._report.run if self._report is not None else None
        if key_id == "undo":
            return run is not None and run.type is RunType.RESTORE and not run.is_active
        if key_id == "plan":
            return self._report is not None and bool(self._report.related.get("restore_run"))
        if key_id == "cancel":
            return run is None or run.is_active
        if key_id in ("retry", "retry_reason"):
            return run is None or run.outcome is not Outcome.SUCCEEDED
        return super().is_key_of_use(key_id)

    def label_of(self, key: Key) -> str:
        """Leave room for the way back: beside it, retrying needs one word only."""
        return "retry" if key.id == "retry" and self.is_key_of_use("undo") else super().label_of(key)

    def action_undo(self) -> None:
        """Ask, then preview the way back to what was there before this restore."""
        if self._report is not None and not self.refuses("undo"):
            self.order_read(self.desk.restore, str(self._report.related["restore_run"]), then=self._ask_undo)

    def _ask_undo(self, restore: RestoreRun) -> None:
        from opsconsole.console.plan_moves import why_not_undo
        from opsconsole.console.restore_orders import ask_undo

        if reason := why_not_undo(restore):
            self.console_app.say(reason)
            return
        ask_undo(self, restore)

    def action_retry(self) -> None:
        """Ask, then start again what this run left undone."""
        if self.refuses("retry"):
            return
        if self._report:
            orders.ask_retry(self, self._report.run)

    def _why_not_reason(self, run: OperationRun) -> str | None:
        if reason := self.why_not("retry"):
            return reason
        if reason := WHOLE_ONLY.get(run.type):
            return reason
        thing = self._current()
        return None if thing is not None and thing.reason else "Put the cursor on what failed for one reason."

    def action_retry_reason(self) -> None:
        """Ask, then start again only what failed for the reason under the cursor."""
        thing = self._current()
        if not self.refuses("retry_reason") and self._report is not None and thing is not None:
            ask_retry_part(self, self._report.run, reason=thing.reason, failed=thing.number)

    def action_log(self) -> None:
        """Open the run's log."""
        from opsconsole.console.screens.run_log import RunLogScreen

        self.app.push_screen(RunLogScreen(self._run_id))

    def action_cancel(self) -> None:
        """Ask, then cancel this run."""
        if self.refuses("cancel"):
            return
        if self._report:
            orders.ask_cancel(self, self._report.run)

    def action_plan(self) -> None:
        """Open the plan that this run made or executes."""
        if self._report is not None and not self.refuses("plan"):
            self.app.push_screen(_open_restore(self._run_id, str(self._report.related["restore_run"])))

    def action_watch(self) -> None:
        """Ring the bell when this run ends, or do so no more."""
        if self._report:
            self.console_app.bells.toggle(self._report.run)
            self._name_place()

    def _name_place(self) -> None:
        mark = " ♪" if self._run_id in self.console_app.bells.watched else ""
        self.query_one(HeaderLine).name_crumbs("runs", short_id(self._run_id) + mark)

    @property
    def run_id(self) -> str:
        """Return which run is open."""
        return self._run_id

    @property
    def graph_loss(self) -> GraphLoss | None:
        """Return that Graph is lost to this run."""
        return graph_loss_of(self._report.run) if self._report else None

    def copied(self) -> str:
        """Return the request id of the failures under the cursor, or the run's id."""
        thing = self._current()
        return plain(thing.request_id) if thing is not None and thing.request_id else self._run_id

    def _current(self) -> Thing | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, Thing) else None


def _open_reason(run_id: str, ref: str) -> LiveScreen:
    from opsconsole.console.screens.failures import FailuresScreen

    return FailuresScreen(run_id, Reason(ref))


def _open_set(_: str, ref: str) -> LiveScreen:
    from opsconsole.console.screens.backup_set import BackupSetScreen

    return BackupSetScreen(ref)


def _open_drift(_: str, ref: str) -> LiveScreen:
    from opsconsole.console.screens.drift_check import DriftCheckScreen

    return DriftCheckScreen(ref)


def _open_restore(_: str, ref: str) -> LiveScreen:
    from opsconsole.console.screens.plan import PlanScreen

    return PlanScreen(ref)


def _open_entry(_: str, ref: str) -> LiveScreen:
    from opsconsole.console.screens.audit_entry import AuditEntryScreen

    return AuditEntryScreen(ref)


_OPENERS: dict[str, Callable[[str, str], LiveScreen]] = {
    "reason": _open_reason,
    "run": lambda _, ref: RunScreen(ref),
    "set": _open_set,
    "drift": _open_drift,
    "restore": _open_restore,
    "entry": _open_entry,
}
