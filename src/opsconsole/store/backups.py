"""Backup sets: made, found, listed, with their kept counts and the names their groups and filters had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from opsconsole.domain.backup import BackupSet, DirectoryName, TypeCounts, TypeStatus
from opsconsole.domain.failure import Failure
from opsconsole.store.backup_items import (
    ListedItem,
    Settled,
    add_listed_items,
    all_items,
    count_items,
    count_pending,
    find_items,
    get_item,
    item_failures,
    iter_assignments,
    left_items,
    list_items,
    pending_items,
    reopen_items,
    resolve_item_id,
    settle_items,
    settle_with_assignments,
    skip_pending,
)
from opsconsole.store.columns import to_json_text
from opsconsole.store.database import Row, Session, bind_list, chunks
from opsconsole.store.keyset import cut_page, keyset
from opsconsole.store.lookup import resolve_suffix
from opsconsole.store.record_filter import EVERY_RECORD, RecordFilter, record_conditions
from opsconsole.store.run_failures import list_failures

__all__ = [
    "ListedItem",
    "RecordFilter",
    "Settled",
    "active_set",
    "add_listed_items",
    "all_items",
    "count_items",
    "count_pending",
    "count_sets",
    "find_items",
    "get_item",
    "get_names",
    "get_set",
    "insert_set",
    "iter_assignments",
    "left_items",
    "list_items",
    "list_sets",
    "pending_items",
    "put_names",
    "reopen_items",
    "resolve_item_id",
    "resolve_set_id",
    "set_type_status",
    "settle_items",
    "settle_with_assignments",
    "skip_pending",
]

LATEST = "latest"
"""What an operator writes for the newest set."""

SET_FAILURES = 1000
"""How many failures come with a set: more than a person reads."""

_SELECT = (
    "SELECT b.id, b.workspace_id, w.name AS workspace, b.tenant_id, t.name AS tenant, b.created_at, b.initiator,"
    " b.initiator_name, b.capture_run_id, b.fetch_run_id, b.is_active FROM backup_sets b"
    " JOIN workspaces w ON w.id = b.workspace_id JOIN tenants t ON t.id = b.tenant_id"
)


_GAP = (
    "SELECT 1 FROM backup_set_types x WHERE x.set_id = b.id"
    " AND (x.listed <> x.fetched OR x.status IN ('failed', 'partial', 'pending'))"
)
"""A type of which something is missing, as ``TypeCounts.missing`` counts it."""


def insert_set(
    s: Session,
    *,
    id: str,
    workspace_id: str,
    tenant_id: str,
    created_at: str,
    initiator: str,
    initiator_name: str,
    types: list[str] | None,
    identity_hash: str,
    capture_run_id: str,
    fetch_run_id: str,
    policy_types: Sequence[str],
) -> bool:
    """Make an active set with a pending row for each type; False if an active set of this identity exists (promise 2).

    Its two runs may be inserted before or after it, in the same transaction.
    """
    made = s.run(
        "INSERT INTO backup_sets (id, workspace_id, tenant_id, created_at, initiator, initiator_name, types,"
        " identity_hash, is_active, capture_run_id, fetch_run_id) VALUES (:id, :workspace_id, :tenant_id, :created_at,"
        " :initiator, :initiator_name, :types, :identity_hash, 1, :capture_run_id, :fetch_run_id)"
        " ON CONFLICT (identity_hash) WHERE is_active = 1 DO NOTHING",
        id=id,
        workspace_id=workspace_id,
        tenant_id=tenant_id,
        created_at=created_at,
        initiator=initiator,
        initiator_name=initiator_name,
        types=None if types is None else to_json_text(types),
        identity_hash=identity_hash,
        capture_run_id=capture_run_id,
        fetch_run_id=fetch_run_id,
    )
    if not made:
        return False
    s.many(
        "INSERT INTO backup_set_types (set_id, workspace_id, policy_type, status)"
        " VALUES (:set_id, :workspace_id, :policy_type, 'pending')",
        [{"set_id": id, "workspace_id": workspace_id, "policy_type": policy_type} for policy_type in policy_types],
    )
    return True


def active_set(s: Session, identity_hash: str) -> BackupSet | None:
    """Return the set of this identity whose fetch has not completed, without failures."""
    return _first(s, f"{_SELECT} WHERE b.identity_hash = :key AND b.is_active = 1", identity_hash)


def get_set(s: Session, set_id: str, *, failure_limit: int = SET_FAILURES) -> BackupSet | None:
    """Return a set by its whole id, with the failures of its types first, then those of its items as they are now."""
    found = _first(s, f"{_SELECT} WHERE b.id = :key", set_id)
    if found is None:
        return None
    failures: list[Failure] = [failure for _, failure in list_failures(s, found.capture_run_id, limit=failure_limit)]
    failures += item_failures(s, set_id, limit=failure_limit - len(failures))
    return replace(found, failures=tuple(failures))


def resolve_set_id(s: Session, ref: str, workspace_ids: Sequence[str], tenant_id: str | None = None) -> list[str]:
    """Return the ids of sets that ``ref`` may mean, two at most: the end of an id, or ``latest``.

    ``latest`` is the newest set that can be used: not active, and with a list of some policy type; else the newest one.
    """
    if ref.strip().lower() != LATEST:
        return resolve_suffix(s, "backup_sets", ref, workspace_ids)
    if not workspace_ids:
        return []
    only, params = "", dict[str, Any]()
    if tenant_id is not None:
        only, params = " AND tenant_id = :tenant", {"tenant": tenant_id}
    usable = (
        " AND is_active = 0 AND EXISTS (SELECT 1 FROM backup_set_types x WHERE x.set_id = backup_sets.id"
        " AND x.status IN ('listed', 'partial'))"
    )
    for settled in (usable, " AND is_active = 0", ""):
        newest = [
            row["id"]
            for workspace_id in workspace_ids
            for row in s.all(
                f"SELECT id FROM backup_sets WHERE workspace_id = :workspace{only}{settled} ORDER BY id DESC LIMIT 1",
                workspace=workspace_id,
                **params,
            )
        ]
        if newest:
            return [max(newest)]
    return []


_OF_STATE = {
    "active": "b.is_active = 1",
    "complete": f"(b.is_active = 0 AND NOT EXISTS ({_GAP}))",
    "incomplete": f"(b.is_active = 0 AND EXISTS ({_GAP}))",
}
"""What the states of a set mean in its columns."""


def list_sets(
    s: Session,
    workspace_ids: Sequence[str],
    flt: RecordFilter = EVERY_RECORD,
    *,
    limit: int,
    cursor: str | None = None,
    backwards: bool = False,
) -> tuple[list[BackupSet], str | None]:
    """Return a page of sets, newest first, without failures, and the cursor that goes on in the same direction."""
    if not workspace_ids:
        return [], None
    conditions, params = record_conditions(s, workspace_ids, flt, table="backup_sets", alias="b", of_state=_OF_STATE)
    beyond, order = keyset("b.id", is_falling=True, backwards=backwards)
    if cursor:
        conditions.append(beyond)
        params["cursor"] = cursor
    rows = s.all(f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit", **params, limit=limit + 1)
    page, last = cut_page(rows, limit, backwards=backwards)
    return _with_types(s, page), last["id"] if last else None


def count_sets(s: Session, workspace_ids: Sequence[str], flt: RecordFilter = EVERY_RECORD) -> int:
    """Return exactly how many sets match."""
    if not workspace_ids:
        return 0
    conditions, params = record_conditions(s, workspace_ids, flt, table="backup_sets", alias="b", of_state=_OF_STATE)
    row = s.one(f"SELECT COUNT(*) AS n FROM backup_sets b WHERE {' AND '.join(conditions)}", **params)
    return int(row["n"]) if row else 0


def set_type_status(s: Session, set_id: str, policy_type: str, status: TypeStatus) -> None:
    """Note how far the list of one type came."""
    s.run(
        "INSERT INTO backup_set_types (set_id, workspace_id, policy_type, status)"
        " SELECT id, workspace_id, :policy_type, :status FROM backup_sets WHERE id = :set_id"
        " ON CONFLICT (set_id, policy_type) DO UPDATE SET status = excluded.status",
        set_id=set_id,
        policy_type=policy_type,
        status=str(status),
    )


def put_names(s: Session, set_id: str, workspace_id: str, names: Sequence[DirectoryName]) -> None:
    """Keep how the directory knew groups and filters when the set was made; a later answer replaces an earlier one."""
    s.many(
        "INSERT INTO backup_names (set_id, workspace_id, kind, object_id, name, is_gone, details)"
        " VALUES (:set_id, :workspace_id, :kind, :object_id, :name, :is_gone, :details)"
        " ON CONFLICT (set_id, kind, object_id) DO UPDATE"
        " SET name = excluded.name, is_gone = excluded.is_gone, details = excluded.details",
        [
            {
                "set_id": set_id,
                "workspace_id": workspace_id,
                "kind": name.kind,
                "object_id": name.id.lower(),
                "name": name.name,
                "is_gone": int(name.is_gone),
                "details": name.details,
            }
            for name in names
        ],
    )


def get_names(s: Session, set_id: str) -> list[DirectoryName]:
    """Return the groups and filters that the set's assignments name."""
    rows = s.all(
        "SELECT kind, object_id, name, is_gone, details FROM backup_names WHERE set_id = :id ORDER BY kind, object_id",
        id=set_id,
    )
    return [
        DirectoryName(row["kind"], row["object_id"], row["name"], bool(row["is_gone"]), row["details"]) for row in rows
    ]


def _first(s: Session, sql: str, key: str) -> BackupSet | None:
    rows = s.all(f"{sql} ORDER BY b.id DESC LIMIT 1", key=key)
    sets = _with_types(s, rows)
    return sets[0] if sets else None


def _with_types(s: Session, rows: Iterable[Row]) -> list[BackupSet]:
    sets = [BackupSet(**{**row, "is_active": bool(row["is_active"])}) for row in rows]
    by_id = {found.id: found for found in sets}
    for part in chunks(list(by_id)):
        names, params = bind_list("i", part)
        for row in s.all(
            "SELECT set_id, policy_type, status, listed, fetched, failed, skipped FROM backup_set_types"
            f" WHERE set_id IN ({names}) ORDER BY policy_type",
            **params,
        ):
            by_id[row["set_id"]].by_type[row["policy_type"]] = TypeCounts(
                TypeStatus(row["status"]), row["listed"], row["fetched"], row["failed"], row["skipped"]
            )
    return sets
