"""How a table is drawn with little: few changes of ink in a line, few lines for a key."""

from __future__ import annotations

import pytest
from rich.style import Style

from opsconsole.console.widgets.table_lines import strip_of
from opsconsole.console.widgets.window_table import WindowTable

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
