"""The items of a set: listed, settled, opened again; the set's counts move with them in the same transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus
from opsconsole.domain.failure import Failure
from opsconsole.store.columns import failure_text, to_failure
from opsconsole.store.database import CHUNK, Row, Session, bind_list, chunks
from opsconsole.store.keyset import cut_page, keyset
from opsconsole.store.lookup import suffix_clause
from opsconsole.store.text_search import holds_part, part_pattern

_LEAN = (
    "SELECT id, set_id, policy_type, policy_id, policy_name, status, NULL AS policy, assignments,"
    " failure, fetch_run_id FROM backup_items"
)
_FULL = (
    "SELECT id, set_id, policy_type, policy_id, policy_name, status, policy, assignments, failure, fetch_run_id"
    " FROM backup_items"
)

_COUNTED = frozenset({ItemStatus.FETCHED, ItemStatus.FAILED, ItemStatus.SKIPPED})
"""The states that have a counter of their own; pending is what is left."""


@dataclass(frozen=True, slots=True)
class ListedItem:
    """One policy as the list pass saw it; ``assignments`` None where they did not come with the list."""

    id: str
    policy_type: str
    policy_id: str
    policy_name: str
    policy: str
    assignments: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """How one item was settled; ``assignments`` None keeps what the list brought."""

    item_id: str
    status: ItemStatus
    assignments: str | None = None
    failure: Failure | None = None


def add_listed_items(s: Session, set_row: BackupSet, items: Sequence[ListedItem]) -> int:
    """Add pending items and return how many were new: one listed twice, or before a crash, stays as it is."""
    by_type: dict[str, list[ListedItem]] = {}
    for item in items:
        by_type.setdefault(item.policy_type, []).append(item)
    added = 0
    for policy_type, listed in by_type.items():
        new = s.many(
            "INSERT INTO backup_items (id, workspace_id, tenant_id, set_id, policy_type, policy_id, policy_name, status,"
            " policy, assignments) VALUES (:id, :workspace_id, :tenant_id, :set_id, :policy_type, :policy_id,"
            " :policy_name, 'pending', :policy, :assignments) ON CONFLICT (set_id, policy_type, policy_id) DO NOTHING",
            [
                {
                    "id": item.id,
                    "workspace_id": set_row.workspace_id,
                    "tenant_id": set_row.tenant_id,
                    "set_id": set_row.id,
                    "policy_type": policy_type,
                    "policy_id": item.policy_id,
                    "policy_name": item.policy_name,
                    "policy": item.policy,
                    "assignments": item.assignments,
                }
                for item in listed
            ],
        )
        s.run(
            "INSERT INTO backup_set_types (set_id, workspace_id, policy_type, status, listed)"
            " VALUES (:set_id, :workspace_id, :policy_type, 'pending', :new)"
            " ON CONFLICT (set_id, policy_type) DO UPDATE SET listed = backup_set_types.listed + excluded.listed",
            set_id=set_row.id,
            workspace_id=set_row.workspace_id,
            policy_type=policy_type,
            new=new,
        )
        added += new
    return added


def settle_with_assignments(s: Session, set_id: str, fetch_run_id: str) -> int:
    """Settle as fetched every pending item whose assignments came with the list; return how many."""
    settled: Counter[tuple[str, str]] = Counter()
    after = ""
    # In parts: SQLite keeps what a statement changes in memory until its end, and would hold the whole set.
    while last := s.all(
        "SELECT MAX(id) AS id FROM (SELECT id FROM backup_items WHERE set_id = :set_id AND status = 'pending'"
        " AND id > :after ORDER BY id LIMIT :limit) AS part",
        set_id=set_id,
        after=after,
        limit=CHUNK,
    )[0]["id"]:
        rows = s.all(
            "UPDATE backup_items SET status = 'fetched', fetch_run_id = :run, failure = NULL WHERE set_id = :set_id"
            " AND status = 'pending' AND assignments IS NOT NULL AND id > :after AND id <= :last RETURNING policy_type",
            set_id=set_id,
            run=fetch_run_id,
            after=after,
            last=last,
        )
        settled.update((row["policy_type"], "fetched") for row in rows)
        after = last
    _move_counts(s, set_id, settled)
    return settled.total()


def pending_items(
    s: Session, set_id: str, *, limit: int, after_id: str = "", ids: Sequence[str] | None = None
) -> list[BackupItem]:
    """Return items still to be settled, by id, without their policy; only those of ``ids`` where given."""
    found: list[BackupItem] = []
    for part in chunks(sorted(ids)) if ids is not None else [None]:
        params: dict[str, Any] = {}
        only = ""
        if part is not None:
            names, params = bind_list("i", part)
            only = f" AND id IN ({names})"
        rows = s.all(
            f"{_LEAN} WHERE set_id = :set_id AND status = 'pending' AND id > :after{only} ORDER BY id LIMIT :limit",
            set_id=set_id,
            after=after_id,
            limit=limit - len(found),
            **params,
        )
        found += [_to_item(row) for row in rows]
        if len(found) >= limit:
            break
    return found


def settle_items(s: Session, set_id: str, fetch_run_id: str, settled: Sequence[Settled]) -> None:
    """Settle pending items and move the set's counts; an item that is not pending any more stays as it is."""
    by_id = {entry.item_id: entry for entry in settled}
    moved: Counter[tuple[str, str]] = Counter()
    changes: list[dict[str, Any]] = []
    for part in chunks(list(by_id)):
        names, params = bind_list("i", part)
        rows = s.all(
            f"SELECT id, policy_type FROM backup_items WHERE set_id = :set_id AND status = 'pending' AND id IN ({names})"
            + s.pick(sqlite="", postgres=" ORDER BY id FOR UPDATE"),
            set_id=set_id,
            **params,
        )
        for row in rows:
            entry = by_id[row["id"]]
            if entry.status not in _COUNTED:
                raise ValueError(f"an item cannot be settled as {entry.status}")
            moved[row["policy_type"], entry.status.value] += 1
            changes.append(
                {
                    "id": entry.item_id,
                    "status": entry.status.value,
                    "assignments": entry.assignments,
                    "failure": failure_text(entry.failure),
                    "run": fetch_run_id,
                }
            )
    s.many(
        "UPDATE backup_items SET status = :status, assignments = COALESCE(:assignments, assignments),"
        " failure = :failure, fetch_run_id = :run WHERE id = :id AND status = 'pending'",
        changes,
    )
    _move_counts(s, set_id, moved)


def reopen_items(s: Session, set_id: str, ids: Sequence[str] | None) -> int:
    """Make failed and skipped items, or the named ones, pending again without assignments; return how many."""
    moved: Counter[tuple[str, str]] = Counter()
    for part in chunks(list(ids)) if ids is not None else [None]:
        params: dict[str, Any] = {}
        which = "status IN ('failed', 'skipped')"
        if part is not None:
            names, params = bind_list("i", part)
            which = f"status <> 'pending' AND id IN ({names})"
        rows = s.all(
            f"SELECT id, policy_type, status FROM backup_items WHERE set_id = :set_id AND {which}"
            + s.pick(sqlite="", postgres=" ORDER BY id FOR UPDATE"),
            set_id=set_id,
            **params,
        )
        for row in rows:
            moved[row["policy_type"], row["status"]] -= 1
        s.many(
            "UPDATE backup_items SET status = 'pending', assignments = NULL, failure = NULL WHERE id = :id",
            [{"id": row["id"]} for row in rows],
        )
    _move_counts(s, set_id, moved)
    return -sum(moved.values())


def left_items(s: Session, set_id: str) -> Iterator[tuple[str, str, str, Failure | None]]:
    """Yield id, policy type, policy id and failure of every failed or skipped item."""
    for row in s.stream(
        "SELECT id, policy_type, policy_id, failure FROM backup_items"
        " WHERE set_id = :set_id AND status IN ('failed', 'skipped') ORDER BY id",
        set_id=set_id,
    ):
        yield row["id"], row["policy_type"], row["policy_id"], to_failure(row["failure"])


def skip_pending(
    s: Session, set_id: str, fetch_run_id: str, failure: Failure, *, ids: Sequence[str] | None = None
) -> int:
    """Settle every pending item (of ``ids`` where given) as skipped, for one reason; return how many."""
    skipped = 0
    for only, params in _only(ids):
        rows = s.all(
            "UPDATE backup_items SET status = 'skipped', failure = :failure, fetch_run_id = :run"
            f" WHERE set_id = :set_id AND status = 'pending'{only} RETURNING policy_type",
            set_id=set_id,
            run=fetch_run_id,
            failure=failure_text(failure),
            **params,
        )
        _move_counts(s, set_id, Counter((row["policy_type"], "skipped") for row in rows))
        skipped += len(rows)
    return skipped


def count_pending(s: Session, set_id: str, ids: Sequence[str] | None = None) -> int:
    """Return how many items (of ``ids`` where given) are still to be settled."""
    return sum(
        int(
            s.all(
                f"SELECT COUNT(*) AS n FROM backup_items WHERE set_id = :set_id AND status = 'pending'{only}",
                set_id=set_id,
                **params,
            )[0]["n"]
        )
        for only, params in _only(ids)
    )


def all_items(
    s: Session, set_id: str, *, status: ItemStatus | None = None, policy_type: str | None = None
) -> list[BackupItem]:
    """Return every item of a set, or those of one status or type, by id, with assignments and without policy."""
    only, params = "", dict[str, Any]()
    if status:
        only, params["status"] = only + " AND status = :status", status.value
    if policy_type:
        only, params["policy_type"] = only + " AND policy_type = :policy_type", policy_type
    rows = s.all(f"{_LEAN} WHERE set_id = :set_id{only} ORDER BY id", set_id=set_id, **params)
    return [_to_item(row) for row in rows]


def _only(ids: Sequence[str] | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a condition and its parameters for each bindable part of ``ids``; one that excludes nothing for None."""
    if ids is None:
        yield "", {}
        return
    for part in chunks(list(ids)):
        names, params = bind_list("i", part)
        yield f" AND id IN ({names})", params


def list_items(
    s: Session,
    set_id: str,
    *,
    statuses: Sequence[str] = (),
    policy_type: str | None = None,
    search: str | None = None,
    with_payload: bool = False,
    limit: int,
    cursor: str | None = None,
    backwards: bool = False,
) -> tuple[list[BackupItem], str | None]:
    """Return a page of items by id, and the cursor that goes on. ``search`` is a part of a name, or of a policy's id."""
    conditions, params = _which_items(set_id, statuses, policy_type, search)
    beyond, order = keyset("id", is_falling=False, backwards=backwards)
    if cursor:
        conditions.append(beyond)
        params["cursor"] = cursor
    select = _FULL if with_payload else _LEAN
    rows = s.all(f"{select} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit", **params, limit=limit + 1)
    page, last = cut_page(rows, limit, backwards=backwards)
    return [_to_item(row) for row in page], last["id"] if last else None


def count_items(
    s: Session,
    set_id: str,
    *,
    statuses: Sequence[str] = (),
    policy_type: str | None = None,
    search: str | None = None,
) -> int:
    """Return exactly how many items ``list_items`` would list."""
    conditions, params = _which_items(set_id, statuses, policy_type, search)
    return int(s.all(f"SELECT COUNT(*) AS n FROM backup_items WHERE {' AND '.join(conditions)}", **params)[0]["n"])


def _which_items(
    set_id: str, statuses: Sequence[str], policy_type: str | None, search: str | None
) -> tuple[list[str], dict[str, Any]]:
    conditions, params = ["set_id = :set_id"], dict[str, Any](set_id=set_id)
    if statuses:
        names, more = bind_list("st", [str(status) for status in statuses])
        conditions.append(f"status IN ({names})")
        params.update(more)
    if policy_type:
        conditions.append("policy_type = :policy_type")
        params["policy_type"] = policy_type
    if search:
        conditions.append(holds_part("policy_name", "policy_id"))
        params["part"] = part_pattern(search)
    return conditions, params


def get_item(s: Session, item_id: str, with_payload: bool = True) -> BackupItem | None:
    """Return an item by its whole id."""
    row = s.one(f"{_FULL if with_payload else _LEAN} WHERE id = :id", id=item_id)
    return _to_item(row) if row else None


def resolve_item_id(s: Session, set_id: str, ref: str) -> list[str]:
    """Return the ids of a set's items that end in ``ref``, or whose policy's id is ``ref``; two at most."""
    clause = suffix_clause(ref)
    either, params = (f"({clause[0]}) OR ", clause[1]) if clause else ("", {})
    rows = s.all(
        f"SELECT id FROM backup_items WHERE set_id = :set_id AND ({either}policy_id = :policy) ORDER BY id LIMIT 2",
        set_id=set_id,
        policy=ref,
        **params,
    )
    return [row["id"] for row in rows]


def find_items(s: Session, set_id: str, refs: Sequence[tuple[str, str]]) -> list[BackupItem]:
    """Return the items of these policy types and ids, with their assignments and without their policy; unknown ones are left out."""
    found: list[BackupItem] = []
    for part in chunks(list(dict.fromkeys(refs))):
        params: dict[str, Any] = {}
        pairs = []
        for i, (policy_type, policy_id) in enumerate(part):
            pairs.append(f"(:y{i}, :p{i})")
            params.update({f"y{i}": policy_type, f"p{i}": policy_id})
        rows = s.all(
            f"{_LEAN} WHERE set_id = :set_id AND (policy_type, policy_id) IN (VALUES {', '.join(pairs)})",
            set_id=set_id,
            **params,
        )
        found += [_to_item(row) for row in rows]
    order = {ref: i for i, ref in enumerate(refs)}
    return sorted(found, key=lambda item: order[item.policy_type, item.policy_id])


def iter_assignments(s: Session, set_id: str) -> Iterator[tuple[str, str, str]]:
    """Yield id, policy type and assignments of every item that has any kept."""
    for row in s.stream(
        "SELECT id, policy_type, assignments FROM backup_items"
        " WHERE set_id = :set_id AND assignments IS NOT NULL ORDER BY id",
        set_id=set_id,
    ):
        yield row["id"], row["policy_type"], row["assignments"]


def item_failures(s: Session, set_id: str, *, limit: int) -> list[Failure]:
    """Return the failures of a set's items as they are now."""
    rows = s.all(
        "SELECT failure FROM backup_items WHERE set_id = :set_id AND status IN ('failed', 'skipped')"
        " AND failure IS NOT NULL ORDER BY status, id LIMIT :limit",
        set_id=set_id,
        limit=max(limit, 0),
    )
    return [failure for row in rows if (failure := to_failure(row["failure"]))]


def _move_counts(s: Session, set_id: str, moved: Counter[tuple[str, str]]) -> None:
    """Add the deltas, by type and status, to the set's kept counts; in one order, so that two cannot deadlock."""
    s.many(
        "UPDATE backup_set_types SET fetched = fetched + :fetched, failed = failed + :failed,"
        " skipped = skipped + :skipped WHERE set_id = :set_id AND policy_type = :policy_type",
        [
            {
                "set_id": set_id,
                "policy_type": policy_type,
                **{status.value: moved.get((policy_type, status.value), 0) for status in sorted(_COUNTED)},
            }
            for policy_type in sorted({policy_type for policy_type, _ in moved})
        ],
    )


def _to_item(row: Row) -> BackupItem:
    return BackupItem(**{**row, "status": ItemStatus(row["status"]), "failure": to_failure(row["failure"])})
