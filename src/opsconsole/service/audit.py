"""The audit trail: list, show, verify, head and export. Nothing here writes to the store."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from opsconsole.domain.access import Capability
from opsconsole.domain.audit import AuditEntry, ChainHead, Verdict
from opsconsole.errors import UsageError
from opsconsole.service.caller import DEFAULT_LIMIT, Caller, Page
from opsconsole.service.cursors import number_cursor
from opsconsole.service.export import write_private
from opsconsole.service.guard import (
    check_ref,
    nothing_there,
    pick,
    reading,
    require_somewhere,
    visible_workspaces,
)
from opsconsole.store import access, audit, tenants
from opsconsole.store.database import Session

EXPORT_COLUMNS = (
    "seq",
    "created_at",
    "actor",
    "action",
    "outcome",
    "workspace",
    "tenant",
    "resource_type",
    "resource_id",
    "details",
    "id",
    "prev_hash",
    "hash",
)
"""Columns of an exported trail, in this order."""


def list_entries(
    caller: Caller,
    *,
    action: str | None = None,
    search: str | None = None,
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
            limit=limit,
            cursor=number_cursor(cursor),
            action=action,
            search=search,
            store_wide=bool(visible),
            is_oldest_first=is_oldest_first,
        )
        names = _Names(session, visible)
        return Page([names.to_json(entry) for entry in found], following)


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


def verify(caller: Caller, *kept: ChainHead, after: ChainHead | None = None) -> Verdict:
    """Walk the whole chain, or what comes ``after`` a verified head; ``kept`` are heads that were kept elsewhere."""
    with reading(caller) as session:
        require_somewhere(caller, session, Capability.VIEW)
        return audit.verify(session, *kept, after=after)


def head(caller: Caller) -> ChainHead:
    """Return the last entry's number and hash: keep it elsewhere to notice a cut end or a chain computed anew."""
    with reading(caller) as session:
        require_somewhere(caller, session, Capability.VIEW)
        return audit.audit_head(session)


def export_entries(caller: Caller, path: Path) -> int:
    """Write every visible entry to ``path``, oldest first, as CSV (``.csv``) or JSON Lines; return how many.

    Needs only ``view``: the trail holds no payloads. Raises UsageError rather than overwrite.
    """
    cursor: str | None = None
    entries: list[dict[str, Any]] = []
    while True:
        page = list_entries(caller, limit=1000, cursor=cursor)
        entries.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    entries.reverse()
    try:
        write_private(path, _as_csv(entries) if path.suffix.lower() == ".csv" else _as_lines(entries))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UsageError(
            f"Cannot write {str(path)!r}: {getattr(error, 'strerror', None) or type(error).__name__}.",
            "Name a new file.",
        ) from None
    return len(entries)


def _as_lines(entries: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)


def _as_csv(entries: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, EXPORT_COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for entry in entries:
        # A leading =, +, - or @ would be run as a formula by a spreadsheet.
        cells = {key: _harmless(value) for key, value in entry.items()}
        writer.writerow({**cells, "details": json.dumps(entry["details"], ensure_ascii=False)})
    return out.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else value


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
