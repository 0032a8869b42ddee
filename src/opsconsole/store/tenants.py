"""Tenants: registered once under a name, with the pause that Graph's throttling imposes on all processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsconsole.store.database import Row, Session, bind_list

_SELECT = (
    "SELECT t.id, t.workspace_id, w.name AS workspace, t.name, t.entra_tenant_id, t.production, t.created_at,"
    " t.paused_until FROM tenants t JOIN workspaces w ON w.id = t.workspace_id"
)


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant as the store knows it."""

    id: str
    workspace_id: str
    workspace: str
    name: str
    entra_tenant_id: str
    production: bool
    created_at: str
    paused_until: str | None


def get_tenant(s: Session, name: str) -> TenantRow | None:
    """Return a tenant by its name."""
    row = s.one(f"{_SELECT} WHERE t.name = :name", name=name)
    return _to_tenant(row) if row else None


def register_tenant(
    s: Session, *, id: str, workspace_id: str, name: str, entra_tenant_id: str, production: bool, created_at: str
) -> bool:
    """Register a tenant; False if one of this name is registered already."""
    return bool(
        s.run(
            "INSERT INTO tenants (id, workspace_id, name, entra_tenant_id, production, created_at)"
            " VALUES (:id, :workspace_id, :name, :entra, :production, :created_at) ON CONFLICT (name) DO NOTHING",
            id=id,
            workspace_id=workspace_id,
            name=name,
            entra=entra_tenant_id.lower(),
            production=int(production),
            created_at=created_at,
        )
    )


def list_tenants(s: Session, workspace_ids: Sequence[str]) -> list[TenantRow]:
    """Return the tenants of the given workspaces, by name."""
    names, params = bind_list("w", list(workspace_ids))
    return [_to_tenant(row) for row in s.all(f"{_SELECT} WHERE t.workspace_id IN ({names}) ORDER BY t.name", **params)]


def read_pause(s: Session, tenant_id: str) -> str | None:
    """Return until when nobody may call Graph for this tenant; None: never paused."""
    row = s.one("SELECT paused_until FROM tenants WHERE id = :id", id=tenant_id)
    return row["paused_until"] if row else None


def extend_pause(s: Session, tenant_id: str, until: str) -> bool:
    """Pause a tenant until then; a longer pause stays as it is. True if this call extended it."""
    return bool(
        s.run(
            "UPDATE tenants SET paused_until = :until WHERE id = :id AND (paused_until IS NULL OR paused_until < :until)",
            id=tenant_id,
            until=until,
        )
    )


def _to_tenant(row: Row) -> TenantRow:
    return TenantRow(**{**row, "production": bool(row["production"])})
