"""`opsconsole audit`: who did what, and whether the trail is whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from opsconsole.cli.columns import Column, Row
from opsconsole.cli.ending import EXIT_FAILED
from opsconsole.cli.filters import one_of, parse_moment
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import page_options, split_words, with_invocation
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import counted, moment, number, short
from opsconsole.domain.audit import EXECUTED, Action, AuditOutcome, ChainHead
from opsconsole.domain.ids import ID_LENGTH, looks_like_id
from opsconsole.domain.plain_text import plain
from opsconsole.errors import UsageError
from opsconsole.service import audit, kept_heads

COLUMNS = (
    Column("Seq", "right", fixed=True),
    Column("When", fixed=True, is_time=True),
    Column("Who"),
    Column("Action"),
    Column("Outcome", fixed=True),
    Column("Tenant", drop=1),
    Column("What", whole=True),
)

RESOURCE_WORDS = {"restore_run": "plan", "backup_set": "set"}
"""What kinds of things are called in tables; the others as they are stored."""

F = TypeVar("F", bound=Callable[..., Any])

_KEPT = re.compile(r"(\d+):([0-9a-f]{64})")


@click.group(short_help="Who did what, and whether the trail is whole.")
def command() -> None:
    """Who did what: a trail that only grows, its entries chained by hash."""


def trail_options(function: F) -> F:
    """Give a command the words that narrow the trail; ``query_of`` reads them."""
    for option in (
        click.option("--search", metavar="TEXT", help="The end of an id, or part of an actor or action."),
        click.option("--until", metavar="WHEN", help="Only entries written before: as for --since."),
        click.option(
            "--since", metavar="WHEN", help="Only entries written since: a time, a date, or an age such as 7d or 24h."
        ),
        click.option("--tenant", metavar="NAME", help="Only this tenant."),
        click.option(
            "--outcome",
            "outcomes",
            multiple=True,
            metavar="OUTCOME",
            help="succeeded, partially_succeeded, failed, cancelled or refused.",
        ),
        click.option(
            "--action",
            "actions",
            multiple=True,
            metavar="ACTION",
            help="Only this action, such as restore.executed.",
        ),
        click.option("--actor", "actors", multiple=True, metavar="NAME", help="Only what this member did."),
    ):
        function = option(function)
    return function


def query_of(
    actors: tuple[str, ...],
    actions: tuple[str, ...],
    outcomes: tuple[str, ...],
    tenant: str | None,
    since: str | None,
    until: str | None,
    search: str | None,
) -> audit.AuditQuery:
    """Return the query that the options of ``trail_options`` stand for. Raises UsageError."""
    by_word = {shown_action(known.value): known for known in Action} | {known.value: known for known in Action}
    chosen = split_words(actions)
    for action in chosen:
        if action not in by_word:
            raise UsageError(
                f"There is no action {action!r}.", f"It is one of: {', '.join(known.value for known in Action)}."
            )
    return audit.AuditQuery(
        actors=split_words(actors),
        actions=tuple(by_word[action] for action in chosen),
        outcomes=tuple(one_of(AuditOutcome, word, "--outcome") for word in split_words(outcomes)),
        tenant=tenant,
        since=parse_moment(since, "--since"),
        until=parse_moment(until, "--until"),
        search=search,
    )


@command.command("list")
@trail_options
@page_options
@with_invocation
def list_entries(invocation: Invocation, /, limit: int, cursor: str | None, **words: Any) -> int:
    """List audit entries, newest first."""
    page = audit.list_entries(invocation.caller(), query_of(**words), limit=limit, cursor=cursor)
    out = invocation.out
    if out.is_json:
        out.page(page.items, page.next_cursor)
        return 0
    rows: list[Row] = [
        [
            str(entry["seq"]),
            moment(entry["created_at"]),
            str(entry["actor"]),
            shown_action(str(entry["action"])),
            state_cell(str(entry["outcome"])),
            str(entry["tenant"] or "-"),
            f"{RESOURCE_WORDS.get(kind := str(entry['resource_type']), kind)} {_short(str(entry['resource_id']))}",
        ]
        for entry in page.items
    ]
    out.page_table(COLUMNS, rows, page.next_cursor, empty="No entry matches.")
    return 0


def shown_action(action: str) -> str:
    """Return an action as tables show it and ``--action`` takes it as well: without the room that most of them begin with."""
    return action.removeprefix("assignments.")


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


@command.command("writes", short_help="What an execution wrote: each policy before and after.")
@click.argument("entry_ref", metavar="ID")
@page_options
@with_invocation
def writes(invocation: Invocation, entry_ref: str, limit: int, cursor: str | None) -> int:
    """List the policies that an audited execution of a restore wrote to, with their targets right before and after."""
    from opsconsole.cli.targets import target_words
    from opsconsole.service import written

    caller, out = invocation.caller(), invocation.out
    entry = audit.show_entry(caller, entry_ref)
    if entry["action"] != EXECUTED:
        raise UsageError(
            f"Entry #{entry['seq']} is about no execution.",
            f"`opsconsole audit list --action {EXECUTED}` lists those that are.",
        )
    page = written.list_written(caller, str(entry["resource_id"]), limit=limit, cursor=cursor)
    if out.is_json:
        out.page([policy.to_json() for policy in page.items], page.next_cursor)
        return 0
    for policy in page.items:
        name = plain(policy.policy_name or policy.policy_id)
        out.line(f"{policy.state.replace('_', ' ')}  {policy.policy_type}  {name}")
        for title, targets in (("before", policy.before), ("after", policy.after)):
            words = "not proven" if targets is None else ", ".join(target_words(one) for one in targets) or "nobody"
            out.line(f"    {title:7}{words}")
    if not page.items:
        out.line("Nothing was written.")
    if page.next_cursor:
        out.note(f"More: add `--cursor {page.next_cursor}`.")
    return 0


@command.command("verify", short_help="Walk the whole trail and check it.")
@click.option(
    "--head",
    "kept",
    metavar="SEQ:HASH",
    help="A head kept elsewhere: the answer of `audit head`, or a file that holds its JSON.",
)
@click.option("--incremental", is_flag=True, help="Walk only what follows the last head verified on this machine.")
@with_invocation
def verify(invocation: Invocation, kept: str | None, incremental: bool) -> int:
    """Walk the trail; exit code 1 at the first entry that is not what it was.

    The head of a good trail is kept in the state folder of this machine, and the next verification is held against it: a
    cut end and a chain computed anew show against a kept head, and against nothing else.
    """
    heads = [parse_head(kept)] if kept else []
    found = kept_heads.verify_and_keep(invocation.caller(), *heads, is_incremental=incremental)
    verdict = found.verdict
    out = invocation.out
    if found.problem:
        out.note(f"The head was not kept: {plain(found.problem)}.")
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
        if found.kept is not None:
            out.note(
                f"It was held against the head kept in {plain(str(found.kept.file))}: if the store was replaced"
                " on purpose, remove that file and verify again."
            )
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


@command.command("head", short_help="Show the last entry's number and hash, and those last verified here.")
@with_invocation
def head(invocation: Invocation) -> int:
    """Show the last entry's number and hash: kept elsewhere, they show a cut end and a chain computed anew."""
    caller = invocation.caller()
    found = audit.head(caller)
    kept = kept_heads.kept_head(caller)
    out = invocation.out
    if out.is_json:
        out.document({**found.to_json(), "kept": kept.to_json() if kept else None})
        return 0
    out.line(f"{found.seq}:{found.hash}")
    if kept is None:
        out.note("No head of this store was kept on this machine: `opsconsole audit verify` keeps one.")
    else:
        out.note(f"Last verified here: {kept.head.seq}:{kept.head.hash}, {moment(kept.verified_at)}")
    return 0


@command.command("export", short_help="Write the trail to a file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@trail_options
@with_invocation
def export(invocation: Invocation, /, file: Path, force: bool, **words: Any) -> int:
    """Write the trail, or what the options leave of it, oldest entry first: CSV for a name that ends in .csv, else JSON Lines."""
    caller, query = invocation.caller(), query_of(**words)
    if file.exists() and not force:
        raise UsageError(f"{str(file)!r} is there already.", "Name a new file, or use --force to replace it.")
    if force:
        beside = file.with_name(f".{file.stem}.{caller.new_id()}{file.suffix}")
        try:
            count = audit.export_entries(caller, beside, query)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    else:
        count = audit.export_entries(caller, file, query)
    if invocation.out.is_json:
        invocation.out.document({"file": str(file), "entries": count})
    else:
        invocation.out.line(f"{counted(count, 'entry', 'entries')} written to {plain(str(file))}")
    return 0
