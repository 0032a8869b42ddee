"""`opsconsole runs`: what ran, how far it got, what failed and why."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from opsconsole.cli.columns import Column, Row
from opsconsole.cli.ending import EXIT_FAILED
from opsconsole.cli.exporting import export_option, tell_export
from opsconsole.cli.filters import one_of, parse_moment
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.log_words import LogTeller, log_line, phase_words
from opsconsole.cli.options import page_options, part_options, split_words, wait_option, with_invocation
from opsconsole.cli.progress import progress_words
from opsconsole.cli.states import run_state, state_cell
from opsconsole.cli.text import counted, moment, moment_in_zone, number, short, took
from opsconsole.domain.difference import DIFFERING, DifferenceFilter
from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.domain.run_event import phases_of
from opsconsole.domain.run_sort import RunSort
from opsconsole.errors import UsageError
from opsconsole.service import runs
from opsconsole.service.caller import Page

COLUMNS = (
    Column("Run", fixed=True),
    Column("State", fixed=True),
    Column("Type", fixed=True),
    Column("Tenant"),
    Column("Progress", "right", drop=3),
    Column("Failed", "right"),
    Column("Started", fixed=True, is_time=True),
    Column("Took", "right", fixed=True, drop=2),
    Column("By", drop=1),
)

SHOWN_DIFFERENCES = 20
"""Policies that `show` names of what a drift check found; `differences` pages through all of them."""


@click.group()
def command() -> None:
    """What ran, how far it got, what failed and why."""


@command.command("list")
@click.option("--status", "statuses", multiple=True, metavar="STATUS", help="queued, running or completed.")
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    metavar="OUTCOME",
    help="succeeded, partially_succeeded, failed or cancelled.",
)
@click.option(
    "--type", "types", multiple=True, metavar="TYPE", help="An operation type, such as assignments.fetch or just fetch."
)
@click.option("--tenant", metavar="NAME", help="Only this tenant.")
@click.option("--since", metavar="WHEN", help="Only runs made since: a time, a date, or an age such as 7d or 24h.")
@click.option("--until", metavar="WHEN", help="Only runs made before: as for --since.")
@click.option("--reason", metavar="REASON", help="Only runs with a failure for this reason, such as throttled.")
@click.option("--by", metavar="NAME", help="Only runs that this member started.")
@click.option("--search", metavar="TEXT", help="The end of an id, a member, a tenant or a set.")
@click.option(
    "--sort",
    type=click.Choice([sort.value for sort in RunSort]),
    default=RunSort.STARTED.value,
    show_default=True,
    help="Newest, longest or most failures first.",
)
@click.option("--reverse", "is_reversed", is_flag=True, help="Oldest, shortest or fewest first.")
@export_option("every run that matches")
@page_options
@with_invocation
def list_runs(
    invocation: Invocation,
    statuses: tuple[str, ...],
    outcomes: tuple[str, ...],
    types: tuple[str, ...],
    tenant: str | None,
    since: str | None,
    until: str | None,
    reason: str | None,
    by: str | None,
    search: str | None,
    sort: str,
    is_reversed: bool,
    export_to: Path | None,
    limit: int,
    cursor: str | None,
) -> int:
    """List runs, newest first unless sorted otherwise."""
    narrowed = runs.RunQuery(
        statuses=tuple(one_of(Status, word, "--status") for word in split_words(statuses)),
        outcomes=tuple(one_of(Outcome, word, "--outcome") for word in split_words(outcomes)),
        types=tuple(one_of(RunType, word, "--type") for word in split_words(types)),
        tenant=tenant,
        since=parse_moment(since, "--since"),
        until=parse_moment(until, "--until"),
        reason=one_of(Reason, reason, "--reason") if reason else None,
        by=by,
        search=search,
    )
    query = replace(narrowed, sort=RunSort(sort), is_reversed=is_reversed)
    if export_to is not None:
        from opsconsole.service.list_export import RUN_CELLS, ListExport

        listed = partial(runs.list_runs, invocation.caller(), query)
        export = ListExport(
            "runs", RUN_CELLS, OperationRun.to_json, lambda limit, cursor: listed(limit=limit, cursor=cursor)
        )
        return tell_export(invocation, export, export_to)
    page = runs.list_runs(invocation.caller(), query, limit=limit, cursor=cursor)
    out = invocation.out
    if out.is_json:
        out.page([run.to_json() for run in page.items], page.next_cursor)
    else:
        out.page_table(
            COLUMNS,
            [_row(run) for run in page.items],
            page.next_cursor,
            empty="No run yet. `opsconsole backup TENANT` starts one."
            if narrowed == runs.RunQuery()
            else "No run matches.",
        )
    return 0


def _row(run: OperationRun) -> Row:
    return [
        short(run.id),
        state_cell(run_state(run)),
        run.type.value,
        run.tenant or "-",
        progress_words(run),
        number(run.failed_count),
        moment(run.started_at or run.created_at),
        took(run.started_at, run.completed_at),
        run.initiator_name,
    ]


@command.command("show")
@click.argument("run_ref", metavar="RUN")
@click.option("--log", "with_log", is_flag=True, help="The run's log as well: waits, repeated calls, how it ended.")
@export_option("every failure of the run")
@with_invocation
def show(invocation: Invocation, run_ref: str, with_log: bool, export_to: Path | None) -> int:
    """Show one run with its counters, phases and failures.

    RUN is an id or its end: the six characters that lists show are enough.
    """
    caller = invocation.caller()
    if export_to is not None:
        return _export_failures(invocation, run_ref, export_to)
    run = runs.show_run(caller, run_ref)
    if invocation.out.is_json:
        more = {"log": [event.to_json() for event in runs.run_log(caller, run.id)]} if with_log else {}
        invocation.out.document({**run.to_json(), **_found(invocation, run), **more})
        return 0
    _tell(invocation, run, with_log=with_log)
    if run.type is RunType.DRIFT:
        _tell_found(invocation, run)
    return 0


def _export_failures(invocation: Invocation, run_ref: str, file: Path) -> int:
    from opsconsole.service.list_export import FAILURE_CELLS, ListExport

    caller = invocation.caller()

    def read(limit: int, cursor: str | None) -> Page[Failure]:
        found = runs.list_failures(caller, run_ref, limit=limit, after_seq=int(cursor or 0))
        return Page([failure for _, failure in found], str(found[-1][0]) if len(found) == limit else None)

    return tell_export(invocation, ListExport("failures", FAILURE_CELLS, Failure.to_json, read), file)


def _found(invocation: Invocation, run: OperationRun) -> dict[str, Any]:
    """Return what a drift check found, in figures; nothing for other runs."""
    if run.type is not RunType.DRIFT:
        return {}
    from opsconsole.service import drift

    check = drift.show_drift(invocation.caller(), run.id)
    return {"differences": {"differs": check.differing > 0, "counts": check.counts}}


def _tell_found(invocation: Invocation, run: OperationRun) -> None:
    """Write what a drift check found: its counts, the first policies, and how to see the others."""
    from opsconsole.cli.differences import tell_counts, tell_items
    from opsconsole.service import drift

    out, caller = invocation.out, invocation.caller()
    check = drift.show_drift(caller, run.id)
    page = drift.list_differences(caller, run.id, limit=SHOWN_DIFFERENCES)
    tell_counts(out, check.counts)
    tell_items(out, [drift.to_difference(row) for row in page.items])
    if page.next_cursor:
        rest = check.differing - len(page.items)
        out.note(f"And {number(rest)} more: `opsconsole runs differences {short(run.id)} --cursor {page.next_cursor}`.")


def _tell(invocation: Invocation, run: OperationRun, *, with_log: bool = False) -> None:
    from opsconsole.cli.starting import tell_run

    out = invocation.out
    related = runs.related(invocation.caller(), run.id)
    events = runs.run_log(invocation.caller(), run.id)
    graph = run.context.get("graph") or {}
    out.fields(
        [
            ("run", run.id),
            ("tenant", run.tenant or "-"),
            ("by", run.initiator_name),
            ("created", moment_in_zone(run.created_at)),
            ("started", moment_in_zone(run.started_at)),
            ("completed", moment_in_zone(run.completed_at)),
            ("attempt", str(run.attempt)),
            (
                "graph",
                f"{counted(graph.get('requests', 0), 'request')}, {number(graph.get('subrequests', 0))} in batches, "
                f"{number(graph.get('throttled', 0))} throttled, {graph.get('waited_ms', 0) / 1000:.1f} s waited",
            ),
            ("phases", phase_words(phases_of(events, run.completed_at)) or "-"),
            *((name.replace("_", " "), value) for name, value in related.items() if isinstance(value, str)),
            *(
                (name.replace("_", " "), ", ".join(value))
                for name, value in related.items()
                if isinstance(value, list) and value
            ),
        ]
    )
    if with_log:
        out.line("log")
        for event in events:
            out.line(f"  {log_line(event)}")
    tell_run(invocation, run, with_each=True)


@command.command("differences", short_help="What a drift check found, by its run.")
@click.argument("run_ref", metavar="RUN")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="changed, new or gone.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only this policy type.")
@click.option("--search", metavar="TEXT", help="Part of a policy's name or id.")
@export_option("every one that fits, not a page,")
@page_options
@with_invocation
def differences(
    invocation: Invocation,
    run_ref: str,
    kinds: tuple[str, ...],
    types: tuple[str, ...],
    search: str | None,
    export_to: Path | None,
    limit: int,
    cursor: str | None,
) -> int:
    """List the policies that a drift check found to differ, with the targets of both sides."""
    from opsconsole.cli.differences import tell_counts, tell_items
    from opsconsole.service import drift

    caller, out = invocation.caller(), invocation.out
    chosen = split_words(kinds)
    if unknown := [kind for kind in chosen if kind not in DIFFERING]:
        raise UsageError(f"There is no kind {unknown[0]!r}.", f"It is one of: {', '.join(DIFFERING)}.")
    flt = DifferenceFilter(chosen, split_words(types), search)
    check = drift.show_drift(caller, run_ref)
    if export_to is not None:
        return tell_export(invocation, drift.findings(caller, check.run.id, flt), export_to)
    page = drift.list_differences(caller, run_ref, flt, limit=limit, cursor=cursor)
    items = [drift.to_difference(row) for row in page.items]
    if out.is_json:
        found = {"run": check.run.id, "differs": check.differing > 0, "counts": check.counts}
        out.document({**found, "items": [item.to_json() for item in items], "next_cursor": page.next_cursor})
        return 0
    tell_counts(out, check.counts)
    tell_items(out, items)
    if page.next_cursor:
        out.note(f"More: add `--cursor {page.next_cursor}`.")
    return 0


@command.command("watch")
@click.argument("run_ref", metavar="RUN")
@with_invocation
def watch(invocation: Invocation, run_ref: str) -> int:
    """Follow a run to its end; the exit code tells its outcome."""
    from opsconsole.cli.outcome import exit_code_of
    from opsconsole.cli.waiting import stay

    run = runs.show_run(invocation.caller(), run_ref)
    log = LogTeller(invocation, run.id)
    ended = stay(invocation, [run], brings_engine=False, with_followers=False, each_look=log.tell)
    if invocation.out.is_json:
        invocation.out.document(ended[0].to_json())
    else:
        _tell(invocation, ended[0])
    return exit_code_of(ended)


@command.command("cancel", short_help="Cancel a run.")
@click.argument("run_ref", metavar="RUN")
@with_invocation
def cancel(invocation: Invocation, run_ref: str) -> int:
    """Cancel a run: a queued one at once, a running one after the policy in hand."""
    run = runs.cancel_run(invocation.caller(), run_ref)
    if invocation.out.is_json:
        invocation.out.document(run.to_json())
    elif run.is_active:
        invocation.out.line(f"{run.id}  will stop after what it has in hand")
    else:
        invocation.out.line(f"{run.id}  {run_state(run)}")
    return 0


@command.command("retry", short_help="Start again what a run left undone.")
@click.argument("run_ref", metavar="RUN")
@part_options
@wait_option
@with_invocation
def retry(invocation: Invocation, run_ref: str, reason: str | None, items: tuple[str, ...], wait: bool) -> int:
    """Start again what a completed run left undone, or only a part of it."""
    from opsconsole.cli.confirming import confirm_retry
    from opsconsole.cli.starting import tell_started
    from opsconsole.service import restores, retries

    caller = invocation.caller()
    only = one_of(Reason, reason, "--reason") if reason else None
    run = retries.run_to_retry(caller, run_ref)
    if run.type is RunType.RESTORE and not confirm_retry(
        invocation.out, restores.left_to_write(caller, str(run.inputs["restore"]), reason=only, items=items)
    ):
        invocation.out.note("Nothing was written.")
        return EXIT_FAILED
    return tell_started(invocation, retries.retry_run(caller, run.id, reason=only, items=items), wait=wait)
