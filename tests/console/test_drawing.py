"""How a table is drawn with little: few changes of ink in a line, few lines for a key."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from rich.style import Style

from opsconsole.console.widgets.table_lines import strip_of
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.ids import short_id

from .conftest import see_through
from .driving import Driver, drive
from .world import busy_world

GOOD, DIM = Style.parse("green"), Style.parse("dim")
GROUND = Style.parse("white on black")
NOTHING = Style.null()


def test_blanks_take_the_ink_before_them_and_an_empty_text_takes_none() -> None:
    spans = [("ok", GOOD), ("   ", NOTHING), ("", DIM), ("later", DIM), ("  ", NOTHING)]
    strip = strip_of(spans, 20, GROUND)
    assert [(segment.text, segment.style) for segment in strip] == [
        ("ok   ", GROUND + GOOD),
        ("later" + " " * 10, GROUND + DIM),
    ]


@pytest.mark.parametrize("ink", ["underline", "reverse", "strike", "black on red"])
def test_an_ink_that_shows_on_blanks_ends_with_its_text(ink: str) -> None:
    strip = strip_of([("now", Style.parse(ink)), ("  ", NOTHING), ("then", DIM)], 9, GROUND)
    assert [segment.text for segment in strip] == ["now", "  ", "then"]


def test_on_a_reversed_row_each_blank_keeps_its_own_ink() -> None:
    strip = strip_of([("ok", GOOD), ("  ", NOTHING)], 4, GROUND + Style.parse("reverse"))
    assert [segment.text for segment in strip] == ["ok", "  "]


def test_blanks_before_the_first_ink_are_plain() -> None:
    strip = strip_of([("   ", NOTHING), ("x", GOOD)], 4, GROUND)
    assert [(segment.text, segment.style) for segment in strip] == [("   ", GROUND), ("x", GROUND + GOOD)]


def test_at_its_edge_the_list_moves_on_by_a_third_of_its_height() -> None:
    async def steps(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        height = table._body_height
        await driver.press(*["down"] * (height - 1))
        assert (table.cursor, table.top) == (height - 1, 0)
        await driver.press("down")
        assert (table.cursor, table.top) == (height, 1 + height // 3)
        top = table.top
        await driver.press(*["down"] * (height // 3))
        assert table.top == top, "what was ahead is on the screen: two lines change"
        await driver.press(*["up"] * (height // 3))
        assert table.top == top
        await driver.press(*["up"] * height)
        assert (table.cursor, table.top) == (0, 0)

    drive(steps, busy_world())


def test_a_page_down_shows_the_next_rows_and_a_page_up_those_before() -> None:
    async def steps(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        height = table._body_height
        await driver.press("down", "pagedown")
        assert (table.cursor, table.top) == (1 + height, height)
        await driver.press("pagedown")
        assert (table.cursor, table.top) == (1 + 2 * height, 2 * height)
        await driver.press("pageup", "pageup")
        assert (table.cursor, table.top) == (1, 0)

    drive(steps, busy_world())


def test_a_list_that_fits_never_moves_and_a_longer_one_not_beyond_its_end() -> None:
    async def short(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        await driver.press(*["down"] * (len(table.rows) + 2))
        assert (table.cursor, table.top) == (len(table.rows) - 1, 0)

    async def long(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        height = table._body_height
        await driver.press("G", "pageup", "down", *["down"] * height)
        assert (table.cursor, table.top) == (len(table.rows) - 1, len(table.rows) - height)

    drive(short, busy_world(more_runs=0))
    drive(long, busy_world())


@pytest.mark.parametrize("lines", [24, 110])
def test_walking_a_long_list_keeps_the_cursor_in_view_and_the_screen_full(lines: int) -> None:
    async def steps(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        height, seen = table._body_height, list[str]()

        async def step(by: int) -> None:
            table.move_to(table.cursor + by)
            await see_through(driver.pilot)
            assert table.top <= table.cursor < table.top + height and table.top >= 0, (table.cursor, table.top)
            assert table.top <= max(0, len(table.rows) - height), "blank lines below the last row"

        assert len(table.rows) >= height
        while not seen or seen[-1] != table.current.id:
            seen.append(table.current.id)
            await step(11)
        assert seen[-1] == desk.all_runs[-1].id
        while table.current.id != desk.all_runs[0].id:
            await step(-11)

    desk = busy_world()
    drive(steps, desk, size=(80, lines))


def test_a_terminal_taller_than_what_is_kept_in_memory_reads_no_more_than_that() -> None:
    desk = busy_world(more_runs=1000)
    asked, read = list[str | None](), desk.runs

    def runs(query: Any, limit: int, cursor: str | None, **named: Any) -> Any:
        asked.append(cursor)
        return read(query, limit, cursor, **named)

    desk.runs = runs  # type: ignore[method-assign]

    async def steps(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        assert len(table.rows) == 200 and len(asked) == 4
        await driver.press("G", "pageup", "g")
        assert table.current is not None and table.current.id == desk.all_runs[0].id

    drive(steps, desk, size=(80, 230))


def test_a_page_that_comes_when_the_cursor_went_to_the_other_end_takes_no_row_from_under_it() -> None:
    desk = busy_world()
    hold, held, read = threading.Event(), threading.Event(), desk.runs

    def runs(query: Any, limit: int, cursor: str | None, **named: Any) -> Any:
        page = read(query, limit, cursor, **named)
        if hold.is_set():
            held.set()
            assert released.wait(5)
        return page

    released = threading.Event()
    desk.runs = runs  # type: ignore[method-assign]

    async def steps(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        while len(table.rows) < 200:
            await driver.press("pagedown")
        hold.set()
        table.move_to(len(table.rows) - 1)
        await driver.until_quick(held.is_set)
        driver.throw("g")
        await driver.until_quick(lambda: table.cursor == 0)
        hold.clear()
        released.set()
        await driver.press()
        assert table.current is table.rows[0] and table.current.id == desk.all_runs[0].id
        assert f"▸ {short_id(desk.all_runs[0].id)}" in driver.text()

    drive(steps, desk)
