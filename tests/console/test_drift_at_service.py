"""Drift, the difference of two sets and the trail over the real service, a real store and a simulated tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC
from pathlib import Path

import pytest

from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.service import audit
from world import CATALOG, World, add_policy, excluded, group, small_tenant

from .conftest import settle
from .driving import Driver

TABLES_OF_ALL = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"


@pytest.fixture
def world(sqlite_store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a world whose tenant changed since its one backup."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    tenant = small_tenant(0)
    for number in range(6):
        add_policy(tenant, CATALOG, number, group(1), excluded(2), name=f"Policy {number}")
    made = World.make(sqlite_store_url, tmp_path, {"contoso": tenant})
    made.backup()
    made.assign(CATALOG, 3, group(1), group(4))
    yield made
    made.close()


def drive_at(world: World, steps: Callable[[Driver], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> None:
    """Open the console over the service room."""
    desk = ServiceDesk(world.caller)

    async def run() -> None:
        app = OpsConsoleApp(desk, zone=UTC, environ={})
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            await steps(Driver(pilot))

    asyncio.run(run())
    desk.close()


def rows(world: World) -> dict[str, list[tuple[object, ...]]]:
    with world.caller.db.read() as session:
        names = [row["name"] for row in session.all(TABLES_OF_ALL)]
        return {name: [tuple(row.values()) for row in session.all(f"SELECT * FROM {name}")] for name in names}


def test_a_drift_check_is_ordered_worked_and_shown_with_both_sides(world: World) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("7", "d", "tab", "enter")
        assert "waiting for an engine" in driver.text()
        await asyncio.to_thread(world.drain)
        await driver.until(lambda: "~ 1 changed" in driver.text() and "= 5 the same" in driver.text())
        await driver.until(lambda: "Policy 3" in driver.text())
        below = driver.text()
        assert "- excluded: Group 2" in below and "+ Group 4" in below
        await driver.press("p", "enter", "enter", "tab", "enter")
        await asyncio.to_thread(world.drain)
        await driver.until(lambda: "opsconsole ▸ restores" in driver.text() and "1 will change" in driver.text())
        await driver.press("D")
        assert "~1 =5" in driver.text() and "~ drift" in driver.text()

    drive_at(world, steps)


def test_two_real_sets_differ_on_the_screen(world: World) -> None:
    world.backup()

    async def steps(driver: Driver) -> None:
        await driver.press("7", "space", "space", "equals_sign")
        await driver.until(lambda: "~ 1 changed" in driver.text() and "= 5 the same" in driver.text())
        assert "Policy 3" in driver.text() and "+ Group 4" in driver.text() and "- excluded: Group 2" in driver.text()

    drive_at(world, steps)


def test_an_execution_shows_what_it_wrote_before_and_after(world: World) -> None:
    plan = world.preview()
    world.execute(plan.id, plan_hash=plan.plan_hash)

    async def steps(driver: Driver) -> None:
        await driver.press("9", "enter")
        assert "1 policy, each right before and after" in driver.text()
        await driver.press("G")
        text = driver.text()
        assert "✓ written and read back" in text and "Policy 3" in text
        assert "= Group 1" in text and "- Group 4" in text and "excluded: Group 2" in text

    drive_at(world, steps, (100, 50))


def test_looking_at_trail_drift_and_differences_writes_nothing(world: World) -> None:
    world.backup()
    plan = world.preview()
    world.execute(plan.id, plan_hash=plan.plan_hash)
    before, chain = rows(world), audit.head(world.caller)

    async def steps(driver: Driver) -> None:
        await driver.press("9", "slash")
        await driver.type("actor:alice since:7d")
        await driver.press("escape", "enter", "G", "v", "escape", "v")
        await driver.until(lambda: "chain ✓ verified" in driver.lines()[0])
        await driver.press("D", "7", "space", "space", "equals_sign", "down", "9", "down", "enter")

    drive_at(world, steps)
    assert rows(world) == before, "a row changed, came or went"
    assert audit.head(world.caller) == chain
