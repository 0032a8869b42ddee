"""The audit log only grows: refused by the database itself, and shown by the chain where somebody got past it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from builders import at, make_place
from opsconsole.domain.audit import (
    GENESIS_HASH,
    Action,
    AuditEntry,
    AuditOutcome,
    BadEntry,
    ChainHead,
    Verdict,
    entry_hash,
)
from opsconsole.domain.ids import new_id
from opsconsole.errors import Conflict
from opsconsole.store import audit
from opsconsole.store.audit import AuditFilter
from opsconsole.store.database import Database, Session


def append(s: Session, place: tuple[str | None, str | None] = (None, None), **more: Any) -> Any:
    values: dict[str, Any] = {
        "id": new_id(),
        "workspace_id": place[0],
        "tenant_id": place[1],
        "actor": "uid:1000",
        "action": Action.BACKUP_STARTED,
        "resource_type": "operation_run",
        "resource_id": new_id(),
        "outcome": AuditOutcome.SUCCEEDED,
        "details": {"b": 1, "a": "grüße \0 \ud800"},
        "created_at": at(),
        **more,
    }
    return audit.append_entry(s, **values)


def verify(db: Database, kept: ChainHead | None = None) -> Verdict:
    with db.read() as s:
        return audit.verify(s, *([kept] if kept else []))


@pytest.fixture
def chain(store: Database) -> list[Any]:
    """Return twelve entries, in the order they were appended."""
    entries = []
    for _ in range(12):
        with store.write() as s:
            entries.append(append(s))
    return entries


def test_each_entry_carries_the_hash_of_the_one_before(store: Database, chain: list[Any]) -> None:
    assert [entry.seq for entry in chain] == list(range(1, 13))
    assert chain[0].prev_hash == GENESIS_HASH
    assert all(after.prev_hash == before.hash for before, after in pairwise(chain))
    with store.read() as s:
        assert audit.audit_head(s) == ChainHead(12, chain[-1].hash)
        assert audit.get_entry(s, chain[3].id) == chain[3]
        assert audit.get_entry(s, "none") is None
    assert json.loads(chain[0].details)["b"] == 1
    assert verify(store) == Verdict(True, 12, ChainHead(12, chain[-1].hash))


def test_an_empty_log_verifies(store: Database) -> None:
    assert verify(store) == Verdict(True, 0, ChainHead())
    assert verify(store, ChainHead()).ok
    assert verify(store, ChainHead(3, "x")).first_bad == BadEntry(1, "missing")


def test_an_entry_that_is_rolled_back_leaves_no_gap(store: Database, chain: list[Any]) -> None:
    with pytest.raises(KeyError), store.write() as s:
        append(s)
        raise KeyError
    with store.write() as s:
        assert append(s).seq == 13
    assert verify(store).ok


def test_two_entries_in_one_transaction_follow_each_other(store: Database) -> None:
    with store.write() as s:
        assert [append(s).seq, append(s).seq] == [1, 2]
    assert verify(store).ok


def test_one_execution_has_one_entry(store: Database, chain: list[Any]) -> None:
    executed = {"action": Action.RESTORE_EXECUTED, "resource_id": "run-1"}
    with store.write() as s:
        append(s, **executed)
    with pytest.raises(Conflict), store.write() as s:
        append(s, **executed)
    with store.write() as s:
        append(s, **{**executed, "resource_id": "run-2"})
        append(s, **{**executed, "action": Action.RESTORE_REQUESTED})
        append(s, **{**executed, "action": Action.RESTORE_REQUESTED})
    assert verify(store).entries == 16


REFUSED = {
    "update": "UPDATE audit_logs SET actor = 'x' WHERE seq = 5",
    "update of nothing new": "UPDATE audit_logs SET seq = seq WHERE seq = 5",
    "delete": "DELETE FROM audit_logs WHERE seq = 12",
    "delete all": "DELETE FROM audit_logs",
    "head back": "UPDATE audit_head SET seq = 11",
    "head anew": "UPDATE audit_head SET hash = 'x'",
    "head ahead": "UPDATE audit_head SET seq = 13, hash = 'x'",
    "head of another id": "UPDATE audit_head SET id = 2",
    "no head": "DELETE FROM audit_head",
    "second head": "INSERT INTO audit_head VALUES (2, 0, '')",
    "insert behind a gap": "INSERT INTO audit_logs SELECT 'new', 14, NULL, NULL, actor, action, resource_type, 'r', outcome,"
    " details, created_at, hash, 'h' FROM audit_logs WHERE seq = 12",
    "insert in between": "INSERT INTO audit_logs SELECT 'new', 0, NULL, NULL, actor, action, resource_type, 'r', outcome,"
    " details, created_at, prev_hash, 'h' FROM audit_logs WHERE seq = 1",
    "insert a number again": "INSERT INTO audit_logs SELECT 'new', 12, NULL, NULL, actor, action, resource_type, 'r',"
    " outcome, details, created_at, prev_hash, 'h' FROM audit_logs WHERE seq = 12",
    "insert with another hash before": "INSERT INTO audit_logs SELECT 'new', 13, NULL, NULL, actor, action,"
    " resource_type, 'r', outcome, details, created_at, prev_hash, 'h' FROM audit_logs WHERE seq = 12",
    "insert an id again": "INSERT INTO audit_logs SELECT id, 13, NULL, NULL, actor, action, resource_type, 'r', outcome,"
    " details, created_at, hash, 'h' FROM audit_logs WHERE seq = 12",
}

POSTGRES_ONLY = {
    "truncate": "TRUNCATE audit_logs",
    "truncate by cascade": "TRUNCATE workspaces CASCADE",
    "truncate head": "TRUNCATE audit_head",
    "upsert": "INSERT INTO audit_logs SELECT * FROM audit_logs WHERE seq = 12"
    " ON CONFLICT (id) DO UPDATE SET actor = 'x'",
}

SQLITE_ONLY = {
    "replace": "INSERT OR REPLACE INTO audit_logs SELECT id, seq, workspace_id, tenant_id, 'x', action, resource_type,"
    " resource_id, outcome, details, created_at, prev_hash, hash FROM audit_logs WHERE seq = 5",
    "replace the last": "REPLACE INTO audit_logs SELECT id, 13, NULL, NULL, 'x', action, resource_type, resource_id,"
    " outcome, details, created_at, hash, 'h' FROM audit_logs WHERE seq = 12",
    "replace an execution": "REPLACE INTO audit_logs SELECT 'new', 13, NULL, NULL, actor,"
    " 'assignments.restore.executed', resource_type, 'run-1', outcome, details, created_at, hash, 'h'"
    " FROM audit_logs WHERE seq = 12",
    "ignore": "INSERT OR IGNORE INTO audit_logs SELECT 'new', 14, NULL, NULL, actor, action, resource_type, 'r',"
    " outcome, details, created_at, hash, 'h' FROM audit_logs WHERE seq = 12",
    "update or replace": "UPDATE OR REPLACE audit_logs SET seq = 4 WHERE seq = 5",
    "replace the head": "REPLACE INTO audit_head VALUES (1, 0, '')",
}


@pytest.fixture
def raw(store: Database, owner_url: str) -> Iterator[Any]:
    """Return a connection of the driver alone, without any of our settings, for who owns the tables."""
    if store.dialect == "sqlite":
        conn: Any = sqlite3.connect(owner_url.removeprefix("sqlite:///"), isolation_level=None)
        conn.execute("PRAGMA recursive_triggers = OFF")
        conn.execute("PRAGMA foreign_keys = OFF")
    else:
        import psycopg

        conn = psycopg.connect(owner_url, autocommit=True)
    yield conn
    conn.close()


def errors_of(raw: Any) -> type[Exception]:
    if isinstance(raw, sqlite3.Connection):
        return sqlite3.IntegrityError
    import psycopg

    return psycopg.IntegrityError


def test_the_database_itself_refuses_everything_but_the_next_entry(store: Database, chain: list[Any], raw: Any) -> None:
    with store.write() as s:
        for table, rows in (("workspaces", "'w', 'w', ''"),):
            s.run(f"INSERT INTO {table} VALUES ({rows})")
    kept = ChainHead(12, chain[-1].hash)
    for name, sql in {**REFUSED, **(SQLITE_ONLY if store.dialect == "sqlite" else POSTGRES_ONLY)}.items():
        if name == "replace an execution":
            with store.write() as s:
                append(s, action=Action.RESTORE_EXECUTED, resource_id="run-1")
            sql = sql.replace("13,", "14,").replace("seq = 12", "seq = 13")
        text = (
            "only grows|audit_logs_pkey" if name.startswith("insert") else "one head" if name == "second head" else "."
        )
        with pytest.raises(errors_of(raw), match=text):
            raw.execute(sql)
            pytest.fail(f"not refused: {name}")
        assert verify(store, kept).ok, name
    if store.dialect == "sqlite":
        assert raw.execute("SELECT COUNT(*) FROM audit_logs").fetchone() == (13,)


@pytest.mark.postgres
@pytest.mark.parametrize("dialect", ["postgres"])
def test_a_superuser_without_ordinary_triggers_is_refused_too(
    store: Database, chain: list[Any], pg_admin_url: str
) -> None:
    import psycopg

    with psycopg.connect(pg_admin_url, autocommit=True) as conn, pytest.raises(psycopg.IntegrityError):
        conn.execute("SET session_replication_role = replica; DELETE FROM audit_logs")
    assert verify(store, ChainHead(12, chain[-1].hash)).ok


def test_the_next_entry_is_taken_from_anyone_and_moves_the_head(store: Database, chain: list[Any], raw: Any) -> None:
    """Whoever can write the database can append; that is what the chain and a kept head are for."""
    columns = {**chain[-1].columns(), "id": "new", "seq": 13, "prev_hash": chain[-1].hash}
    marks = ", ".join(["?" if store.dialect == "sqlite" else "%s"] * 13)
    raw.execute(f"INSERT INTO audit_logs VALUES ({marks})", [*columns.values(), entry_hash(columns)])
    assert verify(store) == Verdict(True, 13, ChainHead(13, entry_hash(columns)))


# Somebody who got past the guards ----------------------------------------------------------------------------------


ENTRY_COLUMNS = tuple(name for name in AuditEntry.__dataclass_fields__ if name not in ("prev_hash", "hash"))


class Burglar:
    """Rewrites the log with the guards switched off, as an owner of the file or the database could."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        if isinstance(raw, sqlite3.Connection):
            for (name,) in raw.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"
            ).fetchall():
                raw.execute(f"DROP TRIGGER {name}")
        else:
            raw.execute("ALTER TABLE audit_logs DISABLE TRIGGER USER")
            raw.execute("ALTER TABLE audit_head DISABLE TRIGGER USER")

    def do(self, sql: str) -> None:
        self.raw.execute(sql)

    def rehash(self, start: int) -> None:
        """Compute the chain anew from an entry on, head included."""
        names = [
            "id",
            "seq",
            "workspace_id",
            "tenant_id",
            "actor",
            "action",
            "resource_type",
            "resource_id",
            "outcome",
            "details",
            "created_at",
        ]
        mark = "?" if isinstance(self.raw, sqlite3.Connection) else "%s"
        before = self.raw.execute(f"SELECT hash FROM audit_logs WHERE seq = {start - 1}").fetchone()
        prev = before[0] if before else GENESIS_HASH
        rows = self.raw.execute(
            f"SELECT {', '.join(names)} FROM audit_logs WHERE seq >= {start} ORDER BY seq"
        ).fetchall()
        for row in rows:
            columns = {**dict(zip(names, row, strict=True)), "prev_hash": prev}
            hashed = entry_hash(columns)
            sql = f"UPDATE audit_logs SET prev_hash = {mark}, hash = {mark} WHERE seq = {mark}"
            self.raw.execute(sql, [prev, hashed, columns["seq"]])
            prev = hashed
        self.do(f"UPDATE audit_head SET seq = (SELECT MAX(seq) FROM audit_logs), hash = '{prev}'")


def test_a_changed_entry_is_found(store: Database, chain: list[Any], raw: Any) -> None:
    for column in ("actor", "action", "resource_id", "outcome", "details", "created_at", "id", "hash"):
        burglar = Burglar(raw)
        burglar.do(f"UPDATE audit_logs SET {column} = 'x' WHERE seq = 5")
        assert verify(store).first_bad == BadEntry(5, "changed"), column
        value = getattr(chain[4], column).replace("'", "''")
        burglar.do(f"UPDATE audit_logs SET {column} = '{value}' WHERE seq = 5")
        assert verify(store).ok


def test_a_removed_entry_is_found(store: Database, chain: list[Any], raw: Any) -> None:
    Burglar(raw).do("DELETE FROM audit_logs WHERE seq = 5")
    verdict = verify(store)
    assert (verdict.ok, verdict.entries, verdict.first_bad) == (False, 4, BadEntry(5, "missing"))


def test_a_cut_beginning_and_a_cut_end_are_found(store: Database, chain: list[Any], raw: Any) -> None:
    burglar = Burglar(raw)
    burglar.do("DELETE FROM audit_logs WHERE seq > 10")
    assert verify(store).first_bad == BadEntry(11, "missing")
    burglar.do("DELETE FROM audit_logs WHERE seq = 1")
    assert verify(store).first_bad == BadEntry(1, "missing")


def test_an_inserted_entry_is_found(store: Database, chain: list[Any], raw: Any) -> None:
    burglar = Burglar(raw)
    burglar.do("UPDATE audit_logs SET seq = -seq WHERE seq >= 5")
    burglar.do("UPDATE audit_logs SET seq = 1 - seq WHERE seq < 0")
    burglar.do(
        "INSERT INTO audit_logs SELECT 'new', 5, NULL, NULL, actor, action, resource_type, 'r', outcome, details,"
        " created_at, prev_hash, hash FROM audit_logs WHERE seq = 6"
    )
    bad = verify(store).first_bad
    assert bad is not None
    assert bad.seq == 5


def test_swapped_entries_are_found(store: Database, chain: list[Any], raw: Any) -> None:
    burglar = Burglar(raw)
    for old, new in ((5, -1), (6, 5), (-1, 6)):
        burglar.do(f"UPDATE audit_logs SET seq = {new} WHERE seq = {old}")
    bad = verify(store).first_bad
    assert bad is not None
    assert bad.seq == 5


def test_a_cut_end_with_its_head_is_found_against_a_kept_head(store: Database, chain: list[Any], raw: Any) -> None:
    kept = ChainHead(12, chain[-1].hash)
    burglar = Burglar(raw)
    burglar.do("DELETE FROM audit_logs WHERE seq > 9")
    burglar.do(f"UPDATE audit_head SET seq = 9, hash = '{chain[8].hash}'")
    assert verify(store).ok
    assert verify(store, kept).first_bad == BadEntry(10, "missing")


def test_a_chain_computed_anew_is_found_against_a_kept_head(store: Database, chain: list[Any], raw: Any) -> None:
    burglar = Burglar(raw)
    burglar.do("UPDATE audit_logs SET actor = 'x' WHERE seq = 5")
    burglar.rehash(5)
    assert verify(store).ok
    for seq in (12, 8, 5):
        assert verify(store, ChainHead(seq, chain[seq - 1].hash)).first_bad == BadEntry(seq, "changed")
    assert verify(store, ChainHead(4, chain[3].hash)).ok


def test_a_kept_head_in_the_middle_fits_an_untouched_chain(store: Database, chain: list[Any]) -> None:
    for entry in chain:
        assert verify(store, ChainHead(entry.seq, entry.hash)).ok


def test_a_number_of_another_kind_is_found(sqlite_store: Database, sqlite_store_url: str) -> None:
    with sqlite_store.write() as s:
        append(s)
        append(s)
    with sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///"), isolation_level=None) as conn:
        Burglar(conn).do("UPDATE audit_logs SET seq = 'two' WHERE seq = 2")
        conn.execute("UPDATE audit_logs SET created_at = x'00ff' WHERE seq = 1")
    conn.close()
    assert verify(sqlite_store).first_bad == BadEntry(1, "changed")


def test_an_incremental_walk_goes_on_from_a_verified_head(store: Database, chain: list[Any], raw: Any) -> None:
    def after(seq: int) -> Verdict:
        with store.read() as s:
            return audit.verify(s, after=ChainHead(seq, chain[seq - 1].hash if seq else GENESIS_HASH))

    assert after(8) == Verdict(True, 4, ChainHead(12, chain[-1].hash), after=8)
    assert after(12) == Verdict(True, 0, ChainHead(12, chain[-1].hash), after=12)
    assert after(0) == Verdict(True, 12, ChainHead(12, chain[-1].hash))
    burglar = Burglar(raw)
    burglar.do("UPDATE audit_logs SET actor = 'x' WHERE seq = 5")
    assert after(8).ok, "what was verified before is not walked again: that is what it says"
    assert not verify(store).ok
    burglar.rehash(5)
    assert after(8).first_bad == BadEntry(8, "changed"), "its own entry is looked at, and then all is walked"
    assert after(4).ok


def test_an_incremental_walk_finds_a_cut_end_and_a_change(store: Database, chain: list[Any], raw: Any) -> None:
    kept = ChainHead(10, chain[9].hash)

    def bad() -> BadEntry | None:
        with store.read() as s:
            return audit.verify(s, after=kept).first_bad

    burglar = Burglar(raw)
    burglar.do("UPDATE audit_logs SET actor = 'x' WHERE seq = 12")
    assert bad() == BadEntry(12, "changed")
    burglar.do("DELETE FROM audit_logs WHERE seq > 10")
    assert bad() == BadEntry(11, "missing")
    burglar.do(f"UPDATE audit_head SET seq = 10, hash = '{chain[9].hash}'")
    assert bad() is None
    burglar.do("DELETE FROM audit_logs WHERE seq > 7")
    burglar.do(f"UPDATE audit_head SET seq = 7, hash = '{chain[6].hash}'")
    assert bad() == BadEntry(8, "missing")


# Lists -------------------------------------------------------------------------------------------------------------


def test_entries_are_listed_newest_first_within_the_workspaces(store: Database) -> None:
    with store.write() as s:
        mine, other = make_place(s), make_place(s, "other", "adatum")
        wide = append(s, action=Action.STORE_CREATED)
        entries = [append(s, mine) for _ in range(7)]
        foreign = append(s, other)
        denied = append(s, mine, action=Action.ACCESS_REFUSED, outcome=AuditOutcome.REFUSED, actor="uid:77")
        wanted = [denied, *entries[::-1], wide]
        found, cursor = [], None
        while True:
            page, cursor = audit.list_entries(s, [mine[0]], limit=4, cursor=cursor)
            found += page
            if cursor is None:
                break
        assert found == wanted
        assert audit.list_entries(s, [mine[0]], limit=50, store_wide=False)[0] == wanted[:-1]
        assert audit.list_entries(s, [mine[0]], AuditFilter(actions=["access.refused"]), limit=50)[0] == [denied]
        assert audit.list_entries(s, [mine[0]], AuditFilter(search="REFUSED"), limit=50)[0] == [denied]
        assert audit.list_entries(s, [mine[0]], AuditFilter(search="uid:77"), limit=50)[0] == [denied]
        assert audit.list_entries(s, [mine[0]], AuditFilter(search=entries[2].id[-8:]), limit=50)[0] == [entries[2]]
        assert audit.list_entries(s, [mine[0]], AuditFilter(search=entries[3].id), limit=50)[0] == [entries[3]]
        assert audit.list_entries(s, [mine[0]], AuditFilter(search=entries[4].resource_id), limit=50)[0] == [entries[4]]
        assert audit.list_entries(s, [mine[0]], AuditFilter(search=entries[4].resource_id[-8:]), limit=50)[0] == [
            entries[4]
        ]
        assert (
            audit.list_entries(s, [mine[0]], AuditFilter(search="backup", actions=["access.refused"]), limit=50)[0]
            == []
        )
        assert audit.list_entries(s, [mine[0]], AuditFilter(search="%"), limit=50)[0] == []
        assert audit.list_entries(s, [], limit=50)[0] == [wide]
        assert audit.resolve_entry_id(s, foreign.id, [mine[0]]) == []
        assert audit.resolve_entry_id(s, wide.id[-8:], [mine[0]]) == [wide.id]
        assert audit.resolve_entry_id(s, entries[0].id[-8:], [mine[0]]) == [entries[0].id]
        assert audit.entries_of(s, entries[0].resource_id) == [entries[0]]
        assert audit.entries_of(s, "uid:1000") == []
