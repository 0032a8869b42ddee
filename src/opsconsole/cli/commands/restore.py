"""`opsconsole restore`: preview what a restore would change, run it, retry it, undo it."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import click

from opsconsole.cli.columns import Column, Row
from opsconsole.cli.confirming import confirm, confirm_retry
from opsconsole.cli.ending import EXIT_FAILED
from opsconsole.cli.exporting import export_option, tell_export
from opsconsole.cli.filters import one_of
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import page_options, part_options, wait_option, with_invocation
from opsconsole.cli.record_options import record_options, record_query
from opsconsole.cli.starting import tell_started
from opsconsole.cli.states import state_cell
from opsconsole.cli.targets import target_words
from opsconsole.cli.text import moment, moment_in_zone, number, short
from opsconsole.domain.failure import Reason
from opsconsole.domain.plain_text import plain
from opsconsole.domain.plan import DANGER_WORDS, Danger, Mode, danger_sentence
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun, RestoreStatus
from opsconsole.errors import PlanOutdated, UsageError
from opsconsole.service import restores
from opsconsole.service.record_query import EVERY_RECORD

COLUMNS = (
    Column("Restore", fixed=True),
    Column("State", fixed=True),
    Column("Tenant"),
    Column("Set", fixed=True),
    Column("Mode", drop=3),
    Column("Changes", "right"),
    Column("Unchanged", "right", drop=2),
    Column("Blocked", "right"),
    Column("Made", fixed=True, is_time=True),
    Column("By", drop=1),
)

MAX_MAPPING_BYTES = 10_000_000
"""A mapping file larger than this is some other file."""

_HASH = re.compile(r"[0-9a-f]{8,64}")


@click.group(short_help="Preview, run, retry and undo restores.")
def command() -> None:
    """Preview what a restore would change; run it, retry it, undo it."""


@command.command("preview", short_help="Work out what a restore would change.")
@click.argument("set_ref", metavar="SET")
@click.option("--tenant", required=True, metavar="NAME", help="The tenant to restore into.")
@click.option("--items", multiple=True, metavar="TYPE:ID", help="Only this policy; may be repeated.")
@click.option("--without", multiple=True, metavar="TYPE:ID", help="All but this policy; may be repeated.")
@click.option(
    "--mode",
    default="exact",
    show_default=True,
    metavar="MODE",
    help="exact, add (only additions) or remove (only removals).",
)
@click.option(
    "--map",
    "mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="CSV kind,from,to: map a group or filter to another, or drop it.",
)
@click.option(
    "--accept-missing",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Accept that exactly N things are missing in the set.",
)
@wait_option
@with_invocation
def preview(
    invocation: Invocation,
    set_ref: str,
    tenant: str,
    items: tuple[str, ...],
    without: tuple[str, ...],
    mode: str,
    mapping: Path | None,
    accept_missing: int,
    wait: bool,
) -> int:
    """Work out what restoring SET would change, policy by policy; writes nothing."""
    started = restores.start_preview(
        invocation.caller(),
        set_ref,
        tenant,
        items=items,
        without=without,
        mode=one_of(Mode, mode, "--mode"),
        mapping=_read_mapping(mapping) if mapping else None,
        accept_missing=accept_missing,
    )
    code = tell_started(invocation, started, wait=wait)
    _tell_next(invocation, started.restore_run, is_done=wait)
    return code


def _read_mapping(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_MAPPING_BYTES:
            raise UsageError(
                f"{str(path)!r} is too large for a mapping file.", "It is CSV with the header kind,from,to."
            )
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"The mapping file {str(path)!r} is not UTF-8 text.", "Save it as CSV in UTF-8.") from None
    except OSError as error:
        raise UsageError(f"The mapping file cannot be read: {error.strerror}.", "Check the path.") from None


def _tell_next(invocation: Invocation, made: RestoreRun | None, *, is_done: bool) -> None:
    """Say in text which restore run was made and what comes next."""
    out = invocation.out
    if made is None or out.is_json:
        return
    if not is_done:
        out.note(
            f"Restore run {made.id}: look at it with `opsconsole restore show {short(made.id)}` when the preview is done."
        )
        return
    found = restores.show_restore(invocation.caller(), made.id)
    counts = ", ".join(
        f"{number(found.counts.get(name, 0))} {name.replace('_', ' ')}"
        for name in ("will_change", "unchanged", "blocked")
    )
    out.line(f"{found.id}  {found.status.value.replace('_', ' ')}: {counts}")
    if found.status is not RestoreStatus.PREVIEWED:
        return
    if found.counts.get("will_change"):
        out.note(
            f"Look with `opsconsole restore show {short(found.id)}`, "
            f"then write it with `opsconsole restore run {short(found.id)}`."
        )
    else:
        out.note("There is nothing to write.")


@command.command("list")
@record_options("previewing, previewed, preview_failed, executing, completed or cancelled")
@export_option("every restore run that matches")
@page_options
@with_invocation
def list_restores(
    invocation: Invocation, /, export_to: Path | None, limit: int, cursor: str | None, **words: Any
) -> int:
    """List restore runs, newest first."""
    query = record_query([status.value for status in RestoreStatus], **words)
    listed = partial(restores.list_restores, invocation.caller(), query=query)
    if export_to is not None:
        from opsconsole.service.list_export import RESTORE_CELLS, ListExport

        export = ListExport(
            "restores", RESTORE_CELLS, RestoreRun.to_json, lambda limit, cursor: listed(limit=limit, cursor=cursor)
        )
        return tell_export(invocation, export, export_to)
    page = listed(limit=limit, cursor=cursor)
    out = invocation.out
    if out.is_json:
        out.page([found.to_json() for found in page.items], page.next_cursor)
        return 0
    rows: list[Row] = [
        [
            short(found.id),
            state_cell(found.standing),
            found.tenant,
            short(found.set_id),
            found.mode.value + (" (undo)" if found.undo_of else ""),
            number(found.counts.get("will_change", 0)),
            number(found.counts.get("unchanged", 0)),
            number(found.counts.get("blocked", 0)),
            moment(found.created_at),
            found.initiator_name,
        ]
        for found in page.items
    ]
    out.page_table(
        COLUMNS,
        rows,
        page.next_cursor,
        empty="No restore matches."
        if query != EVERY_RECORD
        else "No restore yet. `opsconsole restore preview SET --tenant NAME` makes one.",
    )
    return 0


@command.command("show", short_help="Show a plan, and what became of it.")
@click.argument("restore_ref", metavar="ID")
@click.option("--all", "with_all", is_flag=True, help="In text: the unchanged policies too.")
@export_option("every policy of the plan")
@with_invocation
def show(invocation: Invocation, restore_ref: str, with_all: bool, export_to: Path | None) -> int:
    """Show a plan: each policy with the targets it would gain and lose, and what became of it."""
    caller = invocation.caller()
    if export_to is not None:
        from opsconsole.service.list_export import PLAN_CELLS, ListExport

        listed = partial(restores.list_restore_items, caller, restore_ref)
        export = ListExport(
            "plan items", PLAN_CELLS, RestoreItem.to_json, lambda limit, cursor: listed(limit=limit, cursor=cursor)
        )
        return tell_export(invocation, export, export_to)
    found = restores.show_restore(caller, restore_ref)
    items = restores.all_restore_items(caller, found.id)
    out = invocation.out
    if out.is_json:
        out.document(found.to_json(items))
        return 0
    out.fields(
        [
            ("restore", found.id),
            ("state", state_cell(found.standing)),
            ("tenant", found.tenant),
            ("set", found.set_id or "-"),
            ("mode", found.mode.value),
            ("undo of", found.undo_of or "-"),
            ("undone by", found.undone_by or "-"),
            ("made", moment_in_zone(found.created_at)),
            ("by", found.initiator_name),
            ("plan", found.plan_hash or "-"),
            *((name.replace("_", " "), number(count)) for name, count in found.counts.items()),
            *(("left out", ref) for ref in found.left_out),
            *(
                (f"execution {index}", f"{one.run_id} {one.outcome}")
                for index, one in enumerate(found.executions, start=1)
            ),
        ]
    )
    for danger in Danger:
        if count := found.dangers.get(danger.value):
            out.line(f"! {danger_sentence(danger, count)}")
    for item in items:
        if with_all or item.state is not ItemState.UNCHANGED:
            _tell_item(invocation, item)
    return 0


def _tell_item(invocation: Invocation, item: RestoreItem) -> None:
    out = invocation.out
    danger = f"  ! {', '.join(DANGER_WORDS[Danger(name)] for name in item.dangers)}" if item.dangers else ""
    name = plain(item.policy_name or item.policy_id)
    out.line(f"{state_cell(item.state.value).text}  {item.policy_type}  {name}{danger}")
    for sign, targets in (("+", item.added), ("-", item.removed)):
        for target in targets:
            out.line(f"    {sign} {target_words(target)}")
    if item.failure:
        out.line(f"    {item.failure.reason.value}: {plain(item.failure.message)}")


@command.command("run")
@click.argument("restore_ref", metavar="ID")
@click.option(
    "--plan", "plan_hash", metavar="HASH", help="Run only this plan: its hash, or the first 8 digits or more."
)
@click.option("--yes", is_flag=True, help="Do not ask: for scripts.")
@click.option(
    "--justification", default="", metavar="TEXT", help="Why, for tenants where a second administrator approves."
)
@wait_option
@with_invocation
def run(
    invocation: Invocation, restore_ref: str, plan_hash: str | None, yes: bool, justification: str, wait: bool
) -> int:
    """Write a previewed plan to the tenant, after confirmation."""
    if plan_hash is not None and not _HASH.fullmatch(plan_hash.lower()):
        raise UsageError(f"{plan_hash!r} is not the hash of a plan.", "`opsconsole restore show ID` shows it.")
    caller = invocation.caller()
    found = restores.restore_to_execute(caller, restore_ref)
    if found.status is not RestoreStatus.EXECUTING:
        asked = restores.confirmation(caller, found.id)
        if plan_hash is not None and not asked.plan_hash.startswith(plan_hash.lower()):
            raise PlanOutdated(
                "The plan's hash differs from the one you named.", "Look at `opsconsole restore show` again."
            )
        if not yes and not confirm(invocation.out, asked):
            return _declined(invocation)
    started = restores.run_restore(caller, found.id, plan_hash=plan_hash, justification=justification)
    return tell_started(invocation, started, wait=wait)


def _declined(invocation: Invocation) -> int:
    invocation.out.note("Nothing was written.")
    if invocation.out.is_json:
        invocation.out.document({"error": {"code": "declined", "message": "Nothing was written.", "hint": ""}})
    return EXIT_FAILED


@command.command("retry", short_help="Run again what a restore left undone.")
@click.argument("restore_ref", metavar="ID")
@click.option(
    "--justification", default="", metavar="TEXT", help="Why, for tenants where a second administrator approves."
)
@part_options
@click.option("--yes", is_flag=True, help="Do not ask on a terminal; scripts are not asked.")
@wait_option
@with_invocation
def retry(
    invocation: Invocation,
    restore_ref: str,
    justification: str,
    reason: str | None,
    items: tuple[str, ...],
    yes: bool,
    wait: bool,
) -> int:
    """Run the failed and awaiting policies of a restore again, or only a part of them."""
    caller = invocation.caller()
    only = one_of(Reason, reason, "--reason") if reason else None
    found = restores.restore_to_execute(caller, restore_ref)
    left = restores.left_to_write(caller, found.id, reason=only, items=items)
    if not yes and not confirm_retry(invocation.out, left):
        return _declined(invocation)
    started = restores.retry_restore(caller, found.id, justification=justification, reason=only, items=items)
    return tell_started(invocation, started, wait=wait)


@command.command("undo", short_help="Preview the way back.")
@click.argument("restore_ref", metavar="ID")
@click.option(
    "--items", multiple=True, metavar="TYPE:ID", help="Undo this policy even if it was changed since; may be repeated."
)
@wait_option
@with_invocation
def undo(invocation: Invocation, restore_ref: str, items: tuple[str, ...], wait: bool) -> int:
    """Preview the way back: what was there before the restore's first write of each policy."""
    started = restores.undo_restore(invocation.caller(), restore_ref, items=items)
    code = tell_started(invocation, started, wait=wait)
    _tell_next(invocation, started.restore_run, is_done=wait)
    return code
