"""The run under the cursor, beside the list on wide terminals: state, counters, failures by reason, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.timer import Timer

from opsconsole.console.figures import at_length, grouped, seconds_between, took
from opsconsole.console.pen import Pen, Span
from opsconsole.console.run_columns import progress_of, target_of
from opsconsole.console.states import TYPE_WORDS, state_of_run
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.work import begin
from opsconsole.domain.plain_text import plain
from opsconsole.domain.run import OperationRun, RunType, Status
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp
    from opsconsole.service.runs import FailureGroup

WIDE_FROM = 120
"""From this many columns on there is room beside the list."""

REST_S = 0.1
"""How long the cursor rests before what the row does not hold is read: going down a list asks ten times a second at most."""

REASONS_SHOWN = 5
"""Groups of failures that are listed; the run's own screen has all."""

_COUNTERS = (
    ("processed", "good"),
    ("failed", "bad"),
    ("skipped", "text"),
    ("unchanged", "text"),
    ("awaiting", "partial"),
)


class RunBeside(Facts):
    """Shows at once what the row holds; the failures follow when the cursor rests."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, wraps=True)
        self._run: OperationRun | None = None
        self._groups: dict[str, tuple[int, list[FailureGroup]]] = {}
        self._timer: Timer | None = None

    def show_run(self, run: OperationRun | None) -> None:
        """Show a run, or nothing."""
        self._run = run
        self._draw()
        if run is not None and run.failed_count and not self._is_known(run) and self._timer is None:
            self._timer = self.set_timer(REST_S, self._read)

    def _is_known(self, run: OperationRun) -> bool:
        known = self._groups.get(run.id)
        return known is not None and known[0] == run.failed_count

    def _read(self) -> None:
        self._timer = None
        run = self._run
        if run is not None and run.failed_count and not self._is_known(run):
            begin(self, self._read_groups, run, group="beside", is_newest_only=True)

    async def _read_groups(self, run: OperationRun) -> None:
        app = cast("OpsConsoleApp", self.app)
        try:
            groups = await app.ask(app.desk.failure_groups, run.id)
        except OpsError:
            return  # what is wrong with the store the list says
        self._groups = {run.id: (run.failed_count, list(groups))}
        self._draw()
        if self._run is not None and self._run.id != run.id:
            self.show_run(self._run)

    def _draw(self) -> None:
        run = self._run
        known = self._groups.get(run.id) if run is not None else None
        self.show(beside_lines(run, known[1] if known else None, self.pen) if run is not None else [])


def beside_lines(run: OperationRun, groups: list[FailureGroup] | None, pen: Pen) -> list[list[Span]]:
    """Return the lines about a run; ``groups`` are its failures, None while they are being read."""
    state = state_of_run(run)
    done, total = progress_of(run)
    lines: list[list[Span]] = [
        [(pen.state(state), pen.ink(state.ink)), (f"  {TYPE_WORDS[run.type]}", pen.ink("strong"))],
        [(plain(target_of(run)), pen.ink("text"))],
        [(f"by {plain(run.initiator_name)}", pen.ink("dim"))],
        [(at_length(run.created_at, pen.zone), pen.ink("dim"))],
        [],
    ]
    if run.status is not Status.QUEUED:
        of = f"{grouped(done)} of {grouped(total)}" if total else f"{grouped(done)} so far"
        spent = took(seconds_between(run.started_at, run.completed_at, pen.now))
        # A clock that ticks would draw the panel anew each second: the row has the time of a run at work.
        lines.append(
            [(of, pen.ink("strong")), (pen.drawn(f"   in {spent}") if not run.is_active else "", pen.ink("dim"))]
        )
    for name, ink in _COUNTERS:
        if number := getattr(run.counters, name):
            lines.append([(f"{grouped(number):>8} ", pen.ink(ink)), (name, pen.ink("dim"))])
    if run.failed_count:
        found = _failure_lines(groups, pen)
        lines += [[], *found] if found else []
    return [*lines, [], [(pen.drawn(f"→ {_next(run)}"), pen.ink("key"))]]


def _failure_lines(groups: list[FailureGroup] | None, pen: Pen) -> list[list[Span]]:
    if groups is None:
        return [[(pen.drawn("failures …"), pen.ink("dim"))]]
    lines = [
        [(f"{grouped(group.count):>8} ", pen.ink("bad")), (group.reason.value.replace("_", " "), pen.ink("text"))]
        for group in groups[:REASONS_SHOWN]
    ]
    if len(groups) > REASONS_SHOWN:
        lines.append([(f"         and {len(groups) - REASONS_SHOWN} more reasons", pen.ink("dim"))])
    if groups:
        lines.append([(groups[0].info.next_step, pen.ink("dim"))])
    return lines


def _next(run: OperationRun) -> str:
    from opsconsole.console.orders import left_undone

    if run.status is Status.QUEUED:
        return "waits for its turn: Enter says for what"
    if run.is_active:
        return "at work: Enter follows it"
    if run.type is not RunType.RECONCILE and left_undone(run):
        return f"r takes up the {grouped(left_undone(run))} left undone"
    return "nothing is left to do"
