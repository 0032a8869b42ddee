"""The dashboard and the tenants: what keys do there, and what a real tenant's trouble looks like."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.need_places import open_need
from opsconsole.console.screens.dashboard import DashboardScreen
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.access import Role
from opsconsole.domain.attention import NEEDS, Need
from opsconsole.service import tenants
from opsconsole.simulator import Tenant
from world import World, small_tenant, status_fault

from .conftest import drawn, settle
from .driving import Driver, drive
from .memory_desk import MemoryDesk
from .world import busy_world
from .world_overview import bad_morning, good_morning, no_backup, no_tenant


def place(driver: Driver) -> str:
    return str(getattr(driver.app.screen, "place", ""))


def on_line(driver: Driver, text: str) -> str:
    return next(line for line in driver.lines() if text in line)


def test_one_glance_says_that_all_is_well() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("0")
        assert "✓ All is well." in driver.text() and "Nothing needs you." in driver.text()
        assert "1,722 of 1,722 policies" in driver.text()
        await driver.press("enter")
        assert place(driver) == "dashboard"

    drive(steps, good_morning())


def test_every_need_leads_to_its_place() -> None:
    ways = {"run": "run", "set": "set", "plan": "plan", "tenant": "tenant", "audit": "audit", "runs": "runs"}

    async def steps(driver: Driver) -> None:
        for index, need in enumerate(bad_morning().the_overview.needs):  # type: ignore[union-attr]
            await driver.press("0", *("down",) * index)
            assert need.text[:20].lower() in driver.text().lower()
            await driver.press("enter")
            assert place(driver) == ways.get(need.info.place, place(driver)), need
            assert place(driver) != "dashboard", need
            await driver.press("1")

    drive(steps, bad_morning())


def test_no_kind_of_need_leads_nowhere() -> None:
    async def steps(driver: Driver) -> None:
        for kind in NEEDS:
            await driver.press("0")
            screen = driver.app.screen
            assert isinstance(screen, LiveScreen)
            desk = driver.app.desk
            ref = {"run": desk.all_runs[0].id, "set": desk.all_sets[0].id, "plan": desk.all_restores[0].id}  # type: ignore[attr-defined]
            open_need(screen, Need(kind, "x", "contoso", ref.get(NEEDS[kind].place, "contoso")))
            await settle(driver.pilot)
            assert place(driver) != "dashboard", kind
            await driver.press("1")

    drive(steps, bad_morning())


def test_a_backup_is_asked_for_the_tenant_under_the_cursor() -> None:
    desk = bad_morning()

    async def steps(driver: Driver) -> None:
        await driver.press("0", "down", "b")
        assert "Back up this tenant?" in driver.text() and "northwind" in driver.text()
        await driver.press("enter")
        assert desk.orders == []
        await driver.press("b", "tab", "enter")
        assert desk.orders == [("start_backup", "northwind")]

    drive(steps, desk)


def test_a_check_is_asked_first_and_followed() -> None:
    desk = bad_morning()

    async def steps(driver: Driver) -> None:
        await driver.press("T", "c")
        assert "Check this tenant?" in driver.text() and "Nothing is written to the tenant." in driver.text()
        await driver.press("enter")
        assert desk.orders == [] and place(driver) == "tenants"
        await driver.press("enter", "c", "tab", "enter")
        assert desk.orders == [("start_check", "contoso")] and place(driver) == "run"

    drive(steps, desk)


def test_who_only_looks_cannot_check_and_learns_why() -> None:
    desk = bad_morning(role=Role.READONLY)

    async def steps(driver: Driver) -> None:
        await driver.press("T", "c")
        assert "check.start" in " ".join(driver.text().split())
        await driver.press("enter", "c")
        assert desk.orders == []

    drive(steps, desk)


def test_read_only_has_no_key_that_starts_anything() -> None:
    async def steps(driver: Driver) -> None:
        for keys in (("0",), ("T",), ("T", "enter")):
            await driver.press(*keys)
            assert "backup " not in driver.lines()[-1] and "c check" not in driver.lines()[-1]

    drive(steps, bad_morning(), is_read_only=True)


def test_a_tenant_that_nobody_here_can_reach_says_so() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("T", "down", "down", "c")
        assert "northwind is not in this" in driver.text()
        assert not driver.app.screen.is_modal

    drive(steps, bad_morning())


def test_what_is_missing_stands_first_with_its_permission() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("T", "enter")
        table = driver.app.screen.query_one(WindowTable)
        assert [row[0].state.value for row in table.rows[:4]] == ["missing"] * 3 + ["not_available"]
        assert len(table.rows) == 38
        assert "Grant DeviceManagementScripts.Read.All with admin consent, then check." in driver.text()
        assert "closed until 14:02:55 (0:48)" in driver.text()
        await driver.press("o")
        assert place(driver) == "run"

    drive(steps, bad_morning())


def test_a_closure_ends_by_the_clock_alone() -> None:
    desk = bad_morning()

    async def steps(driver: Driver) -> None:
        await driver.press("T", "enter")
        assert "◔ throttled" in driver.text()
        desk.moment += timedelta(seconds=60)
        await driver.until(lambda: "◐ gaps" in driver.text() and "closed until" not in driver.text())

    drive(steps, desk)


def test_nothing_is_drawn_when_the_overview_reads_the_same() -> None:
    desk = bad_morning()

    async def steps(driver: Driver) -> None:
        await driver.press("0")
        screen = driver.app.screen
        drawn_anew: list[object] = []
        for widget in (*screen.query(Facts), screen.query_one(WindowTable)):
            refresh = widget.refresh
            widget.refresh = lambda *a, _widget=widget, _refresh=refresh, **n: (
                drawn_anew.append(_widget),
                _refresh(*a, **n),
            )[1]  # type: ignore[method-assign]
        assert isinstance(screen, LiveScreen)
        screen.store_changed()
        await settle(driver.pilot)
        assert drawn_anew == []
        desk.the_overview = replace(desk.the_overview, running=7)  # type: ignore[type-var]
        screen.store_changed()
        await driver.until(lambda: "7 running" in driver.text())
        assert drawn_anew

    drive(steps, desk)


def test_a_change_is_seen_and_the_cursor_stays_on_its_need() -> None:
    desk = bad_morning()

    async def steps(driver: Driver) -> None:
        await driver.press("0", "down", "down", "down")
        table = driver.app.screen.query_one(WindowTable)
        held = table.current
        found = desk.the_overview
        assert found is not None
        desk.the_overview = replace(found, needs=found.needs[1:])
        desk.has_changed = True
        await driver.until(lambda: len(table.rows) == len(found.needs) - 1)
        assert table.current == held

    drive(steps, desk)


def test_changes_that_come_fast_are_taken_together_and_none_is_lost() -> None:
    desk = bad_morning()
    read: list[int] = []
    overview = desk.overview

    def counted() -> object:
        read.append(1)
        return overview()

    desk.overview = counted  # type: ignore[method-assign]

    async def steps(driver: Driver) -> None:
        await driver.press("0")
        screen = driver.app.screen
        assert isinstance(screen, DashboardScreen)
        await driver.until(lambda: screen._calm is None)
        before = len(read)
        desk.has_changed = True  # noticed by the pulse, in a thread of its own
        await driver.until(lambda: len(read) > before)
        for number in range(5):
            desk.the_overview = replace(desk.the_overview, running=10 + number)  # type: ignore[type-var]
            screen.store_changed()
        await driver.until(lambda: "14 running" in driver.text())
        assert len(read) - before <= 3
        await driver.until(lambda: screen._calm is None)
        await driver.press("T", "0")

    drive(steps, desk)


@pytest.mark.parametrize("world", [no_tenant, no_backup, bad_morning, busy_world])
@pytest.mark.parametrize("size", [(80, 24), (40, 10), (120, 40), (200, 60)])
def test_no_size_breaks_it(world: object, size: tuple[int, int]) -> None:
    async def steps(driver: Driver) -> None:
        for keys in (("0",), ("T",), ("T", "enter")):
            await driver.press(*keys)
            assert all(len(strip.text) > 0 for strip in drawn(driver.app))

    drive(steps, world(), size=size)  # type: ignore[operator]


def test_a_lost_store_leaves_what_was_read_under_the_banner() -> None:
    desk = bad_morning()

    async def steps(driver: Driver) -> None:
        await driver.press("0")
        desk.is_lost = desk.has_changed = True
        await driver.until(lambda: "cannot be read" in driver.text())
        assert "9 things need you" in driver.text()

    drive(steps, desk)


def test_without_unicode_it_is_ascii() -> None:
    async def steps(driver: Driver) -> None:
        for keys in (("0",), ("T",), ("T", "enter")):
            await driver.press(*keys)
            own = "".join(driver.lines()[1:]).replace("─", "")  # rules are drawn by Textual
            assert own.isascii(), [char for char in own if not char.isascii()]

    drive(steps, bad_morning(), is_ascii=True)


@pytest.fixture
def real(sqlite_store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A real store and a simulated tenant."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    tenant: Tenant = small_tenant(4)
    world = World.make(sqlite_store_url, tmp_path, {"contoso": tenant})
    yield world
    world.close()


def look_at(world: World, steps: object) -> None:
    """Open the console on the real store."""

    async def run() -> None:
        desk = ServiceDesk(world.caller)
        app = OpsConsoleApp(desk, zone=UTC, environ={})
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settle(pilot)
            await steps(Driver(pilot))  # type: ignore[operator]
        desk.close()

    asyncio.run(run())


def test_a_real_tenants_missing_permission_is_named(real: World) -> None:
    real.break_with(status_fault(403, times="forever", path_regex="deviceAppManagement/mobileApps"))
    tenants.start_check(real.caller, "contoso")
    real.drain()

    async def steps(driver: Driver) -> None:
        await driver.press("0")
        assert "DeviceManagementApps.Read.All is missing" in driver.text()
        assert "There is no backup yet" in driver.text()
        await driver.press("T", "enter")
        assert "✗ missing" in on_line(driver, "DeviceManagementApps.Read.All")
        assert "Grant DeviceManagementApps.Read.All with admin consent" in driver.text()

    look_at(real, steps)


def test_a_real_backup_makes_all_well_again(real: World) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("0")
        assert "There is no backup yet" in driver.text()
        await asyncio.to_thread(real.backup)
        await driver.until(lambda: "4 of 4 policies" in driver.text())
        assert "There is no backup yet" not in driver.text() and "✓ All is well." in driver.text()

    look_at(real, steps)


def test_a_real_throttled_tenant_says_until_when(real: World) -> None:
    with real.caller.db.write() as s:
        s.run("UPDATE tenants SET paused_until = '2099-01-01T00:00:00.000000Z'")

    async def steps(driver: Driver) -> None:
        await driver.press("T")
        assert "◔ throttled" in on_line(driver, "contoso   ")
        await driver.press("enter")
        assert "closed until Jan 2099" in driver.text()

    look_at(real, steps)


def test_the_memory_desk_answers_like_a_desk() -> None:
    assert isinstance(MemoryDesk().overview().needs, tuple)
