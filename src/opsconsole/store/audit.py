"""The audit log: the one writer of its chain, its readers, and its verification (promise 6)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from opsconsole.domain.audit import (
    Action,
    AuditEntry,
    AuditOutcome,
    BadEntry,
    ChainHead,
    ChainWalk,
    ChainWatch,
    Verdict,
    entry_hash,
)
from opsconsole.store.audit_list import SELECT_ENTRY, AuditFilter, count_entries, list_entries
from opsconsole.store.database import Session, bind_list, clean
from opsconsole.store.lookup import ID_LENGTH, LAST_DIGITS, resolve_suffix, suffix_clause

__all__ = [
    "AuditFilter",
    "append_entry",
    "audit_head",
    "count_entries",
    "entries_of",
    "get_entry",
    "is_untouched",
    "list_entries",
    "resolve_entry_id",
    "verify",
]

WATCH_EVERY = 1_000
"""Entries between two looks at who watches a walk: some ten milliseconds."""

MAX_SEQ_DIGITS = 19
"""A 64-bit number has at most 18 digits of which every one may be anything."""


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


def get_entry(s: Session, entry_id: str) -> AuditEntry | None:
    """Return an entry by its whole id."""
    row = s.one(f"{SELECT_ENTRY} WHERE id = :id", id=entry_id)
    return AuditEntry(**row) if row else None


def entries_of(s: Session, resource_id: str, *, limit: int = 50) -> list[AuditEntry]:
    """Return the entries about one resource (a run, a set, a restore run), newest first."""
    # Not resource_id = :id: SQLite would put the id into the indexed expression as well, and miss the index.
    rows = s.all(
        f"{SELECT_ENTRY}{s.index('audit_by_resource')} WHERE substr(resource_id, {ID_LENGTH - LAST_DIGITS + 1}) = :ending"
        " AND substr(resource_id, 1) = :id ORDER BY seq DESC LIMIT :limit",
        id=resource_id,
        ending=resource_id[ID_LENGTH - LAST_DIGITS :],
        limit=limit,
    )
    return [AuditEntry(**row) for row in rows]


def resolve_entry_id(s: Session, ref: str, workspace_ids: Sequence[str]) -> list[str]:
    """Return the ids of entries that end in ``ref``, two at most, of the given workspaces or of none.

    A number (``12``, ``#12``) is an entry's place in the chain.
    """
    number = ref.strip().lstrip("#")
    if number.isdecimal() and len(number) < MAX_SEQ_DIGITS:
        names, params = bind_list("w", list(workspace_ids))
        rows = s.all(
            f"SELECT id FROM audit_logs WHERE seq = :seq AND (workspace_id IN ({names}) OR workspace_id IS NULL)",
            seq=int(number),
            **params,
        )
        if rows or ref.strip().startswith("#"):
            return [row["id"] for row in rows]
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


def verify(s: Session, *kept: ChainHead, after: ChainHead | None = None, watch: ChainWatch | None = None) -> Verdict:
    """Walk the chain and return the first entry at which it breaks, if any.

    ``kept`` are heads kept elsewhere: the entry of each one's number must be the one it names, also in the middle.
    ``after`` is one that was verified before: only what follows it is walked, where its own entry is still what it was.
    ``watch`` is told how far the walk is, and may end it: raises WalkStopped.
    """
    start = ChainHead()
    if after is not None and after.seq and is_untouched(s, after):
        start = after
    kept = tuple(head for head in (*kept, after) if head is not None)
    wanted = {head.seq: head.hash for head in kept}
    walk = ChainWalk(start)
    if watch is not None:
        watch.begin(max(0, audit_head(s).seq - start.seq))
    for row in s.stream(
        f"{SELECT_ENTRY} WHERE seq > :after ORDER BY seq" if start.seq else f"{SELECT_ENTRY} ORDER BY seq",
        **({"after": start.seq} if start.seq else {}),
    ):
        stored = row.pop("hash")
        try:
            if not walk.step(row, stored):
                break
        except (TypeError, ValueError):
            # A number or text of a kind that no entry has.
            walk.first_bad = BadEntry(walk.head.seq + 1, "changed")
            break
        if wanted.get(walk.head.seq, stored) != stored:
            walk.first_bad = BadEntry(walk.head.seq, "changed")
            break
        if watch is not None and walk.entries % WATCH_EVERY == 0:
            watch.step(walk.entries)
    row_of_head = s.one("SELECT seq, hash FROM audit_head WHERE id = 1")
    recorded = ChainHead(int(row_of_head["seq"]), row_of_head["hash"]) if row_of_head else ChainHead()
    return walk.finish(recorded, *kept)


def is_untouched(s: Session, head: ChainHead) -> bool:
    """Tell whether the entry of this head is there, once, and still is what its hash says."""
    rows = s.all(f"{SELECT_ENTRY} WHERE seq = :seq", seq=head.seq)
    try:
        return len(rows) == 1 and rows[0].pop("hash") == head.hash and entry_hash(rows[0]) == head.hash
    except (TypeError, ValueError):
        return False
