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
    Verdict,
    entry_hash,
)
from opsconsole.store.database import Session, bind_list, clean
from opsconsole.store.lookup import ID_LENGTH, LAST_DIGITS, resolve_suffix, suffix_clause

_SELECT = (
    "SELECT id, seq, workspace_id, tenant_id, actor, action, resource_type, resource_id, outcome, details, created_at,"
    " prev_hash, hash FROM audit_logs"
)

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


def list_entries(
    s: Session,
    workspace_ids: Sequence[str],
    *,
    limit: int,
    cursor: str | None = None,
    action: str | None = None,
    search: str | None = None,
    store_wide: bool = True,
    is_oldest_first: bool = False,
) -> tuple[list[AuditEntry], str | None]:
    """Return a page of entries, newest first unless told otherwise, and the cursor of the next page (a ``seq``).

    Entries of the store as a whole, of no workspace, come with those of the workspaces unless ``store_wide`` is off.
    ``search`` is the end of an entry's id, a whole resource id, or a part of an action's or actor's text.
    """
    names, params = bind_list("w", list(workspace_ids))
    scope = f"(workspace_id IN ({names}){' OR workspace_id IS NULL' if store_wide else ''})"
    branches = [("audit_by_workspace", f"workspace_id = :w{i}") for i in range(len(workspace_ids))]
    if store_wide:
        branches.append(("audit_by_workspace", "workspace_id IS NULL"))
    if search:
        branches = _search_branches(s, search, params)
        branches = [(index, f"{anchor} AND {scope}") for index, anchor in branches]
        if action:
            params["action"] = str(action)
            branches = [(index, f"{anchor} AND action = :action") for index, anchor in branches]
    elif action:
        params["action"] = str(action)
        branches = [("audit_by_action", f"action = :action AND {scope}")]
    if not branches:
        return [], None
    after = ""
    if cursor:
        after, params["cursor"] = f" AND seq {'>' if is_oldest_first else '<'} :cursor", int(cursor)
    order = "ASC" if is_oldest_first else "DESC"
    # Each branch walks one index from its newest entry and stops at the page's size.
    parts = [
        f"SELECT * FROM ({_SELECT}{s.index(index) if index else ''} WHERE {where}{after} ORDER BY seq {order} LIMIT :page) AS b{i}"
        for i, (index, where) in enumerate(branches)
    ]
    rows = s.all(f"{' UNION '.join(parts)} ORDER BY seq {order} LIMIT :page", **params, page=limit + 1)
    entries = [AuditEntry(**row) for row in rows[:limit]]
    return entries, str(entries[-1].seq) if len(rows) > limit else None


def _search_branches(s: Session, search: str, params: dict[str, Any]) -> list[tuple[str, str]]:
    text = search.strip().casefold()
    branches = []
    if clause := suffix_clause(text):
        branches.append(("audit_by_last_digits" if len(text) < ID_LENGTH else "", clause[0]))
        params.update(clause[1], resource_end=text[-LAST_DIGITS:])
        tail = f"substr(resource_id, {ID_LENGTH - len(text) + 1}) = :ref"
        branches.append(
            ("audit_by_resource", f"substr(resource_id, {ID_LENGTH - LAST_DIGITS + 1}) = :resource_end AND {tail}")
        )
    actors = s.all(
        "WITH RECURSIVE actors (name) AS (SELECT MIN(actor) FROM audit_logs UNION ALL"
        " SELECT (SELECT MIN(actor) FROM audit_logs WHERE actor > actors.name) FROM actors WHERE actors.name IS NOT NULL)"
        " SELECT name FROM actors WHERE name IS NOT NULL"
    )
    found = [("audit_by_actor", "actor", row["name"]) for row in actors if text in row["name"].casefold()]
    found += [("audit_by_action", "action", known.value) for known in Action if text in known.value]
    for i, (index, column, value) in enumerate(found):
        params[f"hit{i}"] = value
        branches.append((index, f"{column} = :hit{i}"))
    return branches


def get_entry(s: Session, entry_id: str) -> AuditEntry | None:
    """Return an entry by its whole id."""
    row = s.one(f"{_SELECT} WHERE id = :id", id=entry_id)
    return AuditEntry(**row) if row else None


def entries_of(s: Session, resource_id: str, *, limit: int = 50) -> list[AuditEntry]:
    """Return the entries about one resource (a run, a set, a restore run), newest first."""
    # Not resource_id = :id: SQLite would put the id into the indexed expression as well, and miss the index.
    rows = s.all(
        f"{_SELECT}{s.index('audit_by_resource')} WHERE substr(resource_id, {ID_LENGTH - LAST_DIGITS + 1}) = :ending"
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


def verify(s: Session, *kept: ChainHead, after: ChainHead | None = None) -> Verdict:
    """Walk the chain and return the first entry at which it breaks, if any.

    ``kept`` are heads kept elsewhere: the entry of each one's number must be the one it names, also in the middle.
    ``after`` is one that was verified before: only what follows it is walked, where its own entry is still what it was.
    """
    start = ChainHead()
    if after is not None and after.seq and is_untouched(s, after):
        start = after
    kept = tuple(head for head in (*kept, after) if head is not None)
    wanted = {head.seq: head.hash for head in kept}
    walk = ChainWalk(start)
    for row in s.stream(
        f"{_SELECT} WHERE seq > :after ORDER BY seq" if start.seq else f"{_SELECT} ORDER BY seq",
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
    row_of_head = s.one("SELECT seq, hash FROM audit_head WHERE id = 1")
    recorded = ChainHead(int(row_of_head["seq"]), row_of_head["hash"]) if row_of_head else ChainHead()
    return walk.finish(recorded, *kept)


def is_untouched(s: Session, head: ChainHead) -> bool:
    """Tell whether the entry of this head is there, once, and still is what its hash says."""
    rows = s.all(f"{_SELECT} WHERE seq = :seq", seq=head.seq)
    try:
        return len(rows) == 1 and rows[0].pop("hash") == head.hash and entry_hash(rows[0]) == head.hash
    except (TypeError, ValueError):
        return False
