"""Progress of runs on stderr: bars that move on a terminal, a line a change in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

from opsconsole.cli.output import Output
from opsconsole.cli.states import run_state, state_cell
from opsconsole.cli.text import number, short
from opsconsole.domain.run import OperationRun, RunType, Status

LOG_INTERVAL_S = 30.0
"""In a log, a run that only gets further is mentioned this often."""


class Progress(Protocol):
    """Shows how far runs are."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, runs: Sequence[OperationRun], waits: Mapping[str, str]) -> None:
        """Show the runs as they are, and by id what they wait for (empty: nothing)."""


def progress_for(out: Output) -> Progress:
    """Return bars for a terminal, lines for anything else."""
    return ProgressBars() if out.is_terminal else ProgressLines(out.note)


def describe(run: OperationRun) -> str:
    """Return how far a run is, in words: ``412 of 1,204, 3 failed``."""
    failed = run.failed_count
    return f"{progress_words(run)}, {number(failed)} failed" if failed else progress_words(run)


def progress_words(run: OperationRun) -> str:
    """Return how far a run is, without what failed: ``412 of 1,204``, or ``412 so far`` where the total is not known yet."""
    progress = run.context.get("progress") or {}
    done, total = int(progress.get("done", 0)), int(progress.get("total", 0))
    if not knows_total(run):
        return f"{number(done)} so far"
    return f"{number(done)} of {number(total)}" if total else number(done)


def knows_total(run: OperationRun) -> bool:
    """Tell whether a run's total is final: a capture learns it by counting, so it is known only at its end."""
    return run.type is not RunType.CAPTURE or run.status is not Status.RUNNING


class ProgressLines:
    """One line whenever a run's status or the throttling changes, and every half minute in between."""

    def __init__(self, note: Callable[[str], None], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._note = note
        self._monotonic = monotonic
        self._told: dict[str, tuple[str, str]] = {}
        self._told_at: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, runs: Sequence[OperationRun], waits: Mapping[str, str]) -> None:
        """Tell what is new."""
        for run in runs:
            waiting = waits.get(run.id, "")
            state = (run_state(run), waiting)
            now = self._monotonic()
            is_due = run.status is Status.RUNNING and now - self._told_at.get(run.id, now) >= LOG_INTERVAL_S
            if self._told.get(run.id) == state and not is_due:
                continue
            self._told[run.id], self._told_at[run.id] = state, now
            parts = [f"{short(run.id)} {run.type.value}: {state_cell(state[0]).text}"]
            if run.status is not Status.QUEUED:
                parts.append(describe(run))
            if waiting:
                parts.append(waiting)
            self._note(", ".join(parts))


class ProgressBars:
    """A bar a run, redrawn when something changed, gone at the end."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[words]}", markup=False),
            TimeElapsedColumn(),
            console=Console(file=sys.stderr, highlight=False, markup=False, emoji=False),
            transient=True,
            redirect_stdout=False,
            refresh_per_second=4,
        )
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, runs: Sequence[OperationRun], waits: Mapping[str, str]) -> None:
        """Move the bars."""
        for run in runs:
            self._show(run, waits.get(run.id, ""))

    def _show(self, run: OperationRun, waiting: str) -> None:
        from rich.progress import TaskID

        progress = run.context.get("progress") or {}
        done, total = int(progress.get("done", 0)), int(progress.get("total", 0))
        is_known = knows_total(run) and (total > 0 or run.status is Status.COMPLETED)
        words = state_cell(run_state(run)).text if run.status is not Status.RUNNING else describe(run)
        if waiting:
            words = f"{words} · {waiting}"
        if run.id not in self._tasks:
            self._tasks[run.id] = self._bars.add_task(
                f"{short(run.id)} {run.type.value}", start=False, total=None, words=words
            )
        task = TaskID(self._tasks[run.id])
        if run.status is not Status.QUEUED and not self._bars.tasks[self._bars.task_ids.index(task)].started:
            self._bars.start_task(task)
        if run.status is Status.COMPLETED:
            self._bars.update(task, completed=max(total, 1), total=max(total, 1), words=words)
            self._bars.stop_task(task)
        else:
            self._bars.update(task, completed=done, total=total if is_known else None, words=words)
