"""One run: how far it is, what it counted, its failures by reason, and what belongs to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console import orders
from opsconsole.console.desk import RunReport
from opsconsole.console.figures import grouped
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.run_facts import run_facts
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.states import state_of_set
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.failure import Reason
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import RunType, Status
from opsconsole.errors import NotFound, OpsError

SAMPLES = 60
"""Readings of the pace kept for the sparkline."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One row below the facts: a group of failures, or something that belongs to the run."""

    key: str
    title: str
    count: str
    note: str
    ink: str
    explained: tuple[str, ...]
    opens: tuple[str, str]


class RunScreen(LiveScreen):
    """Follows a run while it works, and shows it long after."""

    place = "run"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    RunScreen #facts { padding: 1 0; }
    RunScreen #explained { height: 4; padding: 0 1; }
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
        yield WindowTable(
            _columns(has_failures=False),
            empty=_empty,
        )
        yield Facts(id="explained", classes="-ruled", wraps=True)
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """Count the seconds of a run that works, also while nothing is written."""
        super().on_mount()
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
        done = data.run.counters.done
        now = self.desk.now().timestamp()
        if not self._pace or (done != self._pace[-1][1] and now > self._pace[-1][0]):
            self._pace.append((now, done))
        self._show_facts(data)
        table = self.query_one(WindowTable)
        stood_first, had_failures = table.cursor == 0, bool(self._order)
        table.name_columns(_columns(has_failures=bool(data.groups)))
        table.put(self._things(data), lambda row: row.key)
        if stood_first and not had_failures and not data.run.is_active:
            table.move_to(0)  # who follows a run without moving looks at what failed when it ends

    def failed(self, error: OpsError) -> None:
        """Leave when the run is not there for this actor."""
        if isinstance(error, NotFound):
            self.action_back()

    def _show_facts(self, report: RunReport) -> None:
        facts = self.query_one("#facts", Facts)
        facts.show(run_facts(report.run, facts.pen, self.size.width, self._rates(), report.related.get("waiting_for")))

    def _rates(self) -> list[float]:
        samples = list(self._pace)
        return [(later[1] - earlier[1]) / max(0.05, later[0] - earlier[0]) for earlier, later in pairwise(samples)]

    def _things(self, report: RunReport) -> list[Thing]:
        things = []
        for group in report.groups:
            self._order.setdefault(f"reason:{group.reason.value}:{group.code.value}", len(self._order))
        # Groups keep the places they were first shown at: growing numbers must not move rows under the cursor.
        for group in sorted(report.groups, key=lambda g: self._order[f"reason:{g.reason.value}:{g.code.value}"]):
            things.append(
                Thing(
                    f"reason:{group.reason.value}:{group.code.value}",
                    group.reason.value.replace("_", " "),
                    grouped(group.count),
                    group.code.value,
                    "bad",
                    (group.info.explanation, f"→ {group.info.next_step}"),
                    ("reason", group.reason.value),
                )
            )
        return [*things, *_related(report)]

    # What is done to it

    @on(WindowTable.Moved)
    def _explain(self) -> None:
        facts = self.query_one("#explained", Facts)
        thing = self._current()
        pen = facts.pen
        lines = thing.explained if thing else ()
        facts.show([[(pen.drawn(line), pen.ink("text" if index == 0 else "key"))] for index, line in enumerate(lines)])

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
            case "cancel":
                return orders.why_not_cancel(run)
            case "plan":
                return None if related.get("restore_run") else "This run has no restore plan."
            case _:
                return None

    def action_retry(self) -> None:
        """Ask, then start again what this run left undone."""
        if self.refuses("retry"):
            return
        if self._report:
            orders.ask_retry(self, self._report.run)

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

    def copied(self) -> str:
        """Return the run's id."""
        return self._run_id

    def _current(self) -> Thing | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, Thing) else None


def _columns(*, has_failures: bool) -> tuple[Column[Thing], ...]:
    title = "Failures, and what belongs here" if has_failures else "What belongs to this run"
    return (
        Column(title, 31, lambda row, pen, width: pen.cell(row.title, width, row.ink)),
        Column(
            "Items" if has_failures else "",
            7,
            lambda row, pen, width: pen.cell(row.count, width, "strong", right=True),
            right=True,
        ),
        Column("", 10, lambda row, pen, width: pen.cell(row.note, width, "dim"), flex=1),
    )


def _empty(pen: Pen) -> list[list[Span]]:
    return [[("No failures, and nothing else belongs to this run yet.", pen.ink("dim"))]]


def _related(report: RunReport) -> list[Thing]:
    things = []
    found = report.backup_set

    def add(kind: str, title: str, ref: object, note: str, said: str) -> None:
        if ref:
            things.append(Thing(f"{kind}:{ref}", f"→ {title}", "", note, "key", (said,), (kind, str(ref))))

    related = report.related
    if report.run.type is RunType.DRIFT:
        add("drift", "what differs", report.run.id, "policy by policy", "The policies that differ, with both sides.")
    if found is not None:
        counts = f"{grouped(found.count('fetched'))} of {grouped(found.count('listed'))}"
        note = f"{short_id(found.id)} · {state_of_set(found).word} · {counts}"
        add("set", "backup set", found.id, note, "The backup set that this run works on.")
    if restore := related.get("restore_run"):
        add("restore", "restore plan", restore, short_id(str(restore)), "The plan that this run made or executes.")
    for kind, title, said in (
        ("retry_of", "retry of", "The run whose rest this one took up."),
        ("after", "follows", "This run began when that one was completed."),
    ):
        if ref := related.get(kind):
            add("run", title, ref, short_id(str(ref)), said)
    for ref in related.get("followed_by") or ():
        add("run", "followed by", ref, short_id(str(ref)), "That run begins when this one is completed.")
    for ref in related.get("retries") or ():
        add("run", "retried by", ref, short_id(str(ref)), "A later run that took up the rest of this one.")
    if entry := related.get("audit_entry"):
        add("entry", "audit entry", entry, short_id(str(entry)), "The entry of the audit trail for this execution.")
    return things


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
