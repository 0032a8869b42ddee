"""What the first rows wait for: no garbage is looked for, nothing is loaded that only orders and other lists take."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from opsconsole.config import Config
from opsconsole.console import engine_start, opening, run_console
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.deep_link import DeepLink
from opsconsole.console.engine_start import EngineStart
from opsconsole.console.places import TOPS
from opsconsole.console.sources import PAGE_ROWS
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.errors import StoreUnavailable

from .conftest import make_app, settle
from .driving import Driver, Engine, drive
from .memory_desk import MemoryDesk
from .world import busy_world, make_run, minutes

LATER = (
    "apscheduler",
    "msgraph",
    "sqlite_utils",
    "opsconsole.console.dialogs",
    "opsconsole.domain.audit",
    "opsconsole.domain.restore",
    "opsconsole.engine",
    "opsconsole.graph",
    "opsconsole.operations",
    "opsconsole.service.backups",
    "opsconsole.service.overview",
    "opsconsole.service.restores",
    "opsconsole.service.tenants",
    "opsconsole.store.postgres",
)
"""Loaded when they are asked for: each costs milliseconds that every start would pay."""


def test_runs_are_listed_without_what_orders_and_other_lists_take() -> None:
    code = (
        "import json, sys, opsconsole.console.opening, opsconsole.console.screens.runs;"
        f"print(json.dumps([name for name in {LATER!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == []


def test_garbage_is_looked_for_again_however_the_console_ends() -> None:
    with pytest.raises(StoreUnavailable):
        run_console(Config(store_url="sqlite:////nowhere/at/all.db"))
    assert gc.isenabled()


def test_garbage_is_looked_for_again_once_the_engine_may_start() -> None:
    async def steps(driver: Driver) -> None:
        start = EngineStart(driver.app, driver.app._orders)
        gc.disable()
        try:
            start.start()
            assert gc.isenabled()
        finally:
            gc.enable()

    drive(steps, busy_world())


class Counting:
    """A desk that counts what it is asked, each question with its values."""

    def __init__(self, desk: MemoryDesk) -> None:
        self.desk = desk
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.desk, name)
        if not callable(found) or name in OFTEN:
            return found

        def ask(*values: Any, **named: Any) -> Any:
            self.asked[f"{name}{values}{named}"] += 1
            return found(*values, **named)

        return ask


OFTEN = frozenset({"now", "changed"})
"""What is asked again and again, whatever is on the screen."""

OF_THE_APP = frozenset({"identity(){}", "tenants(){}"})
"""What the app asks for its header, whatever the screen asks."""


@pytest.mark.parametrize("place", [place.name for place in TOPS])
def test_a_screen_that_opens_asks_each_question_once(place: str) -> None:
    desk = Counting(busy_world())

    async def steps(driver: Driver) -> None:
        assert desk.asked
        assert [asked for asked, times in desk.asked.items() if times > 1 + (asked in OF_THE_APP)] == []

    drive(steps, desk, link=DeepLink(place))  # type: ignore[arg-type]


def test_runs_that_were_read_before_are_drawn_at_once_and_brought_up_to_date() -> None:
    desk = busy_world()
    app = make_app(desk)
    app.first_runs = opening._first_runs(desk)
    assert app.first_runs is not None
    newest, *others = desk.all_runs
    desk.all_runs = [replace(newest, initiator_name="somebody-else"), *others]
    asked: list[bool] = []
    found = desk.runs

    def runs(*values: Any, **named: Any) -> Any:
        asked.append(app.screen.query_one(WindowTable).is_loaded)
        return found(*values, **named)

    desk.runs = runs  # type: ignore[method-assign]

    async def steps() -> None:
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            driver = Driver(pilot)
            await driver.until(lambda: "somebody-else" in driver.text())
            assert asked and all(asked), "nothing is read before its rows are there"
            assert app.first_runs is None

    asyncio.run(steps())


def console_with_first_runs(desk: MemoryDesk, steps: Callable[[Driver], Awaitable[None]], **named: Any) -> None:
    app = make_app(desk, **named)
    app.first_runs = opening._first_runs(desk)

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await steps(Driver(pilot))

    asyncio.run(run())


def test_the_engine_is_started_once_the_runs_that_were_read_before_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_start, "AT_LAST_S", 3600.0)
    engine = Engine([])

    async def steps(driver: Driver) -> None:
        await driver.until(lambda: engine.is_started)

    console_with_first_runs(busy_world(), steps, engine=engine)


def test_after_such_a_start_g_goes_to_what_came_since() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        newest = make_run(9999, RunType.CHECK, ago=minutes(0))
        desk.all_runs.insert(0, newest)
        desk.has_changed = True
        await driver.until(lambda: table.waiting == 1)
        await driver.press("g")
        assert (table.rows[0].id, table.waiting) == (newest.id, 0)

    console_with_first_runs(desk, steps)


def test_after_an_empty_start_the_first_run_is_shown() -> None:
    desk = busy_world()
    later, desk.all_runs = desk.all_runs, []

    async def steps(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        assert table.rows == []
        desk.all_runs = later[:1]
        desk.has_changed = True
        await driver.until(lambda: [run.id for run in table.rows] == [later[0].id])

    console_with_first_runs(desk, steps)


@pytest.mark.parametrize(("screen", "is_read"), [("runs", True), ("backups", False)])
def test_runs_are_read_before_only_where_they_are_shown(
    screen: str, is_read: bool, sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[OpsConsoleApp] = []
    monkeypatch.setattr(OpsConsoleApp, "run", lambda app: opened.append(app))
    run_console(Config(store_url=sqlite_store_url), screen=screen, attach=True)
    assert (opened[0].first_runs is not None) is is_read


def test_a_store_that_cannot_be_read_at_first_is_read_by_the_console() -> None:
    desk = busy_world()
    desk.is_lost = True
    assert opening._first_runs(desk) is None
    desk.is_lost = False

    async def steps(driver: Driver) -> None:
        assert len(driver.app.screen.query_one(WindowTable).rows) == PAGE_ROWS

    drive(steps, desk)


def test_runs_that_were_read_before_are_not_shown_where_others_are_asked_for() -> None:
    desk = busy_world()
    app = make_app(desk, link=DeepLink("backups"))
    app.first_runs = opening._first_runs(desk)

    async def steps() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            driver = Driver(pilot)
            await driver.press("6")
            states = {(run.status, run.outcome) for run in app.screen.query_one(WindowTable).rows}
            assert states == {(Status.COMPLETED, Outcome.FAILED)}

    asyncio.run(steps())
