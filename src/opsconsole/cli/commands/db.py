"""`opsconsole db`: the store itself."""

from __future__ import annotations

import click

from opsconsole.cli.columns import Column
from opsconsole.cli.ending import EXIT_FAILED
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import with_invocation
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import counted, number
from opsconsole.service import store_admin

CHECK_COLUMNS = (Column("State", fixed=True), Column("Guard", whole=True), Column("Detail", whole=True))

MAX_SEEDED_RUNS = 5_000_000
"""More would only show how long one can wait."""


@click.group()
def command() -> None:
    """The store itself: what is in it, its schema, its guards."""


@command.command("info")
@with_invocation
def info(invocation: Invocation) -> int:
    """Show the kind, version, size and contents of the store."""
    found = store_admin.info(invocation.caller())
    if invocation.out.is_json:
        invocation.out.document(found)
        return 0
    pairs: list[tuple[str, str]] = []
    for name, value in found.items():
        if isinstance(value, dict):
            pairs += [(f"{name}.{inner}", _as_text(one)) for inner, one in value.items()]
        elif isinstance(value, list):
            pairs.append((name, ", ".join(str(one) for one in value)))
        else:
            pairs.append((name, _as_text(value)))
    invocation.out.fields(pairs)
    return 0


def _as_text(value: object) -> str:
    return number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


@command.command("migrate")
@with_invocation
def migrate(invocation: Invocation) -> int:
    """Bring the store to this version's schema."""
    applied = store_admin.migrate_store(invocation.config())
    if invocation.out.is_json:
        invocation.out.document({"applied": applied})
        return 0
    for name in applied:
        invocation.out.line(f"applied {name}")
    if not applied:
        invocation.out.line("The store is up to date.")
    return 0


@command.command("check", short_help="Check that every guard is in place and holds.")
@with_invocation
def check(invocation: Invocation) -> int:
    """Check that every constraint, trigger and index that the promises rest on is there, and holds; exit code 1 where not.

    Each class of guard is attacked in a transaction that is rolled back: nothing stays behind.
    """
    lines = store_admin.check(invocation.caller())
    is_ok = all(line["ok"] for line in lines)
    out = invocation.out
    if out.is_json:
        out.document({"ok": is_ok, "checks": lines})
    else:
        out.table(
            CHECK_COLUMNS,
            [[state_cell("ok" if line["ok"] else "fail"), str(line["name"]), str(line["detail"])] for line in lines],
        )
        out.line(f"{counted(sum(bool(line['ok']) for line in lines), 'guard')} of {len(lines)} in place")
        if not is_ok:
            out.note(
                "The store was changed outside opsconsole. Restore it from a copy, or run `opsconsole db migrate` on a copy."
            )
    return 0 if is_ok else EXIT_FAILED


@command.command("seed")
@click.option(
    "--runs",
    "count",
    type=click.IntRange(1, MAX_SEEDED_RUNS),
    required=True,
    metavar="N",
    help="How many runs to make up.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, metavar="N", help="The same number makes the same history."
)
@with_invocation
def seed(invocation: Invocation, count: int, seed: int) -> int:
    """Fill an empty store with a plausible history, for rehearsal."""
    made = store_admin.seed(invocation.caller(), count=count, seed=seed)
    if invocation.out.is_json:
        invocation.out.document(made)
    else:
        invocation.out.line(", ".join(f"{_as_text(value)} {name.replace('_', ' ')}" for name, value in made.items()))
    return 0
