"""`opsconsole audit`: who did what, and whether the trail is whole."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from opsconsole.cli.ending import EXIT_FAILED
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import page_options, with_invocation
from opsconsole.cli.output import Column, Row
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import counted, moment, number, short
from opsconsole.domain.audit import Action, ChainHead
from opsconsole.domain.ids import ID_LENGTH, looks_like_id
from opsconsole.domain.plain_text import plain
from opsconsole.errors import UsageError
from opsconsole.service import audit

COLUMNS = (
    Column("Seq", "right", fixed=True),
    Column("When", fixed=True, is_time=True),
    Column("Who"),
    Column("Action", fixed=True),
    Column("Outcome", fixed=True),
    Column("Tenant", drop=1),
    Column("What", whole=True),
)

_KEPT = re.compile(r"(\d+):([0-9a-f]{64})")


@click.group(short_help="Who did what, and whether the trail is whole.")
def command() -> None:
    """Who did what: a trail that only grows, its entries chained by hash."""


@command.command("list")
@click.option("--action", metavar="ACTION", help="Only this action, such as assignments.restore.executed.")
@click.option("--search", metavar="TEXT", help="Part of an actor or of what the entry is about.")
@page_options
@with_invocation
def list_entries(invocation: Invocation, action: str | None, search: str | None, limit: int, cursor: str | None) -> int:
    """List audit entries, newest first."""
    if action is not None and action not in {known.value for known in Action}:
        raise UsageError(
            f"There is no action {action!r}.", f"It is one of: {', '.join(known.value for known in Action)}."
        )
    page = audit.list_entries(invocation.caller(), action=action, search=search, limit=limit, cursor=cursor)
    out = invocation.out
    if out.is_json:
        out.page(page.items, page.next_cursor)
        return 0
    rows: list[Row] = [
        [
            str(entry["seq"]),
            moment(entry["created_at"]),
            str(entry["actor"]),
            str(entry["action"]),
            state_cell(str(entry["outcome"])),
            str(entry["tenant"] or "-"),
            f"{entry['resource_type']} {_short(str(entry['resource_id']))}",
        ]
        for entry in page.items
    ]
    out.page_table(COLUMNS, rows, page.next_cursor, empty="No entry matches.")
    return 0


def _short(resource_id: str) -> str:
    """Return the end of an id as other tables show it; a name as it is."""
    return short(resource_id) if len(resource_id) == ID_LENGTH and looks_like_id(resource_id) else resource_id


@command.command("show")
@click.argument("entry_ref", metavar="ID")
@with_invocation
def show(invocation: Invocation, entry_ref: str) -> int:
    """Show one entry, by its id or its number."""
    entry = audit.show_entry(invocation.caller(), entry_ref)
    out = invocation.out
    if out.is_json:
        out.document(entry)
        return 0
    out.fields((name.replace("_", " "), _as_text(value)) for name, value in entry.items())
    return 0


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)


@command.command("verify", short_help="Walk the whole trail and check it.")
@click.option(
    "--head",
    "kept",
    metavar="SEQ:HASH",
    help="A head kept elsewhere: the answer of `audit head`, or a file that holds its JSON.",
)
@with_invocation
def verify(invocation: Invocation, kept: str | None) -> int:
    """Walk the whole trail; exit code 1 at the first entry that is not what it was."""
    verdict = audit.verify(invocation.caller(), parse_head(kept) if kept else None)
    out = invocation.out
    if out.is_json:
        out.document(verdict.to_json())
    elif verdict.first_bad is None:
        out.line(
            f"{state_cell('ok').text}: {counted(verdict.entries, 'entry', 'entries')}, head {verdict.head.seq}:{verdict.head.hash}"
        )
    else:
        bad = verdict.first_bad
        out.line(
            f"{state_cell('fail').text}: entry {number(bad.seq)} is the first that is not as it was written ({bad.kind})."
        )
        out.note("Compare with an exported trail, and keep a copy of the store before anything else is done.")
    return 0 if verdict.ok else EXIT_FAILED


def parse_head(text: str) -> ChainHead:
    """Return the head that ``SEQ:HASH``, its JSON, or a file with either, names. Raises UsageError."""
    found = _head_in(text)
    if found is None:
        try:
            found = _head_in(Path(text).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = None
    if found is None:
        raise UsageError(
            f"{text!r} is neither SEQ:HASH nor a file that holds a head.", "Keep the answer of `opsconsole audit head`."
        )
    return found


def _head_in(text: str) -> ChainHead | None:
    if match := _KEPT.fullmatch(text.strip().lower()):
        return ChainHead(int(match[1]), match[2])
    try:
        value = json.loads(text)
        return ChainHead(int(value["seq"]), str(value["hash"]))
    except (ValueError, KeyError, TypeError):
        return None


@command.command("head", short_help="Show the last entry's number and hash.")
@with_invocation
def head(invocation: Invocation) -> int:
    """Show the last entry's number and hash: kept elsewhere, they show a cut end and a chain computed anew."""
    found = audit.head(invocation.caller())
    if invocation.out.is_json:
        invocation.out.document(found.to_json())
    else:
        invocation.out.line(f"{found.seq}:{found.hash}")
    return 0


@command.command("export", short_help="Write the trail to a file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@with_invocation
def export(invocation: Invocation, file: Path, force: bool) -> int:
    """Write the trail, oldest entry first: CSV for a name that ends in .csv, else JSON Lines."""
    caller = invocation.caller()
    if file.exists() and not force:
        raise UsageError(f"{str(file)!r} is there already.", "Name a new file, or use --force to replace it.")
    if force:
        beside = file.with_name(f".{file.stem}.{caller.new_id()}{file.suffix}")
        try:
            count = audit.export_entries(caller, beside)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    else:
        count = audit.export_entries(caller, file)
    if invocation.out.is_json:
        invocation.out.document({"file": str(file), "entries": count})
    else:
        invocation.out.line(f"{counted(count, 'entry', 'entries')} written to {plain(str(file))}")
    return 0
