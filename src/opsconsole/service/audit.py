"""The audit trail: list, show, verify, head and export. Nothing here writes to the store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from opsconsole.domain.access import Capability
from opsconsole.domain.audit import Action, AuditEntry, AuditOutcome, ChainHead, ChainWatch, Verdict
from opsconsole.service.caller import DEFAULT_LIMIT, Caller, Page
from opsconsole.service.cursors import number_cursor
from opsconsole.service.guard import (
    check_ref,
    nothing_there,
    pick,
    reading,
    require_somewhere,
    visible_workspaces,
)
from opsconsole.service.list_export import AUDIT_CELLS, ListExport, write_list
from opsconsole.service.tenants import tenant_for
from opsconsole.store import access, audit, tenants
from opsconsole.store.database import Session


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries to list; empty fields do not narrow. ``since`` and ``until`` are texts as the store keeps time."""

    actors: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    outcomes: tuple[AuditOutcome, ...] = ()
    tenant: str | None = None
    since: str | None = None
    until: str | None = None
    search: str | None = None


def list_entries(
    caller: Caller,
    query: AuditQuery = AuditQuery(),
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    is_oldest_first: bool = False,
) -> Page[dict[str, Any]]:
    """Return entries of the caller's workspaces (and store-wide ones), newest first, as JSON of contract.md."""
    with reading(caller) as session:
        visible = visible_workspaces(caller, session)
        found, following = audit.list_entries(
            session,
            visible,
            _filter(caller, session, query),
            limit=limit,
            cursor=number_cursor(cursor),
            store_wide=bool(visible),
            is_oldest_first=is_oldest_first,
        )
        names = _Names(session, visible)
        return Page([names.to_json(entry) for entry in found], following)


def count_entries(caller: Caller, query: AuditQuery = AuditQuery(), *, after_seq: int = 0) -> tuple[int, int]:
    """Return exactly how many entries behind ``after_seq`` a query finds, and up to which ``seq`` was counted.

    The trail only grows, so that whoever shows the figure goes on counting where the last count ended.
    """
    with reading(caller) as session:
        visible = visible_workspaces(caller, session)
        flt = _filter(caller, session, query)
        return audit.count_entries(session, visible, flt, after_seq=after_seq, store_wide=bool(visible))


def _filter(caller: Caller, session: Session, query: AuditQuery) -> audit.AuditFilter:
    tenant_ids: tuple[str, ...] = ()
    if query.tenant:
        tenant_ids = (tenant_for(caller, session, query.tenant, Capability.VIEW).id,)
    return audit.AuditFilter(
        query.actors, query.actions, query.outcomes, tenant_ids, query.since, query.until, query.search
    )


def show_entry(caller: Caller, ref: str) -> dict[str, Any]:
    """Return one entry, by id or sequence number (``#12``)."""
    with reading(caller) as session:
        visible = visible_workspaces(caller, session)
        text = ref.strip() if ref.strip().lstrip("#").isdigit() else check_ref("audit entry", ref)
        # Entries of the store as a whole belong to no workspace, so they are shown to every member, and to nobody else.
        found = audit.resolve_entry_id(session, text, visible) if visible else []
        entry_id = pick("audit entry", ref, found)
        entry = audit.get_entry(session, entry_id)
        if entry is None:
            raise nothing_there("audit entry", ref)
        return _Names(session, visible).to_json(entry)


def verify(
    caller: Caller, *kept: ChainHead, after: ChainHead | None = None, watch: ChainWatch | None = None
) -> Verdict:
    """Walk the whole chain, or what comes ``after`` a verified head; ``kept`` are heads that were kept elsewhere.

    ``watch`` is told how far the walk is and may stop it: raises WalkStopped.
    """
    with reading(caller) as session:
        require_somewhere(caller, session, Capability.VIEW)
        return audit.verify(session, *kept, after=after, watch=watch)


def holds_still(caller: Caller, kept: ChainHead) -> tuple[ChainHead, bool]:
    """Return the head of the store, and whether the entry of a head kept elsewhere is still what it was: without a walk."""
    with reading(caller) as session:
        require_somewhere(caller, session, Capability.VIEW)
        head = audit.audit_head(session)
        return head, kept.seq == 0 or (head.seq >= kept.seq and audit.is_untouched(session, kept))


def head(caller: Caller) -> ChainHead:
    """Return the last entry's number and hash: keep it elsewhere to notice a cut end or a chain computed anew."""
    with reading(caller) as session:
        require_somewhere(caller, session, Capability.VIEW)
        return audit.audit_head(session)


def trail(caller: Caller, query: AuditQuery = AuditQuery()) -> ListExport[dict[str, Any]]:
    """Return every visible entry that ``query`` finds as a list that can be written, oldest first.

    What is appended while it is written is left to the next export. Needs only ``view``: the trail holds no payloads.
    """

    @cache
    def upto() -> int:
        with reading(caller) as session:
            return audit.audit_head(session).seq

    def read(limit: int, cursor: str | None) -> Page[dict[str, Any]]:
        last = upto()  # with the first page, not before: who asks for the list may be a screen's loop
        page = list_entries(caller, query, limit=limit, cursor=cursor, is_oldest_first=True)
        is_last = page.next_cursor is None or int(page.next_cursor) >= last
        return Page([entry for entry in page.items if entry["seq"] <= last], None if is_last else page.next_cursor)

    return ListExport("audit entries", AUDIT_CELLS, dict, read, lambda: count_entries(caller, query)[0])


def export_entries(caller: Caller, path: Path, query: AuditQuery = AuditQuery()) -> int:
    """Write every visible entry that ``query`` finds to ``path``, as CSV (``.csv``) or JSON Lines; return how many.

    As ``trail`` says. Raises UsageError rather than overwrite.
    """
    return write_list(trail(caller, query), path)


class _Names:
    """Puts the names of workspaces and tenants in place of their ids."""

    def __init__(self, session: Session, visible: list[str]) -> None:
        self._workspaces = {str(row["id"]): str(row["name"]) for row in access.list_workspaces(session, visible)}
        self._tenants = {row.id: row.name for row in tenants.list_tenants(session, visible)}

    def to_json(self, entry: AuditEntry) -> dict[str, Any]:
        value = entry.columns()
        value["workspace"] = self._workspaces.get(value.pop("workspace_id") or "")
        value["tenant"] = self._tenants.get(value.pop("tenant_id") or "")
        value["details"] = json.loads(entry.details)
        value["hash"] = entry.hash
        return value
