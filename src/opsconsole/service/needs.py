"""What needs somebody: looked for tenant by tenant, then in the schedules, the engines and the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from opsconsole.config.certificate import end_of_certificate
from opsconsole.domain.attention import Need, NeedKind, sorted_needs
from opsconsole.domain.backup import BackupSet, TypeStatus
from opsconsole.domain.clock import from_text, to_text
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.domain.schedule import Schedule, ScheduleKind, parse_interval
from opsconsole.errors import UsageError
from opsconsole.service.access_lines import AccessState, access_lines
from opsconsole.service.caller import Caller
from opsconsole.service.kept_heads import kept_head
from opsconsole.service.tenant_views import TenantView
from opsconsole.store import audit, overview, schedules, tenants
from opsconsole.store.database import Session
from opsconsole.store.engines import EngineRow

STALE_AFTER = timedelta(hours=36)
"""A backup every night is a day old in the evening; half a day more, and one was left out."""

LEAST_STALE = timedelta(hours=2)
"""Whatever a schedule says: a backup of a large tenant takes its time."""

OPEN_FOR = timedelta(days=14)
"""What was left undone longer ago than this was left on purpose."""

SHOWN_OPEN = 3
"""Restores with something left that are told one by one; more of a tenant's are told as a number."""

LATE_BY = timedelta(minutes=10)
"""A schedule that is late by more was missed: an engine fires it within a second."""

WARN_BEFORE = timedelta(days=30)
"""How long before its end a certificate is told of: a new one takes a change request."""

VERIFY_EVERY = timedelta(days=30)
"""How long the last good verification of the trail counts."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What was read already, and the session to read the rest in."""

    caller: Caller
    session: Session
    visible: Sequence[str]
    views: Sequence[TenantView]
    sets: Mapping[str, BackupSet]
    live: Sequence[EngineRow]
    active: Mapping[Status, int]


def needs_of(ground: Ground) -> tuple[Need, ...]:
    """Return what needs somebody, most urgent first."""
    now = ground.caller.clock()
    planned = schedules.list_schedules(ground.session, ground.visible)
    ids = {row.name: row.id for row in tenants.list_tenants(ground.session, ground.visible)}
    found: list[Need] = []
    for view in ground.views:
        own = [schedule for schedule in planned if schedule.tenant == view.name]
        found += _of_credential(ground.caller, view, now)
        if view.name in ids:
            found += _of_backups(ground, view, ids[view.name], own, now)
            found += _of_runs(ground, view, ids[view.name], now)
        else:
            found.append(Need(NeedKind.NO_BACKUP, "there is no backup yet", view.name, view.name))
    found += [need for schedule in planned for need in _of_schedule(schedule, now)]
    if ground.visible:
        found += _of_engines(ground, planned)
        found += _of_audit(ground, now)
    return sorted_needs(found)


def _of_backups(
    ground: Ground, view: TenantView, tenant_id: str, own: Sequence[Schedule], now: datetime
) -> Iterator[Need]:
    newest = ground.sets.get(view.name)
    is_at_it = overview.is_being_backed_up(ground.session, tenant_id)
    if newest is not None and not newest.is_complete:
        yield Need(
            NeedKind.INCOMPLETE_BACKUP,
            f"newest backup lacks {missing_words(newest)}",
            view.name,
            newest.id,
            newest.created_at,
        )
    if is_at_it:
        return  # whatever is wrong with the older ones: the next one is on its way
    limit = stale_after(own)
    if view.complete_set is None:
        if newest is None:
            yield Need(NeedKind.NO_BACKUP, "there is no backup yet", view.name, view.name)
        else:
            yield Need(NeedKind.STALE_BACKUP, "no backup was ever complete", view.name, view.name)
    elif now - from_text(view.complete_set.created_at) > limit:
        yield Need(
            NeedKind.STALE_BACKUP,
            f"newest complete backup is older than {hours_words(limit)}",
            view.name,
            view.name,
            view.complete_set.created_at,
        )


def _of_runs(ground: Ground, view: TenantView, tenant_id: str, now: datetime) -> Iterator[Need]:
    kinds = (RunType.CAPTURE, RunType.FETCH, RunType.DRIFT, RunType.CHECK)
    newest = overview.newest_ended(ground.session, tenant_id, kinds)
    for run_type in (RunType.CAPTURE, RunType.FETCH):
        run = newest.get(run_type)
        # What a set lacks is told of the set; a later set took up what an older one lacks.
        if run is not None and run.outcome is not Outcome.SUCCEEDED and not _is_told(ground, view, run):
            yield _failed(run, view.name)
    if check := newest.get(RunType.CHECK):
        if check.outcome is not Outcome.SUCCEEDED:
            yield Need(NeedKind.CHECK_FAILED, _check_words(check), view.name, view.name, check.completed_at)
    else:
        yield Need(NeedKind.NEVER_CHECKED, "its permissions were never checked", view.name, view.name)
    drift = newest.get(RunType.DRIFT)
    if drift is not None:
        kinds_found = overview.drift_kinds(ground.session, drift.id)
        if kinds_found:
            parts = [f"{kinds_found[kind]:,} {kind}" for kind in ("changed", "new", "gone") if kinds_found.get(kind)]
            text = f"the tenant differs from its backup: {', '.join(parts)}"
            yield Need(NeedKind.DRIFT_FOUND, text, view.name, drift.id, drift.completed_at)
        elif drift.outcome is Outcome.FAILED:
            yield _failed(drift, view.name)
    since = to_text(now - OPEN_FOR)
    still_open = overview.open_runs(ground.session, tenant_id, (RunType.RESTORE,), since)
    for run in still_open[:SHOWN_OPEN]:
        yield _of_restore(run, view.name)
    more = len(still_open) - SHOWN_OPEN
    if more > 0:
        plus = "+" if len(still_open) >= overview.MAX_OPEN else ""
        text = f"{more:,}{plus} more restores of the last {OPEN_FOR.days} days left something undone"
        yield Need(NeedKind.MORE_FAILED, text, view.name)


def _is_told(ground: Ground, view: TenantView, run: OperationRun) -> bool:
    newest = ground.sets.get(view.name)
    if newest is None:
        return False
    return (
        run.inputs.get("set") == newest.id
        or run.id in (newest.capture_run_id, newest.fetch_run_id)
        or run.id < newest.id
    )


def _of_restore(run: OperationRun, tenant: str) -> Need:
    counters = run.counters
    if counters.awaiting and not counters.failed:
        text = f"{counters.awaiting:,} changes wait for a second administrator's approval"
        return Need(NeedKind.APPROVAL_AWAITED, text, tenant, str(run.inputs.get("restore") or ""), run.completed_at)
    return _failed(run, tenant)


_NOUNS = {
    RunType.CAPTURE: "listing the policies",
    RunType.FETCH: "reading the assignments",
    RunType.RESTORE: "a restore",
    RunType.DRIFT: "the drift check",
}


def _failed(run: OperationRun, tenant: str) -> Need:
    counters = run.counters
    left = max(run.failed_count, counters.failed)
    what = f"{left:,} of {counters.total:,} policies" if counters.total and left else "the whole run"
    return Need(NeedKind.RUN_FAILED, f"{_NOUNS[run.type]} failed for {what}", tenant, run.id, run.completed_at)


def _check_words(run: OperationRun) -> str:
    lines = access_lines(run.context.get("checks"))
    lacking = [line for line in lines if line.state is AccessState.MISSING]
    failed = [line for line in lines if line.state is AccessState.FAILED]
    if lacking:
        permissions = sorted({line.permission for line in lacking})
        more = f" and {len(permissions) - 1} more" if len(permissions) > 1 else ""
        return f"{len(lacking)} policy types cannot be read: {permissions[0]}{more} is missing"
    if failed:
        return f"{len(failed)} of {len(lines)} could not be checked: {failed[0].message or 'no answer'}"
    return "the last check failed: the tenant could not be asked"


def _of_credential(caller: Caller, view: TenantView, now: datetime) -> Iterator[Need]:
    config = caller.config.tenant(view.name)
    source = config.auth.certificate if config else None
    if source is None or not source.file:
        return  # when a secret ends is known to Entra alone
    end = certificate_end(source.file)
    if end is None or end - now > WARN_BEFORE:
        return
    day = f"{end:%Y-%m-%d}"
    if end <= now:
        yield Need(NeedKind.CREDENTIAL_EXPIRED, f"its certificate expired on {day}", view.name, view.name, to_text(end))
    else:
        days = max(1, (end - now).days)
        text = f"its certificate expires in {days} {'day' if days == 1 else 'days'}, on {day}"
        yield Need(NeedKind.CREDENTIAL_EXPIRES, text, view.name, view.name)


def certificate_end(name: str) -> datetime | None:
    """Return until when the certificate in a file is valid; None where that cannot be read."""
    path = Path(name).expanduser()
    try:
        stat = path.stat()
        return _certificate_end(path, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return None


@lru_cache(maxsize=32)
def _certificate_end(path: Path, changed_ns: int, size: int) -> datetime | None:
    del changed_ns, size  # a changed file is another entry
    return end_of_certificate(path.read_bytes())


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
        parts = [f"{waiting:,} runs wait"] if waiting else []
        parts += [f"{len(awake):,} schedules do not fire"] if awake else []
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


def missing_words(found: BackupSet) -> str:
    """Return what a set lacks, in words: ``7 of 1,204 policies and 1 whole type``."""
    policies = found.count("listed") - found.count("fetched")
    types = sum(
        counts.status in (TypeStatus.FAILED, TypeStatus.PARTIAL, TypeStatus.PENDING)
        for counts in found.by_type.values()
    )
    parts = [f"{policies:,} of {found.count('listed'):,} policies"] if policies else []
    parts += [f"{types:,} policy {'type' if types == 1 else 'types'}"] if types else []
    return " and ".join(parts) or "nothing"


def stale_after(own: Sequence[Schedule]) -> timedelta:
    """Return after how long a tenant's backup is stale: twice the interval of its most frequent schedule, else 36 hours."""
    intervals = [
        interval
        for schedule in own
        if schedule.kind is ScheduleKind.BACKUP and not schedule.is_paused and (interval := _interval(schedule))
    ]
    return max(LEAST_STALE, 2 * min(intervals)) if intervals else STALE_AFTER


def _interval(schedule: Schedule) -> timedelta | None:
    if schedule.rule.every:
        try:
            return parse_interval(schedule.rule.every)
        except UsageError:
            return None
    if schedule.last_fired_at and schedule.next_fire_at:
        between = from_text(schedule.next_fire_at) - from_text(schedule.last_fired_at)
        return between if between > timedelta(0) else None
    return None


def hours_words(length: timedelta) -> str:
    """Return a length in hours, or in days where it is several."""
    hours = round(length.total_seconds() / 3600)
    return f"{hours} h" if hours < 72 else f"{hours // 24} days"
