"""Where a seeded history happens: the tenants of the store, or some of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from opsconsole.domain.clock import to_text
from opsconsole.domain.ids import IdSource
from opsconsole.store.database import Session

SPAN_DAYS = 730
"""How far back the history of a large store reaches; a small one reaches back a day for every ten runs."""

_TENANTS = ("contoso", "fabrikam", "adatum", "northwind")
"""Made where the store has no tenants of its own."""


@dataclass(slots=True)
class Place:
    """A tenant and the sets that its history has made so far."""

    workspace_id: str
    tenant_id: str
    sets: list[str] = field(default_factory=list)
    last_restore: str | None = None


def places_to_seed(s: Session, rnd: random.Random, now: datetime) -> list[Place]:
    """Return the store's tenants, oldest first; makes a few where it has none."""
    new_id = IdSource(lambda: int((now - timedelta(days=SPAN_DAYS + 1)).timestamp() * 1000), rnd.randbytes)
    places = [
        Place(row["workspace_id"], row["id"]) for row in s.all("SELECT id, workspace_id FROM tenants ORDER BY id")
    ]
    if places:
        return places
    row = s.one("SELECT id FROM workspaces ORDER BY id LIMIT 1")
    workspace_id = row["id"] if row else new_id()
    if not row:
        s.run(
            "INSERT INTO workspaces (id, name, created_at) VALUES (:id, 'main', :at)", id=workspace_id, at=to_text(now)
        )
    for name in _TENANTS:
        place = Place(workspace_id, new_id())
        places.append(place)
        s.run(
            "INSERT INTO tenants (id, workspace_id, name, entra_tenant_id, created_at)"
            " VALUES (:id, :workspace, :name, :entra, :at)",
            id=place.tenant_id,
            workspace=workspace_id,
            name=name,
            entra=new_id(),
            at=to_text(now),
        )
    return places
