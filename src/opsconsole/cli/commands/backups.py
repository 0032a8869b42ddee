"""`opsconsole backups`: sets, their items and differences, fetching what is missing, exporting."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from opsconsole.cli.columns import Cell, Column, Row
from opsconsole.cli.differences import tell_counts, tell_differences, tell_items
from opsconsole.cli.ending import EXIT_PARTLY
from opsconsole.cli.exporting import export_option, tell_export
from opsconsole.cli.failures import Names, tell_set_failures
from opsconsole.cli.filters import one_of
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import MAX_LIMIT, page_options, split_words, wait_option, with_invocation
from opsconsole.cli.record_options import record_options, record_query
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import counted, moment, moment_in_zone, number, short
from opsconsole.domain.backup import BackupSet, ItemStatus
from opsconsole.domain.difference import DIFFERING, KINDS, UNKNOWN, DifferenceFilter
from opsconsole.domain.plain_text import plain
from opsconsole.errors import UsageError
from opsconsole.service import backups, differences
from opsconsole.service.caller import Caller, Page
from opsconsole.service.record_query import EVERY_RECORD, SET_STATES, RecordQuery

SET_COLUMNS = (
    Column("Set", fixed=True),
    Column("State", fixed=True),
    Column("Tenant"),
    Column("Made", fixed=True, is_time=True),
    Column("Fetched", "right"),
    Column("Listed", "right"),
    Column("Missing", "right"),
    Column("By", drop=1),
)

TYPE_COLUMNS = (
    Column("Type", fixed=True),
    Column("List", fixed=True),
    Column("Listed", "right"),
    Column("Fetched", "right"),
    Column("Failed", "right"),
    Column("Skipped", "right", drop=1),
)

ITEM_COLUMNS = (
    Column("Item", fixed=True),
    Column("State", fixed=True),
    Column("Type"),
    Column("Policy"),
    Column("Why", whole=True),
)

PAGE = 50
"""Policies of a difference on a page where only a part of it was asked for."""


@click.group(short_help="Backup sets: what is saved, missing, changed.")
def command() -> None:
    """Backup sets: what was saved, what is missing, what changed between two of them."""


@command.command("list")
@record_options("active, complete or incomplete")
@export_option("every set that matches")
@page_options
@with_invocation
def list_sets(invocation: Invocation, /, export_to: Path | None, limit: int, cursor: str | None, **words: Any) -> int:
    """List backup sets, newest first."""
    caller, query = invocation.caller(), record_query(SET_STATES, **words)
    if export_to is not None:
        from opsconsole.service.list_export import SET_CELLS, ListExport

        read = partial(_read_sets, caller, query)
        return tell_export(invocation, ListExport("backup sets", SET_CELLS, BackupSet.to_json, read), export_to)
    page = backups.list_sets(caller, query=query, limit=limit, cursor=cursor)
    out = invocation.out
    if out.is_json:
        out.page([found.to_json() for found in page.items], page.next_cursor)
        return 0
    rows: list[Row] = [
        [
            short(found.id),
            set_state(found),
            found.tenant,
            moment(found.created_at),
            number(found.count("fetched")),
            number(found.count("listed")),
            number(found.missing),
            found.initiator_name,
        ]
        for found in page.items
    ]
    out.page_table(
        SET_COLUMNS,
        rows,
        page.next_cursor,
        empty="No set matches."
        if query != EVERY_RECORD
        else "No backup set yet. `opsconsole backup TENANT` makes one.",
    )
    return 0


def _read_sets(caller: Caller, query: RecordQuery, limit: int, cursor: str | None) -> Page[BackupSet]:
    return backups.list_sets(caller, query=query, limit=limit, cursor=cursor)


def set_state(found: BackupSet) -> Cell:
    """Return the cell that says whether a set adds up."""
    if found.is_active:
        return state_cell("active")
    return state_cell("complete" if found.is_complete else "incomplete")


@command.command("show")
@click.argument("set_ref", metavar="SET")
@with_invocation
def show(invocation: Invocation, set_ref: str) -> int:
    """Show whether a set adds up, per policy type."""
    found = backups.show_set(invocation.caller(), set_ref)
    out = invocation.out
    if out.is_json:
        out.document(found.to_json())
        return 0
    out.fields(
        [
            ("set", found.id),
            ("tenant", found.tenant),
            ("made", moment_in_zone(found.created_at)),
            ("by", found.initiator_name),
            ("state", set_state(found)),
            ("holds", f"{number(found.count('fetched'))} of {number(found.count('listed'))}"),
            ("missing", number(found.missing)),
            ("runs", f"{found.capture_run_id} {found.fetch_run_id}"),
        ]
    )
    out.line()
    out.table(
        TYPE_COLUMNS,
        [
            [
                key,
                state_cell(counts.status.value),
                *(number(getattr(counts, name)) for name in ("listed", "fetched", "failed", "skipped")),
            ]
            for key, counts in sorted(found.by_type.items())
        ],
    )
    tell_set_failures(out, found.failures, Names(set_id=found.id, tenant=found.tenant))
    if found.missing and not found.is_active:
        out.note(f"{counted(found.missing, 'thing is', 'things are')} missing. {_how_to_fill(found)}")
    return 0


def _how_to_fill(found: BackupSet) -> str:
    """Return what gets what a set lacks: policies can be fetched again, a list that broke off cannot."""
    policies = found.count("failed") + found.count("skipped")
    fetch = f"`opsconsole backups fetch {short(found.id)} --failed` fetches the {counted(policies, 'policy', 'policies')} again."
    again = f"A type that could not be listed needs a new `opsconsole backup {plain(found.tenant)}`."
    has_gap = found.missing > found.count("listed") - found.count("fetched")
    return " ".join(part for part, is_needed in ((fetch, policies > 0), (again, has_gap)) if is_needed)


@command.command("items")
@click.argument("set_ref", metavar="SET")
@click.option("--status", "statuses", multiple=True, metavar="STATUS", help="pending, fetched, failed or skipped.")
@click.option("--type", "policy_type", metavar="TYPE", help="Only this policy type.")
@click.option("--search", metavar="TEXT", help="Part of a policy's name or id.")
@click.option("--payload", is_flag=True, help="With --json: the stored policies too (needs export.payload).")
@export_option("every policy that matches, without its payload,")
@page_options
@with_invocation
def items(
    invocation: Invocation,
    set_ref: str,
    statuses: tuple[str, ...],
    policy_type: str | None,
    search: str | None,
    payload: bool,
    export_to: Path | None,
    limit: int,
    cursor: str | None,
) -> int:
    """List the policies in a set."""
    listed = partial(
        backups.list_items,
        invocation.caller(),
        set_ref,
        statuses=tuple(one_of(ItemStatus, word, "--status") for word in split_words(statuses)),
        policy_type=policy_type,
        search=search,
    )
    if export_to is not None:
        from opsconsole.service.list_export import ITEM_CELLS, ListExport

        export = ListExport(
            "backup items", ITEM_CELLS, backups.item_json, lambda limit, cursor: listed(limit=limit, cursor=cursor)
        )
        return tell_export(invocation, export, export_to)
    page = listed(payload=payload, limit=limit, cursor=cursor)
    out = invocation.out
    if out.is_json:
        out.page([backups.item_json(item, payload=payload) for item in page.items], page.next_cursor)
        return 0
    rows: list[Row] = [
        [
            short(item.id),
            state_cell(item.status.value),
            item.policy_type,
            item.policy_name,
            item.failure.message if item.failure else "",
        ]
        for item in page.items
    ]
    out.page_table(ITEM_COLUMNS, rows, page.next_cursor, empty="No item matches.")
    return 0


@command.command("fetch")
@click.argument("set_ref", metavar="SET")
@click.option("--item", "item_ref", metavar="ID", help="Only this item: its id, or its policy's.")
@click.option("--failed", is_flag=True, help="Every item that failed or was skipped (the default).")
@wait_option
@with_invocation
def fetch(invocation: Invocation, set_ref: str, item_ref: str | None, failed: bool, wait: bool) -> int:
    """Fetch again what a set lacks."""
    from opsconsole.cli.starting import tell_started

    started = backups.start_fetch(invocation.caller(), set_ref, item_id=item_ref, failed=failed)
    return tell_started(invocation, started, wait=wait)


@command.command("diff")
@click.argument("first_ref", metavar="SET")
@click.argument("second_ref", metavar="SET")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="changed, new, gone or unknown (not comparable).")
@export_option("what differs or could not be compared")
@click.option("--search", metavar="TEXT", help="Part of a policy's name or id.")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), help="Page by page, this many policies on each; else all.")
@click.option("--cursor", metavar="CURSOR", help="Go on where the page before ended (its `next_cursor`).")
@with_invocation
def diff(
    invocation: Invocation,
    first_ref: str,
    second_ref: str,
    kinds: tuple[str, ...],
    search: str | None,
    export_to: Path | None,
    limit: int | None,
    cursor: str | None,
) -> int:
    """Compare two sets; exit code 3 where they differ, or where not everything could be compared."""
    if export_to is not None:
        flt = DifferenceFilter(_kinds(kinds), search=search)
        return tell_export(invocation, differences.findings(invocation.caller(), first_ref, second_ref, flt), export_to)
    if limit is not None or cursor or kinds or search:
        return _diff_page(invocation, first_ref, second_ref, _kinds(kinds), search, limit or PAGE, cursor)
    found = differences.diff_sets(invocation.caller(), first_ref, second_ref)
    if invocation.out.is_json:
        invocation.out.document(found.to_json())
    else:
        tell_differences(invocation.out, found)
    return EXIT_PARTLY if found.differs or found.unknown else 0


def _kinds(words: tuple[str, ...]) -> tuple[str, ...]:
    kinds = split_words(words)
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise UsageError(f"There is no kind {unknown[0]!r}.", f"It is one of: {', '.join(KINDS)}.")
    return tuple(kinds)


def _diff_page(
    invocation: Invocation,
    first_ref: str,
    second_ref: str,
    kinds: tuple[str, ...],
    search: str | None,
    limit: int,
    cursor: str | None,
) -> int:
    caller, out = invocation.caller(), invocation.out
    flt = DifferenceFilter(kinds, search=search)
    page = differences.list_set_differences(caller, first_ref, second_ref, flt, limit=limit, cursor=cursor)
    counts = differences.count_set_differences(caller, first_ref, second_ref, flt)
    differing = sum(counts[kind] for kind in DIFFERING)
    if out.is_json:
        found = {"differs": differing > 0, "counts": counts}
        out.document({**found, "items": [item.to_json() for item in page.items], "next_cursor": page.next_cursor})
    else:
        tell_counts(out, counts)
        tell_items(out, page.items)
        if page.next_cursor:
            out.note(f"More: add `--cursor {page.next_cursor}`.")
    return EXIT_PARTLY if differing or counts[UNKNOWN] else 0


@command.command("export", short_help="Write a set into a new folder.")
@click.argument("set_ref", metavar="SET")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@with_invocation
def export(invocation: Invocation, set_ref: str, directory: Path) -> int:
    """Write a set into a new folder, one file a policy, byte for byte (needs export.payload; audited)."""
    made = backups.export_set(invocation.caller(), set_ref, directory)
    if invocation.out.is_json:
        invocation.out.document(made)
    else:
        invocation.out.line(f"{counted(int(made['items']), 'item')} written to {plain(str(directory))}")
    return 0
