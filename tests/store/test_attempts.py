"""`db check` attacks each guard and sees it hold; where one is gone, its line says so; and nothing stays behind."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest

from builders import at, make_place, make_run
from opsconsole.domain.run import Outcome
from opsconsole.store import runs
from opsconsole.store.attempts import ATTEMPTS, NOT_ENFORCED, try_guards
from opsconsole.store.database import Database, Session
from opsconsole.store.opening import open_store


def everything(db: Database) -> dict[str, list[Any]]:
    with db.read() as s:
        tables = s.all(
            s.pick(
                sqlite="SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
                postgres="SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()",
            )
        )
        return {row["name"]: sorted(map(repr, s.all(f"SELECT * FROM {row['name']}"))) for row in tables}


def broken(db: Database) -> dict[str, str]:
    return {line.name.removeprefix("enforced: "): line.detail for line in try_guards(db) if not line.ok}


def test_every_guard_of_a_whole_store_holds_and_nothing_stays_behind(store: Database, owner_store: Database) -> None:
    with store.write() as s:
        make_run(s, *make_place(s))
    before = everything(store)
    for db in (store, owner_store):
        lines = try_guards(db)
        assert [line for line in lines if not line.ok] == []
        assert len(lines) == 1 + sum(attempt.only in ("", db.dialect) for attempt in ATTEMPTS)
        assert everything(store) == before
    assert not [line for line in lines if line.detail], "its owner can try all of them"


def _drop_trigger(s: Session, name: str, table: str) -> None:
    s.run(f"DROP TRIGGER {name}" + s.pick(sqlite="", postgres=f" ON {table}"))


TRIGGERS = {
    "runs_forward_only": ("operation_runs", "a run only moves forward"),
    "runs_end_once": ("operation_runs", "a run ends once"),
    "runs_keep_identity": ("operation_runs", "a run stays what it is about"),
    "restores_keep_plan": ("restore_runs", "a plan is not changed"),
    "restore_items_keep_plan": ("restore_items", "a plan's items are not changed"),
    "restore_items_join_no_plan": ("restore_items", "a plan gets no item"),
    "restore_items_leave_no_plan": ("restore_items", "a plan loses no item"),
    "writes_keep_intent": ("restore_writes", "a write's intent is not changed"),
    "writes_stay": ("restore_writes", "a write's record is not removed"),
    "audit_no_update": ("audit_logs", "an audit entry is not changed"),
    "audit_no_delete": ("audit_logs", "an audit entry is not removed"),
    "audit_append_only": ("audit_logs", "an audit entry follows the last one's hash"),
    "audit_advance_head": ("audit_logs", "the head moves with its entries"),
    "audit_head_step": ("audit_head", "the audit head moves only with its entries"),
    "audit_head_stays": ("audit_head", "the audit head stays"),
    "audit_head_once": ("audit_head", "there is one audit head"),
}

OF_ONE_DATABASE = {
    "sqlite": {
        "runs_insert_once": ("operation_runs", "a run is not replaced"),
        "restores_insert_once": ("restore_runs", "a plan is not replaced"),
        "writes_insert_once": ("restore_writes", "a write's record is not replaced"),
    },
    "postgres": {
        "audit_no_truncate": ("audit_logs", "truncate audit_logs"),
        "audit_head_no_truncate": ("audit_head", "truncate audit_head"),
        "writes_no_truncate": ("restore_writes", "truncate restore_writes"),
    },
}

INDEXES = {
    "runs_one_active": "one active run of an identity",
    "sets_one_active": "one active set of an identity",
    "runs_one_restore": "one running restore of a tenant",
}


def test_each_dropped_trigger_and_index_fails_its_line(owner_store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropped in the very transaction that is rolled back, so that one store serves all."""
    store = owner_store
    for name, (table, line) in {**TRIGGERS, **OF_ONE_DATABASE[store.dialect]}.items():
        assert line in broken_without(store, monkeypatch, lambda s, n=name, t=table: _drop_trigger(s, n, t)), name
    for name, line in INDEXES.items():
        found = broken_without(store, monkeypatch, lambda s, n=name: s.run(f"DROP INDEX {n}"))
        assert found == {line: NOT_ENFORCED}, name
    assert broken(store) == {}


def broken_without(db: Database, monkeypatch: pytest.MonkeyPatch, sabotage: Any) -> dict[str, str]:
    from opsconsole.store import attempts

    original = attempts.prepare

    def prepare(s: Session, new_id: Any) -> Any:
        sabotage(s)
        return original(s, new_id)

    with monkeypatch.context() as patch:
        patch.setattr(attempts, "prepare", prepare)
        return broken(db)


@pytest.mark.postgres
def test_each_dropped_constraint_fails_its_line_on_postgres(pg_owner_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(pg_owner_url) as db:
        for attempt in ATTEMPTS:
            if re.fullmatch(r'"?[a-z_]+_(scope|tenant|ended)"?', attempt.postgres):
                name = attempt.postgres.strip('"')
                table = re.sub("_(scope|tenant|ended)$", "", name)
                sql = f"ALTER TABLE {table} DROP CONSTRAINT {name}"
                found = broken_without(db, monkeypatch, lambda s, text=sql: s.run(text))
                assert attempt.name in found, "a key of the counts, kept by a trigger, may still refuse it"
            elif attempt.postgres.startswith("relation"):
                table = attempt.name.partition(":")[0]
                sql = f"ALTER TABLE {table} ALTER COLUMN workspace_id DROP NOT NULL"
                found = broken_without(db, monkeypatch, lambda s, text=sql: s.run(text))
                assert attempt.name in found
        assert broken(db) == {}


def test_a_rewritten_schema_fails_its_lines_on_sqlite(sqlite_store_url: str) -> None:
    """SQLite drops no constraint: whoever wants one gone rewrites the schema's text."""
    with open_store(sqlite_store_url) as db:
        conn: Any = db.connect()  # type: ignore[attr-defined]
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute(
            "UPDATE sqlite_master SET sql = replace(replace(sql, 'FOREIGN KEY (workspace_id, tenant_id) REFERENCES"
            " tenants (workspace_id, id)', 'CHECK (1)'), 'CHECK ((status = ''completed'') = (outcome <> ''pending''))',"
            " 'CHECK (1)') WHERE type = 'table'"
        )
        conn.close()
    with open_store(sqlite_store_url) as db:
        found = broken(db)
    wanted = {attempt.name for attempt in ATTEMPTS if "the tenant is of" in attempt.name}
    assert set(found) == wanted | {"a run that has not ended has no outcome"}
    assert set(found.values()) == {NOT_ENFORCED}


def test_a_store_without_foreign_keys_fails_its_lines(sqlite_store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    original = sqlite_store.connect  # type: ignore[attr-defined]

    def connect() -> Any:
        conn = original()
        conn.execute("PRAGMA foreign_keys = OFF")
        return conn

    monkeypatch.setattr(sqlite_store, "connect", connect)
    sqlite_store._local = threading.local()  # type: ignore[attr-defined]
    assert {attempt.name for attempt in ATTEMPTS if attempt.sqlite == "FOREIGN KEY"} == set(broken(sqlite_store))


def test_a_busy_store_is_checked_and_not_held_up(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
    is_over = threading.Event()
    done: list[int] = []

    def work() -> None:
        made = 0
        while not is_over.is_set():
            with store.write() as s:
                run = make_run(s, *place)
                assert runs.set_completed(s, run.id, Outcome.SUCCEEDED, run.context, at(1))
            made += 1
        done.append(made)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(5):
            assert [line for line in try_guards(store) if not line.ok] == []
    finally:
        is_over.set()
        for worker in workers:
            worker.join(30)
    assert len(done) == 3
    with store.read() as s:
        assert s.one("SELECT COUNT(*) AS n FROM operation_runs") == {"n": sum(done)}
        assert s.one("SELECT COUNT(*) AS n FROM workspaces") == {"n": 1}
        assert s.one("SELECT seq FROM audit_head") == {"seq": 0}


def test_a_locked_store_says_so(sqlite_store_url: str) -> None:
    with open_store(sqlite_store_url, busy_timeout_s=0.05) as db, open_store(sqlite_store_url) as other:
        with other.write():
            lines = try_guards(db)
        assert [(line.name, line.ok) for line in lines] == [("the guards can be tried", False)]
        assert "locked" in lines[0].detail
