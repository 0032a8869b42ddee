"""`opsconsole backup`: make a backup set of a tenant."""

from __future__ import annotations

import click

from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import split_words, wait_option, with_invocation
from opsconsole.cli.starting import tell_started
from opsconsole.errors import UsageError
from opsconsole.service import backups


@click.command(short_help="Back up a tenant into a new set.")
@click.argument("tenant")
@click.option(
    "--types", multiple=True, metavar="A,B", help="Only these policy types; see `opsconsole policy-types list`."
)
@wait_option
@with_invocation
def command(invocation: Invocation, tenant: str, types: tuple[str, ...], wait: bool) -> int:
    """Back up a tenant's policies and their assignments into a new set."""
    chosen = split_words(types)
    if types and not chosen:
        raise UsageError("--types names no policy type.", "`opsconsole policy-types list` shows all of them.")
    return tell_started(invocation, backups.start_backup(invocation.caller(), tenant, chosen or None), wait=wait)
