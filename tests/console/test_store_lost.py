"""A real store that vanishes, is locked, comes back: the screen says so, with age and next try, and nothing exits."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from opsconsole.config import load_config
from opsconsole.console import app as app_module
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.service.caller import Caller, local_actor
from opsconsole.service.setup import init_store, open_caller
from opsconsole.store.opening import open_store

from .conftest import drawn, settle
from .test_service_desk import CONFIG


class Place:
    """A store of its own, and a desk at it that waits no longer for a lock than it is told."""

    def __init__(self, folder: Path, busy_timeout_s: float) -> None:
        self.folder = folder
        self.path = folder / "store" / "ops.db"
        self.path.parent.mkdir(mode=0o700)
        config = folder / "config.toml"
        config.write_text(CONFIG.format(url=f"sqlite:///{self.path}"))
        config.chmod(0o600)
        loaded = load_config(config, {})
        first = open_caller(loaded, create=True)
        init_store(first)
        first.db.close()
        self.caller = Caller(open_store(loaded.store_url, busy_timeout_s=busy_timeout_s), loaded, local_actor())
        self.desk = ServiceDesk(self.caller)

    def let_go(self) -> None:
        """Close every connection: a file that is open can be locked against writers only, readers pass."""
        db = self.caller.db
        db.close()
        db._is_closed = False  # type: ignore[attr-defined]

    def close(self) -> None:
        self.desk.close()
        self.caller.db.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, busy_timeout_s=0.3)
    yield made
    made.close()


def text_of(app: OpsConsoleApp) -> str:
    return "\n".join(strip.text for strip in drawn(app))


async def until(pilot: object, app: OpsConsoleApp, words: str, *, is_there: bool = True, limit_s: float = 30) -> None:
    end = asyncio.get_running_loop().time() + limit_s
    while (words in text_of(app)) != is_there:
        assert asyncio.get_running_loop().time() < end, f"{app.loss}\n{text_of(app)}"
        assert app.is_running
        await pilot.pause(0.05)  # type: ignore[attr-defined]


def opened(desk: ServiceDesk) -> OpsConsoleApp:
    app = OpsConsoleApp(desk, zone=UTC, environ={})
    app.animation_level = "none"
    return app


def test_a_store_that_vanishes_is_lost_and_found_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "RETRY_S", 0.3)
    away = place.folder / "away"

    async def steps() -> None:
        app = opened(place.desk)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settle(pilot)
            assert "No runs yet." in text_of(app)
            shutil.move(place.path.parent, away)
            app.screen.store_changed()  # type: ignore[attr-defined]
            await until(pilot, app, "⚠ Store lost.")
            assert "next try in" in text_of(app) and "○ lost" in text_of(app)
            assert "No runs yet." in text_of(app), "what was on the screen stays"
            await pilot.press("7", "1")
            shutil.move(away, place.path.parent)
            await until(pilot, app, "Store lost", is_there=False)
            assert "● live" in text_of(app)

    asyncio.run(steps())


def lock_it(path: Path, locked: threading.Event, go: threading.Event) -> threading.Thread:
    """Hold the store so that nobody reads it, until told to let go."""

    def hold() -> None:
        link = sqlite3.connect(path, timeout=20, isolation_level=None)
        link.execute("PRAGMA locking_mode = EXCLUSIVE")
        link.execute("BEGIN EXCLUSIVE")  # in this mode readers cannot pass either
        locked.set()
        go.wait(60)
        link.execute("ROLLBACK")
        link.close()

    thread = threading.Thread(target=hold)
    thread.start()
    return thread


def stay_alive_through_a_lock(place: Place, *, held_s: float, banner_limit_s: float) -> None:
    locked, go = threading.Event(), threading.Event()

    # The feed keeps a connection of its own; without it the file is free to be locked as a whole.
    place.desk.changed = lambda: False  # type: ignore[method-assign]

    async def steps() -> None:
        app = opened(place.desk)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settle(pilot)
            place.let_go()
            thread = lock_it(place.path, locked, go)
            try:
                assert await asyncio.to_thread(locked.wait, 20)
                began = asyncio.get_running_loop().time()
                app.screen.store_changed()  # type: ignore[attr-defined]
                await pilot.press("question_mark")
                assert "On this screen" in text_of(app), "keys are answered while reading waits"
                await pilot.press("escape")
                await until(pilot, app, "⚠ Store lost.", limit_s=banner_limit_s)
                left = held_s - (asyncio.get_running_loop().time() - began)
                if left > 0:
                    await pilot.pause(left)
                assert app.is_running
            finally:
                go.set()
                await asyncio.to_thread(thread.join, 20)
            await until(pilot, app, "Store lost", is_there=False, limit_s=banner_limit_s)
            assert "● live" in text_of(app)

    asyncio.run(steps())


def test_a_store_that_is_locked_is_lost_until_it_is_free(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "RETRY_S", 0.3)
    stay_alive_through_a_lock(place, held_s=1, banner_limit_s=20)


def test_a_store_locked_for_writing_is_read_all_the_while_and_an_order_waits_for_it(place: Place) -> None:
    async def steps() -> None:
        app = opened(place.desk)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settle(pilot)
            link = sqlite3.connect(place.path, isolation_level=None)
            link.execute("BEGIN IMMEDIATE")
            try:
                await pilot.press("b")
                await until(pilot, app, "Back up this tenant?")
                await pilot.press("tab", "enter", "7")
                assert "▸ backups" in text_of(app), "keys are answered while an order waits"
                await until(pilot, app, "locked", limit_s=8)
                assert "Store lost" not in text_of(app) and "● live" in text_of(app)
            finally:
                link.execute("ROLLBACK")
                link.close()
            await pilot.press("b")
            await until(pilot, app, "Back up this tenant?")
            await pilot.press("tab", "enter")
            await until(pilot, app, "running")

    asyncio.run(steps())


@pytest.mark.stress
def test_a_store_that_is_locked_for_half_a_minute(tmp_path: Path) -> None:
    place = Place(tmp_path, busy_timeout_s=10)
    try:
        stay_alive_through_a_lock(place, held_s=30, banner_limit_s=40)
    finally:
        place.close()
