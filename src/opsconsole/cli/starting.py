"""What is told of runs that a command started: their ids at once, and with ``--wait`` how they ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opsconsole.cli.failures import tell_run_failures
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.outcome import exit_code_of
from opsconsole.cli.progress import progress_words
from opsconsole.cli.states import run_state, state_cell
from opsconsole.cli.text import number, took
from opsconsole.domain.plain_text import plain
from opsconsole.domain.run import OperationRun
from opsconsole.service import backups as backup_service
from opsconsole.service import restores as restore_service
from opsconsole.service import runs as run_service
from opsconsole.service.started import Started

Addition = Callable[[Sequence[OperationRun]], dict[str, Any]]
"""Returns what a command adds to the final document, once its runs have ended."""


def tell_started(invocation: Invocation, started: Started, *, wait: bool, addition: Addition | None = None) -> int:
    """Tell of the runs, stay with them if asked to, and return the exit code."""
    try:
        return _tell_started(invocation, started, wait=wait, addition=addition)
    except KeyboardInterrupt:
        from opsconsole.cli.waiting import farewell

        raise farewell(invocation, [run.id for run in started.runs]) from None


def _tell_started(invocation: Invocation, started: Started, *, wait: bool, addition: Addition | None) -> int:
    out = invocation.out
    say = out.note if out.is_json else out.line
    if wait or not out.is_json:
        for run in started.runs:
            say(f"{run.id}  {run.type.value}  {plain(run.tenant or '-')}  {run_state(run)}")
    if not started.created:
        out.note("Nothing was started: this is active already.")
    if not wait:
        if out.is_json:
            out.document(started.to_json())
        from opsconsole.cli.waiting import tell_if_nobody_works

        tell_if_nobody_works(invocation, started.runs)
        return 0
    from opsconsole.cli.waiting import stay

    ended = stay(invocation, started.runs, brings_engine=True)
    final = as_it_is(invocation, started, ended)
    if not out.is_json:
        for run in ended:
            tell_run(invocation, run)
    extra = addition(ended) if addition else {}
    if out.is_json:
        out.document({**final.to_json(), **extra})
    return exit_code_of(ended)


def as_it_is(invocation: Invocation, started: Started, runs: Sequence[OperationRun]) -> Started:
    """Return ``started`` with everything as it is now, the items of a restore run included."""
    caller = invocation.caller()
    found, restore = started.backup_set, started.restore_run
    return Started(
        started.created,
        list(runs),
        backup_service.show_set(caller, found.id) if found else None,
        restore_service.show_restore(caller, restore.id) if restore else None,
        restore_service.all_restore_items(caller, restore.id) if restore else None,
    )


def tell_run(invocation: Invocation, run: OperationRun, *, with_each: bool = False) -> None:
    """Write how a run stands: its counters, and its failures by reason with what to do next; ``with_each`` names each."""
    out = invocation.out
    counters = run.counters
    parts = [state_cell(run_state(run)).text, *([progress_words(run)] if counters.total or run.is_active else [])]
    parts += [
        f"{number(getattr(counters, name))} {name}"
        for name in ("processed", "unchanged", "failed", "skipped", "awaiting")
        if getattr(counters, name)
    ]
    if run.started_at and run.completed_at:
        parts.append(took(run.started_at, run.completed_at))
    out.line(f"{run.type.value}: {', '.join(parts)}")
    tell_run_failures(out, run, run_service.failure_groups(invocation.caller(), run.id), with_each=with_each)
