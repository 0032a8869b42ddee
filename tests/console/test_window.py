"""The window over a long list: 200 rows in memory, and no row moves while somebody reads."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from opsconsole.console.window import MAX_PAGES, PAGE_ROWS, Window
from opsconsole.service.caller import Page


@dataclass(frozen=True)
class Row:
    number: int
    text: str = "old"


def key(row: Row) -> str:
    return f"{row.number:06d}"


class Table:
    """A list in a store: newest first, by keyset."""

    def __init__(self, count: int) -> None:
        self.rows = {number: Row(number) for number in range(count)}

    def read(self, limit: int = PAGE_ROWS, cursor: str | None = None) -> Page[Row]:
        below = len(self.rows) + 1_000_000 if cursor is None else int(cursor)
        rows = sorted((row for row in self.rows.values() if row.number < below), key=key, reverse=True)
        return Page(rows[:limit], key(rows[limit - 1]) if len(rows) > limit else None)


def opened(table: Table) -> Window[Row]:
    window: Window[Row] = Window(key)
    window.start(table.read())
    return window


def numbers(window: Window[Row]) -> list[int]:
    return [row.number for row in window.rows]


def renew(window: Window[Row], table: Table) -> list[int]:
    read = [row for cursor in window.cursors() for row in table.read(PAGE_ROWS + 20, cursor).items]
    looked_up = [table.rows[int(ref)] for ref in window.missing_in(read) if int(ref) in table.rows]
    return window.merge(read, looked_up)


def test_going_down_and_up_again_shows_every_row_once_and_keeps_few_in_memory() -> None:
    table = Table(1000)
    window = opened(table)
    seen = list(numbers(window))
    while window.has_more:
        window.append(table.read(cursor=window.next_cursor))
        seen += [number for number in numbers(window) if number < seen[-1]]
        assert len(window.rows) <= MAX_PAGES * PAGE_ROWS
    assert seen == list(range(999, -1, -1))
    while window.has_before:
        window.prepend(table.read(cursor=window.before_cursor))
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
        window.append(table.read(cursor=window.next_cursor))
    before = numbers(window)
    table.rows[1000] = Row(1000)
    renew(window, table)
    assert window.waiting == 1
    assert numbers(window) == before
    while window.has_before:
        window.prepend(table.read(cursor=window.before_cursor))
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


@given(st.lists(st.sampled_from(["down", "up", "new", "change", "leave"]), max_size=40))
def test_whatever_happens_no_row_in_memory_changes_its_neighbours(steps: list[str]) -> None:
    table = Table(700)
    window = opened(table)
    for step in steps:
        before = numbers(window)
        if step == "down" and window.has_more:
            gone = window.append(table.read(cursor=window.next_cursor))
            kept = before[gone:]
            assert numbers(window)[: len(kept)] == kept
        elif step == "up" and window.has_before:
            added = window.prepend(table.read(cursor=window.before_cursor))
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
