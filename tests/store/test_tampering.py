"""Whoever switches the guards off first and tampers with the log is found, by the entry and by the kind of what was done."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pytest

from opsconsole.domain.audit import GENESIS_HASH, BadEntry, ChainHead, entry_hash
from opsconsole.store.database import Database
from opsconsole.store.opening import open_store

from .test_audit import Burglar, chain, raw, verify

__all__ = ["chain", "raw"]

Deed = Callable[[Burglar, list[Any]], None]


def _move_up(burglar: Burglar, start: int) -> None:
    burglar.do(f"UPDATE audit_logs SET seq = -seq WHERE seq >= {start}")
    burglar.do("UPDATE audit_logs SET seq = 1 - seq WHERE seq < 0")


COPY = (
    "INSERT INTO audit_logs SELECT 'new', {seq}, NULL, NULL, actor, action, resource_type, 'r', outcome, details,"
    " created_at, prev_hash, hash FROM audit_logs WHERE seq = {of}"
)


def insert_in_between(burglar: Burglar, chain: list[Any]) -> None:
    _move_up(burglar, 5)
    burglar.do(COPY.format(seq=5, of=6))


def replace(burglar: Burglar, chain: list[Any]) -> None:
    burglar.do("DELETE FROM audit_logs WHERE seq = 5")
    burglar.do(COPY.format(seq=5, of=6))


def reorder(burglar: Burglar, chain: list[Any]) -> None:
    for old, new in ((5, -1), (6, 5), (-1, 6)):
        burglar.do(f"UPDATE audit_logs SET seq = {new} WHERE seq = {old}")


def reorder_and_hash(burglar: Burglar, chain: list[Any]) -> None:
    """Two entries change places, each hashed anew by itself; the links are left."""
    reorder(burglar, chain)
    for seq, source in ((5, chain[5]), (6, chain[4])):
        hashed = entry_hash({**source.columns(), "seq": seq})
        burglar.do(f"UPDATE audit_logs SET hash = '{hashed}' WHERE seq = {seq}")


def append(burglar: Burglar, chain: list[Any]) -> None:
    columns = {**chain[-1].columns(), "id": "new", "seq": 13, "prev_hash": chain[-1].hash}
    marks = ", ".join(["?" if isinstance(burglar.raw, sqlite3.Connection) else "%s"] * 13)
    burglar.raw.execute(f"INSERT INTO audit_logs VALUES ({marks})", [*columns.values(), entry_hash(columns)])


def cut(burglar: Burglar, chain: list[Any]) -> None:
    burglar.do("DELETE FROM audit_logs WHERE seq > 9")


def cut_with_head(burglar: Burglar, chain: list[Any]) -> None:
    cut(burglar, chain)
    burglar.do(f"UPDATE audit_head SET seq = 9, hash = '{chain[8].hash}'")


def truncate(burglar: Burglar, chain: list[Any]) -> None:
    is_sqlite = isinstance(burglar.raw, sqlite3.Connection)
    burglar.do("DELETE FROM audit_logs" if is_sqlite else "TRUNCATE audit_logs")


def truncate_with_head(burglar: Burglar, chain: list[Any]) -> None:
    truncate(burglar, chain)
    burglar.do(f"UPDATE audit_head SET seq = 0, hash = '{GENESIS_HASH}'")


def recompute(burglar: Burglar, chain: list[Any]) -> None:
    burglar.do("UPDATE audit_logs SET actor = 'x' WHERE seq = 5")
    burglar.rehash(5)


def recompute_shorter(burglar: Burglar, chain: list[Any]) -> None:
    burglar.do("DELETE FROM audit_logs WHERE seq = 5")
    burglar.do("UPDATE audit_logs SET seq = -seq WHERE seq > 5")
    burglar.do("UPDATE audit_logs SET seq = -seq - 1 WHERE seq < 0")
    burglar.rehash(5)


BY_ITSELF: list[tuple[Deed, BadEntry]] = [
    (lambda b, _: b.do("UPDATE audit_logs SET actor = 'x' WHERE seq = 5"), BadEntry(5, "changed")),
    (lambda b, _: b.do("DELETE FROM audit_logs WHERE seq = 5"), BadEntry(5, "missing")),
    (replace, BadEntry(5, "changed")),
    (truncate, BadEntry(1, "missing")),
    (insert_in_between, BadEntry(5, "changed")),
    (lambda b, _: b.do(COPY.format(seq=0, of=1)), BadEntry(1, "inserted")),
    (append, BadEntry(13, "inserted")),
    (reorder, BadEntry(5, "changed")),
    (reorder_and_hash, BadEntry(5, "reordered")),
    (cut, BadEntry(10, "missing")),
]
"""What the chain shows by itself: the entry is exact, the kind the best guess."""

AGAINST_A_KEPT_HEAD: list[tuple[Deed, BadEntry]] = [
    (cut_with_head, BadEntry(10, "missing")),
    (truncate_with_head, BadEntry(1, "missing")),
    (recompute, BadEntry(12, "changed")),
    (recompute_shorter, BadEntry(12, "missing")),
]
"""What only a head kept elsewhere shows."""


@pytest.mark.parametrize("number", range(len(BY_ITSELF)))
def test_what_was_done_is_found_by_the_chain_itself(store: Database, chain: list[Any], raw: Any, number: int) -> None:
    deed, bad = BY_ITSELF[number]
    deed(Burglar(raw), chain)
    assert verify(store).first_bad == bad
    assert verify(store, ChainHead(12, chain[-1].hash)).first_bad == bad


@pytest.mark.parametrize("number", range(len(AGAINST_A_KEPT_HEAD)))
def test_what_hides_from_the_chain_is_found_against_a_kept_head(
    store: Database, chain: list[Any], raw: Any, number: int
) -> None:
    deed, bad = AGAINST_A_KEPT_HEAD[number]
    deed(Burglar(raw), chain)
    assert verify(store).ok, "the chain alone cannot prove this: the documents say so"
    assert verify(store, ChainHead(12, chain[-1].hash)).first_bad == bad


MILLION = 1_000_000


@pytest.mark.stress
def test_a_million_entries_are_verified_in_half_a_minute(store_url: str, raw: Any) -> None:
    Burglar(raw)
    if isinstance(raw, sqlite3.Connection):
        raw.execute("BEGIN")
    prev, rows = GENESIS_HASH, []
    with open_store(store_url) as db:
        for seq in range(1, MILLION + 1):
            columns: dict[str, Any] = {
                "id": f"{seq:036}",
                "seq": seq,
                "workspace_id": None,
                "tenant_id": None,
                "actor": "alice",
                "action": "backup.started",
                "resource_type": "backup_set",
                "resource_id": f"{seq:036}",
                "outcome": "succeeded",
                "details": json.dumps({"types": None, "runs": [f"{seq:036}"]}),
                "created_at": "2026-03-02T08:00:00.000000Z",
                "prev_hash": prev,
            }
            prev = entry_hash(columns)
            rows.append((*columns.values(), prev))
            if len(rows) == 20_000:
                _load(raw, rows)
                rows = []
        raw.execute(f"UPDATE audit_head SET seq = {MILLION}, hash = '{prev}'")
        if isinstance(raw, sqlite3.Connection):
            raw.execute("COMMIT")
        started, spent = time.perf_counter(), time.process_time()
        verdict = verify(db)
        took, spent = time.perf_counter() - started, time.process_time() - spent
    assert (verdict.ok, verdict.entries) == (True, MILLION)
    print(f"{MILLION} entries on {db.dialect} verified in {took:.1f} s, {spent:.1f} s of CPU")
    assert took < 30


def _load(raw: Any, rows: list[tuple[Any, ...]]) -> None:
    if isinstance(raw, sqlite3.Connection):
        raw.executemany(f"INSERT INTO audit_logs VALUES ({', '.join('?' * 13)})", rows)
        return
    with raw.cursor() as cursor, cursor.copy("COPY audit_logs FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
