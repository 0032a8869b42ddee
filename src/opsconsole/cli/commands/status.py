"""`opsconsole status`: one glance: what goes on, what the last day brought, what needs somebody."""

from __future__ import annotations

import click

from opsconsole.cli.columns import Column, Row
from opsconsole.cli.ending import EXIT_PARTLY
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import with_invocation
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import counted, moment, number
from opsconsole.domain.plain_text import plain
from opsconsole.service.overview import Overview, overview
from opsconsole.service.tenant_views import TenantView

NEEDS = (
    Column("", fixed=True),
    Column("Tenant"),
    Column("What", whole=True),
    Column("Next", whole=True, drop=2),
    Column("Since", drop=1, is_time=True),
)

COVERAGE = (
    Column("Tenant"),
    Column("Newest complete", is_time=True),
    Column("Policies", "right"),
    Column("Missing", "right"),
    Column("Types", "right", drop=1),
    Column("Not available", "right", drop=2),
)


@click.command(short_help="One glance: what goes on, and what needs you.")
@with_invocation
def command(invocation: Invocation) -> int:
    """Tell what goes on now, what the last 24 hours brought and what needs somebody; exit code 3 where something does."""
    found = overview(invocation.caller())
    out = invocation.out
    if out.is_json:
        out.document(found.to_json())
        return _code(found)
    out.line(headline(found))
    out.fields(facts(found))
    if found.needs:
        out.line()
        rows: list[Row] = [
            [
                state_cell(need.info.urgency.value),
                need.tenant or "-",
                need.text,
                need.info.command.format(ref=need.ref),
                moment(need.since),
            ]
            for need in found.needs
        ]
        out.table(NEEDS, rows)
    if found.sets:
        out.line()
        out.table(COVERAGE, [_coverage(found, view) for view in found.tenants])
    return _code(found)


def _code(found: Overview) -> int:
    return 0 if found.is_well else EXIT_PARTLY


def headline(found: Overview) -> str:
    """Return in words whether all is well."""
    if not found.tenants:
        return "No tenant yet. Add a [[tenants]] block to the configuration, then run `opsconsole init`."
    if found.is_well:
        return f"{state_cell('ok').text}: all is well."
    return f"{state_cell('fail').text}: {counted(len(found.needs), 'thing')} to look at."


def facts(found: Overview) -> list[tuple[str, str]]:
    """Return what goes on now and what the last day brought, as names and values."""
    day = found.day
    paused = [view for view in found.tenants if view.paused_until and view.paused_until > found.at]
    now = f"{number(found.running)} running, {number(found.queued)} queued, {counted(found.engines, 'engine')} live"
    for view in paused:
        now += f"; {plain(view.name)} waits for Graph until {moment(view.paused_until)}"
    ended = [
        f"{number(day.outcomes[outcome])} {state_cell(outcome).text.partition(' ')[2]}"
        for outcome in ("succeeded", "partially_succeeded", "failed", "cancelled")
        if day.outcomes.get(outcome)
    ]
    done = f"{counted(day.policies_backed_up, 'policy', 'policies')} backed up, {counted(day.restores, 'restore')}"
    reasons = ", ".join(f"{number(count)} {reason}" for reason, count in day.failures.items())
    pairs = [("now", now), ("last 24 h", f"{', '.join(ended) or 'no run ended'}; {done}")]
    return [*pairs, ("failures", reasons)] if reasons else pairs


def _coverage(found: Overview, view: TenantView) -> list[str]:
    newest = found.sets.get(view.name)
    if newest is None:
        return [view.name, "never", "-", "-", "-", "-"]
    away = sum(counts.status.value == "not_available" for counts in newest.by_type.values())
    return [
        view.name,
        moment(view.complete_set.created_at) if view.complete_set else "never",
        f"{number(newest.count('fetched'))} of {number(newest.count('listed'))}",
        number(newest.missing),
        number(len(newest.by_type) - away),
        number(away),
    ]
