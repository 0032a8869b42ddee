"""A tenant as screens and commands show it: its binding, its health, its newest backups, and what its engines spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opsconsole.config import TenantConfig
from opsconsole.domain.backup import BackupSet
from opsconsole.domain.graph_budget import TenantBudget
from opsconsole.domain.run import OperationRun, RunType
from opsconsole.service.access_lines import AccessLine
from opsconsole.service.caller import Caller
from opsconsole.store import access, engines, overview, tenants
from opsconsole.store.database import Session
from opsconsole.store.engines import EngineRow
from opsconsole.store.overview import SetMark
from opsconsole.store.tenants import TenantRow


@dataclass(frozen=True, slots=True)
class TenantEngine:
    """A live engine that serves a tenant, and what it last said of its pace there; None: it has not called Graph yet."""

    id: str
    kind: str
    host: str
    pid: int
    budget: TenantBudget | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the engine as JSON."""
        return {
            "id": self.id,
            "kind": self.kind,
            "host": self.host,
            "pid": self.pid,
            "budget": self.budget.to_json() if self.budget else None,
        }


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant as screens and commands show it; ``is_configured`` where this machine's configuration names it.

    ``newest_set`` is the newest settled one, ``complete_set`` the newest that lacks nothing.
    """

    name: str
    workspace: str
    entra_tenant_id: str
    is_production: bool
    is_registered: bool
    is_configured: bool
    auth_method: str | None
    paused_until: str | None
    last_check: dict[str, Any] | None
    newest_set: SetMark | None = None
    complete_set: SetMark | None = None
    engines: tuple[TenantEngine, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the tenant as JSON."""
        return {
            "name": self.name,
            "workspace": self.workspace,
            "tenant_id": self.entra_tenant_id,
            "production": self.is_production,
            "registered": self.is_registered,
            "configured": self.is_configured,
            "auth_method": self.auth_method,
            "paused_until": self.paused_until,
            "last_check": self.last_check,
            "newest_set": _mark_json(self.newest_set),
            "complete_set": _mark_json(self.complete_set),
            "engines": [engine.to_json() for engine in self.engines],
        }


@dataclass(frozen=True, slots=True)
class TenantReport:
    """A tenant with all that its screen shows around it. ``backup_set`` is its newest settled set."""

    view: TenantView
    access: tuple[AccessLine, ...]
    backup_set: BackupSet | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {
            **self.view.to_json(),
            "access": [line.to_json() for line in self.access],
            "coverage": {key: counts.to_json() for key, counts in sorted(self.backup_set.by_type.items())}
            if self.backup_set
            else None,
        }


def views_of(caller: Caller, session: Session, visible: Sequence[str]) -> list[TenantView]:
    """Return the tenants of these workspaces, and configured ones that are not among them, by name.

    Someone who is a member of no workspace gets none, unless the store has no members yet.
    """
    if not visible and access.has_members(session):
        return []
    rows = tenants.list_tenants(session, visible)
    live = engines.live_engines(session, caller.now())
    views = [view_of(caller, session, row, live) for row in rows]
    known = {row.name for row in rows}
    # One that is in a workspace of others looks like one that the store does not hold.
    views += [_unregistered(config) for config in caller.config.tenants if config.name not in known]
    return sorted(views, key=lambda view: view.name)


def view_of(caller: Caller, session: Session, row: TenantRow, live: Sequence[EngineRow]) -> TenantView:
    """Return a tenant that the store holds."""
    config = caller.config.tenant(row.name)
    check = overview.newest_ended(session, row.id, (RunType.CHECK,)).get(RunType.CHECK)
    return TenantView(
        row.name,
        row.workspace,
        row.entra_tenant_id,
        bool(config.production if config else row.production),
        True,
        config is not None,
        config.auth.method if config else None,
        row.paused_until,
        _check_json(check) if check else None,
        overview.newest_set(session, row.id),
        overview.newest_complete_set(session, row.id),
        tuple(
            TenantEngine(engine.id, engine.kind, engine.host, engine.pid, engine.budgets.get(row.id))
            for engine in live
            if row.id in engine.tenants
        ),
    )


def _unregistered(config: TenantConfig) -> TenantView:
    return TenantView(
        config.name,
        config.workspace,
        config.tenant_id,
        config.production,
        False,
        True,
        config.auth.method,
        None,
        None,
    )


def _check_json(run: OperationRun) -> dict[str, Any]:
    return {
        "run": run.id,
        "completed_at": run.completed_at,
        "outcome": run.outcome.value,
        "checks": run.context.get("checks", []),
    }


def _mark_json(mark: SetMark | None) -> dict[str, Any] | None:
    return {"id": mark.id, "created_at": mark.created_at} if mark else None
