"""Quitting: at once with empty hands, with a question otherwise."""

from __future__ import annotations

import pytest

from opsconsole.console.dialogs.leaving import LeavingDialog
from opsconsole.domain.run import Status

from .driving import Driver, Engine, drive
from .world import busy_world


def test_with_empty_hands_it_quits_at_once() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("q")
        assert driver.app.return_code == 0

    drive(steps, busy_world(), engine=Engine([]))


@pytest.mark.parametrize("keys", [("q",), ("ctrl+c",), ("9", "enter", "q")])
def test_with_runs_in_hand_it_asks_and_enter_stays(keys: tuple[str, ...]) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*keys)
        assert isinstance(driver.app.screen, LeavingDialog)
        for words in ("Wait until done", "opsconsole engine --drain", "Cancel the runs"):
            assert words in driver.text()
        await driver.press("enter")
        assert not driver.app.screen.is_modal and driver.app.is_running

    drive(steps, busy_world(), engine=Engine(["run-1"]))


def test_waiting_quits_when_the_last_run_ended() -> None:
    engine = Engine(["run-1"])

    async def steps(driver: Driver) -> None:
        await driver.press("q", "down", "enter")
        assert "Waiting for the runs to end" in driver.text() and driver.app.return_code is None
        engine.runs.clear()
        await driver.until(lambda: driver.app.return_code == 0)

    drive(steps, busy_world(), engine=engine)


def test_leaving_hands_the_runs_to_another_engine() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("q", "down", "down", "enter")
        assert driver.app.return_code == 0 and driver.app.left_runs == 1
        assert desk.orders == []

    drive(steps, desk, engine=Engine(["run-1"]))


def test_cancelling_cancels_each_run_and_then_waits_for_it() -> None:
    desk = busy_world()
    running = [run.id for run in desk.all_runs if run.status is Status.RUNNING]
    engine = Engine(running)

    async def steps(driver: Driver) -> None:
        await driver.press("q", "down", "down", "down", "enter")
        assert desk.orders == [("cancel_run", run_id) for run_id in running]
        assert driver.app.return_code is None
        engine.runs.clear()
        await driver.until(lambda: driver.app.return_code == 0)

    drive(steps, desk, engine=engine)


def test_the_engine_starts_after_the_first_screen_and_its_end_is_shown() -> None:
    engine = Engine()

    async def steps(driver: Driver) -> None:
        await driver.until(lambda: engine.is_started)
        assert "● live" in driver.text()
        engine.is_broken = True
        driver.app.screen.query_one("HeaderLine").refresh()
        await driver.until(lambda: "○ no engine" in driver.text())

    drive(steps, busy_world(), engine=engine)


def test_j_and_k_move_and_a_temporary_store_is_left_to_nobody() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("q")
        assert "opsconsole engine --drain" not in driver.text()
        await driver.press("j")
        assert driver.app.focused is driver.app.screen.query_one("#answer-wait")
        await driver.press("k", "enter")
        assert not driver.app.screen.is_modal and driver.app.is_running

    drive(steps, busy_world(), engine=Engine(["run-1"]), has_temporary_store=True)
