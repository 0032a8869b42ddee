"""One run on screen: what it waits for, its log, what failed and how only that is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.dialogs.confirm import ConfirmDialog
from opsconsole.console.run_facts import run_facts
from opsconsole.console.screens.run import RunScreen
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.access import Role
from opsconsole.domain.failure import Reason
from opsconsole.domain.plain_text import cell_width
from opsconsole.domain.run import Outcome, RunType
from opsconsole.domain.run_event import EventKind
from opsconsole.service import backups
from world import CATALOG, MANAGED_APPS, World, add_policy, group, small_tenant, status_fault

from .conftest import settle
from .driving import Driver, drive
from .memory_desk import MemoryDesk
from .world import busy_world, make_run, minutes
from .world_run import (
    MANY,
    awaiting_world,
    cancelled_world,
    line,
    many_failures_world,
    run_of,
    run_world,
    throttled_world,
    waiting_world,
)

RUNNING = (*("down",) * 3, "enter")
FAILED = (*("down",) * 5, "enter")
PARTIAL = (*("down",) * 8, "enter")
WIDE = (120, 40)


def table(driver: Driver) -> WindowTable:
    return driver.app.screen.query_one(WindowTable)


def words(driver: Driver) -> str:
    return " ".join(driver.text().split())


def partial_of(desk: MemoryDesk) -> str:
    return run_of(desk, RunType.FETCH, "partially_succeeded").id


# What it shows


def test_a_wait_says_until_when_and_counts_down_and_draws_nothing_in_between() -> None:
    desk = throttled_world()

    async def steps(driver: Driver) -> None:
        await driver.press("enter")
        assert "Graph asked to wait (settings catalog) until 14:03:42 · goes on in 1:35" in driver.text()
        screen, facts = driver.app.screen, driver.app.screen.query_one("#facts", Facts)
        drawn = 0
        plain_refresh = facts.refresh

        def counted(*regions, **named):
            nonlocal drawn
            drawn += 1
            return plain_refresh(*regions, **named)

        facts.refresh = counted  # type: ignore[method-assign]
        assert isinstance(screen, RunScreen)
        screen._tick()
        screen._tick()
        assert drawn == 0, "the clock stands still, so does the screen"
        desk.moment += timedelta(seconds=5)
        screen._tick()
        assert drawn == 1
        await driver.until(lambda: "goes on in 1:30" in driver.text())

    drive(steps, desk)


def test_what_a_queued_run_waits_for_is_said() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("enter")
        assert "on the same tenant to complete" in driver.text()
        assert "Phases none yet" in words(driver)

    drive(steps, waiting_world())


def test_phases_stand_with_their_lengths_also_those_of_a_lost_worker() -> None:
    desk = run_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*PARTIAL)
        assert "Reading in batches 2m40 → Looking up names 7.0s" in words(driver)
        assert "Settling from the list" not in driver.text(), "not all fit: the newest stay"

    drive(steps, desk)


def test_facts_of_every_run_are_drawn_at_every_width_a_terminal_passes_through() -> None:
    desk = busy_world(more_runs=0)

    async def steps(driver: Driver) -> None:
        drawn = {
            len(run_facts(run, driver.app.pen, width, [1.0], words, ()))
            for run in desk.all_runs
            for width in range(81)
            for words in (None, "an engine")
        }
        assert len(drawn) == 1, "as many lines, whatever the run waits for"

    drive(steps, desk)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_no_line_of_facts_is_wider_than_its_terminal(width: int) -> None:
    desk = throttled_world()
    run = desk.all_runs[-1]

    async def steps(driver: Driver) -> None:
        lines = run_facts(run, driver.app.pen, width, [1.0, 2.0], None, desk.logs[run.id])
        assert len(lines) == len(run_facts(run, driver.app.pen, width, [], "an engine", ()))
        if width >= 80:
            assert max(sum(cell_width(text) for text, _ in one) for one in lines) <= width

    drive(steps, desk)


def test_a_wide_terminal_has_the_log_beside_the_failures_and_loses_it_with_the_width() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*RUNNING)
        assert "Engine 4c1f02" in driver.text() and "Failed: timeout." in driver.text()
        await driver.pilot.resize_terminal(80, 24)
        await settle(driver.pilot)
        assert "Engine 4c1f02" not in driver.text()

    asyncio.run(_sized(steps, run_world(), WIDE))


async def _sized(steps, desk: MemoryDesk, size: tuple[int, int]) -> None:
    from .driving import console

    async with console(desk, size=size) as driver:
        await steps(driver)


def test_a_retry_and_its_origin_open_each_other() -> None:
    desk = run_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*PARTIAL)
        place = next(place for place, row in enumerate(table(driver).rows) if row.title == "→ retried by")
        await driver.press(*("down",) * place, "enter")
        assert isinstance(driver.app.screen, RunScreen)
        titles = [row.title for row in table(driver).rows]
        assert "→ retry of" in titles
        await driver.press(*("down",) * titles.index("→ retry of"), "enter")
        assert driver.app.screen.copied() != ""
        assert partial_of(desk)[-6:] in driver.lines()[0]

    drive(steps, desk)


def test_what_waits_for_approval_says_what_happens_next_and_is_sent_again() -> None:
    desk = awaiting_world()
    run = desk.all_runs[-1]

    async def steps(driver: Driver) -> None:
        await driver.press("enter")
        assert "awaiting approval" in driver.text() and "another administrator approves" in words(driver)
        await driver.press("R")
        assert isinstance(driver.app.screen, ConfirmDialog)
        await driver.type("contoso")
        await driver.press("enter", "enter")
        assert desk.orders == [("retry_run", run.id, {"reason": Reason.APPROVAL_REQUIRED})]

    drive(steps, desk)


# The log


def test_the_log_of_a_failed_run_begins_with_what_failed() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*PARTIAL, "l")
        assert "4 of 12 lines" in driver.text()
        kinds = [row.kind for row in table(driver).rows]
        assert kinds == [EventKind.TAKEN_OVER, EventKind.FAILED, EventKind.FAILED, EventKind.COMPLETED]
        await driver.press("c")
        assert len(table(driver).rows) == 12 and "Graph did not take the token" in driver.text()
        await driver.press("c")
        assert len(table(driver).rows) == 4
        await driver.press("escape")
        assert isinstance(driver.app.screen, RunScreen)

    drive(steps, run_world())


def test_a_line_about_failures_opens_them_and_no_other_line_opens() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*PARTIAL, "l", "enter")
        assert driver.app.screen.place == "log"  # type: ignore[attr-defined]
        await driver.press("down", "enter")
        assert driver.app.screen.place == "failures"  # type: ignore[attr-defined]
        assert "timeout" in driver.lines()[0]

    drive(steps, run_world())


def test_the_log_follows_a_run_that_works() -> None:
    desk = run_world()
    running = run_of(desk, RunType.RESTORE, "running")

    async def steps(driver: Driver) -> None:
        await driver.press(*RUNNING, "l", "G")
        desk.logs[running.id] = [*desk.logs[running.id], line(10, 1, EventKind.RETRY, "Graph answered 502: again.")]
        desk.has_changed = True
        await driver.until(lambda: "Graph answered 502" in driver.text())
        assert table(driver).cursor == 9, "who stands on the last line goes on with it"
        await driver.press("g")
        desk.logs[running.id] = [*desk.logs[running.id], line(11, 0, EventKind.RETRY, "Graph answered 504: again.")]
        desk.has_changed = True
        await driver.until(lambda: len(table(driver).rows) == 11)
        assert table(driver).cursor == 0, "who reads further up stays there"

    drive(steps, desk)


def test_a_run_without_a_log_says_so() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("enter", "l")
        assert "Nothing is logged for this run." in driver.text()

    drive(steps, waiting_world())


# Trying a part again


def test_a_reason_is_retried_alone() -> None:
    desk = run_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*PARTIAL, "R")
        assert isinstance(driver.app.screen, ConfirmDialog)
        assert "5 policies" in driver.text() and "timeout" in driver.text()
        assert driver.app.focused is driver.app.screen.query_one("#answer-no")
        await driver.press("enter")
        assert desk.orders == []
        await driver.press("R", "tab", "enter")
        assert desk.orders == [("retry_run", partial_of(desk), {"reason": Reason.TIMEOUT})]

    drive(steps, desk)


def test_marked_failures_are_retried_or_the_one_under_the_cursor() -> None:
    desk = run_world()
    failures = [f"{one.subject.policy_type}:{one.subject.policy_id}" for one in desk.failures_of[partial_of(desk)]]

    async def steps(driver: Driver) -> None:
        await driver.press(*PARTIAL, "enter", "down", "r")
        assert "1 policy" in driver.text()
        await driver.press("tab", "enter")
        assert desk.orders.pop()[2] == {"items": (failures[1],)}
        await driver.press("escape", "up", "space", "down", "space")
        assert "retry 2" in driver.lines()[-1] and "2 marked" in driver.text()
        await driver.press("r", "tab", "enter")
        assert desk.orders.pop()[2] == {"items": (failures[0], failures[2])}
        await driver.press("escape", "R", "tab", "enter")
        assert desk.orders.pop()[2] == {"reason": Reason.TIMEOUT}

    drive(steps, desk)


def test_a_part_of_a_restore_asks_for_the_tenants_name_in_numbers_and_passes_the_justification_on() -> None:
    desk = run_world()
    failed = run_of(desk, RunType.RESTORE, "failed")
    desk.related_of[failed.id]["retries"] = []

    async def steps(driver: Driver) -> None:
        await driver.press(*FAILED, "R")
        dialog = driver.app.screen
        assert isinstance(dialog, ConfirmDialog)
        assert "7 policies" in driver.text() and "This writes to the tenant" in driver.text()
        await driver.press("enter")
        assert desk.orders == []
        await driver.type("contoso")
        dialog.query_one("#note").focus()
        await driver.type("ticket 7")
        await driver.press("enter")
        assert desk.orders == [], "Enter in a field gives no order"
        dialog.query_one("#answer-yes").focus()
        await driver.press("enter")
        order = ("retry_run", failed.id, {"reason": Reason.PERMISSION_DENIED, "justification": "ticket 7"})
        assert desk.orders == [order]

    drive(steps, desk)


def test_a_part_that_the_plan_blocked_is_not_asked_for() -> None:
    desk = run_world()
    failed = run_of(desk, RunType.RESTORE, "failed")
    desk.related_of[failed.id]["retries"] = []
    desk.left_writes = 0

    async def steps(driver: Driver) -> None:
        await driver.press(*FAILED, "R")
        assert not driver.app.screen.is_modal and "a new preview" in words(driver)
        assert desk.orders == []

    drive(steps, desk)


def test_what_is_retried_whole_says_so_and_is_dimmed() -> None:
    desk = run_world()
    drift = make_run(9021, RunType.DRIFT, outcome=Outcome.FAILED, ago=minutes(1), total=3, failed=3)
    desk.all_runs.append(drift)
    desk.failures_of[drift.id] = desk.failures_of[partial_of(desk)]

    async def steps(driver: Driver) -> None:
        await driver.press("enter", "R")
        assert not driver.app.screen.is_modal and "A comparison is made as a whole" in words(driver)
        await driver.press("enter", "r", "R")
        assert not driver.app.screen.is_modal and desk.orders == []

    drive(steps, desk)


@pytest.mark.parametrize(("role", "named"), [(Role.READONLY, {}), (Role.OWNER, {"is_read_only": True})])
def test_who_may_not_write_retries_no_part(role: Role, named: dict[str, bool]) -> None:
    desk = run_world()
    desk.role = role

    async def steps(driver: Driver) -> None:
        await driver.press(*PARTIAL, "R")
        assert not driver.app.screen.is_modal
        await driver.press("enter", "R", "r")
        assert not driver.app.screen.is_modal and desk.orders == []
        assert ("retry reason" in driver.lines()[-1]) == (not named)

    drive(steps, desk, **named)


def test_a_restore_takes_the_justification_that_was_typed_and_none_where_none_was() -> None:
    desk = run_world()

    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "a")
        await driver.type("contoso")
        await driver.press("enter", "enter")
        assert desk.orders.pop() == ("run_restore", desk.all_restores[0].id, "9f2c" * 16)
        await driver.press("8", "enter", "a")
        dialog = driver.app.screen
        dialog.query_one("#note").focus()
        await driver.type(" change 4711 ")
        dialog.query_one("#typed").focus()
        await driver.type("contoso")
        await driver.press("enter", "enter")
        assert desk.orders.pop() == ("run_restore", desk.all_restores[0].id, "9f2c" * 16, "change 4711")

    drive(steps, desk)


# Many failures


def test_fifty_thousand_failures_scroll_with_four_pages_in_memory() -> None:
    desk = many_failures_world()

    async def steps(driver: Driver) -> None:
        await driver.press("enter")
        assert "50,000" in driver.text()
        await driver.press("enter")
        assert f"{MANY:,} failures" in driver.text()
        for _ in range(12):
            await driver.hit("G")
        await driver.press("G")
        assert len(table(driver).rows) <= 200
        assert table(driver).rows[-1][0] > 200
        assert driver.app.screen.copied() == table(driver).current[1].trace.request_id

    drive(steps, desk)


def test_a_failure_says_what_to_do_next_below_and_every_field_beside() -> None:
    async def narrow(driver: Driver) -> None:
        await driver.press(*PARTIAL, "enter")
        for said in (
            "Graph did not answer within 60 s.",
            "Graph did not answer in time.",
            "→ Retry;",
            "request 7d3c9a10",
        ):
            assert said in driver.text()
        assert "assignments.fetch_failed" not in driver.text()

    async def wide(driver: Driver) -> None:
        await driver.press(*PARTIAL, "enter")
        for said in ("assignments.fetch_failed", "Policy id", "→ Retry;"):
            assert said in driver.text()

    drive(narrow, run_world())
    asyncio.run(_sized(wide, run_world(), WIDE))


def test_a_group_copies_a_request_id_and_other_rows_the_runs_id() -> None:
    desk = run_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*PARTIAL)
        assert driver.app.screen.copied().startswith("7d3c9a10-")  # type: ignore[attr-defined]
        await driver.press("G")
        assert driver.app.screen.copied() == partial_of(desk)  # type: ignore[attr-defined]

    drive(steps, desk)


def test_a_cancelled_run_and_one_without_a_log_open() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("enter")
        assert "⊘ cancelled" in driver.text() and "Writing policies 1m35" in words(driver)

    drive(steps, cancelled_world())
    desk = run_world()
    desk.logs = {}

    async def without(driver: Driver) -> None:
        await driver.press(*PARTIAL)
        assert "Phases not logged" in words(driver)

    drive(without, desk)


# Over the real service, engine and simulator


@pytest.fixture
def real(sqlite_store_url: str, tmp_path: Path) -> Iterator[World]:
    """A tenant of which five policies cannot be read."""
    tenant = small_tenant(3)
    for number in range(60, 65):
        add_policy(tenant, MANAGED_APPS, number, group(1))
    world = World.make(sqlite_store_url, tmp_path, {"contoso": tenant})
    yield world
    world.close()


def test_a_real_run_shows_its_throttling_and_its_failures_are_retried_by_reason(real: World) -> None:
    real.break_with(
        status_fault(403, operation="assignments", times="forever"),
        status_fault(429, type=CATALOG, operation="list", action={"retry_after": 0.6}),
    )
    found = real.backup()
    real.mend()
    desk = ServiceDesk(real.caller)

    async def run() -> None:
        app = OpsConsoleApp(desk, zone=UTC, environ={})
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settle(pilot)
            driver = Driver(pilot)
            await driver.press("down", "enter")
            assert "Graph asked to wait" in driver.text()
            await driver.press("escape", "up", "enter")
            assert "permission denied" in driver.text() and "Looking up names" in words(driver)
            await driver.press("R")
            assert "5 policies" in driver.text()
            await driver.press("tab", "enter")
            await driver.until(lambda: "retry of" in driver.text())
            await asyncio.get_running_loop().run_in_executor(None, real.drain)
            await driver.until(lambda: "✓ succeeded" in driver.text())

    asyncio.run(run())
    desk.close()
    assert backups.show_set(real.caller, found.id).is_complete


def test_failures_that_a_real_run_left_unmended_say_so(real: World) -> None:
    real.break_with(status_fault(403, operation="assignments", times="forever"))
    real.backup()
    desk = ServiceDesk(real.caller)
    report = desk.run_report(real.all_runs(RunType.FETCH)[0].id)
    assert [(group.reason, group.count) for group in report.groups] == [(Reason.PERMISSION_DENIED, 5)]
    assert report.run.failures == (), "a screen's run comes without its list of failures"
    assert [event.kind for event in report.log][-1] is EventKind.COMPLETED
    desk.close()
