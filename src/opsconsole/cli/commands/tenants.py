"""`opsconsole tenants`: which tenants there are, and what the sign-in may do in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import page_options, wait_option, with_invocation
from opsconsole.cli.output import Column, Output, Row
from opsconsole.cli.paging import page_of
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import moment
from opsconsole.domain.failure import Reason
from opsconsole.domain.plain_text import plain
from opsconsole.domain.run import OperationRun
from opsconsole.service import tenants

COLUMNS = (
    Column("Tenant", fixed=True),
    Column("Workspace"),
    Column("Tenant id", fixed=True),
    Column("Production", drop=2),
    Column("Sign-in"),
    Column("Last check"),
    Column("Waits until", drop=1, is_time=True),
)


@click.group(short_help="Tenants, and what the sign-in may do in them.")
def command() -> None:
    """The tenants of your workspaces, and what the sign-in may do in them."""


@command.command("list")
@page_options
@with_invocation
def list_tenants(invocation: Invocation, limit: int, cursor: str | None) -> int:
    """List the tenants of your workspaces and of the configuration."""
    found, next_cursor = page_of(tenants.list_tenants(invocation.caller()), limit, cursor)
    out = invocation.out
    if out.is_json:
        out.page([view.to_json() for view in found], next_cursor)
        return 0
    rows: list[Row] = [
        [
            view.name,
            view.workspace,
            view.entra_tenant_id,
            "yes" if view.is_production else "no",
            view.auth_method or "not configured here",
            state_cell(str(view.last_check["outcome"])) if view.last_check else "never",
            moment(view.paused_until),
        ]
        for view in found
    ]
    out.page_table(COLUMNS, rows, next_cursor, empty="No tenant yet. Add a [[tenants]] block to the configuration.")
    return 0


@command.command("check")
@click.argument("name")
@wait_option
@with_invocation
def check(invocation: Invocation, name: str, wait: bool) -> int:
    """Check that a tenant can be reached, and which permissions are there; with --wait, name what is missing per type."""
    from opsconsole.cli.starting import tell_started

    def with_checks(ended: Sequence[OperationRun]) -> dict[str, Any]:
        if not invocation.out.is_json:
            for run in ended:
                _tell_checks(invocation.out, run)
        return {}

    started = tenants.start_check(invocation.caller(), name)
    return tell_started(invocation, started, wait=wait, addition=with_checks)


def _tell_checks(out: Output, run: OperationRun) -> None:
    """Write a line for each thing that could not be read: which permission it takes, or what else was wrong."""
    for line in run.context.get("checks") or ():
        if line["ok"]:
            continue
        is_denied = line["reason_code"] == Reason.PERMISSION_DENIED.value
        what = f"{line['permission']} is missing" if is_denied else line["message"]
        out.line(f"  {line['subject']}: {plain(what)}")
