"""The window over a long list: 200 rows in memory, and no row moves while somebody reads."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.console.window import FIRST, MAX_PAGES, PAGE_ROWS, Reading, Window
from opsconsole.service.caller import Page


@dataclass(frozen=True)
class Row:
    number: int
    text: str = "old"


def key(row: Row) -> str:
    return f"{row.number:06d}"


class Table:
    """A list in a store: newest first, by keyset, from both ends."""

    def __init__(self, count: int) -> None:
        self.rows = {number: Row(number) for number in range(count)}

    def read(self, reading: Reading = FIRST, limit: int = PAGE_ROWS) -> Page[Row]:
        at = reading.cursor
        if reading.is_back:
            rows = sorted((row for row in self.rows.values() if at is None or row.number > int(at)), key=key)
        else:
            rows = sorted(
                (row for row in self.rows.values() if at is None or row.number < int(at)), key=key, reverse=True
            )
        found = rows[:limit]
        cursor = key(found[-1]) if len(rows) > limit else None
        return Page(found[::-1] if reading.is_back else found, cursor)


def opened(table: Table) -> Window[Row]:
    window: Window[Row] = Window(key)
    window.start(table.read())
    return window


def opened_at_end(table: Table) -> Window[Row]:
    window = opened(table)
    window.start_at_end(table.read(Reading(None, is_back=True)), window.first_rows)
    return window


def numbers(window: Window[Row]) -> list[int]:
    return [row.number for row in window.rows]


def down(window: Window[Row], table: Table) -> int:
    assert window.next_reading is not None
    return window.append(table.read(window.next_reading))


def up(window: Window[Row], table: Table) -> int:
    assert window.before_reading is not None
    return window.prepend(table.read(window.before_reading))


def renew(window: Window[Row], table: Table) -> list[int]:
    read = [row for reading in window.readings() for row in table.read(reading, PAGE_ROWS + 20).items]
    looked_up = [table.rows[int(ref)] for ref in window.missing_in(read) if int(ref) in table.rows]
    return window.merge(read, looked_up)


def test_going_down_and_up_again_shows_every_row_once_and_keeps_few_in_memory() -> None:
    table = Table(1000)
    window = opened(table)
    seen = list(numbers(window))
    while window.has_more:
        down(window, table)
        seen += [number for number in numbers(window) if number < seen[-1]]
        assert len(window.rows) <= MAX_PAGES * PAGE_ROWS
    assert seen == list(range(999, -1, -1))
    while window.has_before:
        up(window, table)
    assert numbers(window)[:PAGE_ROWS] == list(range(999, 949, -1))


def test_new_rows_wait_and_are_counted() -> None:
    table = Table(100)
    window = opened(table)
    before = numbers(window)
    table.rows |= {number: Row(number) for number in (100, 101, 102)}
    renew(window, table)
    assert numbers(window) == before
    assert window.waiting == 3


def test_new_rows_are_counted_also_where_the_top_was_let_go() -> None:
    table = Table(1000)
    window = opened(table)
    for _ in range(6):
        down(window, table)
    before = numbers(window)
    table.rows[1000] = Row(1000)
    renew(window, table)
    assert window.waiting == 1
    assert numbers(window) == before
    while window.has_before:
        up(window, table)
    assert numbers(window)[0] == 999


def test_a_change_is_shown_in_its_place() -> None:
    table = Table(100)
    window = opened(table)
    table.rows[80] = Row(80, "new")
    assert renew(window, table) == [19]
    assert window.rows[19] == Row(80, "new")
    assert renew(window, table) == []


def test_a_row_that_no_longer_fits_the_list_stays_where_it_is() -> None:
    table = Table(30)
    window = opened(table)
    gone = table.rows.pop(20)
    read = table.read().items
    assert window.missing_in(read) == [key(gone)]
    window.merge(read, [Row(20, "completed")])
    assert window.rows[9] == Row(20, "completed")


def test_a_list_that_grows_at_its_end_grows_there() -> None:
    window: Window[Row] = Window(key, is_newest_first=False)
    window.start(Page([Row(1), Row(2)]))
    assert window.merge([Row(1), Row(2), Row(3)], next_cursor=None) == [2]
    assert numbers(window) == [1, 2, 3]
    assert window.waiting == 0


def test_going_up_from_the_end_shows_every_row_once_and_comes_down_again() -> None:
    table = Table(1000)
    window = opened_at_end(table)
    assert numbers(window) == list(range(49, -1, -1)) and not window.has_more
    seen = numbers(window)
    while window.has_before:
        up(window, table)
        seen = [number for number in numbers(window) if number > seen[0]] + seen
        assert len(window.rows) <= MAX_PAGES * PAGE_ROWS
    assert seen == list(range(999, -1, -1))
    while window.has_more:
        down(window, table)
    assert numbers(window)[-PAGE_ROWS:] == list(range(49, -1, -1))


def test_new_rows_wait_for_a_reader_at_the_end_too() -> None:
    table = Table(1000)
    window = opened_at_end(table)
    before = numbers(window)
    table.rows |= {number: Row(number) for number in (1000, 1001)}
    renew(window, table)
    assert window.waiting == 2 and numbers(window) == before


def test_what_changes_its_rank_stays_where_it_is_and_what_comes_between_waits() -> None:
    window: Window[Row] = Window(key, rank=lambda row: (len(row.text), key(row)))
    window.start(Page([Row(1, "long text"), Row(2, "text"), Row(3, "")]))
    assert window.merge([Row(3, "the longest text"), Row(1, "long text"), Row(2, "text")]) == [2]
    assert numbers(window) == [1, 2, 3] and window.waiting == 0
    window.merge([Row(1, "long text"), Row(4, "longer"), Row(2, "text"), Row(3, "the longest text")])
    assert numbers(window) == [1, 2, 3] and window.waiting == 1


def test_a_list_that_grew_by_more_than_a_page_while_read_at_its_end_is_torn() -> None:
    window: Window[Row] = Window(key, is_newest_first=False)
    window.start_at_end(Page([Row(1), Row(2)], "000001"), [])
    assert not window.is_torn_by([Row(2), Row(3)])
    assert window.is_torn_by([Row(60), Row(61)])


@pytest.mark.parametrize("enter", [opened, opened_at_end])
@given(steps=st.lists(st.sampled_from(["down", "up", "new", "change", "leave"]), max_size=40))
def test_whatever_happens_no_row_in_memory_changes_its_neighbours(
    enter: Callable[[Table], Window[Row]], steps: list[str]
) -> None:
    table = Table(700)
    window = enter(table)
    for step in steps:
        before = numbers(window)
        if step == "down" and window.has_more:
            gone = down(window, table)
            kept = before[gone:]
            assert numbers(window)[: len(kept)] == kept
        elif step == "up" and window.has_before:
            added = up(window, table)
            assert numbers(window)[added:] == before[: len(window.rows) - added]
        elif step == "new":
            number = max(table.rows) + 1
            table.rows[number] = Row(number)
            renew(window, table)
            assert numbers(window) == before
        elif step == "change":
            number = before[len(before) // 2]
            table.rows[number] = Row(number, "changed")
            renew(window, table)
            assert numbers(window) == before
        elif step == "leave":
            table.rows.pop(before[-1], None)
            renew(window, table)
            assert numbers(window) == before
        rows = numbers(window)
        assert rows == sorted(set(rows), reverse=True)
