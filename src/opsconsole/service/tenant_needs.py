"""What a tenant needs: a backup that is fresh and whole, runs that left nothing, permissions, a sign-in that lasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from opsconsole.config import expanded
from opsconsole.config.certificate import end_of_certificate
from opsconsole.domain.attention import Need, NeedKind
from opsconsole.domain.backup import BackupSet, TypeStatus
from opsconsole.domain.clock import from_text, to_text
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.domain.schedule import Schedule, ScheduleKind, parse_interval
from opsconsole.errors import UsageError
from opsconsole.service.access_lines import AccessState, access_lines
from opsconsole.service.caller import Caller
from opsconsole.service.tenant_views import TenantView
from opsconsole.store import overview
from opsconsole.store.database import Session
from opsconsole.store.drift import count_drift_items
from opsconsole.store.engines import EngineRow

STALE_AFTER = timedelta(hours=36)
"""A backup every night is a day old in the evening; half a day more, and one was left out."""

LEAST_STALE = timedelta(hours=2)
"""Whatever a schedule says: a backup of a large tenant takes its time."""

OPEN_FOR = timedelta(days=14)
"""What was left undone longer ago than this was left on purpose."""

SHOWN_OPEN = 3
"""Restores with something left that are told one by one; more of a tenant's are told as a number."""

WARN_BEFORE = timedelta(days=30)
"""How long before its end a certificate is told of: a new one takes a change request."""


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


def needs_of_tenant(
    ground: Ground, view: TenantView, tenant_id: str, own: Sequence[Schedule], now: datetime
) -> Iterator[Need]:
    """Return what a tenant of the store needs; ``own`` are its schedules."""
    yield from _of_backups(ground, view, tenant_id, own, now)
    yield from _of_runs(ground, view, tenant_id, now)


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
        kinds_found = count_drift_items(ground.session, drift.id)
        if kinds_found:
            parts = [f"{kinds_found[kind]:,} {kind}" for kind in ("changed", "new", "gone") if kinds_found.get(kind)]
            text = f"the tenant differs from its backup: {', '.join(parts)}"
            yield Need(NeedKind.DRIFT_FOUND, text, view.name, drift.id, drift.completed_at)
        elif drift.outcome is Outcome.FAILED:
            yield _failed(drift, view.name)
    since = to_text(now - OPEN_FOR)
    still_open, count = overview.open_runs(ground.session, tenant_id, (RunType.RESTORE,), since, limit=SHOWN_OPEN)
    for run in still_open:
        yield _of_restore(run, view.name)
    more = count - SHOWN_OPEN
    if more > 0:
        plus = "+" if count >= overview.MAX_OPEN else ""
        restores = f"{more:,}{plus} more {'restore' if more == 1 else 'restores'}"
        text = f"{restores} of the last {OPEN_FOR.days} days left something undone"
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
        changes = counted(counters.awaiting, "change waits", "changes wait")
        text = f"{changes} for a second administrator's approval"
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
        types = counted(len(lacking), "policy type", "policy types")
        return f"{types} cannot be read: {permissions[0]}{more} {'are' if more else 'is'} missing"
    if failed:
        return f"{len(failed)} of {len(lines)} could not be checked: {failed[0].message or 'no answer'}"
    return "the last check failed: the tenant could not be asked"


def needs_of_credential(caller: Caller, view: TenantView, now: datetime) -> Iterator[Need]:
    """Return whether the tenant's certificate ends soon, as far as this machine can know."""
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
    path = expanded(name)
    try:
        stat = path.stat()
        return _certificate_end(path, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return None


@lru_cache(maxsize=32)
def _certificate_end(path: Path, changed_ns: int, size: int) -> datetime | None:
    del changed_ns, size  # a changed file is another entry
    return end_of_certificate(path.read_bytes())


def missing_words(found: BackupSet) -> str:
    """Return what a set lacks, in words: ``7 of 1,204 policies and 1 whole type``."""
    policies = found.count("listed") - found.count("fetched")
    types = sum(
        counts.status in (TypeStatus.FAILED, TypeStatus.PARTIAL, TypeStatus.PENDING)
        for counts in found.by_type.values()
    )
    parts = [f"{policies:,} of {found.count('listed'):,} policies"] if policies else []
    parts += [counted(types, "policy type", "policy types")] if types else []
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


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun, and a verb where there is one, in the right number."""
    return f"{number:,} {one if number == 1 else many}"


def hours_words(length: timedelta) -> str:
    """Return a length in hours, or in days where it is several."""
    hours = round(length.total_seconds() / 3600)
    return f"{hours} h" if hours < 72 else f"{hours // 24} days"
