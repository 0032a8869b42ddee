"""Restore runs: requested, planned once, executed; their items and executions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from opsconsole.domain.failure import Failure
from opsconsole.domain.plan import Mode
from opsconsole.domain.restore import Execution, ItemState, RestoreItem, RestoreRun, RestoreStatus
from opsconsole.errors import Conflict, NotFound
from opsconsole.store.columns import failure_text, to_failure, to_json_text
from opsconsole.store.database import Row, Session, bind_list, chunks
from opsconsole.store.keyset import cut_page, keyset
from opsconsole.store.lookup import resolve_suffix
from opsconsole.store.record_filter import EVERY_RECORD, RecordFilter, record_conditions
from opsconsole.store.restore_items import ids_to_write, left_items, reopen_items, skip_rest
from opsconsole.store.restore_writes import (
    count_written,
    first_before_images,
    record_intent,
    settle_write,
    unsettled_writes,
    writes_of_item,
)
from opsconsole.store.text_search import holds_part, part_pattern
from opsconsole.store.undone import undone_by

__all__ = [
    "add_execution",
    "add_plan_items",
    "clear_plan",
    "count_restore_items",
    "count_restores",
    "count_written",
    "first_before_images",
    "get_restore",
    "get_restore_item",
    "ids_to_write",
    "insert_restore",
    "left_items",
    "list_restore_items",
    "list_restores",
    "record_intent",
    "reopen_items",
    "resolve_restore_id",
    "restore_of_run",
    "set_item_state",
    "set_restore_status",
    "settle_write",
    "skip_rest",
    "store_plan",
    "unsettled_writes",
    "writes_of_item",
]

_SELECT = (
    "SELECT x.id, x.workspace_id, w.name AS workspace, x.tenant_id, t.name AS tenant, x.set_id, x.mode, x.plan_hash,"
    " x.status, x.undo_of, x.preview_run_id, x.initiator, x.initiator_name, x.created_at, x.inputs, x.unchanged,"
    " x.will_change, x.blocked, x.skipped, x.dangers FROM restore_runs x JOIN workspaces w ON w.id = x.workspace_id"
    " JOIN tenants t ON t.id = x.tenant_id"
)

_SELECT_ITEM = (
    "SELECT id, restore_run_id, seq, policy_type, policy_id, policy_name, plan_state, state, live, planned, added,"
    " removed, dangers, unresolved, failure, backup_item_id, source_policy_id FROM restore_items"
)


def insert_restore(
    s: Session,
    *,
    id: str,
    workspace_id: str,
    tenant_id: str,
    set_id: str | None,
    mode: Mode,
    preview_run_id: str,
    initiator: str,
    initiator_name: str,
    created_at: str,
    inputs: dict[str, Any],
    undo_of: str | None = None,
) -> None:
    """Request a restore: it is previewing until ``store_plan``. Its preview run may be inserted before or after it."""
    s.run(
        "INSERT INTO restore_runs (id, workspace_id, tenant_id, set_id, mode, status, undo_of, preview_run_id,"
        " initiator, initiator_name, created_at, inputs) VALUES (:id, :workspace_id, :tenant_id, :set_id, :mode,"
        " 'previewing', :undo_of, :preview_run_id, :initiator, :initiator_name, :created_at, :inputs)",
        id=id,
        workspace_id=workspace_id,
        tenant_id=tenant_id,
        set_id=set_id,
        mode=str(mode),
        undo_of=undo_of,
        preview_run_id=preview_run_id,
        initiator=initiator,
        initiator_name=initiator_name,
        created_at=created_at,
        inputs=to_json_text(inputs),
    )


def get_restore(s: Session, restore_id: str) -> RestoreRun | None:
    """Return a restore run by its whole id, with its executions, oldest first."""
    return next(iter(_with_executions(s, s.all(f"{_SELECT} WHERE x.id = :id", id=restore_id))), None)


def restore_of_run(s: Session, run_id: str) -> RestoreRun | None:
    """Return the restore run that this run previewed or executed."""
    return next(
        iter(
            _with_executions(
                s,
                s.all(
                    f"{_SELECT} WHERE x.preview_run_id = :id"
                    " OR x.id = (SELECT restore_run_id FROM restore_executions WHERE run_id = :id)",
                    id=run_id,
                ),
            )
        ),
        None,
    )


def resolve_restore_id(s: Session, ref: str, workspace_ids: Sequence[str]) -> list[str]:
    """Return the ids of restore runs that end in ``ref``, two at most, only within the given workspaces."""
    return resolve_suffix(s, "restore_runs", ref, workspace_ids)


_OF_STATE = {status.value: f"x.status = '{status.value}'" for status in RestoreStatus}
"""What the states of a restore run mean in its columns."""


def list_restores(
    s: Session,
    workspace_ids: Sequence[str],
    flt: RecordFilter = EVERY_RECORD,
    *,
    limit: int,
    cursor: str | None = None,
    backwards: bool = False,
) -> tuple[list[RestoreRun], str | None]:
    """Return a page of restore runs, newest first, and the cursor that goes on in the same direction."""
    if not workspace_ids:
        return [], None
    conditions, params = record_conditions(s, workspace_ids, flt, table="restore_runs", alias="x", of_state=_OF_STATE)
    beyond, order = keyset("x.id", is_falling=True, backwards=backwards)
    if cursor:
        conditions.append(beyond)
        params["cursor"] = cursor
    rows = s.all(f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit", **params, limit=limit + 1)
    page, last = cut_page(rows, limit, backwards=backwards)
    return _with_executions(s, page), last["id"] if last else None


def count_restores(s: Session, workspace_ids: Sequence[str], flt: RecordFilter = EVERY_RECORD) -> int:
    """Return exactly how many restore runs match."""
    if not workspace_ids:
        return 0
    conditions, params = record_conditions(s, workspace_ids, flt, table="restore_runs", alias="x", of_state=_OF_STATE)
    row = s.one(f"SELECT COUNT(*) AS n FROM restore_runs x WHERE {' AND '.join(conditions)}", **params)
    return int(row["n"]) if row else 0


def set_restore_status(s: Session, restore_id: str, status: RestoreStatus) -> None:
    """Note how far a restore run is."""
    s.run("UPDATE restore_runs SET status = :status WHERE id = :id", id=restore_id, status=str(status))


def clear_plan(s: Session, restore_id: str) -> int:
    """Remove the items of a plan that was not sealed, and return how many; a sealed one stays."""
    return s.run(
        "DELETE FROM restore_items WHERE restore_run_id = :id"
        " AND EXISTS (SELECT 1 FROM restore_runs WHERE id = :id AND plan_hash IS NULL)",
        id=restore_id,
    )


def add_plan_items(s: Session, restore_id: str, items: Sequence[RestoreItem]) -> None:
    """Add items to a plan in the making. Raises Conflict if it is sealed."""
    scope = s.one("SELECT workspace_id, tenant_id, plan_hash FROM restore_runs WHERE id = :id", id=restore_id)
    if scope is None:
        raise NotFound("There is no such restore run.")
    if scope["plan_hash"] is not None:
        raise Conflict("This restore run has a plan already, and plans never change.", "Preview again for a new one.")
    s.many(
        "INSERT INTO restore_items (id, workspace_id, tenant_id, restore_run_id, seq, policy_type, policy_id, policy_name,"
        " plan_state, state, live, planned, added, removed, dangers, unresolved, failure, backup_item_id,"
        " source_policy_id) VALUES (:id, :workspace_id, :tenant_id, :restore_run_id, :seq, :policy_type, :policy_id,"
        " :policy_name, :plan_state, :state, :live, :planned, :added, :removed, :dangers, :unresolved, :failure,"
        " :backup_item_id, :source_policy_id)",
        [
            {
                "id": item.id,
                "workspace_id": scope["workspace_id"],
                "tenant_id": scope["tenant_id"],
                "restore_run_id": restore_id,
                "seq": item.seq,
                "policy_type": item.policy_type,
                "policy_id": item.policy_id,
                "policy_name": item.policy_name,
                "plan_state": item.plan_state.value,
                "state": item.state.value,
                "live": item.live,
                "planned": item.planned,
                "added": to_json_text(item.added),
                "removed": to_json_text(item.removed),
                "dangers": to_json_text(item.dangers),
                "unresolved": to_json_text(item.unresolved),
                "failure": failure_text(item.failure),
                "backup_item_id": item.backup_item_id,
                "source_policy_id": item.source_policy_id or item.policy_id,
            }
            for item in items
        ],
    )


def store_plan(
    s: Session,
    restore_id: str,
    plan_hash: str,
    counts: Mapping[str, int],
    dangers: Mapping[str, int],
    items: Sequence[RestoreItem],
) -> None:
    """Add the last items of a plan, seal it with its hash, and make the restore previewed. Raises Conflict if it is sealed."""
    add_plan_items(s, restore_id, items)
    stored = s.run(
        "UPDATE restore_runs SET plan_hash = :plan_hash, status = 'previewed', unchanged = :unchanged,"
        " will_change = :will_change, blocked = :blocked, skipped = :skipped, dangers = :dangers WHERE id = :id AND plan_hash IS NULL",
        id=restore_id,
        plan_hash=plan_hash,
        unchanged=int(counts.get("unchanged", 0)),
        will_change=int(counts.get("will_change", 0)),
        blocked=int(counts.get("blocked", 0)),
        skipped=int(counts.get("skipped", 0)),
        dangers=to_json_text(dict(dangers)),
    )
    if not stored:
        raise Conflict("This restore run has a plan already, and plans never change.", "Preview again for a new one.")


def list_restore_items(
    s: Session,
    restore_id: str,
    *,
    states: Sequence[str] = (),
    policy_type: str | None = None,
    search: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    backwards: bool = False,
) -> tuple[list[RestoreItem], str | None]:
    """Return a page of items in the plan's order (all of them without ``limit``), and the cursor that goes on.

    ``search`` is a part of a policy's name or id.
    """
    conditions, params = _which_items(restore_id, states, policy_type, search)
    beyond, order = keyset("seq", is_falling=False, backwards=backwards)
    if cursor:
        conditions.append(beyond)
        params["cursor"] = int(cursor)
    page = ""
    if limit is not None:
        page, params["limit"] = " LIMIT :limit", limit + 1
    rows = s.all(f"{_SELECT_ITEM} WHERE {' AND '.join(conditions)} ORDER BY {order}{page}", **params)
    found, last = cut_page(rows, len(rows) if limit is None else limit, backwards=backwards)
    return [_to_item(row) for row in found], str(last["seq"]) if last else None


def count_restore_items(
    s: Session,
    restore_id: str,
    *,
    states: Sequence[str] = (),
    policy_type: str | None = None,
    search: str | None = None,
) -> int:
    """Return exactly how many items ``list_restore_items`` would list."""
    conditions, params = _which_items(restore_id, states, policy_type, search)
    return int(s.all(f"SELECT COUNT(*) AS n FROM restore_items WHERE {' AND '.join(conditions)}", **params)[0]["n"])


def _which_items(
    restore_id: str, states: Sequence[str], policy_type: str | None, search: str | None
) -> tuple[list[str], dict[str, Any]]:
    conditions, params = ["restore_run_id = :restore"], dict[str, Any](restore=restore_id)
    if states:
        names, more = bind_list("st", [str(state) for state in states])
        conditions.append(f"state IN ({names})")
        params.update(more)
    if policy_type:
        conditions.append("policy_type = :policy_type")
        params["policy_type"] = policy_type
    if search:
        conditions.append(holds_part("policy_name", "policy_id"))
        params["part"] = part_pattern(search)
    return conditions, params


def get_restore_item(s: Session, item_id: str) -> RestoreItem | None:
    """Return an item by its whole id."""
    row = s.one(f"{_SELECT_ITEM} WHERE id = :id", id=item_id)
    return _to_item(row) if row else None


def set_item_state(s: Session, item_id: str, state: ItemState, failure: Failure | None = None) -> None:
    """Note what became of one item; the plan's own columns stay."""
    s.run(
        "UPDATE restore_items SET state = :state, failure = :failure WHERE id = :id",
        id=item_id,
        state=str(state),
        failure=failure_text(failure),
    )


def add_execution(s: Session, restore_run_id: str, run_id: str) -> None:
    """Note that a run executes this restore run."""
    s.run(
        "INSERT INTO restore_executions (restore_run_id, run_id, workspace_id, seq)"
        " SELECT x.id, :run, x.workspace_id,"
        " (SELECT COALESCE(MAX(e.seq), 0) + 1 FROM restore_executions e WHERE e.restore_run_id = x.id)"
        " FROM restore_runs x WHERE x.id = :restore",
        restore=restore_run_id,
        run=run_id,
    )


def _with_executions(s: Session, rows: Sequence[Row]) -> list[RestoreRun]:
    restores = [_to_restore(row) for row in rows]
    executions: dict[str, list[Execution]] = {restore.id: [] for restore in restores}
    for part in chunks(list(executions)):
        names, params = bind_list("i", part)
        for row in s.all(
            "SELECT e.restore_run_id, e.run_id, r.outcome, r.status, r.retry_of FROM restore_executions e"
            f" JOIN operation_runs r ON r.id = e.run_id WHERE e.restore_run_id IN ({names}) ORDER BY e.seq",
            **params,
        ):
            executions[row["restore_run_id"]].append(
                Execution(row["run_id"], row["outcome"], row["status"], row["retry_of"])
            )
    undone = undone_by(s, list(executions))
    return [
        replace(restore, executions=tuple(executions[restore.id]), undone_by=undone.get(restore.id))
        for restore in restores
    ]


def _to_restore(row: Row) -> RestoreRun:
    values = dict(row)
    counts = {name: int(values.pop(name)) for name in ("unchanged", "will_change", "blocked", "skipped")}
    values["mode"] = Mode(row["mode"])
    values["status"] = RestoreStatus(row["status"])
    values["inputs"] = json.loads(row["inputs"])
    values["dangers"] = json.loads(row["dangers"])
    return RestoreRun(**values, counts=counts)


def _to_item(row: Row) -> RestoreItem:
    values = dict(row)
    for name in ("added", "removed", "dangers", "unresolved"):
        values[name] = tuple(json.loads(row[name]))
    values["plan_state"] = ItemState(row["plan_state"])
    values["state"] = ItemState(row["state"])
    values["failure"] = to_failure(row["failure"])
    return RestoreItem(**values)
