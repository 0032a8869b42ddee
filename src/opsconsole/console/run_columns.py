"""The columns of the table of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import total_ordering
from typing import Any

from msgspec.structs import replace

from opsconsole.console.figures import at, grouped, left, seconds_between, took
from opsconsole.console.pen import Pen, Span
from opsconsole.console.states import TYPE_WORDS, state_of_run
from opsconsole.console.widgets.column import Column
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.domain.run_sort import RunSort


def target_of(run: OperationRun, only_tenant: str | None = None) -> str:
    """Return what a run is about, in words: its tenant (unless it is the only one), and the set or plan it works on."""
    inputs = run.inputs
    tenant = run.tenant or "the whole store"
    what = ""
    if run.type is RunType.CAPTURE and inputs.get("types"):
        what = f"{len(inputs['types'])} types"
    elif restore := inputs.get("restore"):
        what = f"plan {short_id(str(restore))}"
    elif backup_set := inputs.get("set"):
        what = f"set {short_id(str(backup_set))}"
    return what if what and run.tenant == only_tenant else f"{tenant} · {what}".removesuffix(" · ")


def progress_of(run: OperationRun) -> tuple[int, int]:
    """Return how many items are settled, of how many."""
    progress = run.context.get("progress") or {}
    return int(progress.get("done") or 0), int(progress.get("total") or 0)


def seconds_left(run: OperationRun, pen: Pen) -> float | None:
    """Return the time left at the pace so far, or None while there is nothing to go by."""
    done, total = progress_of(run)
    spent = seconds_between(run.started_at, None, pen.now)
    if not spent or done <= 0 or total <= done or spent < 2:
        return None
    return spent / done * (total - done)


def _progress(run: OperationRun, pen: Pen, width: int) -> list[Span]:
    done, total = progress_of(run)
    if run.status is Status.QUEUED:
        return pen.cell("waits", width, "dim")
    state = state_of_run(run)
    bar = 9 if width >= 20 else 5
    if run.status is Status.COMPLETED:
        if total <= 0:
            return pen.cell("done" if run.outcome is Outcome.SUCCEEDED else "·", width, "dim")
        word = "done" if done >= total else f"{_percent(done, total)} %"
        full = pen.bar(done, total, bar, state.ink if state.ink != "good" else "dim")
        return [*full, *pen.cell(f" {word}", width - bar, "dim")]
    if total <= 0:
        return pen.cell(f"{grouped(done)} so far" if done else "starting", width)
    remaining = seconds_left(run, pen)
    percent = _percent(done, total)
    words = f" {percent:>2} %" if percent < 100 else " 100%"  # without the blank it fits beside the bar
    words += f"  {left(remaining)}" if remaining is not None and width >= 20 else ""
    return [*pen.bar(done, total, bar), *pen.cell(words, width - bar, "text")]


def _percent(done: int, total: int) -> int:
    return done * 100 // total if total else 0


def _number(number: int, pen: Pen, width: int, ink: str = "text") -> list[Span]:
    return pen.cell(grouped(number) if number else "·", width, ink if number else "faint", right=True)


def _took(run: OperationRun, pen: Pen, width: int) -> list[Span]:
    return pen.cell(took(seconds_between(run.started_at, run.completed_at, pen.now)), width, "dim", right=True)


def _target(run: OperationRun, pen: Pen, width: int) -> list[Span]:
    mark: list[Span] = [(pen.drawn("♪ "), pen.ink("special"))] if run.id in pen.watched else []
    return [*mark, *pen.cell(target_of(run, pen.only_tenant), width - 2 * len(mark))]


TOOK_FROM = 84
"""Narrower tables have room for when a run began or for how long it took, not for both."""

SMALL = 68
"""Below this a table says what became of a run, and how far it is only on the run's own screen."""

RUN_COLUMNS: tuple[Column[OperationRun], ...] = (
    Column("Run", 6, lambda run, pen, width: pen.cell(short_id(run.id), width, "text")),
    Column("State", 11, lambda run, pen, width: pen.state_cell(state_of_run(run), width)),
    Column("Type", 8, lambda run, pen, width: pen.cell(TYPE_WORDS[run.type], width)),
    Column("Target", 7, _target, flex=1),
    Column("Progress", 10, _progress, from_width=SMALL, below_width=114),
    Column("Progress", 21, _progress, from_width=114),
    Column("Items", 7, lambda run, pen, width: _number(progress_of(run)[1], pen, width), right=True, from_width=90),
    Column("Failed", 6, lambda run, pen, width: _number(run.failed_count, pen, width, "bad"), right=True),
    Column(
        "Started",
        8,
        lambda run, pen, width: pen.cell(at(run.started_at, pen.now, pen.zone), width, "dim"),
        from_width=SMALL,
    ),
    Column("Took", 5, _took, right=True, from_width=TOOK_FROM),
    Column("By", 10, lambda run, pen, width: pen.cell(run.initiator_name, width, "dim"), from_width=100),
)
"""Eighty columns hold what says whether to worry; wider terminals add sizes, time taken and people."""

SORT_TITLES: dict[RunSort, str] = {RunSort.STARTED: "Started", RunSort.TOOK: "Took", RunSort.FAILED: "Failed"}
"""The column whose heading says what the list is sorted by."""

SORT_WORDS: tuple[tuple[RunSort, bool, str], ...] = (
    (RunSort.STARTED, False, "newest first"),
    (RunSort.STARTED, True, "oldest first"),
    (RunSort.TOOK, False, "longest first"),
    (RunSort.TOOK, True, "shortest first"),
    (RunSort.FAILED, False, "most failures first"),
    (RunSort.FAILED, True, "fewest failures first"),
)
"""What may be picked, whether it is reversed, and how it is said."""


def sorted_columns(sort: RunSort, *, is_reversed: bool) -> tuple[Column[OperationRun], ...]:
    """Return the columns with the mark on the one that is sorted by; that one is shown however narrow the terminal."""
    shown = []
    for column in RUN_COLUMNS:
        if column.title == SORT_TITLES[sort]:
            shown.append(replace(column, mark="▴" if is_reversed else "▾", from_width=0))
        elif column.title == "Started" and sort is RunSort.TOOK:
            shown.append(replace(column, from_width=TOOK_FROM))  # on eighty columns the one takes the other's place
        else:
            shown.append(column)
    return tuple(shown)


@total_ordering
@dataclass(frozen=True, slots=True)
class _Turned:
    """A value whose order is turned round."""

    value: Any

    def __lt__(self, other: _Turned) -> bool:
        return bool(other.value < self.value)


def run_rank(run: OperationRun, *, sort: RunSort, is_reversed: bool) -> Any:
    """Return how high a run stands in a sorted list, as the store sorts it."""
    if sort is RunSort.FAILED:
        rank: Any = (run.failed_count, run.created_at, run.id)
    else:
        spent = seconds_between(run.started_at, run.completed_at, datetime.max.replace(tzinfo=UTC))
        rank = (round((spent or 0) * 1000) if run.completed_at and run.started_at else -1, run.id)
    return _Turned(rank) if is_reversed else rank
