"""The records that the attempts on the guards are made with: they exist within one transaction, and are rolled back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from opsconsole.domain.audit import Action, AuditOutcome, entry_hash
from opsconsole.store import audit
from opsconsole.store.database import Session

TIME = "2026-01-01T00:00:00.000000Z"
"""When all of it happened; it never did."""

PARTS = {
    "operation_runs": "scope",
    "backup_sets": "scope",
    "backup_items": "scope",
    "restore_runs": "scope",
    "restore_items": "scope",
    "schedules": "scope",
    "run_counts": "scope",
}
"""Tables whose records have a tenant, and the end of the name of the key that binds it."""

_RUN = {
    "type": "assignments.restore",
    "status": "queued",
    "outcome": "pending",
    "context": "{}",
    "initiator": "check",
    "initiator_name": "check",
    "created_at": TIME,
    "updated_at": TIME,
}

_ROWS: dict[str, dict[str, Any]] = {
    "operation_runs": _RUN,
    "backup_sets": {
        "created_at": TIME,
        "initiator": "check",
        "initiator_name": "check",
        "capture_run_id": "queued_run",
        "fetch_run_id": "queued_run",
    },
    "backup_items": {
        "set_id": "set",
        "policy_type": "check",
        "policy_id": "check",
        "policy_name": "check",
        "status": "pending",
    },
    "restore_runs": {
        "mode": "exact",
        "status": "previewing",
        "preview_run_id": "queued_run",
        "initiator": "check",
        "initiator_name": "check",
        "created_at": TIME,
        "inputs": "{}",
    },
    "restore_items": {
        "restore_run_id": "open_restore",
        "seq": 9,
        "policy_type": "check",
        "policy_id": "check",
        "policy_name": "check",
        "plan_state": "blocked",
        "state": "blocked",
        "added": "[]",
        "removed": "[]",
        "dangers": "[]",
    },
    "restore_writes": {
        "run_id": "running_run",
        "restore_item_id": "planned_item",
        "step": 1,
        "kind": "replace",
        "before_image": "[]",
        "body": "{}",
        "state": "intent",
        "lease_epoch": 1,
        "created_at": TIME,
    },
    "schedules": {
        "kind": "backup",
        "every": "24h",
        "initiator": "check",
        "initiator_name": "check",
        "created_at": TIME,
    },
    "run_counts": {"type": "tenant.check", "status": "queued", "outcome": "pending", "n": 1},
    "operation_run_failures": {
        "run_id": "queued_run",
        "seq": 1,
        "code": "tenant.check_failed",
        "reason_code": "timeout",
        "message": "check",
        "subject": "{}",
    },
    "operation_run_events": {"run_id": "queued_run", "seq": 1, "at": TIME, "kind": "phase", "text": "check"},
    "backup_set_types": {"set_id": "set", "policy_type": "check", "status": "pending"},
    "backup_names": {"set_id": "set", "kind": "group", "object_id": "check", "name": "check"},
    "drift_items": {
        "run_id": "queued_run",
        "seq": 1,
        "kind": "new",
        "policy_type": "check",
        "policy_id": "check",
        "policy_name": "check",
        "added": "[]",
        "removed": "[]",
    },
}
"""What a record needs beside its id and place; a value may name a part of the ground."""

_WITH_ID = {"operation_runs", "backup_sets", "backup_items", "restore_runs", "restore_items", "schedules"}
_WITH_TENANT = _WITH_ID | {"run_counts"}


@dataclass
class Ground:
    """The records that stand while the guards are tried, by what they are."""

    new_id: Callable[[], str]
    ids: dict[str, str] = field(default_factory=dict)
    head: tuple[int, str] = (0, "")
    has_moved: bool = False

    def named(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values with the ids that names among them stand for."""
        return {key: self.ids.get(value, value) if isinstance(value, str) else value for key, value in values.items()}

    def parameters(self, sql: str) -> dict[str, str]:
        """Return what the SQL's parameters stand for."""
        return {name: self.ids[name] for name in re.findall(r":(\w+)", sql)}

    def next_entry(self, **bad: Any) -> dict[str, Any]:
        """Return the row of an entry that follows the last one but for ``bad``."""
        columns: dict[str, Any] = {
            "id": self.new_id(),
            "seq": self.head[0] + 1,
            "workspace_id": self.ids["workspace"],
            "tenant_id": self.ids["tenant"],
            "actor": "check",
            "action": Action.CHECK_STARTED.value,
            "resource_type": "check",
            "resource_id": self.ids["queued_run"],
            "outcome": AuditOutcome.SUCCEEDED.value,
            "details": "{}",
            "created_at": TIME,
            "prev_hash": self.head[1],
            **bad,
        }
        return {**columns, "hash": entry_hash(columns)}


def insert(s: Session, table: str, **values: Any) -> None:
    """Insert a row."""
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    s.run(f"INSERT INTO {table} ({names}) VALUES ({marks})", **values)


def row_of(table: str, ground: Ground, **more: Any) -> dict[str, Any]:
    """Return a sound row of the table, but for what ``more`` says of it."""
    row: dict[str, Any] = {"workspace_id": ground.ids["workspace"]}
    if table in _WITH_ID:
        row["id"] = ground.new_id()
    if table in _WITH_TENANT:
        row["tenant_id"] = ground.ids["tenant"]
    if table == "operation_runs":
        row["run_identity_hash"] = ground.new_id()
    if table == "backup_sets":
        row["identity_hash"] = ground.new_id()
    if table == "restore_items":
        row["source_policy_id"] = ground.new_id()
    return {**row, **ground.named(_ROWS[table]), **more}


def prepare(s: Session, new_id: Callable[[], str]) -> Ground:
    """Lay the ground: two places, runs in each state, a set, a plan with a write, and an audited execution."""
    ground = Ground(new_id)
    ids = ground.ids
    names = (
        "workspace other_workspace tenant other_tenant queued_run running_run ended_run set open_restore"
        " planned_restore planned_item other_item entry identity"
    )
    ids.update({name: new_id() for name in names.split()})
    for prefix in ("", "other_"):
        space = ids[f"{prefix}workspace"]
        insert(s, "workspaces", id=space, name=space, created_at=TIME)
        tenant = ids[f"{prefix}tenant"]
        insert(s, "tenants", id=tenant, workspace_id=space, name=tenant, entra_tenant_id="check", created_at=TIME)
    ended = {"status": "completed", "outcome": "succeeded", "completed_at": TIME}
    states: dict[str, dict[str, str]] = {"queued": {}, "running": {"status": "running"}, "ended": ended}
    for name, state in states.items():
        more = {"run_identity_hash": ids["identity"]} if name == "queued" else {}
        insert(s, "operation_runs", **row_of("operation_runs", ground, id=ids[f"{name}_run"], **state, **more))
    insert(s, "backup_sets", **row_of("backup_sets", ground, id=ids["set"], identity_hash=ids["identity"]))
    for name in ("open", "planned"):
        insert(s, "restore_runs", **row_of("restore_runs", ground, id=ids[f"{name}_restore"]))
    for seq, name in enumerate(("planned_item", "other_item")):
        row = row_of("restore_items", ground, id=ids[name], restore_run_id=ids["planned_restore"], seq=seq)
        insert(s, "restore_items", **row)
    insert(s, "restore_writes", **row_of("restore_writes", ground))
    s.run(
        "UPDATE restore_runs SET plan_hash = 'x', status = 'previewed' WHERE id = :id",
        id=ids["planned_restore"],
    )
    entry = audit.append_entry(
        s,
        id=ids["entry"],
        workspace_id=ids["workspace"],
        tenant_id=ids["tenant"],
        actor="check",
        action=Action.RESTORE_EXECUTED,
        resource_type="run",
        resource_id=ids["running_run"],
        outcome=AuditOutcome.SUCCEEDED,
        details={},
        created_at=TIME,
    )
    ground.head = (entry.seq, entry.hash)
    head = audit.audit_head(s)
    ground.has_moved = (head.seq, head.hash) == ground.head
    return ground
