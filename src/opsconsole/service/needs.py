"""What needs somebody: looked for tenant by tenant, then in the schedules, the engines and the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from opsconsole.domain.attention import Need, NeedKind, sorted_needs
from opsconsole.domain.clock import from_text
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import Status
from opsconsole.domain.schedule import Schedule
from opsconsole.service.kept_heads import kept_head
from opsconsole.service.tenant_needs import Ground as Ground
from opsconsole.service.tenant_needs import counted, needs_of_credential, needs_of_tenant
from opsconsole.store import audit, schedules, tenants

LATE_BY = timedelta(minutes=10)
"""A schedule that is late by more was missed: an engine fires it within a second."""

VERIFY_EVERY = timedelta(days=30)
"""How long the last good verification of the trail counts."""


def needs_of(ground: Ground) -> tuple[Need, ...]:
    """Return what needs somebody, most urgent first."""
    now = ground.caller.clock()
    planned = schedules.list_schedules(ground.session, ground.visible)
    ids = {row.name: row.id for row in tenants.list_tenants(ground.session, ground.visible)}
    found: list[Need] = []
    for view in ground.views:
        own = [schedule for schedule in planned if schedule.tenant == view.name]
        found += needs_of_credential(ground.caller, view, now)
        if view.name in ids:
            found += needs_of_tenant(ground, view, ids[view.name], own, now)
        else:
            found.append(Need(NeedKind.NO_BACKUP, "there is no backup yet", view.name, view.name))
    found += [need for schedule in planned for need in _of_schedule(schedule, now)]
    if ground.visible:
        found += _of_engines(ground, planned)
        found += _of_audit(ground, now)
    return sorted_needs(found)


def _of_schedule(schedule: Schedule, now: datetime) -> Iterator[Need]:
    name = f"the {schedule.kind.value} schedule {short_id(schedule.id)}"
    if schedule.is_paused:
        yield Need(NeedKind.SCHEDULE_PAUSED, f"{name} is paused", schedule.tenant, schedule.id, schedule.last_fired_at)
        return
    if schedule.last_error:
        text = f"{name} started nothing: {schedule.last_error}"
        yield Need(NeedKind.SCHEDULE_FAILED, text, schedule.tenant, schedule.id, schedule.last_fired_at)
    if schedule.next_fire_at and now - from_text(schedule.next_fire_at) > LATE_BY:
        yield Need(
            NeedKind.SCHEDULE_MISSED, f"{name} was not fired", schedule.tenant, schedule.id, schedule.next_fire_at
        )


def _of_engines(ground: Ground, planned: Sequence[Schedule]) -> Iterator[Need]:
    waiting = ground.active.get(Status.QUEUED, 0) + ground.active.get(Status.RUNNING, 0)
    awake = [schedule for schedule in planned if not schedule.is_paused]
    if not ground.live:
        parts = [counted(waiting, "run waits", "runs wait")] if waiting else []
        parts += [counted(len(awake), "schedule does not fire", "schedules do not fire")] if awake else []
        if parts:
            yield Need(NeedKind.NO_ENGINE, f"no engine is live: {', '.join(parts)}")
        return
    served = {tenant_id for engine in ground.live for tenant_id in engine.tenants}
    for tenant_id, name in sorted({(schedule.tenant_id, schedule.tenant) for schedule in awake}):
        if tenant_id not in served:
            yield Need(NeedKind.NO_ENGINE, "no live engine serves it: its schedules do not fire", name, name)


def _of_audit(ground: Ground, now: datetime) -> Iterator[Need]:
    if not audit.audit_head(ground.session).seq:
        return
    kept = kept_head(ground.caller)
    if kept is None:
        yield Need(NeedKind.AUDIT_UNVERIFIED, "the audit trail was never verified on this machine")
    elif not audit.is_untouched(ground.session, kept.head):
        text = f"the audit trail is broken: entry #{kept.head.seq:,} is not what was verified"
        yield Need(NeedKind.AUDIT_BROKEN, text, since=kept.verified_at)
    elif now - from_text(kept.verified_at) > VERIFY_EVERY:
        text = f"the audit trail was last verified more than {VERIFY_EVERY.days} days ago"
        yield Need(NeedKind.AUDIT_UNVERIFIED, text, since=kept.verified_at)
