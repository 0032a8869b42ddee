"""Runs: keys, tabs, filter; live; and rows that never move under the cursor."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from textual.widgets import Input

from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.window import MAX_PAGES, PAGE_ROWS
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import Outcome, RunType, Status

from .driving import Driver, drive
from .world import busy_world, empty_world, make_run


def table(driver: Driver) -> WindowTable:
    return driver.app.screen.query_one(WindowTable)


def row_of(driver: Driver, run_id: str) -> int:
    return next(y for y, line in enumerate(driver.lines()) if short_id(run_id) in line)


def test_tabs_show_the_runs_of_one_state_with_exact_counts() -> None:
    async def steps(driver: Driver) -> None:
        assert "6✗ Failed 1" in driver.text()
        await driver.press("6")
        assert len(table(driver).rows) == 1
        assert "✗ failed" in driver.text()
        await driver.press("1")
        assert len(table(driver).rows) == PAGE_ROWS

    drive(steps, busy_world())


def test_a_digit_goes_to_runs_from_anywhere() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("9", "enter", "3")
        assert driver.app.screen.place == "runs"  # type: ignore[attr-defined]
        assert {run.status for run in table(driver).rows} == {Status.RUNNING}

    drive(steps, busy_world())


def test_the_filter_searches_everything_and_says_n_of_all() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("slash")
        await driver.type("type:restore outcome:failed")
        assert "1 of 310 · Esc clears" in driver.text()
        await driver.press("enter")
        assert table(driver).has_focus
        await driver.press("escape")
        assert "310" in driver.lines()[2] and len(table(driver).rows) == PAGE_ROWS

    drive(steps, busy_world())


def test_a_wrong_filter_is_named_and_the_list_stays() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("slash")
        await driver.type("outcome:great")
        assert "outcome:great is not known" in driver.text()
        assert len(table(driver).rows) == PAGE_ROWS

    drive(steps, busy_world())


def test_write_keys_do_nothing_while_the_filter_has_the_focus() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("slash", "b", "x", "r", "q", "1")
        assert driver.app.screen.query_one(Input).value == "bxrq1"
        assert not driver.app.screen.is_modal
        assert desk.orders == []

    drive(steps, desk)


def test_rows_do_not_move_under_the_cursor_and_new_ones_wait() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("down", "down")
        chosen = table(driver).current
        y = row_of(driver, chosen.id)
        for number in (9101, 9102, 9103):
            desk.add_run(make_run(number, RunType.CAPTURE, Status.QUEUED))
        await driver.until(lambda: table(driver).waiting == 3)
        assert "3 newer · g jumps up" in driver.lines()[-2]
        assert table(driver).current == chosen and row_of(driver, chosen.id) == y
        await driver.press("g")
        assert table(driver).waiting == 0
        assert table(driver).current.id == desk.all_runs[-1].id

    drive(steps, desk)


def test_a_change_by_another_process_is_shown_within_half_a_second_in_its_place() -> None:
    desk = busy_world()
    running = next(run for run in desk.all_runs if run.status is Status.RUNNING and run.type is RunType.RESTORE)

    async def steps(driver: Driver) -> None:
        y = row_of(driver, running.id)
        ended = replace(running, status=Status.COMPLETED, outcome=Outcome.PARTIALLY_SUCCEEDED)
        desk.replace_run(ended)
        await driver.until(lambda: "◐ partial" in driver.lines()[y])
        assert short_id(running.id) in driver.lines()[y]

    drive(steps, desk)


def test_a_run_that_leaves_its_tab_stays_on_screen_with_its_new_state() -> None:
    desk = busy_world()
    running = [run for run in desk.all_runs if run.status is Status.RUNNING]

    async def steps(driver: Driver) -> None:
        await driver.press("3")
        assert len(table(driver).rows) == 2
        desk.replace_run(replace(running[0], status=Status.COMPLETED, outcome=Outcome.SUCCEEDED))
        await driver.until(lambda: "✓ succeeded" in driver.text())
        assert len(table(driver).rows) == 2

    drive(steps, desk)


def test_nothing_is_drawn_when_nothing_changed() -> None:
    async def steps(driver: Driver) -> None:
        drawn = 0
        original = WindowTable.render_line

        def counted(self: WindowTable, y: int) -> object:
            nonlocal drawn
            drawn += 1
            return original(self, y)

        WindowTable.render_line = counted  # type: ignore[method-assign,assignment]
        try:
            await driver.pilot.pause(0.6)
            assert drawn == 0
            await driver.pilot.press("down")
            await driver.pilot.pause()
            assert drawn <= 2
        finally:
            WindowTable.render_line = original  # type: ignore[method-assign]

    drive(steps, busy_world())


def test_a_long_history_is_walked_with_few_rows_in_memory() -> None:
    async def steps(driver: Driver) -> None:
        seen = set()
        for _ in range(30):
            seen |= {run.id for run in table(driver).rows}
            assert len(table(driver).rows) <= MAX_PAGES * PAGE_ROWS
            await driver.press("pagedown")
        assert len(seen) == 310
        last = table(driver).current
        for _ in range(30):
            await driver.press("pageup")
        assert table(driver).current != last
        assert table(driver).cursor == 0 and not table(driver)._window.has_before

    drive(steps, busy_world())


def test_while_the_terminal_is_out_of_focus_nothing_is_read() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        driver.app.app_focus = False
        desk.add_run(make_run(9101, RunType.CAPTURE, Status.QUEUED))
        await driver.pilot.pause(0.6)
        assert table(driver).waiting == 0
        driver.app.app_focus = True
        driver.app.on_app_focus(None)  # type: ignore[arg-type]
        await driver.until(lambda: table(driver).waiting == 1)

    drive(steps, desk)


def test_the_store_lost_shows_a_banner_with_the_age_and_comes_back() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        desk.is_lost, desk.has_changed = True, True
        desk.moment += timedelta(seconds=12)
        await driver.until(lambda: "Store lost." in driver.text())
        assert "○ lost" in driver.text() and "12 s old" in driver.text()
        assert "71 %" in driver.text()
        desk.is_lost = False
        driver.app._try_again()
        await driver.until(lambda: "Store lost." not in driver.text())
        assert "● live" in driver.text()

    drive(steps, desk)


def test_an_empty_store_says_what_would_be_here_and_which_key_makes_one() -> None:
    desk = empty_world()

    async def steps(driver: Driver) -> None:
        assert "No runs yet." in driver.text() and "b backs up a tenant" in driver.text()
        desk.add_run(make_run(1, RunType.CAPTURE, Status.QUEUED))
        await driver.until(lambda: "◌ queued" in driver.text())

    drive(steps, desk)


def test_copying_takes_the_whole_id() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("y")
        assert driver.app.clipboard == desk.all_runs[0].id

    drive(steps, desk)


def test_a_store_lost_from_the_start_is_read_when_it_comes_back() -> None:
    desk = busy_world()
    desk.is_lost = True

    async def steps(driver: Driver) -> None:
        assert "Store lost." in driver.text() and not table(driver).is_loaded
        desk.is_lost = False
        driver.app._try_again()
        await driver.until(lambda: len(table(driver).rows) == PAGE_ROWS and "contoso (main)" in driver.text())

    drive(steps, desk)


def test_keys_faster_than_the_screens_break_nothing() -> None:
    async def steps(driver: Driver) -> None:
        for keys in ("7918", "9876", "7\r9\r8\r6", "1\r7\r\x1b9"):
            for key in keys:
                driver.throw({"\r": "enter", "\x1b": "escape"}.get(key, key))
        await driver.until(lambda: "opsconsole ▸ audit" in driver.text())
        assert driver.app._exception is None

    drive(steps, busy_world())
