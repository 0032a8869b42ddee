"""`opsconsole schedules`: backups and drift checks by the clock."""

from __future__ import annotations

import click

from opsconsole.cli.columns import Column, Row
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import page_options, split_words, wait_option, with_invocation
from opsconsole.cli.output import Output
from opsconsole.cli.paging import page_of
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import moment, moment_in_zone, short
from opsconsole.domain.plain_text import plain
from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
from opsconsole.errors import UsageError
from opsconsole.service import schedules

COLUMNS = (
    Column("Schedule", fixed=True),
    Column("State", fixed=True),
    Column("Starts"),
    Column("Tenant"),
    Column("Rule", whole=True),
    Column("Next", fixed=True, is_time=True),
    Column("Last", fixed=True, drop=1, is_time=True),
    Column("Trouble", whole=True),
)


@click.group(short_help="Backups and drift checks by the clock.")
def command() -> None:
    """Backups and drift checks by the clock, while an engine runs."""


@command.command("list")
@page_options
@with_invocation
def list_schedules(invocation: Invocation, limit: int, cursor: str | None) -> int:
    """List schedules with their next fire times."""
    found, next_cursor = page_of(schedules.list_schedules(invocation.caller()), limit, cursor)
    out = invocation.out
    if out.is_json:
        out.page([schedule.to_json() for schedule in found], next_cursor)
        return 0
    rows: list[Row] = [
        [
            short(schedule.id),
            state_cell("paused" if schedule.is_paused else "ok"),
            schedule.kind.value,
            schedule.tenant,
            schedule.rule.text,
            moment(schedule.next_fire_at),
            moment(schedule.last_fired_at),
            schedule.last_error or "",
        ]
        for schedule in found
    ]
    out.page_table(
        COLUMNS,
        rows,
        next_cursor,
        empty="No schedule yet. `opsconsole schedules add TENANT --backup --every 24h` adds one.",
    )
    return 0


@command.command("add", short_help="Add a schedule.")
@click.argument("tenant")
@click.option("--backup", "is_backup", is_flag=True, help="Start a backup.")
@click.option("--drift", "drift_set", metavar="SET", help="Compare this set (or `latest`) with the tenant.")
@click.option("--types", multiple=True, metavar="A,B", help="With --backup: only these policy types.")
@click.option("--cron", metavar="RULE", help="Five cron fields, such as '0 3 * * *'.")
@click.option("--every", metavar="INTERVAL", help="An interval, such as 24h.")
@click.option(
    "--timezone",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="The time zone of a cron rule, such as Europe/Berlin.",
)
@with_invocation
def add(
    invocation: Invocation,
    tenant: str,
    is_backup: bool,
    drift_set: str | None,
    types: tuple[str, ...],
    cron: str | None,
    every: str | None,
    timezone: str,
) -> int:
    """Add a schedule: what to start (--backup or --drift) and when (--cron or --every)."""
    if is_backup == (drift_set is not None):
        raise UsageError("A schedule starts one thing.", "Use either --backup or --drift SET.")
    if bool(cron) == bool(every):
        raise UsageError("A schedule needs one rule.", "Use either --cron '0 3 * * *' or --every 24h.")
    chosen = split_words(types)
    if chosen and not is_backup:
        raise UsageError("--types belongs to --backup.", "A drift check compares what the set holds.")
    from opsconsole.engine.scheduler import next_fire

    added = schedules.add_schedule(
        invocation.caller(),
        ScheduleKind.BACKUP if is_backup else ScheduleKind.DRIFT,
        tenant,
        Rule(cron or "", every or "", timezone),
        next_fire,
        types=chosen,
        set_ref=drift_set or "latest",
    )
    _tell(invocation.out, added, "added")
    return 0


@command.command("pause")
@click.argument("schedule_ref", metavar="ID")
@with_invocation
def pause(invocation: Invocation, schedule_ref: str) -> int:
    """Stop a schedule from firing until it is resumed."""
    _tell(invocation.out, schedules.pause_schedule(invocation.caller(), schedule_ref), "paused")
    return 0


@command.command("resume")
@click.argument("schedule_ref", metavar="ID")
@with_invocation
def resume(invocation: Invocation, schedule_ref: str) -> int:
    """Let a paused schedule fire again, from now on."""
    from opsconsole.engine.scheduler import next_fire

    _tell(invocation.out, schedules.resume_schedule(invocation.caller(), schedule_ref, next_fire), "resumed")
    return 0


@command.command("remove")
@click.argument("schedule_ref", metavar="ID")
@with_invocation
def remove(invocation: Invocation, schedule_ref: str) -> int:
    """Remove a schedule; the runs it started stay."""
    _tell(invocation.out, schedules.remove_schedule(invocation.caller(), schedule_ref), "removed")
    return 0


@command.command("run-now")
@click.argument("schedule_ref", metavar="ID")
@wait_option
@with_invocation
def run_now(invocation: Invocation, schedule_ref: str, wait: bool) -> int:
    """Start at once what a schedule starts; its next fire time stays."""
    from opsconsole.cli.starting import tell_started

    return tell_started(invocation, schedules.run_schedule_now(invocation.caller(), schedule_ref), wait=wait)


def _tell(out: Output, schedule: Schedule, what: str) -> None:
    if out.is_json:
        out.document(schedule.to_json())
        return
    when = f", next at {moment_in_zone(schedule.next_fire_at)}" if schedule.next_fire_at and what != "removed" else ""
    out.line(
        f"{schedule.id}  {what}: {schedule.kind.value} of {plain(schedule.tenant)}, {plain(schedule.rule.text)}{when}"
    )
