"""Promise 1 on SQLite, through the raw driver (tests/postgres_scope has the same on Postgres)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.store.migrations import STEPS, split_statements
from postgres_scope.test_postgres_scope import AUDIT, CHILDREN, COLUMNS, TIME


def insert(conn: sqlite3.Connection, table: str, /, **values: Any) -> None:
    marks = ", ".join("?" * len(values))
    conn.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Return a raw connection to a file with the schema and two workspaces, each with a tenant."""
    raw = sqlite3.connect(tmp_path / "scope.db", isolation_level=None)
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute("BEGIN")
    for step in STEPS:
        for statement in split_statements(step.script("sqlite")):
            raw.execute(statement)
    for letter in "ab":
        space = {"workspace_id": f"space-{letter}"}
        insert(raw, "workspaces", id=f"space-{letter}", name=letter, created_at=TIME)
        insert(raw, "tenants", id=f"tenant-{letter}", name=letter, entra_tenant_id="g", created_at=TIME, **space)
    place = {"workspace_id": "space-a", "tenant_id": "tenant-a"}
    insert(raw, "operation_runs", **{**COLUMNS["operation_runs"], "id": "run-a", "run_identity_hash": "a"}, **place)
    insert(raw, "backup_sets", **{**COLUMNS["backup_sets"], "id": "set-a", "identity_hash": "a"}, **place)
    insert(raw, "restore_runs", **{**COLUMNS["restore_runs"], "id": "restore-a"}, **place)
    item = {**COLUMNS["restore_items"], "id": "ritem-a", "seq": 1, "source_policy_id": "a"}
    insert(raw, "restore_items", **item, **place)
    raw.execute("COMMIT")
    yield raw
    raw.close()


def refused(conn: sqlite3.Connection, rule: str, table: str, /, **values: Any) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=f"{rule} constraint failed"):
        insert(conn, table, **values)


@pytest.mark.parametrize("table", COLUMNS)
def test_a_record_with_a_tenant_is_in_the_tenants_workspace(conn: sqlite3.Connection, table: str) -> None:
    columns = COLUMNS[table]
    refused(conn, "FOREIGN KEY", table, workspace_id="space-a", tenant_id="tenant-b", **columns)
    refused(conn, "FOREIGN KEY", table, workspace_id="space-a", tenant_id="bogus", **columns)
    refused(conn, "NOT NULL", table, workspace_id=None, tenant_id="tenant-a", **columns)
    refused(conn, "NOT NULL", table, workspace_id=None, tenant_id="bogus", **columns)
    insert(conn, table, workspace_id="space-a", tenant_id="tenant-a", **columns)
    with pytest.raises(sqlite3.IntegrityError):
        conn.execute(f"UPDATE {table} SET workspace_id = 'space-b'")


@pytest.mark.parametrize("table", [*COLUMNS, "audit_logs"])
def test_the_key_is_composite(conn: sqlite3.Connection, table: str) -> None:
    """Looked up, since another reference may refuse first: SQLite does not say which one did."""
    keys: dict[int, set[tuple[str, str, str]]] = {}
    for key, _, target, column, there, *_rest in conn.execute(f"PRAGMA foreign_key_list({table})"):
        keys.setdefault(key, set()).add((target, column, there))
    assert {("tenants", "workspace_id", "workspace_id"), ("tenants", "tenant_id", "id")} in keys.values()


@pytest.mark.parametrize("table", CHILDREN)
def test_a_part_of_a_record_is_in_the_records_workspace(conn: sqlite3.Connection, table: str) -> None:
    refused(conn, "FOREIGN KEY", table, workspace_id="space-b", **CHILDREN[table])
    refused(conn, "NOT NULL", table, workspace_id=None, **CHILDREN[table])
    insert(conn, table, workspace_id="space-a", **CHILDREN[table])


def test_an_item_is_in_its_sets_workspace(conn: sqlite3.Connection) -> None:
    place = {"workspace_id": "space-b", "tenant_id": "tenant-b"}
    refused(conn, "FOREIGN KEY", "backup_items", **place, **COLUMNS["backup_items"])
    refused(conn, "FOREIGN KEY", "restore_items", **place, **COLUMNS["restore_items"])


def test_only_housekeeping_runs_without_a_tenant(conn: sqlite3.Connection) -> None:
    columns = COLUMNS["operation_runs"]
    refused(conn, "CHECK", "operation_runs", workspace_id="space-a", **{**columns, "type": "tenant.check"})
    insert(conn, "operation_runs", workspace_id="space-a", **columns)


def test_an_audit_entry_with_a_tenant_has_its_workspace(conn: sqlite3.Connection) -> None:
    head = {"id": "e", "seq": 1, "prev_hash": "0" * 64}
    for tenant in ("tenant-a", "bogus"):
        refused(conn, "CHECK", "audit_logs", workspace_id=None, tenant_id=tenant, **head, **AUDIT)
    for tenant in ("tenant-b", "bogus"):
        refused(conn, "FOREIGN KEY", "audit_logs", workspace_id="space-a", tenant_id=tenant, **head, **AUDIT)
    insert(conn, "audit_logs", workspace_id="space-a", tenant_id="tenant-a", **head, **AUDIT)


def test_a_tenant_with_records_cannot_change_its_workspace(conn: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        conn.execute("UPDATE tenants SET workspace_id = 'space-b' WHERE id = 'tenant-a'")


@pytest.mark.parametrize("table", ["operation_runs", "restore_runs", "restore_writes", "restore_items"])
def test_replacing_a_guarded_record_is_refused(conn: sqlite3.Connection, table: str) -> None:
    """INSERT OR REPLACE fires no DELETE trigger where recursive_triggers is off, as it is by default."""
    insert(conn, "restore_writes", workspace_id="space-a", **CHILDREN["restore_writes"])
    conn.execute("UPDATE restore_runs SET plan_hash = 'h', status = 'previewed'")
    assert conn.execute("PRAGMA recursive_triggers").fetchone() == (0,)
    with pytest.raises(sqlite3.IntegrityError):
        conn.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
