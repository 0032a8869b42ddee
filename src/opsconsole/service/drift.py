"""Drift: starting a comparison of a set with its tenant, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from opsconsole.domain.access import Capability
from opsconsole.domain.audit import Action
from opsconsole.domain.difference import EVERYTHING, DifferenceFilter
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import OperationRun, Outcome, RunType, empty_context
from opsconsole.domain.run_identity import identity_hash
from opsconsole.errors import Conflict
from opsconsole.operations.differences import KINDS_KEY, Difference, Differences
from opsconsole.service import runs as run_service
from opsconsole.service.backups import resolve_set
from opsconsole.service.caller import DEFAULT_LIMIT, Caller, Page
from opsconsole.service.cursors import number_cursor
from opsconsole.service.enqueue import again_after_lost_race, enqueue
from opsconsole.service.guard import (
    find,
    nothing_there,
    ordering,
    reading,
    record,
    require,
)
from opsconsole.service.list_export import DIFFERENCE_CELLS, ListExport
from opsconsole.service.runs import RunQuery
from opsconsole.service.started import Started
from opsconsole.service.tenants import bound_tenant
from opsconsole.store import drift, runs
from opsconsole.store.database import Session
from opsconsole.store.drift import DriftItem as DriftItem


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


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """One drift run in figures. ``unknown`` could not be compared: never to be taken for the same."""

    run: OperationRun
    changed: int
    new: int
    gone: int
    same: int
    unknown: int

    @property
    def set_id(self) -> str:
        """Return the set that was compared."""
        return str(self.run.inputs.get("set") or "")

    @property
    def differing(self) -> int:
        """Return how many policies differ."""
        return self.changed + self.new + self.gone

    @property
    def counts(self) -> dict[str, int]:
        """Return the counts of contract.md."""
        return {
            "changed": self.changed,
            "new": self.new,
            "gone": self.gone,
            "same": self.same,
            "unknown": self.unknown,
        }


def check_json(check: DriftCheck) -> dict[str, Any]:
    """Return a check as its run's JSON, with what differs in counts."""
    return {**check.run.to_json(), "set": check.set_id, "differences": check.counts}


def list_drifts(
    caller: Caller,
    query: RunQuery | None = None,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    backwards: bool = False,
) -> Page[DriftCheck]:
    """Return the drift runs that a query finds, each in figures, as `service.runs.list_runs` lists them."""
    page = run_service.list_runs(caller, _of_drift(query), limit=limit, cursor=cursor, backwards=backwards)
    with reading(caller) as session:
        return Page([_in_figures(session, run) for run in page.items], page.next_cursor)


def count_drifts(caller: Caller, query: RunQuery | None = None) -> int:
    """Return how many drift runs a query finds, exactly."""
    return run_service.count_runs(caller, _of_drift(query))


def _of_drift(query: RunQuery | None) -> RunQuery:
    return replace(query or RunQuery(), types=(RunType.DRIFT,))


def show_drift(caller: Caller, ref: str) -> DriftCheck:
    """Return one drift run in figures, with its failures. Raises NotFound for a run of another kind."""
    with reading(caller) as session:
        return _in_figures(session, _drift_run(caller, session, ref, with_failures=True))


def list_differences(
    caller: Caller,
    ref: str,
    flt: DifferenceFilter = EVERYTHING,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[DriftItem]:
    """Return what a drift run found so far, in the order in which it was found."""
    after = int(number_cursor(cursor) or 0)
    with reading(caller) as session:
        run = _drift_run(caller, session, ref)
        found = drift.list_drift_items(session, run.id, flt, limit=limit + 1, after_seq=after)
    return Page(found[:limit], str(found[limit - 1].seq) if len(found) > limit else None)


def count_differences(caller: Caller, ref: str, flt: DifferenceFilter = EVERYTHING) -> dict[str, int]:
    """Return how many of a drift run's findings ``flt`` lets through, by kind, exactly."""
    with reading(caller) as session:
        return drift.count_drift_items(session, _drift_run(caller, session, ref).id, flt)


def drift_result(caller: Caller, ref: str) -> Differences:
    """Return what a drift run found so far, whole. Raises NotFound for a run that is none of this kind."""
    with reading(caller) as session:
        run = _drift_run(caller, session, ref)
        rows = drift.list_drift_items(session, run.id)
        figures = _in_figures(session, run)
    return Differences(tuple(to_difference(row) for row in rows), figures.same, figures.unknown)


def findings(caller: Caller, ref: str, flt: DifferenceFilter = EVERYTHING) -> ListExport[DriftItem]:
    """Return what ``flt`` leaves of a drift run's findings as a list that can be written."""
    return ListExport(
        "differences",
        DIFFERENCE_CELLS,
        lambda row: to_difference(row).to_json(),
        lambda limit, cursor: list_differences(caller, ref, flt, limit=limit, cursor=cursor),
    )


def to_difference(row: DriftItem) -> Difference:
    """Return a finding as what differs, whatever was compared."""
    return Difference(row.kind, row.policy_type, row.policy_id, row.policy_name, row.added, row.removed)


def _drift_run(caller: Caller, session: Session, ref: str, *, with_failures: bool = False) -> OperationRun:
    run_id = find(caller, session, "run", ref, runs.resolve_run_id)
    run = runs.get_run(session, run_id, with_failures=with_failures)
    if run is None or run.type is not RunType.DRIFT:
        raise nothing_there("run", ref)
    require(caller, session, run.workspace_id, Capability.VIEW, noun="run", ref=ref)
    return run


def _in_figures(session: Session, run: OperationRun) -> DriftCheck:
    kept = run.context.get(KINDS_KEY)
    # Runs of an earlier version kept no counts: their findings are counted.
    kinds = kept if isinstance(kept, dict) else drift.count_drift_items(session, run.id)
    counters = run.counters
    gaps = 0
    if run.failed_count:
        groups = runs.failure_groups(session, run.id)
        gaps = sum(count for reason, _, count in groups if reason == Reason.BACKUP_INCOMPLETE.value)
    elif not run.is_active and run.outcome is Outcome.FAILED:
        gaps = 1
    unknown = max(counters.skipped + counters.failed, gaps)
    return DriftCheck(
        run, kinds.get("changed", 0), kinds.get("new", 0), kinds.get("gone", 0), counters.unchanged, unknown
    )
