"""Runs: looking at them, grouping their failures, cancelling them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from opsconsole.domain.access import CAPABILITY_OF_RUN, Capability
from opsconsole.domain.failure import REASONS, Failure, FailureCode, Reason, ReasonInfo
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.domain.run_sort import RunSort
from opsconsole.errors import Conflict
from opsconsole.service.caller import DEFAULT_LIMIT, Caller, Page
from opsconsole.service.cursors import run_cursor
from opsconsole.service.guard import (
    find,
    nothing_there,
    ordering,
    reading,
    record,
    require,
    visible_workspaces,
)
from opsconsole.store import runs
from opsconsole.store.database import Session

# Looking at runs, the most frequent command and the first rows of the console, loads what the orders take only for them.
if TYPE_CHECKING:
    from opsconsole.domain.run_event import RunEvent
    from opsconsole.store.engines import EngineRow

LOOKED_THROUGH = 20
"""Failures of a reason among which a group's first message is looked for: groups of one reason are few."""


SHOWN_REQUESTS = 3
"""Request ids that come with a group of failures: support asks for one; the failures themselves have all."""


class RunQuery(Struct, frozen=True):
    """Which runs to list; empty fields do not narrow. ``since`` and ``until`` are texts as the store keeps time."""

    statuses: tuple[Status, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    types: tuple[RunType, ...] = ()
    tenant: str | None = None
    since: str | None = None
    until: str | None = None
    reason: Reason | None = None
    by: str | None = None
    search: str | None = None
    sort: RunSort = RunSort.STARTED
    is_reversed: bool = False


class FailureGroup(Struct, frozen=True):
    """The failures of a run that share a reason and a code, with what to tell the operator.

    ``message`` is the first one's; ``request_ids`` are of the first ones that have any.
    """

    reason: Reason
    code: FailureCode
    count: int
    message: str = ""
    request_ids: tuple[str, ...] = ()

    @property
    def info(self) -> ReasonInfo:
        """Return the explanation and the next step."""
        return REASONS[self.reason]


def list_runs(
    caller: Caller,
    query: RunQuery = RunQuery(),
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    backwards: bool = False,
) -> Page[OperationRun]:
    """Return runs in the order of the query, without their failures.

    ``backwards``: those right before the cursor, or the end of the list; ``next_cursor`` then goes on upwards.
    """
    with reading(caller) as session:
        visible = visible_workspaces(caller, session)
        flt = _filter(caller, session, query)
        at = run_cursor(cursor, query.sort)
        found, following = runs.list_runs(session, visible, flt, limit=limit, cursor=at, backwards=backwards)
    return Page(found, following)


def count_runs(caller: Caller, query: RunQuery = RunQuery()) -> int:
    """Return how many runs a query finds, exactly."""
    with reading(caller) as session:
        visible = visible_workspaces(caller, session)
        return runs.count_runs(session, visible, _filter(caller, session, query))


def state_counts(caller: Caller) -> dict[tuple[str, str], int]:
    """Return how many runs there are by (status, outcome), from the counts that the store keeps."""
    with reading(caller) as session:
        return runs.counts_by_state(session, visible_workspaces(caller, session))


def show_run(caller: Caller, ref: str, *, with_failures: bool = True) -> OperationRun:
    """Return one run, with its failures unless told otherwise."""
    with reading(caller) as session:
        return run_of(caller, session, ref, with_failures=with_failures)


def run_log(caller: Caller, ref: str, *, after_seq: int = 0) -> list[RunEvent]:
    """Return the log of a run in order, bounded by ``MAX_EVENTS`` lines: those after ``after_seq``."""
    from opsconsole.store import run_events

    with reading(caller) as session:
        run = run_of(caller, session, ref, with_failures=False)
        return run_events.list_events(session, run.id, after_seq=after_seq)


def failure_groups(caller: Caller, ref: str) -> list[FailureGroup]:
    """Return a run's failures grouped by reason, largest group first."""
    with reading(caller) as session:
        run = run_of(caller, session, ref, with_failures=False)
        rows = runs.failure_groups(session, run.id)
        messages: dict[tuple[str, str], str] = {}
        requests: dict[tuple[str, str], list[str]] = {}
        for reason in {reason for reason, _, _ in rows}:
            for _, failure in runs.list_failures(session, run.id, reason=reason, limit=LOOKED_THROUGH):
                key = (reason, failure.code.value)
                messages.setdefault(key, failure.message)
                if request_id := failure.trace.request_id or failure.trace.client_request_id:
                    requests.setdefault(key, []).append(request_id)
    groups = [
        FailureGroup(
            Reason(reason),
            FailureCode(code),
            count,
            messages.get((reason, code), ""),
            tuple(requests.get((reason, code), ())[:SHOWN_REQUESTS]),
        )
        for reason, code, count in rows
    ]
    return sorted(groups, key=lambda group: -group.count)


def list_failures(
    caller: Caller,
    ref: str,
    *,
    reason: Reason | None = None,
    search: str | None = None,
    limit: int = DEFAULT_LIMIT,
    after_seq: int = 0,
    before_seq: int | None = None,
    backwards: bool = False,
) -> list[tuple[int, Failure]]:
    """Return failures of a run with their sequence numbers, by which the next page goes on; ``backwards`` from the last."""
    with reading(caller) as session:
        run = run_of(caller, session, ref, with_failures=False)
        return runs.list_failures(
            session,
            run.id,
            reason=reason,
            search=search,
            limit=limit,
            after_seq=after_seq,
            before_seq=before_seq,
            backwards=backwards,
        )


def related(caller: Caller, ref: str) -> dict[str, Any]:
    """Return what belongs to a run: its set, restore run, the runs it follows and was retried by, its audit entry (ids)."""
    from opsconsole.store import audit

    with reading(caller) as session:
        run = run_of(caller, session, ref, with_failures=False)
        inputs = run.inputs
        entries = audit.entries_of(session, run.id, limit=1) if run.type is RunType.RESTORE else []
        return {
            "backup_set": inputs.get("set"),
            "restore_run": inputs.get("restore"),
            "retry_of": run.retry_of,
            "retries": [other.id for other in runs.retries_of(session, run.id)],
            "after": run.after_run_id,
            "followed_by": [other.id for other in runs.following_runs(session, run.id)],
            "audit_entry": entries[0].id if entries else None,
            "waiting_for": waiting_for(caller, session, run),
        }


_UNATTENDED = "an engine to take it up again: `opsconsole engine --drain`"
"""What a running run waits for whose engine stopped, or was lost."""


def _is_unattended(run: OperationRun, now: str) -> bool:
    return run.lease_owner is None or (run.lease_expires_at or "") < now


def waiting_for(caller: Caller, session: Session, run: OperationRun) -> str | None:
    """Say what a run waits for, in words; None for one that waits for nothing."""
    if run.status is Status.COMPLETED:
        return None
    if until := run.context.get("waiting_until"):
        is_lost = bool(run.context.get("graph_lost"))
        return f"Graph, which does not answer: next try at {until}" if is_lost else f"Graph asked to wait until {until}"
    if run.status is Status.RUNNING:
        return _UNATTENDED if _is_unattended(run, caller.now()) else None
    if run.after_run_id:
        before = runs.get_run(session, run.after_run_id, with_failures=False)
        if before is not None and before.is_active:
            return f"run {short_id(before.id)} ({before.type.value}) to complete"
    if run.type is RunType.RESTORE and run.tenant_id:
        flt = runs.RunFilter(types=(RunType.RESTORE,), tenant_ids=(run.tenant_id,), statuses=(Status.RUNNING,))
        others, _ = runs.list_runs(session, [run.workspace_id], flt, limit=1)
        if others:
            alone = ", which waits for " + _UNATTENDED if _is_unattended(others[0], caller.now()) else ""
            return f"restore {short_id(others[0].id)} on the same tenant to complete{alone}"
    from opsconsole.store import engines

    if not any(engine.may_claim(run) for engine in engines.live_engines(session, caller.now())):
        return "an engine: none is live for this tenant; start one with `opsconsole engine`"
    return None


def cancel_run(caller: Caller, ref: str) -> OperationRun:
    """Cancel a run: a queued one at once, a running one after the policy in hand. A backup is cancelled whole."""
    from opsconsole.domain.audit import Action
    from opsconsole.operations.completion import cancel_queued

    with ordering(caller, f"cancel run {ref}") as session:
        run = run_of(caller, session, ref, is_order=True)
        before = runs.get_run(session, run.after_run_id, with_failures=False) if run.after_run_id else None
        if not run.is_active:
            raise Conflict(f"The run is {run.outcome.value} already.", "There is nothing to cancel.")
        for one in (before, run):
            if one is None or not one.is_active:
                continue
            if not cancel_queued(session, one.id, now=caller.now(), new_id=caller.new_id, by=caller.actor.name):
                runs.request_cancel(session, one.id, caller.now())
                if one is before:
                    # The capture still writes items: the fetch ends with it, so that none of them is left pending.
                    runs.request_cancel(session, run.id, caller.now())
                    break
        record(
            caller,
            session,
            Action.RUN_CANCEL_REQUESTED,
            workspace_id=run.workspace_id,
            tenant_id=run.tenant_id,
            resource_type="run",
            resource_id=run.id,
        )
        return run_of(caller, session, run.id)


def _filter(caller: Caller, session: Session, query: RunQuery) -> runs.RunFilter:
    tenant_ids: tuple[str, ...] = ()
    if query.tenant:
        from opsconsole.service import tenants as tenant_service

        tenant_ids = (tenant_service.tenant_for(caller, session, query.tenant, Capability.VIEW).id,)
    return runs.RunFilter(
        statuses=query.statuses,
        outcomes=query.outcomes,
        types=query.types,
        tenant_ids=tenant_ids,
        since=query.since,
        until=query.until,
        reason=query.reason,
        by=query.by,
        search=query.search,
        sort=query.sort,
        is_reversed=query.is_reversed,
    )


def run_of(
    caller: Caller, session: Session, ref: str, *, is_order: bool = False, with_failures: bool = True
) -> OperationRun:
    """Return the run that ``ref`` names; ``is_order``: something is to be done with it. Raises NotFound, Forbidden."""
    run_id = find(caller, session, "run", ref, runs.resolve_run_id)
    run = runs.get_run(session, run_id, with_failures=with_failures)
    if run is None:
        raise nothing_there("run", ref)
    capability = CAPABILITY_OF_RUN[run.type] if is_order else Capability.VIEW
    require(caller, session, run.workspace_id, capability, noun="run", ref=ref)
    return run


def live_engines(caller: Caller) -> list[EngineRow]:
    """Return the engines whose heartbeat is recent and that work for a tenant the caller may see."""
    from opsconsole.store import engines, tenants

    with reading(caller) as session:
        visible = {row.id for row in tenants.list_tenants(session, visible_workspaces(caller, session))}
        return [row for row in engines.live_engines(session, caller.now()) if visible.intersection(row.tenants)]


def has_engine_for(caller: Caller, wanted: Sequence[OperationRun]) -> bool:
    """Tell whether each of these runs may be claimed by some live engine."""
    live = live_engines(caller)
    return all(any(engine.may_claim(run) for engine in live) for run in wanted)
