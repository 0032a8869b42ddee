"""Drift: starting a comparison of a set with its tenant, and what it found."""

from __future__ import annotations

from opsconsole.domain.access import Capability
from opsconsole.domain.audit import Action
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import RunType, empty_context, identity_hash
from opsconsole.errors import Conflict
from opsconsole.operations.differences import Difference, Differences
from opsconsole.service.backups import resolve_set
from opsconsole.service.caller import Caller
from opsconsole.service.enqueue import again_after_lost_race, enqueue
from opsconsole.service.guard import (
    find,
    nothing_there,
    ordering,
    reading,
    record,
    require,
)
from opsconsole.service.started import Started
from opsconsole.service.tenants import bound_tenant
from opsconsole.store import drift, runs


@again_after_lost_race
def start_drift(caller: Caller, set_ref: str, *, retry_of: str | None = None) -> Started:
    """Enqueue a comparison of a set with its tenant as it is. Raises Conflict while the set's fetch is active."""
    with ordering(caller, f"drift of set {set_ref}") as session:
        found = resolve_set(caller, session, set_ref, Capability.DRIFT_START)
        if found.is_active or found.count("pending"):
            raise Conflict(f"The fetch of set {set_ref!r} is still active.", "Wait for it, then compare.")
        identity = identity_hash(found.workspace_id, found.tenant_id, RunType.DRIFT, {"set": found.id})
        if active := runs.active_run(session, identity):
            return Started(False, [active], found)
        tenant = bound_tenant(caller, session, found.tenant)
        run = enqueue(
            caller, session, tenant, RunType.DRIFT, identity, empty_context({"set": found.id}), retry_of=retry_of
        )
        record(
            caller,
            session,
            Action.DRIFT_STARTED,
            workspace_id=found.workspace_id,
            tenant_id=found.tenant_id,
            resource_type="backup_set",
            resource_id=found.id,
            details={"run": run.id},
        )
        return Started(True, [run], found)


def drift_result(caller: Caller, ref: str) -> Differences:
    """Return what a drift run found so far. Raises NotFound for a run that is none of this kind."""
    with reading(caller) as session:
        run_id = find(caller, session, "run", ref, runs.resolve_run_id)
        run = runs.get_run(session, run_id, with_failures=False)
        if run is None or run.type is not RunType.DRIFT:
            raise nothing_there("run", ref)
        require(caller, session, run.workspace_id, Capability.VIEW, noun="run", ref=ref)
        rows = drift.list_drift_items(session, run.id)
        groups = runs.failure_groups(session, run.id)
    items = tuple(
        Difference(row.kind, row.policy_type, row.policy_id, row.policy_name, row.added, row.removed) for row in rows
    )
    counters = run.counters
    gaps = sum(count for reason, _, count in groups if reason == Reason.BACKUP_INCOMPLETE.value)
    return Differences(items, counters.unchanged, max(counters.skipped + counters.failed, gaps))
