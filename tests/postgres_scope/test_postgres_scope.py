"""Promise 1 on a real Postgres, through the raw driver: the schema's own files, no application."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

pytestmark = [pytest.mark.postgres_scope, pytest.mark.postgres]

SCHEMA = Path(__file__).parents[2] / "src" / "opsconsole" / "store" / "schema"

TIME = "2026-03-02T08:00:00.000000Z"

COLUMNS: dict[str, dict[str, Any]] = {
    "operation_runs": {
        "id": "run-x",
        "type": "maintenance.reconcile",
        "status": "queued",
        "outcome": "pending",
        "run_identity_hash": "x",
        "context": "{}",
        "initiator": "uid:1",
        "initiator_name": "alice",
        "created_at": TIME,
        "updated_at": TIME,
    },
    "backup_sets": {
        "id": "set-x",
        "created_at": TIME,
        "initiator": "uid:1",
        "initiator_name": "alice",
        "identity_hash": "x",
        "capture_run_id": "run-a",
        "fetch_run_id": "run-a",
    },
    "backup_items": {
        "id": "item-x",
        "set_id": "set-a",
        "policy_type": "t",
        "policy_id": "x",
        "policy_name": "x",
        "status": "pending",
    },
    "restore_runs": {
        "id": "restore-x",
        "mode": "exact",
        "status": "previewing",
        "preview_run_id": "run-a",
        "initiator": "uid:1",
        "initiator_name": "alice",
        "created_at": TIME,
        "inputs": "{}",
    },
    "restore_items": {
        "id": "ritem-x",
        "restore_run_id": "restore-a",
        "seq": 9,
        "policy_type": "t",
        "policy_id": "x",
        "policy_name": "x",
        "plan_state": "blocked",
        "state": "blocked",
        "added": "[]",
        "removed": "[]",
        "dangers": "[]",
        "source_policy_id": "x",
    },
    "schedules": {
        "id": "schedule-x",
        "kind": "backup",
        "every": "24h",
        "initiator": "uid:1",
        "initiator_name": "alice",
        "created_at": TIME,
    },
    "run_counts": {"type": "tenant.check", "status": "queued", "outcome": "pending", "n": 1},
}
"""Every table whose records have a tenant, with what such a record needs beside its place."""

CHILDREN: dict[str, dict[str, Any]] = {
    "operation_run_failures": {
        "run_id": "run-a",
        "seq": 9,
        "code": "tenant.check_failed",
        "reason_code": "timeout",
        "message": "x",
        "subject": "{}",
    },
    "backup_set_types": {"set_id": "set-a", "policy_type": "x", "status": "pending"},
    "backup_names": {"set_id": "set-a", "kind": "group", "object_id": "x", "name": "x"},
    "restore_executions": {"restore_run_id": "restore-a", "run_id": "run-a", "seq": 9},
    "restore_writes": {
        "run_id": "run-a",
        "restore_item_id": "ritem-a",
        "step": 9,
        "kind": "replace",
        "before_image": "[]",
        "body": "{}",
        "state": "intent",
        "lease_epoch": 1,
        "created_at": TIME,
    },
    "drift_items": {
        "run_id": "run-a",
        "seq": 9,
        "kind": "new",
        "policy_type": "x",
        "policy_id": "x",
        "policy_name": "x",
        "added": "[]",
        "removed": "[]",
    },
}
"""Every table whose records belong to a record of a workspace, with one that belongs to workspace a."""

AUDIT = {
    "actor": "uid:1",
    "action": "backup.started",
    "resource_type": "run",
    "resource_id": "run-a",
    "outcome": "succeeded",
    "details": "{}",
    "created_at": TIME,
    "hash": "h1",
}


@pytest.fixture(scope="module")
def database(pg_server: Callable[[str], str]) -> Iterator[psycopg.Connection[Any]]:
    """Return a raw connection to a database with the schema and two workspaces, each with a tenant."""
    with psycopg.connect(pg_server("postgres"), autocommit=True) as admin:
        name = f"scope_{uuid4().hex[:12]}"
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        with psycopg.connect(pg_server(name)) as raw:
            for script in ("0001_tables.sql", "0001_guards.postgres.sql"):
                raw.execute((SCHEMA / script).read_text(encoding="utf-8").encode())
            for letter in "ab":
                space = {"workspace_id": f"space-{letter}"}
                insert(raw, "workspaces", id=f"space-{letter}", name=letter, created_at=TIME)
                insert(
                    raw, "tenants", id=f"tenant-{letter}", name=letter, entra_tenant_id="g", created_at=TIME, **space
                )
            place = {"workspace_id": "space-a", "tenant_id": "tenant-a"}
            run = {**COLUMNS["operation_runs"], "id": "run-a", "run_identity_hash": "a"}
            item = {**COLUMNS["restore_items"], "id": "ritem-a", "seq": 1, "source_policy_id": "a"}
            insert(raw, "operation_runs", **run, **place)
            insert(raw, "backup_sets", **{**COLUMNS["backup_sets"], "id": "set-a", "identity_hash": "a"}, **place)
            insert(raw, "restore_runs", **{**COLUMNS["restore_runs"], "id": "restore-a"}, **place)
            insert(raw, "restore_items", **item, **place)
            raw.commit()
            yield raw
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def conn(database: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """Return the connection for one test, which leaves nothing behind."""
    with database.transaction(force_rollback=True):
        yield database


def execute(conn: psycopg.Connection[Any], sql: str, values: Sequence[Any] = ()) -> None:
    """Execute a statement in a savepoint: one that is refused does not end the test's transaction."""
    with conn.transaction():
        conn.execute(sql.encode(), values)


def insert(conn: psycopg.Connection[Any], table: str, /, **values: Any) -> None:
    """Insert one row."""
    marks = ", ".join(["%s"] * len(values))
    execute(conn, f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


def insert_audit(conn: psycopg.Connection[Any], workspace_id: str | None, tenant_id: str | None) -> None:
    """Append an entry that follows the head, in the given place."""
    head = conn.execute("SELECT seq, hash FROM audit_head").fetchone()
    assert head is not None
    place = {"workspace_id": workspace_id, "tenant_id": tenant_id}
    insert(conn, "audit_logs", id="entry-x", seq=head[0] + 1, prev_hash=head[1], **place, **AUDIT)


@pytest.mark.parametrize("table", COLUMNS)
def test_a_record_in_its_own_workspace_is_kept(conn: psycopg.Connection[Any], table: str) -> None:
    insert(conn, table, workspace_id="space-a", tenant_id="tenant-a", **COLUMNS[table])


@pytest.mark.parametrize("table", COLUMNS)
def test_a_tenant_of_another_workspace_is_refused(conn: psycopg.Connection[Any], table: str) -> None:
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        insert(conn, table, workspace_id="space-a", tenant_id="tenant-b", **COLUMNS[table])
    assert caught.value.diag.constraint_name == f"{table}_scope"


@pytest.mark.parametrize("table", COLUMNS)
def test_a_tenant_that_does_not_exist_is_refused(conn: psycopg.Connection[Any], table: str) -> None:
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        insert(conn, table, workspace_id="space-a", tenant_id="bogus", **COLUMNS[table])
    assert caught.value.diag.constraint_name == f"{table}_scope"


@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("tenant_id", ["tenant-a", "bogus"])
def test_a_tenant_without_a_workspace_is_refused(conn: psycopg.Connection[Any], table: str, tenant_id: str) -> None:
    """A composite key alone would let this through: with a null in it, it is not looked at."""
    with pytest.raises(errors.NotNullViolation):
        insert(conn, table, workspace_id=None, tenant_id=tenant_id, **COLUMNS[table])


@pytest.mark.parametrize("table", COLUMNS)
def test_a_record_cannot_be_moved_to_another_workspace(conn: psycopg.Connection[Any], table: str) -> None:
    insert(conn, table, workspace_id="space-a", tenant_id="tenant-a", **COLUMNS[table])
    with pytest.raises(errors.IntegrityError):
        execute(conn, f"UPDATE {table} SET workspace_id = 'space-b'")


@pytest.mark.parametrize("table", CHILDREN)
def test_a_part_of_a_record_is_in_the_records_workspace(conn: psycopg.Connection[Any], table: str) -> None:
    with pytest.raises(errors.ForeignKeyViolation):
        insert(conn, table, workspace_id="space-b", **CHILDREN[table])
    with pytest.raises(errors.NotNullViolation):
        insert(conn, table, workspace_id=None, **CHILDREN[table])
    insert(conn, table, workspace_id="space-a", **CHILDREN[table])


def test_an_item_is_in_its_sets_workspace(conn: psycopg.Connection[Any]) -> None:
    place = {"workspace_id": "space-b", "tenant_id": "tenant-b"}
    with pytest.raises(errors.ForeignKeyViolation):
        insert(conn, "backup_items", **place, **COLUMNS["backup_items"])
    with pytest.raises(errors.ForeignKeyViolation):
        insert(conn, "restore_items", **place, **COLUMNS["restore_items"])


def test_only_housekeeping_runs_without_a_tenant(conn: psycopg.Connection[Any]) -> None:
    columns = COLUMNS["operation_runs"]
    insert(conn, "operation_runs", workspace_id="space-a", tenant_id=None, **columns)
    with pytest.raises(errors.CheckViolation):
        insert(
            conn,
            "operation_runs",
            workspace_id="space-a",
            tenant_id=None,
            **{**columns, "id": "run-y", "run_identity_hash": "y", "type": "tenant.check"},
        )


def test_a_tenant_with_records_cannot_change_its_workspace(conn: psycopg.Connection[Any]) -> None:
    with pytest.raises(errors.ForeignKeyViolation):
        execute(conn, "UPDATE tenants SET workspace_id = 'space-b' WHERE id = 'tenant-a'")


def test_a_tenant_and_a_member_need_a_workspace(conn: psycopg.Connection[Any]) -> None:
    tenant = {"id": "tenant-x", "name": "x", "entra_tenant_id": "g", "created_at": TIME}
    member = {"actor": "uid:1", "actor_name": "alice", "role": "owner", "created_at": TIME}
    for table, values in (("tenants", tenant), ("memberships", member)):
        with pytest.raises(errors.NotNullViolation):
            insert(conn, table, workspace_id=None, **values)
        with pytest.raises(errors.ForeignKeyViolation):
            insert(conn, table, workspace_id="bogus", **values)


def test_an_audit_entry_with_a_tenant_has_its_workspace(conn: psycopg.Connection[Any]) -> None:
    for tenant_id in ("tenant-a", "bogus"):
        with pytest.raises(errors.CheckViolation):
            insert_audit(conn, None, tenant_id)
    for tenant_id in ("tenant-b", "bogus"):
        with pytest.raises(errors.ForeignKeyViolation):
            insert_audit(conn, "space-a", tenant_id)


@pytest.mark.parametrize("place", [(None, None), ("space-a", None), ("space-a", "tenant-a")])
def test_an_audit_entry_in_a_whole_place_is_kept(
    conn: psycopg.Connection[Any], place: tuple[str | None, str | None]
) -> None:
    insert_audit(conn, *place)


def test_every_table_says_where_its_records_belong(conn: psycopg.Connection[Any]) -> None:
    """Only engines and the chain's head stand outside of workspaces; only audit entries may be of none."""
    rows = conn.execute(
        "SELECT t.table_name, c.is_nullable FROM information_schema.tables t LEFT JOIN information_schema.columns c"
        " ON c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.column_name = 'workspace_id'"
        " WHERE t.table_schema = 'public'"
    ).fetchall()
    without = {table for table, nullable in rows if nullable is None}
    assert without == {"workspaces", "engines", "audit_head"}
    assert {table for table, nullable in rows if nullable == "YES"} == {"audit_logs"}
    covered = {*COLUMNS, *CHILDREN, "tenants", "memberships", "audit_logs"}
    assert {table for table, nullable in rows if nullable} == covered


def test_the_application_is_not_imported(request: pytest.FixtureRequest) -> None:
    if request.config.option.markexpr == "postgres_scope":
        assert not [name for name in sys.modules if name.split(".")[0] == "opsconsole"]
        return
    # Other tests of this run have imported it: look at these files in a process of their own.
    tests = str(Path(__file__).parents[1])
    modules = "conftest, postgres_scope.test_postgres_scope"
    code = f"import sys; sys.path.insert(0, {tests!r}); import {modules}; print('opsconsole' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
