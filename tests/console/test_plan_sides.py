"""A policy of a plan side by side: both sides named, dangers in words, nothing left out in silence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from opsconsole.console.screens.plan_item import PlanItemScreen
from opsconsole.console.screens.run import RunScreen
from opsconsole.domain.ids import short_id
from opsconsole.domain.restore import Execution, ItemState
from opsconsole.domain.run import Outcome, RunType

from .driving import Driver, drive
from .memory_desk import MemoryDesk
from .world import busy_world, target

SIZES = {"small": (80, 24), "wide": (120, 40)}
MANY = 30


def many_targets() -> MemoryDesk:
    """Return the busy world with a first policy of more targets than any panel shows."""
    desk = busy_world(more_runs=0)
    items = desk.restore_items_of[desk.all_restores[0].id]
    groups = [f"99999999-0000-4000-8000-{number:012d}" for number in range(MANY)]
    live = [target(group) for group in groups]
    items[0] = replace(items[0], live=json.dumps(live), planned=json.dumps(live), added=(), removed=(), dangers=())
    desk.all_names = {**desk.all_names, **{group: f"Group {number:02d}" for number, group in enumerate(groups)}}
    return desk


@pytest.mark.parametrize("size", SIZES)
def test_live_stands_beside_planned_with_names_and_dangers(size: str) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "down")
        line = next(line for line in driver.lines() if "Finance users" in line)
        left, _, right = line.rpartition("│")
        assert "- Finance users" in left and "+ Windows devices - Production" in right
        await driver.press("up")
        assert "loses an exclusion" in driver.text() and "touches All devices" in driver.text()
        columns = [line.index("Live, as") for line in driver.lines() if "Live, as" in line]
        assert columns and (columns[0] > 40) == (size == "wide"), "beside the list where there is room, else below"

    drive(steps, busy_world(more_runs=0), size=SIZES[size])


@pytest.mark.parametrize("size", [(80, 24), (110, 30)])
def test_what_does_not_fit_is_counted_and_enter_shows_it_all(size: tuple[int, int]) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "c")
        assert "more lines: ↵ shows all" in driver.text() and "Group 29" not in driver.text()
        await driver.press("enter")
        assert isinstance(driver.app.screen, PlanItemScreen)
        seen = driver.text()
        await driver.press("G")
        seen += driver.text()
        await driver.press("pageup")
        seen += driver.text()
        assert all(f"= Group {number:02d}" in seen for number in range(MANY))
        await driver.press("escape")
        assert driver.app.screen.place == "plan"  # type: ignore[attr-defined]

    drive(steps, many_targets(), size=size)


def test_a_blocked_policy_says_what_stays_and_which_key_settles_it() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "G")
        text = driver.text()
        assert "= Finance users" in text and "? Retired devices" in text and "s settles this here" in text

    drive(steps, busy_world(more_runs=0))


def test_leaving_a_blocked_policy_out_while_settling_makes_a_preview_without_it() -> None:
    desk = busy_world(more_runs=0)
    items = desk.restore_items_of[desk.all_restores[0].id]
    blocked = [item for item in items if item.state is ItemState.BLOCKED][-1]

    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "G", "s", "down", "down", "enter")
        assert "Preview again without it?" in driver.text() and "1 policy in all" in driver.text()
        await driver.press("tab", "enter")
        ((_, _, _, named),) = desk.orders
        assert named["without"] == (f"{blocked.policy_type}:{blocked.policy_id}",) and named["mapping"] is None

    drive(steps, desk)


def test_what_was_left_out_by_hand_is_said_before_the_plan_is_applied() -> None:
    desk = busy_world(more_runs=0)
    plan = desk.all_restores[0]
    desk.all_restores[0] = replace(plan, inputs={**plan.inputs, "without": ["t:1", "t:2"]})
    asked = desk.confirmations[plan.id]
    desk.confirmations[plan.id] = replace(asked, restore_run=desk.all_restores[0])

    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter")
        assert "2 policies were left out by hand" in driver.text()
        await driver.press("a")
        assert "will change, 2 left out by hand" in driver.text()

    drive(steps, desk)


def test_a_restore_is_undone_from_its_run() -> None:
    desk = busy_world(more_runs=0)
    run = next(run for run in desk.all_runs if run.type is RunType.RESTORE and run.outcome is Outcome.FAILED)
    execution = Execution(run.id, run.outcome.value, run.status.value, None)
    restore = desk.all_restores[1] = replace(desk.all_restores[1], executions=(execution,))
    desk.related_of[run.id] = {**desk.related_of.get(run.id, {}), "restore_run": restore.id}
    preview = next(run for run in desk.all_runs if run.type is RunType.PREVIEW)

    async def steps(driver: Driver) -> None:
        driver.app.push_screen(RunScreen(run.id))
        await driver.press()
        await driver.press("u")
        assert "Preview the way back?" in driver.text() and "took all of it back already" not in driver.text()
        await driver.press("escape", "escape")
        driver.app.push_screen(RunScreen(preview.id))
        await driver.press()
        await driver.press("u")
        assert not driver.app.screen.is_modal
        assert "Nothing was written by this run" in " ".join(driver.text().split())

    drive(steps, desk)


def test_an_undo_of_what_was_undone_says_so_first() -> None:
    desk = busy_world(more_runs=0)
    old, undo = desk.all_restores[1], desk.all_restores[0]
    execution = Execution(desk.all_runs[0].id, "succeeded", "completed", None)
    desk.all_restores[1] = replace(old, executions=(execution,), undone_by=undo.id)

    async def steps(driver: Driver) -> None:
        await driver.press("8", "j", "enter", "u")
        assert f"The plan {short_id(undo.id)} took all of it back already." in driver.text()

    drive(steps, desk)


def test_an_undo_is_not_cut_down() -> None:
    desk = busy_world(more_runs=0)
    desk.all_restores[0] = replace(desk.all_restores[0], undo_of=desk.all_restores[1].id)

    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "x")
        assert not driver.app.screen.is_modal and "An undo goes back" in " ".join(driver.text().split())
        assert desk.orders == []

    drive(steps, desk)


def test_the_panel_follows_the_terminals_size() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "c")
        await driver.pilot.resize_terminal(120, 50)
        await driver.until(lambda: "Group 29" in driver.text())
        await driver.pilot.resize_terminal(80, 24)
        await driver.until(lambda: "more lines: ↵ shows all" in driver.text())

    drive(steps, many_targets())
