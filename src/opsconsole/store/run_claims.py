"""Claims and leases: which engine works on a run, until when, and what it may still write (promise 11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opsconsole.domain.run import OperationRun
from opsconsole.errors import LeaseLost
from opsconsole.store.database import Session, bind_list
from opsconsole.store.run_rows import SELECT_RUN, to_run

ATTEMPTS = 20
"""How many candidates one claim looks at when others take them away or hold their tenant; then the next tick does."""


def claim_next(
    s: Session,
    *,
    engine_id: str,
    tenant_ids: Sequence[str],
    only_runs: Sequence[str] | None,
    now: str,
    expires: str,
) -> OperationRun | None:
    """Take the oldest run that may start, or whose worker was lost, under a new lease; None if there is none.

    A run waits for the one it follows, and a restore for any other restore that runs on its tenant.
    """
    scope, params = _scope(tenant_ids, only_runs)
    if scope is None:
        return None
    passed: list[str] = []
    for _ in range(ATTEMPTS):
        names, skipped = bind_list("p", passed)
        row = s.one(
            f"SELECT r.id, r.type, r.tenant_id {_claimable(s, scope)}{f' AND r.id NOT IN ({names})' if passed else ''}"
            " ORDER BY r.id LIMIT 1" + s.pick(sqlite="", postgres=" FOR NO KEY UPDATE OF r SKIP LOCKED"),
            now=now,
            **params,
            **skipped,
        )
        if row is None:
            return None
        if _may_take(s, row["id"], row["type"], row["tenant_id"]):
            s.run(
                "UPDATE operation_runs SET status = 'running', started_at = COALESCE(started_at, :now),"
                " attempt = attempt + 1, lease_epoch = lease_epoch + 1, lease_owner = :owner,"
                " lease_expires_at = :expires, updated_at = :now WHERE id = :id",
                id=row["id"],
                owner=engine_id,
                now=now,
                expires=expires,
            )
            claimed = s.one(f"{SELECT_RUN} WHERE r.id = :id", id=row["id"])
            return to_run(claimed) if claimed else None
        passed.append(row["id"])
    return None


def _claimable(s: Session, scope: str) -> str:
    """Return the part of a statement that finds the runs ``r`` of a scope that may be taken at ``:now``."""
    return (
        f"FROM operation_runs r{s.index('runs_active')} WHERE r.status IN ('queued', 'running')"
        " AND (r.status = 'queued' OR r.lease_owner IS NULL OR r.lease_expires_at < :now)"
        f" AND {scope}"
        " AND (r.after_run_id IS NULL OR EXISTS (SELECT 1 FROM operation_runs a"
        " WHERE a.id = r.after_run_id AND a.status = 'completed'))"
        f" AND (r.type <> 'assignments.restore' OR NOT EXISTS ({_other_restore(s)}))"
    )


def _other_restore(s: Session) -> str:
    return (
        f"SELECT 1 FROM operation_runs o{s.index('runs_one_restore')} WHERE o.tenant_id = r.tenant_id"
        " AND o.type = 'assignments.restore' AND o.status = 'running' AND o.id <> r.id"
    )


def _may_take(s: Session, run_id: str, run_type: str, tenant_id: str) -> bool:
    """Tell whether a restore may start for good: on Postgres another engine may be claiming one of the tenant right now."""
    if s.dialect == "sqlite" or run_type != "assignments.restore":
        return True
    got = s.one("SELECT pg_try_advisory_xact_lock(hashtextextended(:tenant, 0)) AS got", tenant=tenant_id)
    if got is None or not got["got"]:
        return False
    # The lock's last holder has committed: only a statement begun now sees what it did.
    return (
        s.one(f"SELECT 1 AS busy FROM operation_runs r WHERE r.id = :id AND EXISTS ({_other_restore(s)})", id=run_id)
        is None
    )


def has_claimable(s: Session, tenant_ids: Sequence[str], only_runs: Sequence[str] | None, now: str) -> bool:
    """Tell whether ``claim_next`` may find something: a look that takes no lock, before the transaction that does."""
    scope, params = _scope(tenant_ids, only_runs)
    if scope is None:
        return False
    row = s.one(f"SELECT 1 AS found {_claimable(s, scope)} LIMIT 1", now=now, **params)
    return row is not None


def claimable_count(s: Session, tenant_ids: Sequence[str], only_runs: Sequence[str] | None) -> int:
    """Return how many runs are queued or running that an engine of these tenants may ever claim."""
    scope, params = _scope(tenant_ids, only_runs)
    if scope is None:
        return 0
    row = s.one(
        f"SELECT COUNT(*) AS n FROM operation_runs r{s.index('runs_active')} WHERE r.status IN ('queued', 'running') AND {scope}",
        **params,
    )
    return int(row["n"]) if row else 0


def lock_run(s: Session, run_id: str, owner: str, epoch: int) -> None:
    """Lock the run's row to the end of the transaction. Raises LeaseLost unless it runs under this owner and epoch."""
    row = s.one(
        "SELECT 1 AS held FROM operation_runs WHERE id = :id AND status = 'running' AND lease_owner = :owner"
        " AND lease_epoch = :epoch" + s.pick(sqlite="", postgres=" FOR NO KEY UPDATE"),
        id=run_id,
        owner=owner,
        epoch=epoch,
    )
    if row is None:
        raise LeaseLost(
            "Another engine took this run over, or it was completed.",
            "Nothing is to be done: that engine goes on with it.",
        )


def renew_lease(s: Session, run_id: str, owner: str, epoch: int, expires: str) -> bool:
    """Extend a lease; False if it is not this owner's any more."""
    return bool(
        s.run(
            "UPDATE operation_runs SET lease_expires_at = :expires"
            " WHERE id = :id AND status = 'running' AND lease_owner = :owner AND lease_epoch = :epoch",
            id=run_id,
            owner=owner,
            epoch=epoch,
            expires=expires,
        )
    )


def release_lease(s: Session, run_id: str, owner: str, epoch: int) -> bool:
    """Give a run back without ending it: it stays running, for the next engine to take up at once.

    The attempt is given back with it: only lost workers count towards a run's end.
    """
    return bool(
        s.run(
            "UPDATE operation_runs SET lease_owner = NULL, lease_expires_at = NULL, attempt = attempt - 1"
            " WHERE id = :id AND status = 'running' AND lease_owner = :owner AND lease_epoch = :epoch",
            id=run_id,
            owner=owner,
            epoch=epoch,
        )
    )


def expired_runs(s: Session, now: str) -> list[OperationRun]:
    """Return the running runs whose lease has run out."""
    rows = s.all(
        f"{SELECT_RUN} WHERE r.status IN ('queued', 'running') AND r.status = 'running' AND r.lease_owner IS NOT NULL"
        " AND r.lease_expires_at < :now ORDER BY r.id",
        now=now,
    )
    return [to_run(row) for row in rows]


def _scope(tenant_ids: Sequence[str], only_runs: Sequence[str] | None) -> tuple[str | None, dict[str, Any]]:
    if not tenant_ids or (only_runs is not None and not only_runs):
        return None, {}
    names, params = bind_list("t", list(tenant_ids))
    scope = f"r.tenant_id IN ({names})"
    if only_runs is not None:
        names, more = bind_list("o", list(only_runs))
        scope += f" AND r.id IN ({names})"
        params.update(more)
    return scope, params
