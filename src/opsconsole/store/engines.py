"""Engines that live on this store: who they are, which tenants they work for, and until when they count as alive."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opsconsole.domain.graph_budget import TenantBudget
from opsconsole.domain.run import OperationRun
from opsconsole.store.columns import to_json_text
from opsconsole.store.database import Row, Session


@dataclass(frozen=True, slots=True)
class EngineRow:
    """An engine: ``tenants`` are ids of tenant rows; ``only_runs`` None: it claims any run of them.

    ``budgets``: what it last said of its pace, by the id of the tenant's row.
    """

    id: str
    kind: str
    host: str
    pid: int
    actor: str
    tenants: tuple[str, ...]
    only_runs: tuple[str, ...] | None
    started_at: str
    heartbeat_at: str
    expires_at: str
    budgets: dict[str, TenantBudget] = field(default_factory=dict)

    def may_claim(self, run: OperationRun) -> bool:
        """Tell whether it may work on a run: its configuration names the tenant, and it is not tied to other runs."""
        return run.tenant_id in self.tenants and (self.only_runs is None or run.id in self.only_runs)


def register_engine(
    s: Session,
    *,
    id: str,
    kind: str,
    host: str,
    pid: int,
    actor: str,
    tenants: Sequence[str],
    only_runs: Sequence[str] | None,
    now: str,
    expires: str,
) -> None:
    """Note that an engine started."""
    s.run(
        "INSERT INTO engines (id, kind, host, pid, actor, tenants, only_runs, started_at, heartbeat_at, expires_at)"
        " VALUES (:id, :kind, :host, :pid, :actor, :tenants, :only_runs, :now, :now, :expires)",
        id=id,
        kind=kind,
        host=host,
        pid=pid,
        actor=actor,
        tenants=to_json_text(list(tenants)),
        only_runs=None if only_runs is None else to_json_text(list(only_runs)),
        now=now,
        expires=expires,
    )


def beat(s: Session, engine_id: str, now: str, expires: str) -> bool:
    """Note that an engine is alive; False if it was dropped meanwhile."""
    return bool(
        s.run(
            "UPDATE engines SET heartbeat_at = :now, expires_at = :expires WHERE id = :id",
            id=engine_id,
            now=now,
            expires=expires,
        )
    )


def note_tenants(s: Session, engine_id: str, tenants: Sequence[str]) -> bool:
    """Note which tenants an engine works for by now; False if its row was dropped meanwhile."""
    return bool(
        s.run("UPDATE engines SET tenants = :tenants WHERE id = :id", id=engine_id, tenants=to_json_text(list(tenants)))
    )


def note_budgets(s: Session, engine_id: str, budgets: Mapping[str, TenantBudget]) -> bool:
    """Note an engine's pace in each tenant; False if its row was dropped meanwhile."""
    return bool(
        s.run(
            "UPDATE engines SET budgets = :budgets WHERE id = :id",
            id=engine_id,
            budgets=to_json_text({tenant_id: budget.to_json() for tenant_id, budget in budgets.items()}),
        )
    )


def remove_engine(s: Session, engine_id: str) -> None:
    """Note that an engine ended."""
    s.run("DELETE FROM engines WHERE id = :id", id=engine_id)


def live_engines(s: Session, now: str) -> list[EngineRow]:
    """Return the engines whose last beat still counts, oldest first."""
    rows = s.all(
        "SELECT id, kind, host, pid, actor, tenants, only_runs, started_at, heartbeat_at, expires_at, budgets"
        " FROM engines WHERE expires_at > :now ORDER BY id",
        now=now,
    )
    return [_to_engine(row) for row in rows]


def count_live(s: Session, tenant_id: str, now: str) -> int:
    """Return how many live engines work for a tenant."""
    row = s.one(
        "SELECT COUNT(*) AS n FROM engines WHERE expires_at > :now AND tenants LIKE :tenant",
        now=now,
        tenant=f'%"{tenant_id}"%',
    )
    return int((row or {"n": 0})["n"])


def count_engines(s: Session) -> int:
    """Return how many engines are noted, lost ones included."""
    return int((s.one("SELECT COUNT(*) AS n FROM engines") or {"n": 0})["n"])


def drop_expired(s: Session, now: str) -> int:
    """Forget the engines that were lost; return how many."""
    return s.run("DELETE FROM engines WHERE expires_at <= :now", now=now)


def _to_engine(row: Row) -> EngineRow:
    values = dict(row)
    values["tenants"] = tuple(json.loads(row["tenants"]))
    values["only_runs"] = None if row["only_runs"] is None else tuple(json.loads(row["only_runs"]))
    values["budgets"] = {
        tenant_id: TenantBudget.from_json(budget) for tenant_id, budget in json.loads(row["budgets"]).items()
    }
    return EngineRow(**values)
