"""The two schemas are one, and `db check` sees what is missing from either."""

from __future__ import annotations

import re

import pytest

from opsconsole.store.checks import check_store
from opsconsole.store.database import Database, Session
from opsconsole.store.migrations import STEPS, split_statements
from opsconsole.store.opening import open_store

CONTRACT = {
    "operation_runs": "id workspace_id tenant_id type status outcome run_identity_hash context initiator created_at"
    " started_at completed_at updated_at attempt lease_owner lease_epoch lease_expires_at cancel_requested_at retry_of"
    " after_run_id",
    "operation_run_failures": "run_id seq code reason_code message subject",
    "restore_writes": "run_id restore_item_id step before_image body state lease_epoch",
    "tenants": "id workspace_id paused_until",
    "audit_logs": "id seq workspace_id tenant_id actor action resource_type resource_id outcome details created_at"
    " prev_hash hash",
    "audit_head": "seq hash",
    **dict.fromkeys(
        ("memberships", "backup_sets", "backup_items", "restore_runs", "restore_items", "schedules"), "workspace_id"
    ),
    "workspaces": "id",
    "engines": "id budgets",
}
"""Tables and columns that other people's tools rely on (contract.md)."""


def columns(s: Session) -> dict[str, set[str]]:
    rows = s.all(
        s.pick(
            sqlite="SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c"
            " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
            postgres="SELECT table_name AS t, column_name AS c FROM information_schema.columns"
            " WHERE table_schema = current_schema()",
        )
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["t"], set()).add(row["c"])
    return found


@pytest.mark.postgres
def test_both_databases_have_the_same_tables_and_columns(sqlite_store: Database, pg_store_url: str) -> None:
    with sqlite_store.read() as s:
        here = columns(s)
    with open_store(pg_store_url) as db, db.read() as s:
        assert columns(s) == here


def test_the_contracts_tables_and_columns_are_there(store: Database) -> None:
    with store.read() as s:
        found = columns(s)
    lacking = {table: set(names.split()) - found.get(table, set()) for table, names in CONTRACT.items()}
    assert [table for table, names in lacking.items() if names] == []


def test_the_same_guards_stand_in_both() -> None:
    """Triggers have one name in both, but for what only one of them needs."""
    names = {
        dialect: set(re.findall(r"CREATE TRIGGER (\w+)", "\n".join(step.script(dialect) for step in STEPS)))
        for dialect in ("sqlite", "postgres")
    }
    assert names["sqlite"] - names["postgres"] == {"runs_insert_once", "restores_insert_once", "writes_insert_once"}
    assert {name for name in names["postgres"] - names["sqlite"] if not name.endswith("_no_truncate")} == set()


def test_a_whole_store_passes_the_check(store: Database) -> None:
    lines = check_store(store)
    assert len(lines) > 60
    assert [line for line in lines if not line.ok] == []


@pytest.mark.parametrize(
    ("sabotage", "name"),
    [
        ("DROP INDEX runs_one_active", "index runs_one_active"),
        ("DROP INDEX audit_one_execution", "index audit_one_execution"),
        ("DROP TABLE drift_items", "table drift_items"),
        ("DROP TRIGGER {audit_no_update}", "trigger audit_no_update"),
        ("DROP TRIGGER {runs_end_once}", "trigger runs_end_once"),
    ],
)
def test_what_is_missing_is_named(store: Database, owner_store: Database, sabotage: str, name: str) -> None:
    tables = {"audit_no_update": "audit_logs", "runs_end_once": "operation_runs"}
    with owner_store.write() as s:
        for trigger, table in tables.items():
            on = s.pick(sqlite=trigger, postgres=f"{trigger} ON {table}")
            sabotage = sabotage.replace("{" + trigger + "}", on)
        s.run(sabotage)
    bad = [line for line in check_store(store) if not line.ok]
    assert name in [line.name for line in bad]
    assert {line.detail for line in bad} == {"missing"}


def test_a_column_that_a_later_step_added_is_missed(store: Database, owner_store: Database) -> None:
    with owner_store.write() as s:
        s.run("ALTER TABLE engines DROP COLUMN budgets")
    bad = {line.name: line.detail for line in check_store(store) if not line.ok}
    if store.dialect == "sqlite":
        assert bad == {"table engines": "not as this version made it"}
    else:
        assert bad == {"column engines.budgets": "missing"}


def test_a_weakened_guard_is_named(store: Database, owner_store: Database) -> None:
    with owner_store.write() as s:
        if s.dialect == "sqlite":
            s.run("DROP TRIGGER audit_no_delete")
            s.run("CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_logs BEGIN SELECT 1; END")
        else:
            s.run(
                "CREATE OR REPLACE FUNCTION opsconsole_refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RETURN OLD; END $$"
            )
            s.run("ALTER TABLE audit_logs DISABLE TRIGGER audit_no_delete")
    bad = {line.name: line.detail for line in check_store(store) if not line.ok}
    if store.dialect == "sqlite":
        assert bad == {"trigger audit_no_delete": "not as this version made it"}
    else:
        assert bad == {
            "trigger audit_no_delete": "switched off",
            "function opsconsole_refuse": "not as this version made it",
        }


def test_wrong_counts_are_named(store: Database) -> None:
    with store.write() as s:
        s.run("INSERT INTO workspaces (id, name, created_at) VALUES ('w', 'main', '')")
        s.run("INSERT INTO run_counts VALUES ('w', NULL, 'tenant.check', 'queued', 'pending', 3)")
    assert [line.name for line in check_store(store) if not line.ok] == ["the kept counts of runs are right"]


def test_a_script_is_split_between_statements_only() -> None:
    script = (
        "-- first; second\nCREATE TABLE a (x TEXT); \n\nCREATE TRIGGER t BEFORE DELETE ON a\nBEGIN\n  SELECT 1;\nEND;\n"
    )
    assert [text.split()[1] for text in split_statements(script)] == ["TABLE", "TRIGGER"]
    with pytest.raises(ValueError, match="inside"):
        list(split_statements("CREATE TABLE a (x TEXT)"))


def test_every_statement_of_the_schema_reaches_sqlite(sqlite_store: Database) -> None:
    said = [text for step in STEPS for text in split_statements(step.script("sqlite"))]
    made_of, dropped = ([text for text in said if text.startswith(word)] for word in ("CREATE", "DROP"))
    with sqlite_store.read() as s:
        made = s.all("SELECT name FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%migrations%'")
    assert len(made) == len(made_of) - len(dropped)
