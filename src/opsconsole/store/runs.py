"""Operation runs: asked for, read, listed, counted, flushed and completed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from opsconsole.domain.run import Counters, OperationRun, Outcome, failed_count
from opsconsole.domain.run_sort import RunSort
from opsconsole.store import run_filter, run_walks
from opsconsole.store.columns import to_json_text
from opsconsole.store.database import Session, bind_list, chunks
from opsconsole.store.lookup import resolve_suffix
from opsconsole.store.run_claims import (
    claim_next,
    claimable_count,
    expired_runs,
    has_claimable,
    lock_run,
    release_lease,
    renew_lease,
)
from opsconsole.store.run_failures import add_failures, clear_failures, count_failures, failure_groups, list_failures
from opsconsole.store.run_filter import RunFilter
from opsconsole.store.run_rows import SELECT_RUN, to_run

__all__ = [
    "NewRun",
    "RunFilter",
    "active_run",
    "add_failures",
    "claim_next",
    "claimable_count",
    "clear_failures",
    "count_failures",
    "count_runs",
    "counts_by_state",
    "expired_runs",
    "failure_groups",
    "fold_counts",
    "following_runs",
    "get_run",
    "has_claimable",
    "insert_run",
    "is_cancel_requested",
    "list_failures",
    "list_runs",
    "lock_run",
    "release_lease",
    "renew_lease",
    "request_cancel",
    "resolve_run_id",
    "retries_of",
    "save_context",
    "set_completed",
]

DEFAULT_FAILURES = 1000
"""How many failures come with a run unless asked otherwise: more than a person reads."""


class NewRun(msgspec.Struct, frozen=True):
    """A run to be queued. ``context`` is as ``empty_context`` makes it."""

    id: str
    workspace_id: str
    tenant_id: str | None
    type: str
    run_identity_hash: str
    context: dict[str, Any]
    initiator: str
    initiator_name: str
    created_at: str
    retry_of: str | None = None
    after_run_id: str | None = None


def insert_run(s: Session, run: NewRun) -> bool:
    """Queue a run; False if an active run of this identity exists (promise 2), then nothing was written."""
    return bool(
        s.run(
            "INSERT INTO operation_runs (id, workspace_id, tenant_id, type, status, outcome, run_identity_hash, context,"
            " initiator, initiator_name, created_at, updated_at, retry_of, after_run_id, items_total)"
            " VALUES (:id, :workspace_id, :tenant_id, :type, 'queued', 'pending', :identity, :context, :initiator,"
            " :initiator_name, :created_at, :created_at, :retry_of, :after_run_id, :total)"
            " ON CONFLICT (run_identity_hash) WHERE status IN ('queued', 'running') DO NOTHING",
            id=run.id,
            workspace_id=run.workspace_id,
            tenant_id=run.tenant_id,
            type=str(run.type),
            identity=run.run_identity_hash,
            context=to_json_text(run.context),
            initiator=run.initiator,
            initiator_name=run.initiator_name,
            created_at=run.created_at,
            retry_of=run.retry_of,
            after_run_id=run.after_run_id,
            total=_counters(run.context).total,
        )
    )


def active_run(s: Session, identity_hash: str) -> OperationRun | None:
    """Return the queued or running run of this identity."""
    row = s.one(
        f"{SELECT_RUN} WHERE r.run_identity_hash = :identity AND r.status IN ('queued', 'running')",
        identity=identity_hash,
    )
    return to_run(row) if row else None


def get_run(
    s: Session,
    run_id: str,
    *,
    with_failures: bool = True,
    failure_limit: int = DEFAULT_FAILURES,
    lock: bool = False,
) -> OperationRun | None:
    """Return a run by its whole id, with its first failures unless told otherwise; ``lock`` keeps its row to the end."""
    held = s.pick(sqlite="", postgres=" FOR NO KEY UPDATE OF r") if lock else ""
    row = s.one(f"{SELECT_RUN} WHERE r.id = :id{held}", id=run_id)
    if row is None:
        return None
    run = to_run(row)
    if with_failures:
        failures = list_failures(s, run_id, limit=failure_limit)
        run = replace(run, failures=tuple(failure for _, failure in failures))
    return run


def resolve_run_id(s: Session, ref: str, workspace_ids: Sequence[str]) -> list[str]:
    """Return the ids of runs that end in ``ref``, two at most, only within the given workspaces."""
    return resolve_suffix(s, "operation_runs", ref, workspace_ids)


def list_runs(
    s: Session,
    workspace_ids: Sequence[str],
    flt: RunFilter,
    *,
    limit: int,
    cursor: str | None = None,
    backwards: bool = False,
) -> tuple[list[OperationRun], str | None]:
    """Return a page of runs in the order of the filter, without failures, and the cursor that goes on in the same direction.

    A page holds what follows its cursor, or what comes before it if ``backwards``: without a cursor, the end of the
    list. Sorted by time, a cursor is the id of a run; else it carries the value as well (``1500:ID``).
    """
    selection = run_filter.select(s, workspace_ids, flt)
    places = run_walks.page_places(s, selection, limit=limit + 1, cursor=cursor, backwards=backwards)
    has_more, places = len(places) > limit, places[:limit]
    next_cursor = places[-1].cursor(selection.sort) if has_more and places else None
    if backwards:
        places.reverse()
    return _runs_of(s, [place.id for place in places]), next_cursor


def count_runs(s: Session, workspace_ids: Sequence[str], flt: RunFilter) -> int:
    """Return exactly how many runs match: from the kept counts where they can tell."""
    return run_walks.count(s, run_filter.select(s, workspace_ids, msgspec.structs.replace(flt, sort=RunSort.STARTED)))


def counts_by_state(s: Session, workspace_ids: Sequence[str]) -> dict[tuple[str, str], int]:
    """Return how many runs there are by status and outcome, from the kept counts."""
    names, params = bind_list("w", list(workspace_ids))
    rows = s.all(
        "SELECT status, outcome, CAST(SUM(n) AS BIGINT) AS n FROM run_counts"
        f" WHERE workspace_id IN ({names}) GROUP BY status, outcome",
        **params,
    )
    return {(row["status"], row["outcome"]): int(row["n"]) for row in rows if row["n"]}


def fold_counts(s: Session) -> None:
    """Add up the rows that Postgres keeps counts in; SQLite keeps them added up."""
    if s.dialect == "postgres" and s.one("SELECT pg_try_advisory_xact_lock(:lock) AS got", lock=_FOLD_LOCK) == {
        "got": True
    }:
        s.run(
            "WITH gone AS (DELETE FROM run_counts RETURNING *)"
            " INSERT INTO run_counts (workspace_id, tenant_id, type, status, outcome, n)"
            " SELECT workspace_id, tenant_id, type, status, outcome, SUM(n) FROM gone"
            " GROUP BY workspace_id, tenant_id, type, status, outcome HAVING SUM(n) <> 0"
        )


_FOLD_LOCK = 0x0_0B5C_0501F
"""Held by the one engine that folds the counts; the others need not wait for it."""


def following_runs(s: Session, run_id: str) -> list[OperationRun]:
    """Return the runs that wait for this one to complete, or did."""
    return [to_run(row) for row in s.all(f"{SELECT_RUN} WHERE r.after_run_id = :id ORDER BY r.id", id=run_id)]


def retries_of(s: Session, run_id: str) -> list[OperationRun]:
    """Return the runs that retry this one, oldest first."""
    return [to_run(row) for row in s.all(f"{SELECT_RUN} WHERE r.retry_of = :id ORDER BY r.id", id=run_id)]


def save_context(s: Session, run_id: str, context: dict[str, Any], now: str) -> None:
    """Store the context of a run that has not completed: its progress, counters and use of Graph."""
    counters = _counters(context)
    s.run(
        "UPDATE operation_runs SET context = :context, items_total = :total, items_failed = :failed, updated_at = :now"
        " WHERE id = :id AND status <> 'completed'",
        id=run_id,
        context=to_json_text(context),
        total=counters.total,
        failed=failed_count(context),
        now=now,
    )


def request_cancel(s: Session, run_id: str, now: str) -> bool:
    """Note that the run is to stop; False if it completed, or was asked before."""
    return bool(
        s.run(
            "UPDATE operation_runs SET cancel_requested_at = :now, updated_at = :now"
            " WHERE id = :id AND status <> 'completed' AND cancel_requested_at IS NULL",
            id=run_id,
            now=now,
        )
    )


def is_cancel_requested(s: Session, run_id: str) -> bool:
    """Tell whether the run was asked to stop."""
    row = s.one("SELECT cancel_requested_at FROM operation_runs WHERE id = :id", id=run_id)
    return row is not None and row["cancel_requested_at"] is not None


def set_completed(s: Session, run_id: str, outcome: Outcome, context: dict[str, Any], now: str) -> bool:
    """Complete a run; False if it was already. What else ending a run means lies with the operations."""
    counters = _counters(context)
    took = s.pick(
        sqlite="CAST(ROUND((julianday(:now) - julianday(started_at)) * 86400000.0) AS INTEGER)",
        postgres="CAST(EXTRACT(EPOCH FROM"
        " CAST(CAST(:now AS TEXT) AS timestamptz) - CAST(started_at AS timestamptz)) * 1000 AS BIGINT)",
    )
    return bool(
        s.run(
            "UPDATE operation_runs SET status = 'completed', outcome = :outcome, completed_at = :now, updated_at = :now,"
            " context = :context, items_total = :total, items_failed = :failed, lease_owner = NULL,"
            f" lease_expires_at = NULL, took_ms = {took} WHERE id = :id AND status <> 'completed'",
            id=run_id,
            outcome=str(outcome),
            context=to_json_text(context),
            total=counters.total,
            failed=failed_count(context),
            now=now,
        )
    )


def _runs_of(s: Session, ids: Sequence[str]) -> list[OperationRun]:
    found: dict[str, OperationRun] = {}
    for part in chunks(ids):
        names, params = bind_list("i", part)
        for row in s.all(f"{SELECT_RUN} WHERE r.id IN ({names})", **params):
            found[row["id"]] = to_run(row)
    return [found[run_id] for run_id in ids if run_id in found]


def _counters(context: dict[str, Any]) -> Counters:
    return Counters.from_json(context.get("counters") or {})
