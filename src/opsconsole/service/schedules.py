"""Schedules: adding, pausing, resuming, removing them, and starting one at once.

The next fire time is worked out by the engine's scheduler; the doors hand that function in, so that this room needs no
scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from opsconsole.domain.access import Actor, Capability
from opsconsole.domain.audit import Action
from opsconsole.domain.clock import to_text
from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
from opsconsole.errors import Conflict, UsageError
from opsconsole.service import backups as backup_service
from opsconsole.service import drift as drift_service
from opsconsole.service.caller import Caller
from opsconsole.service.guard import (
    find,
    nothing_there,
    ordering,
    reading,
    record,
    require,
    visible_workspaces,
)
from opsconsole.service.started import Started
from opsconsole.service.tenants import ensure_registered, tenant_for
from opsconsole.store import schedules
from opsconsole.store.database import Session

NextFire = Callable[[Rule, datetime], datetime]
"""Returns the first time after the given one at which a rule fires. Raises UsageError for a rule that is wrong."""


def list_schedules(caller: Caller) -> list[Schedule]:
    """Return the schedules of the caller's workspaces, oldest first."""
    with reading(caller) as session:
        return schedules.list_schedules(session, visible_workspaces(caller, session))


def add_schedule(
    caller: Caller,
    kind: ScheduleKind,
    tenant_name: str,
    rule: Rule,
    next_fire: NextFire,
    *,
    types: Sequence[str] = (),
    set_ref: str = "latest",
) -> Schedule:
    """Add a schedule and return it. Raises UsageError for a rule, type or set that makes no sense."""
    if bool(rule.cron) == bool(rule.every):
        raise UsageError(
            "A schedule needs either a cron rule or an interval.", "Use --cron '0 3 * * *' or --every 24h."
        )
    for key in types:
        backup_service.check_type(key)
    first = to_text(next_fire(rule, caller.clock()))
    ensure_registered(caller, tenant_name)
    with ordering(caller, f"add a schedule for {tenant_name}") as session:
        tenant = tenant_for(caller, session, tenant_name, Capability.SCHEDULE_MANAGE)
        inputs: dict[str, Any] = {"types": sorted(set(types)) or None} if kind is ScheduleKind.BACKUP else {}
        if kind is ScheduleKind.DRIFT:
            if set_ref != "latest":
                found = backup_service.resolve_set(caller, session, set_ref, Capability.VIEW)
                if found.tenant_id != tenant.id:
                    raise UsageError(
                        f"Set {set_ref!r} is one of tenant {found.tenant!r}.", "Name a set of the schedule's tenant."
                    )
                set_ref = found.id
            inputs = {"set": set_ref}
        schedule_id = caller.new_id()
        schedules.insert_schedule(
            session,
            id=schedule_id,
            workspace_id=tenant.workspace_id,
            tenant_id=tenant.id,
            kind=kind,
            rule=rule,
            inputs=inputs,
            initiator=caller.actor.key,
            initiator_name=caller.actor.name,
            created_at=caller.now(),
            next_fire_at=first,
        )
        _record(
            caller, session, Action.SCHEDULE_ADDED, _get(session, schedule_id), {"rule": rule.text, "inputs": inputs}
        )
        return _get(session, schedule_id)


def pause_schedule(caller: Caller, ref: str) -> Schedule:
    """Stop a schedule from firing until it is resumed."""
    with ordering(caller, f"pause schedule {ref}") as session:
        found = _schedule(caller, session, ref)
        if found.is_paused:
            raise Conflict("The schedule is paused already.", "`opsconsole schedules resume` starts it again.")
        schedules.set_paused(session, found.id, paused=True, next_fire_at=None)
        _record(caller, session, Action.SCHEDULE_PAUSED, found)
        return _get(session, found.id)


def resume_schedule(caller: Caller, ref: str, next_fire: NextFire) -> Schedule:
    """Let a paused schedule fire again, from now on: what it missed while paused is not made up for."""
    with ordering(caller, f"resume schedule {ref}") as session:
        found = _schedule(caller, session, ref)
        if not found.is_paused:
            raise Conflict("The schedule is not paused.", "`opsconsole schedules list` shows when it fires next.")
        following = to_text(next_fire(found.rule, caller.clock()))
        schedules.set_paused(session, found.id, paused=False, next_fire_at=following)
        _record(caller, session, Action.SCHEDULE_RESUMED, found)
        return _get(session, found.id)


def remove_schedule(caller: Caller, ref: str) -> Schedule:
    """Remove a schedule for good; the runs it started stay."""
    with ordering(caller, f"remove schedule {ref}") as session:
        found = _schedule(caller, session, ref)
        schedules.delete_schedule(session, found.id)
        _record(caller, session, Action.SCHEDULE_REMOVED, found, {"rule": found.rule.text})
        return found


def run_schedule_now(caller: Caller, ref: str) -> Started:
    """Start what the schedule starts, at once and for the caller; its next fire time stays."""
    with ordering(caller, f"run schedule {ref}") as session:
        found = _schedule(caller, session, ref)
    started = start_scheduled(caller, found)
    run_id = _first_run(started)
    with caller.db.write() as session:
        schedules.note_fire(session, found.id, run_id=run_id, error=None)
        _record(caller, session, Action.SCHEDULE_RUN_NOW, found, {"run": run_id})
    return started


def start_scheduled(caller: Caller, schedule: Schedule) -> Started:
    """Start what a schedule starts; ``caller`` needs the capability for it, now as on the day it was added."""
    if schedule.kind is ScheduleKind.BACKUP:
        return backup_service.start_backup(caller, schedule.tenant, schedule.inputs.get("types"))
    set_ref = str(schedule.inputs.get("set") or "latest")
    if set_ref == "latest":
        with ordering(caller, f"compare {schedule.tenant}") as session:
            # Before looking for the set: who may not compare is refused, and that is audited, as for any other order.
            tenant_for(caller, session, schedule.tenant, Capability.DRIFT_START)
        page = backup_service.list_sets(caller, tenant=schedule.tenant, limit=20)
        done = [found for found in page.items if not found.is_active]
        if not done:
            raise Conflict("The tenant has no finished backup set to compare with.", "Run `opsconsole backup` first.")
        set_ref = done[0].id
    return drift_service.start_drift(caller, set_ref)


def scheduled_caller(caller: Caller, schedule: Schedule) -> Caller:
    """Return ``caller`` acting for the member who added the schedule, shown as *schedule*: the rights are that member's."""
    return replace(caller, actor=Actor(schedule.initiator, "schedule"), workspace=None)


def _first_run(started: Started) -> str | None:
    return started.runs[0].id if started.runs else None


def _record(
    caller: Caller, session: Session, action: Action, schedule: Schedule, details: dict[str, Any] | None = None
) -> None:
    record(
        caller,
        session,
        action,
        workspace_id=schedule.workspace_id,
        tenant_id=schedule.tenant_id,
        resource_type="schedule",
        resource_id=schedule.id,
        details=details,
    )


def _get(session: Session, schedule_id: str) -> Schedule:
    found = schedules.get_schedule(session, schedule_id)
    if found is None:
        raise nothing_there("schedule", schedule_id)
    return found


def _schedule(caller: Caller, session: Session, ref: str) -> Schedule:
    schedule_id = find(caller, session, "schedule", ref, schedules.resolve_schedule_id)
    found = _get(session, schedule_id)
    require(caller, session, found.workspace_id, Capability.SCHEDULE_MANAGE, noun="schedule", ref=ref)
    return found
