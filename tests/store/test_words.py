"""The closed sets of words: the database knows those of the domain, and refuses every other."""

from __future__ import annotations

import re
import sqlite3
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from opsconsole.domain.access import Role
from opsconsole.domain.backup import ItemStatus, TypeStatus
from opsconsole.domain.plan import Mode
from opsconsole.domain.restore import ItemState, RestoreStatus, StepKind, WriteState
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.domain.schedule import ScheduleKind
from opsconsole.store.migrations import STEPS, split_statements
from postgres_scope.test_postgres_scope import CHILDREN, COLUMNS, TIME

SETS: dict[tuple[str, str], type[StrEnum]] = {
    ("memberships", "role"): Role,
    ("operation_runs", "type"): RunType,
    ("operation_runs", "status"): Status,
    ("operation_runs", "outcome"): Outcome,
    ("backup_set_types", "status"): TypeStatus,
    ("backup_items", "status"): ItemStatus,
    ("restore_runs", "mode"): Mode,
    ("restore_runs", "status"): RestoreStatus,
    ("restore_items", "state"): ItemState,
    ("restore_writes", "kind"): StepKind,
    ("restore_writes", "state"): WriteState,
    ("schedules", "kind"): ScheduleKind,
}

MEMBER = {"actor": "uid:1", "actor_name": "alice", "role": "owner", "created_at": TIME}
RECORDS: dict[str, dict[str, Any]] = {**COLUMNS, **CHILDREN, "memberships": MEMBER}

WRONG: list[tuple[str, dict[str, Any]]] = [
    *((table, {column: "nonsense"}) for table, column in SETS),
    ("restore_items", {"plan_state": "applied"}),
    ("tenants", {"production": 2}),
    ("backup_sets", {"is_active": 2}),
    ("backup_names", {"kind": "user"}),
    ("backup_names", {"is_gone": 2}),
    ("backup_items", {"status": "fetched"}),
    ("schedules", {"paused": 2}),
    ("schedules", {"cron": "0 3 * * *"}),
    ("schedules", {"every": ""}),
    ("restore_runs", {"status": "previewed"}),
    ("restore_runs", {"status": "executing"}),
    ("operation_runs", {"outcome": "succeeded"}),
    ("operation_runs", {"status": "completed"}),
    ("operation_runs", {"status": "completed", "outcome": "failed"}),
    ("operation_runs", {"completed_at": TIME}),
    ("operation_runs", {"lease_owner": "e"}),
]
"""Records that nothing must be able to write, and what is wrong with each."""


def schema() -> str:
    return (Path(__file__).parents[2] / "src/opsconsole/store/schema/0001_tables.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize(("table", "column"), SETS)
def test_the_database_knows_the_words_of_the_domain(table: str, column: str) -> None:
    body = schema().split(f"CREATE TABLE {table} (")[1].split("\n);")[0]
    found = re.search(rf"CHECK \(\s*{column} IN \(([^)]*)\)", body)
    assert found
    assert set(re.findall(r"'([^']+)'", found[1])) == {word.value for word in SETS[table, column]}


@pytest.fixture(scope="module")
def conn() -> sqlite3.Connection:
    """Return a raw connection to the schema in memory, with one workspace; references are not looked at here."""
    raw = sqlite3.connect(":memory:", isolation_level=None)
    for step in STEPS:
        for statement in split_statements(step.script("sqlite")):
            raw.execute(statement)
    return raw


@pytest.mark.parametrize(("table", "wrong"), WRONG)
def test_any_other_word_is_refused(conn: sqlite3.Connection, table: str, wrong: dict[str, Any]) -> None:
    tenant = {"id": "t", "name": "t", "entra_tenant_id": "g", "created_at": TIME}
    record: dict[str, Any] = {"workspace_id": "w", **{**RECORDS, "tenants": tenant}[table]}
    if table in COLUMNS:
        record["tenant_id"] = "t"

    def insert(values: dict[str, Any]) -> None:
        marks = ", ".join("?" * len(values))
        conn.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))

    conn.execute("SAVEPOINT one")
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        insert({**record, **wrong})
    insert(record)
    conn.execute("ROLLBACK TO one")
