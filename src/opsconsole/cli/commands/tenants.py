"""`opsconsole tenants`: which tenants there are, and what the sign-in may do in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from opsconsole.cli.columns import Cell, Column, Row
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import page_options, wait_option, with_invocation
from opsconsole.cli.output import Output
from opsconsole.cli.paging import page_of
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import moment, number
from opsconsole.domain.failure import Reason
from opsconsole.domain.graph_budget import TenantBudget
from opsconsole.domain.plain_text import plain
from opsconsole.domain.run import OperationRun
from opsconsole.service import tenants
from opsconsole.service.access_lines import AccessState
from opsconsole.service.tenant_views import TenantView

COLUMNS = (
    Column("Tenant", fixed=True),
    Column("Workspace"),
    Column("Tenant id", fixed=True),
    Column("Production", drop=2),
    Column("Sign-in"),
    Column("Last check"),
    Column("Complete backup", drop=3, is_time=True),
    Column("Waits until", drop=1, is_time=True),
)

ACCESS = (
    Column("Policy type"),
    Column("Access", fixed=True),
    Column("Backed up", "right", drop=1),
    Column("Missing permission", fixed=True),
    Column("Next", whole=True, drop=2),
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
            moment(view.complete_set.created_at) if view.complete_set else "never",
            moment(view.paused_until),
        ]
        for view in found
    ]
    out.page_table(COLUMNS, rows, next_cursor, empty="No tenant yet. Add a [[tenants]] block to the configuration.")
    return 0


@command.command("show")
@click.argument("name")
@with_invocation
def show(invocation: Invocation, name: str) -> int:
    """Show a tenant: its health, what its engines spend of Graph's budget, and per policy type what may be read."""
    report = tenants.show_tenant(invocation.caller(), name)
    out = invocation.out
    if out.is_json:
        out.document(report.to_json())
        return 0
    out.fields(_facts(report.view))
    if report.view.last_check is None:
        out.note(f"Its permissions were never checked: `opsconsole tenants check {plain(name)} --wait` does it.")
    counts = report.backup_set.by_type if report.backup_set else {}
    rows: list[Row] = []
    for line in report.access:
        held = counts.get(line.subject)
        rows.append(
            [
                line.label,
                state_cell(line.state.value),
                f"{number(held.fetched)} of {number(held.listed)}" if held else "-",
                line.permission if line.state is AccessState.MISSING else "",
                line.next_step,
            ]
        )
    out.line()
    out.table(ACCESS, rows)
    return 0


def _facts(view: TenantView) -> list[tuple[str, str | Cell]]:
    check = view.last_check
    pairs: list[tuple[str, str | Cell]] = [
        ("tenant", view.name),
        ("workspace", view.workspace),
        ("tenant id", view.entra_tenant_id),
        ("production", "yes" if view.is_production else "no"),
        ("sign-in", view.auth_method or "not configured here"),
        ("last check", state_cell(str(check["outcome"])) if check else "never"),
        ("checked at", moment(check["completed_at"]) if check else "-"),
        ("complete backup", moment(view.complete_set.created_at) if view.complete_set else "never"),
        ("waits until", moment(view.paused_until)),
    ]
    for engine in view.engines:
        pairs.append(("engine", f"{engine.kind} on {engine.host}: {_budget(engine.budget)}"))
    return pairs if view.engines else [*pairs, ("engine", "none is live for this tenant")]


def _budget(budget: TenantBudget | None) -> str:
    if budget is None or budget.is_idle:
        return "nothing spent of Graph's budget"
    words = f"{number(budget.in_flight)} in flight, {number(budget.waiting)} waiting"
    if budget.closed_until:
        words += f", closed until {moment(budget.closed_until)}"
    for area in budget.areas:
        words += f"; {area.area.replace('_', ' ')} {number(area.requests)} of {number(area.requests_limit)} requests"
        words += f" and {number(area.writes)} of {number(area.writes_limit)} writes"
    return words


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
        return {"tenant": tenants.show_tenant(invocation.caller(), name).to_json()}

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
