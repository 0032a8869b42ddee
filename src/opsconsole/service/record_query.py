"""Which backup sets or restore runs to list, as it is asked for: tenants by name."""

from __future__ import annotations

from dataclasses import dataclass

from opsconsole.domain.access import Capability
from opsconsole.service.caller import Caller
from opsconsole.service.tenants import tenant_for
from opsconsole.store.database import Session
from opsconsole.store.record_filter import RecordFilter

SET_STATES = ("active", "complete", "incomplete")
"""What a backup set may be: still being fetched, whole, or with something missing."""


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Empty fields do not narrow. ``since`` and ``until`` are texts as the store keeps time.

    ``search`` is the end of an id, or a part of a tenant's or initiator's name.
    """

    states: tuple[str, ...] = ()
    tenant: str | None = None
    since: str | None = None
    until: str | None = None
    by: str | None = None
    search: str | None = None

    def resolved(self, caller: Caller, session: Session) -> RecordFilter:
        """Return the filter for the store. Raises NotFound for a tenant that the caller cannot see."""
        tenant_ids: tuple[str, ...] = ()
        if self.tenant:
            tenant_ids = (tenant_for(caller, session, self.tenant, Capability.VIEW).id,)
        return RecordFilter(self.states, tenant_ids, self.since, self.until, self.by, self.search)


EVERY_RECORD = RecordQuery()
"""Narrows nothing."""
