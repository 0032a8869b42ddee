"""Quitting: at once with empty hands, with a question otherwise."""

from __future__ import annotations

from threading import Event

import pytest

from opsconsole.console.background_engine import HandOverFailed
from opsconsole.console.dialogs import leaving
from opsconsole.console.dialogs.leaving import LeavingDialog
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import Status

from .driving import Driver, Engine, drive
from .world import busy_world

LONG_S = 3600.0


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
        for words in ("Wait until done", "Hand over to a background engine", "Cancel the runs"):
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


def test_the_question_follows_what_is_in_hand_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "READ_S", 0.0)  # as if a while had passed over it
    desk = busy_world()
    ids = [run.id for run in desk.all_runs][:2]
    engine = Engine(ids[:1])

    async def steps(driver: Driver) -> None:
        await driver.press("q")
        assert f"1 run is in the hands of this console: {short_id(ids[0])}" in driver.text()
        engine.runs[:] = ids[1:]
        await driver.until(lambda: f"this console: {short_id(ids[1])}" in driver.text())
        await driver.press("up", "enter")  # cancelled is what is in hand by now
        await driver.until(lambda: ("cancel_run", ids[1]) in [order[:2] for order in desk.orders])
        assert ids[0] not in [order[1] for order in desk.orders]
        engine.runs.clear()
        await driver.until(lambda: driver.app.return_code == 0)

    drive(steps, desk, engine=engine)


def test_a_run_that_comes_under_the_hand_that_answers_is_not_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "READ_S", LONG_S)
    desk = busy_world()
    ids = [run.id for run in desk.all_runs][:2]
    engine = Engine(ids[:1])

    async def steps(driver: Driver) -> None:
        await driver.press("q")
        engine.runs[:] = ids
        await driver.until(lambda: "2 runs are in the hands" in driver.text())
        await driver.press("up", "enter")
        await driver.until(lambda: "Cancelling; each run ends" in driver.text())
        assert [order[:2] for order in desk.orders] == [("cancel_run", ids[0])]
        monkeypatch.setattr(leaving, "READ_S", 0.0)
        await driver.until(lambda: "1 more run came into its hands meanwhile" in driver.text())
        assert driver.app.focused is driver.app.screen.query_one("#answer-stay")
        engine.runs[:] = ids[1:]
        await driver.until(lambda: "1 run is in the hands" in driver.text())
        await driver.press("up", "enter")
        await driver.until(lambda: ("cancel_run", ids[1]) in [order[:2] for order in desk.orders])
        engine.runs.clear()
        await driver.until(lambda: driver.app.return_code == 0)

    drive(steps, desk, engine=engine)


def test_where_all_came_under_the_hand_that_answers_nothing_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "READ_S", LONG_S)
    desk = busy_world()
    ids = [run.id for run in desk.all_runs][:2]
    engine = Engine(ids[:1])

    async def steps(driver: Driver) -> None:
        await driver.press("q")
        engine.runs[:] = ids[1:]  # nobody has looked since
        await driver.press("up", "enter")
        await driver.until(lambda: "Read it again" in driver.text())
        assert f"1 run is in the hands of this console: {short_id(ids[1])}" in driver.text()
        assert desk.orders == [] and driver.app.focused is driver.app.screen.query_one("#answer-stay")
        engine.runs.clear()
        await driver.until(lambda: "Nothing is in the hands of this console any more" in driver.text())
        assert "Read it again" not in driver.text()

    drive(steps, desk, engine=engine)


def test_orders_that_are_on_their_way_are_given_to_the_end() -> None:
    desk = busy_world()
    ids = [run.id for run in desk.all_runs][:3]
    engine, may_go_on = Engine(ids), Event()
    cancel = desk.cancel_run

    def slowly(run_id: str) -> object:
        may_go_on.wait(30)
        return cancel(run_id)

    desk.cancel_run = slowly  # type: ignore[assignment, method-assign]

    async def steps(driver: Driver) -> None:
        await driver.press("q")
        driver.throw("up")
        driver.throw("enter")
        await driver.until_quick(lambda: "Cancelling" in driver.text())
        driver.throw("escape")
        await driver.pilot.pause()
        assert isinstance(driver.app.screen, LeavingDialog)
        may_go_on.set()
        await driver.until(lambda: [order[:2] for order in desk.orders] == [("cancel_run", run_id) for run_id in ids])
        await driver.press("escape")
        assert not driver.app.screen.is_modal and driver.app.is_running

    drive(steps, desk, engine=engine)


def test_a_run_that_ends_meanwhile_makes_no_other_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "READ_S", LONG_S)
    desk = busy_world()
    ids = [run.id for run in desk.all_runs][:2]
    engine = Engine(ids)

    async def steps(driver: Driver) -> None:
        await driver.press("q")
        engine.runs[:] = ids[1:]
        await driver.until(lambda: "1 run is in the hands" in driver.text())
        await driver.press("up", "enter")
        await driver.until(lambda: [order[:2] for order in desk.orders] == [("cancel_run", ids[1])])

    drive(steps, desk, engine=engine)


def test_when_nothing_is_in_hand_any_more_the_question_says_so() -> None:
    engine = Engine(["run-1"])

    async def steps(driver: Driver) -> None:
        await driver.press("q")
        engine.runs.clear()
        await driver.until(lambda: "Nothing is in the hands of this console any more" in driver.text())
        assert driver.app.return_code is None, "and asks on"
        await driver.press("down", "enter")
        await driver.until(lambda: driver.app.return_code == 0)

    drive(steps, busy_world(), engine=engine)


def test_handing_over_starts_a_background_engine_and_then_quits() -> None:
    desk, engine = busy_world(), Engine(["run-1"])

    async def steps(driver: Driver) -> None:
        await driver.press("q", "down", "down", "enter")
        await driver.until(lambda: driver.app.return_code == 0)
        assert (engine.handed_over, driver.app.handed_to, driver.app.handed_runs) == (1, 4711, ("run-1",))
        assert driver.app.left_runs == 0 and desk.orders == []

    drive(steps, desk, engine=engine)


def test_a_background_engine_that_does_not_come_is_told_and_the_console_stays() -> None:
    engine = Engine(["run-1"])
    engine.refusal = HandOverFailed("The background engine ended at once: no disk.", "Nothing was handed over.")

    async def steps(driver: Driver) -> None:
        await driver.press("q", "down", "down", "enter")
        await driver.until(lambda: "ended at once: no disk." in driver.text())
        assert driver.app.return_code is None and "Wait until done" in driver.text()
        assert "1 run is in the hands of this console: run-1" in driver.text()
        await driver.press("enter")
        assert not driver.app.screen.is_modal and driver.app.is_running and driver.app.handed_to is None

    drive(steps, busy_world(), engine=engine)


def test_who_signs_in_by_hand_cannot_hand_over_and_reads_why() -> None:
    engine = Engine(["run-1"])
    engine.no_hand_over = "contoso signs in with a person at this terminal"

    async def steps(driver: Driver) -> None:
        await driver.press("q", "down", "down", "enter")
        assert "cannot be handed over: contoso signs in" in driver.text() and engine.handed_over == 0
        assert "Cancel the runs" in driver.text() and driver.app.return_code is None
        engine.runs.append("run-2")
        await driver.until(lambda: "2 runs are in the hands of this console" in driver.text())
        assert "cannot be handed over" in driver.text()

    drive(steps, busy_world(), engine=engine)


def test_asked_twice_it_quits_and_counts_the_runs_that_are_left() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("ctrl+c", "ctrl+c")
        assert driver.app.return_code == 0 and driver.app.left_runs == 2

    drive(steps, busy_world(), engine=Engine(["run-1", "run-2"]))


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
        await driver.until(lambda: "The engine ended. The store at" in driver.text())
        await driver.press("E")
        await driver.until(lambda: "The engine ended" not in driver.text() and not engine.is_broken)

    drive(steps, busy_world(), engine=engine)


def test_j_and_k_move_and_a_temporary_store_is_left_to_nobody() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("q")
        assert "and over" not in driver.text()
        await driver.press("j")
        assert driver.app.focused is driver.app.screen.query_one("#answer-wait")
        await driver.press("k", "enter")
        assert not driver.app.screen.is_modal and driver.app.is_running

    drive(steps, busy_world(), engine=Engine(["run-1"]), has_temporary_store=True)
