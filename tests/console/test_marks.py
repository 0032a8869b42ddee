"""Marking rows: by key, so that marks outlive paging, filters and refreshes; Esc takes them away before anything else."""

from __future__ import annotations

from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.run import RunType, Status

from .driving import Driver, drive
from .world import busy_world, make_run


def table(driver: Driver) -> WindowTable:
    return driver.app.screen.query_one(WindowTable)


def test_space_marks_and_moves_on_and_space_again_unmarks() -> None:
    async def steps(driver: Driver) -> None:
        first, second = (run.id for run in table(driver).rows[:2])
        await driver.press("space", "space")
        assert table(driver).marked == (first, second) and table(driver).cursor == 2
        assert "◆ 2 marked" in driver.lines()[-2] and driver.lines()[4].startswith("◆")
        await driver.press("up", "space")
        assert table(driver).marked == (first,)

    drive(steps, busy_world())


def test_marks_outlive_paging_a_refresh_and_a_filter() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        marked = table(driver).rows[0].id
        await driver.press("space", *["pagedown"] * 14)
        assert marked not in {run.id for run in table(driver).rows}
        desk.add_run(make_run(9101, RunType.CAPTURE, Status.QUEUED))
        await driver.until(lambda: table(driver).waiting == 1)
        assert table(driver).marked == (marked,)
        await driver.press("6", "1")
        assert table(driver).marked == (marked,) and "1 marked" in driver.lines()[-2]

    drive(steps, desk)


def test_escape_takes_marks_away_before_the_filter() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("slash")
        await driver.type("type:restore")
        await driver.press("enter", "space", "escape")
        assert table(driver).marked == () and "Esc clears" in driver.lines()[2]
        await driver.press("escape")
        assert "Esc clears" not in driver.lines()[2]

    drive(steps, busy_world())


def test_a_text_is_not_marked() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("7", "enter", "enter", "v", "space")
        assert driver.app.screen.query_one(WindowTable).marked == ()

    drive(steps, busy_world())
