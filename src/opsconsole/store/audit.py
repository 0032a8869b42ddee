"""The audit log: the one writer of its chain, its readers, and its verification (promise 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from opsconsole.domain.audit import (
    Action,
    AuditEntry,
    AuditOutcome,
    BadEntry,
    ChainHead,
    ChainWalk,
    Verdict,
    entry_hash,
)
from opsconsole.store.database import Row, Session, bind_list, clean
from opsconsole.store.lookup import resolve_suffix, suffix_clause

_SELECT = (
    "SELECT id, seq, workspace_id, tenant_id, actor, action, resource_type, resource_id, outcome, details, created_at,"
    " prev_hash, hash FROM audit_logs"
)


def append_entry(
    s: Session,
    *,
    id: str,
    workspace_id: str | None,
    tenant_id: str | None,
    actor: str,
    action: Action,
    resource_type: str,
    resource_id: str,
    outcome: AuditOutcome,
    details: dict[str, Any],
    created_at: str,
) -> AuditEntry:
    """Append an entry to the chain. Call it last in a transaction: it holds the chain's head until the commit."""
    head = s.one("SELECT seq, hash FROM audit_head WHERE id = 1" + s.pick(sqlite="", postgres=" FOR UPDATE")) or {}
    columns: dict[str, Any] = {
        "id": id,
        "seq": int(head["seq"]) + 1,
        "workspace_id": workspace_id,
        "tenant_id": tenant_id,
        "actor": clean(actor),
        "action": action.value,
        "resource_type": clean(resource_type),
        "resource_id": clean(resource_id),
        "outcome": outcome.value,
        # Cleaned before it is hashed: what is stored must be what was hashed.
        "details": clean(json.dumps(details, sort_keys=True, separators=(",", ":"), ensure_ascii=False)),
        "created_at": created_at,
        "prev_hash": head["hash"],
    }
    hashed = entry_hash(columns)
    # The database itself moves the head (audit_advance_head), and refuses what does not follow it.
    s.run(
        "INSERT INTO audit_logs (id, seq, workspace_id, tenant_id, actor, action, resource_type, resource_id, outcome,"
        " details, created_at, prev_hash, hash) VALUES (:id, :seq, :workspace_id, :tenant_id, :actor, :action,"
        " :resource_type, :resource_id, :outcome, :details, :created_at, :prev_hash, :hash)",
        **columns,
        hash=hashed,
    )
    return AuditEntry(**columns, hash=hashed)


def list_entries(
    s: Session,
    workspace_ids: Sequence[str],
    *,
    limit: int,
    cursor: str | None = None,
    action: str | None = None,
    search: str | None = None,
    store_wide: bool = True,
) -> tuple[list[AuditEntry], str | None]:
    """Return a page of entries, newest first, and the cursor of the next page (a ``seq``).

    Entries of the store as a whole, of no workspace, come with those of the workspaces unless ``store_wide`` is off.
    ``search`` is the end of an entry's id, a whole resource id, or a part of an action's or actor's text.
    """
    names, params = bind_list("w", list(workspace_ids))
    conditions = [
        f"(workspace_id IN ({names}) OR workspace_id IS NULL)" if store_wide else f"workspace_id IN ({names})"
    ]
    if action:
        conditions.append("action = :action")
        params["action"] = str(action)
    if search:
        escaped = search.strip().lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        parts = [
            "LOWER(action) LIKE :part ESCAPE '!'",
            "LOWER(actor) LIKE :part ESCAPE '!'",
            "resource_id LIKE :tail ESCAPE '!'",
        ]
        params.update(part=f"%{escaped}%", tail=f"%{escaped}")
        if clause := suffix_clause(search):
            parts.append(f"({clause[0]})")
            params.update(clause[1])
        conditions.append(f"({' OR '.join(parts)})")
    if cursor:
        conditions.append("seq < :cursor")
        params["cursor"] = int(cursor)
    rows = s.all(
        f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY seq DESC LIMIT :limit", **params, limit=limit + 1
    )
    entries = [AuditEntry(**row) for row in rows[:limit]]
    return entries, str(entries[-1].seq) if len(rows) > limit else None


def get_entry(s: Session, entry_id: str) -> AuditEntry | None:
    """Return an entry by its whole id."""
    row = s.one(f"{_SELECT} WHERE id = :id", id=entry_id)
    return AuditEntry(**row) if row else None


def entries_of(s: Session, resource_id: str, *, limit: int = 50) -> list[AuditEntry]:
    """Return the entries about one resource (a run, a set, a restore run), newest first."""
    rows = s.all(f"{_SELECT} WHERE resource_id = :id ORDER BY seq DESC LIMIT :limit", id=resource_id, limit=limit)
    return [AuditEntry(**row) for row in rows]


def resolve_entry_id(s: Session, ref: str, workspace_ids: Sequence[str]) -> list[str]:
    """Return the ids of entries that end in ``ref``, two at most, of the given workspaces or of none."""
    clause = suffix_clause(ref)
    found = resolve_suffix(s, "audit_logs", ref, workspace_ids)
    if clause:
        rows = s.all(f"SELECT id FROM audit_logs WHERE {clause[0]} AND workspace_id IS NULL LIMIT 2", **clause[1])
        found += [row["id"] for row in rows]
    return found[:2]


def audit_head(s: Session) -> ChainHead:
    """Return the last entry's number and hash: keep them elsewhere to notice a cut end."""
    row = s.one("SELECT seq, hash FROM audit_head WHERE id = 1")
    return ChainHead(int(row["seq"]), row["hash"]) if row else ChainHead()


def iter_rows(s: Session, after_seq: int = 0) -> Iterator[Row]:
    """Yield the rows in the order of the chain, one by one."""
    return s.stream(f"{_SELECT} WHERE seq > :after ORDER BY seq", after=after_seq)


def verify(s: Session, kept: ChainHead | None = None) -> Verdict:
    """Walk the whole chain and return the first entry at which it breaks, if any.

    ``kept`` is a head kept elsewhere: the entry of its number must be the one it names, also in the middle.
    """
    walk = ChainWalk()
    for row in s.stream(f"{_SELECT} ORDER BY seq"):
        stored = row.pop("hash")
        try:
            if not walk.step(row, stored):
                break
        except (TypeError, ValueError):
            # A number or text of a kind that no entry has.
            walk.first_bad = BadEntry(walk.head.seq + 1, "changed")
            break
        if kept is not None and walk.head.seq == kept.seq and stored != kept.hash:
            walk.first_bad = BadEntry(kept.seq, "changed")
            break
    row_of_head = s.one("SELECT seq, hash FROM audit_head WHERE id = 1")
    recorded = ChainHead(int(row_of_head["seq"]), row_of_head["hash"]) if row_of_head else ChainHead()
    return walk.finish(recorded, kept)
