"""What all lists can do: sort, go to their end, filter and count, copy, export, and be acted on by marks."""

from __future__ import annotations

import csv
import json
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from opsconsole.console.dialogs.export import ExportDialog, default_file
from opsconsole.console.dialogs.leaving import LeavingDialog
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import OperationRun, RunType, Status
from opsconsole.service.list_export import EXPORT_PAGE

from .driving import Driver, Engine, drive
from .world import busy_world, make_run
from .world_drift import drift_world


def table(driver: Driver) -> WindowTable:
    return driver.app.screen.query_one(WindowTable)


# Sorted


@pytest.mark.parametrize(
    ("typed", "heading", "first"),
    [
        ("longest", "Took▾", lambda runs: max((run for run in runs if run.completed_at), key=_spent)),
        ("most", "Failed▾", lambda runs: max(runs, key=lambda run: run.failed_count)),
        ("oldest", "Started▴", lambda runs: min(runs, key=lambda run: run.id)),
    ],
)
def test_a_sorted_list_says_by_what_in_its_heading(typed: str, heading: str, first: Any) -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("s")
        await driver.type(typed)
        await driver.press("enter")
        assert heading in driver.lines()[3]
        assert table(driver).current.id == first(desk.all_runs).id

    drive(steps, desk)


def _spent(run: OperationRun) -> float:
    began, ended = (datetime.fromisoformat(str(at)) for at in (run.started_at, run.completed_at))
    return (ended - began).total_seconds()


def test_headings_are_ascii_where_the_terminal_is() -> None:
    async def steps(driver: Driver) -> None:
        assert "Startedv" in driver.lines()[3]

    drive(steps, busy_world(), is_ascii=True)


def test_in_a_list_by_failures_rows_stay_and_new_ones_wait() -> None:
    desk = busy_world()
    running = next(run for run in desk.all_runs if run.status is Status.RUNNING and run.type is RunType.RESTORE)

    async def steps(driver: Driver) -> None:
        await driver.press("s", *"most", "enter", "down")
        before = [run.id for run in table(driver).rows]
        worse = make_run(9201, RunType.FETCH, Status.RUNNING, total=9, failed=8)
        desk.add_run(worse)
        counters = {**running.context["counters"], "failed": 900}
        desk.replace_run(replace(running, context={**running.context, "counters": counters}))
        await driver.until(lambda: table(driver).waiting == 1)
        assert [run.id for run in table(driver).rows] == before
        assert "1 new · g jumps up" in driver.lines()[-2]
        assert next(run for run in table(driver).rows if run.id == running.id).failed_count == 900
        await driver.press("g")
        assert table(driver).rows[0].failed_count == 900 and worse.id in [run.id for run in table(driver).rows]

    drive(steps, desk)


# To the end


@pytest.mark.parametrize("keys", [(), ("7",), ("7", "enter"), ("8",), ("8", "enter"), ("9",)])
def test_g_goes_to_the_last_row_of_the_whole_list_and_back_up_through_all(keys: tuple[str, ...]) -> None:
    desk = busy_world()
    reads: list[object] = []

    async def steps(driver: Driver) -> None:
        await driver.press(*keys)
        total = driver.app.screen.query_one(WindowTable)
        for name in ("runs", "sets", "items", "restores", "restore_items", "entries"):
            _count(desk, name, reads)
        await driver.press("G")
        assert total.cursor == len(total.rows) - 1 and not total._window.has_more
        assert len(reads) <= 3, "the end is read, not walked to"
        last = total.current
        seen = {total._key(row) for row in total.rows}
        for _ in range(40):
            await driver.hit("pageup")
            seen |= {total._key(row) for row in total.rows}
        await driver.press("up")
        assert not total._window.has_before and total.cursor == 0
        await driver.press("G")
        assert total.current == last
        if not keys:
            assert seen == {run.id for run in desk.all_runs}

    drive(steps, desk)


def _count(desk: Any, name: str, reads: list[object]) -> None:
    call = getattr(desk, name)

    def counted(*values: Any, **named: Any) -> Any:
        reads.append(name)
        return call(*values, **named)

    setattr(desk, name, counted)


# Filtered


@pytest.mark.parametrize(
    ("keys", "typed", "told"),
    [
        ((), "type:restore outcome:failed", "1 of 310"),
        (("7",), "state:incomplete", "1 of 32"),
        (("7",), "by:schedule state:complete", "31 of 32"),
        (("8",), "state:completed", "1 of 3"),
        (("7", "enter"), "status:failed", "2 of 1,204"),
        (("7", "enter"), "type:mobileapp bitlocker", "2 of 1,204"),
        (("8", "enter"), "state:blocked", "8 of 64"),
        (("down", "down", "down", "enter", "enter"), "edge", "1 of"),
    ],
)
def test_every_filter_says_how_many_of_how_many(keys: tuple[str, ...], typed: str, told: str) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*keys)
        await driver.press("slash")
        await driver.type(typed)
        assert told in driver.text()
        await driver.press("enter", "escape")
        assert driver.app.screen.query_one(Input).value == ""

    drive(steps, busy_world())


def test_words_and_values_are_offered_and_tab_completes_them() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("slash")
        assert "outcome:" in driver.lines()[3] and "Tab completes" in driver.lines()[3]
        await driver.type("rea")
        await driver.press("tab")
        assert driver.app.screen.query_one(Input).value == "reason:"
        assert "permission_denied" in driver.lines()[3]
        await driver.type("thr")
        await driver.press("tab")
        assert driver.app.screen.query_one(Input).value == "reason:throttled "
        await driver.type("tenant:")
        assert "contoso" in driver.lines()[3]
        await driver.press("tab", "enter")
        assert table(driver).has_focus and "Tab completes" not in driver.text()

    drive(steps, busy_world())


def test_what_is_wrong_with_a_filter_is_pointed_at() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("slash")
        await driver.type("by:alice outcome:failed,great")
        field, pointer, words = driver.lines()[2:5]
        assert pointer.strip() == "^^^^^" and pointer.index("^") == field.index("great")
        assert "outcome:great is not known" in words

    drive(steps, busy_world())


@pytest.mark.parametrize("keys", [("7",), ("8",), ("7", "enter"), ("8", "enter")])
def test_a_filter_that_finds_nothing_says_so(keys: tuple[str, ...]) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*keys, "slash")
        await driver.type("zebra")
        assert "fits this filter" in driver.text() and "0 of" in driver.text()

    drive(steps, busy_world())


# Marked


def test_marked_runs_are_cancelled_by_one_question_in_numbers() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("space", "space", "down", "down", "down", "space")
        assert "x cancel 3" in driver.lines()[-1]
        await driver.press("x")
        text = driver.text()
        assert "3 runs" in text and "1 queued, which end at once" in text and "Left out    1 that cannot" in text
        assert "has ended (failed)" in text
        await driver.press("enter")
        assert desk.orders == [], "Enter on an unread dialog cancels"
        await driver.press("x", "right", "enter")
        assert [name for name, _ in desk.orders] == ["cancel_run", "cancel_run"]
        assert table(driver).marked == () and "2 cancelled" in driver.text()

    drive(steps, desk)


def test_of_marked_runs_no_restore_is_retried() -> None:
    desk = busy_world()
    fetch = next(run for run in desk.all_runs if run.failed_count == 7)
    restore = next(run for run in desk.all_runs if run.failed_count == 310)

    async def steps(driver: Driver) -> None:
        for run in (restore, fetch):
            await driver.press("g", *["down"] * [row.id for row in table(driver).rows].index(run.id), "space")
        await driver.press("r")
        assert "1 run with 7 items" in driver.text() and "is retried by itself" in driver.text()
        await driver.press("right", "enter")
        assert [(order[0], order[1]) for order in desk.orders] == [("retry_run", fetch.id)]

    drive(steps, desk)


# Copied


def test_what_is_copied_lies_in_a_file_as_well(tmp_path: Path) -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        driver.app.state_folder = tmp_path / "state"
        await driver.press("y")
        file = tmp_path / "state" / "clipboard.txt"
        assert file.read_text() == f"{desk.all_runs[0].id}\n" and file.stat().st_mode & 0o777 == 0o600
        await driver.press("space", "space", "y")
        assert driver.app.clipboard == "\n".join(run.id for run in table(driver).rows[:2])
        assert file.read_text().count("\n") == 2
        assert "Copied 2 lines (also in" in driver.text()

    drive(steps, desk)


def test_a_folder_that_takes_no_file_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")

    async def steps(driver: Driver) -> None:
        driver.app.state_folder = tmp_path / "state"
        await driver.press("y")
        assert "Copied" in driver.text() and "also in" not in driver.text()

    drive(steps, busy_world())


# Exported


@pytest.mark.parametrize(
    ("keys", "rows"),
    [
        ((), 310),
        (("6",), 1),
        (("7",), 32),
        (("7", "enter"), 120),
        (("8",), 3),
        (("8", "enter"), 50),
        (("9",), None),
        (("down", "down", "down", "enter", "enter"), None),
    ],
)
def test_every_list_is_exported_whole_as_it_is_filtered(
    tmp_path: Path, keys: tuple[str, ...], rows: int | None
) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*keys)
        for suffix in ("jsonl", "csv"):
            file = tmp_path / f"list.{suffix}"
            await driver.press("e")
            driver.app.screen.query_one(Input).value = str(file)
            await driver.press("enter")
            await driver.until(lambda: not driver.app.screen.is_modal)
            assert "written to" in driver.text()
            assert file.stat().st_mode & 0o777 == 0o600
        lines = [json.loads(line) for line in (tmp_path / "list.jsonl").read_text().splitlines()]
        with (tmp_path / "list.csv").open(newline="") as opened:
            cells = list(csv.DictReader(opened))
        assert len(lines) == len(cells) and lines
        assert rows is None or len(lines) == rows

    drive(steps, busy_world())


def test_an_export_overwrites_nothing_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "kept.csv"
    file.write_text("mine")

    async def steps(driver: Driver) -> None:
        await driver.press("e")
        driver.app.screen.query_one(Input).value = str(file)
        await driver.press("enter")
        assert "Cannot write" in driver.text() and isinstance(driver.app.screen, ExportDialog)
        assert file.read_text() == "mine"
        driver.app.screen.query_one(Input).value = str(tmp_path / "other.csv")
        await driver.press("enter")
        await driver.until(lambda: not driver.app.screen.is_modal)

    drive(steps, busy_world())


def test_an_export_into_the_home_of_nobody_is_refused_in_words() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("e")
        driver.app.screen.query_one(Input).value = "~nobody-at-all/runs.csv"
        await driver.press("enter")
        assert "Cannot write" in driver.text() and isinstance(driver.app.screen, ExportDialog)

    drive(steps, busy_world())


@pytest.mark.parametrize("folder", ["home", "none"])
def test_an_export_has_a_name_wherever_the_console_was_started(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setenv("HOME", str(tmp_path))
    if folder == "home":
        (tmp_path / "Documents").mkdir()
    gone.rmdir()
    within = tmp_path / "Documents" if folder == "home" else Path()
    assert default_file("backup sets", "now") == within / "opsconsole-backup-sets-now.jsonl"
    monkeypatch.chdir(tmp_path)


def test_an_export_that_ends_behind_the_question_of_leaving_leaves_that_question_alone(tmp_path: Path) -> None:
    desk, file = busy_world(), tmp_path / "runs.jsonl"
    gate, runs = threading.Event(), desk.runs

    def slow(query: Any, limit: int, cursor: str | None, **named: Any) -> Any:
        if limit == EXPORT_PAGE:
            gate.wait(20)
        return runs(query, limit, cursor, **named)

    async def steps(driver: Driver) -> None:
        desk.runs = slow  # type: ignore[method-assign]
        await driver.press("e")
        driver.app.screen.query_one(Input).value = str(file)
        driver.throw("enter")
        await driver.until_quick(file.exists)
        driver.throw("ctrl+q")
        await driver.until_quick(lambda: isinstance(driver.app.screen, LeavingDialog))
        gate.set()
        await driver.press()
        assert isinstance(driver.app.screen, LeavingDialog), "it was not answered"
        await driver.press("enter")
        assert not driver.app.screen.is_modal and "written to" in driver.text()
        assert len(file.read_text().splitlines()) == len(desk.all_runs)

    try:
        drive(steps, desk, engine=Engine([desk.all_runs[0].id]))
    finally:
        gate.set()


def test_a_console_that_is_left_leaves_no_part_of_an_export(tmp_path: Path) -> None:
    desk, file = busy_world(), tmp_path / "part.jsonl"
    gate, began = threading.Event(), threading.Event()
    runs = desk.runs

    def slow(query: Any, limit: int, cursor: str | None, **named: Any) -> Any:
        if limit == EXPORT_PAGE:
            began.set()
            gate.wait(20)
        return runs(query, limit, cursor, **named)

    async def steps(driver: Driver) -> None:
        desk.runs = slow  # type: ignore[method-assign]
        await driver.press("e")
        driver.app.screen.query_one(Input).value = str(file)
        driver.throw("enter")
        await driver.until_quick(began.is_set)
        driver.throw("ctrl+q")
        await driver.until_quick(lambda: not driver.app.is_running)

    try:
        drive(steps, desk)
        assert file.exists()
    finally:
        gate.set()
    for thread in threading.enumerate():
        if thread.name.startswith("console-export"):
            thread.join(20)
    assert not file.exists()


def test_an_export_says_how_far_it_is_and_leaves_no_part_when_it_is_ended(tmp_path: Path) -> None:
    desk = busy_world()
    gate, began = threading.Event(), threading.Event()
    runs = desk.runs

    def slow(query: Any, limit: int, cursor: str | None, **named: Any) -> Any:
        if limit < 1000:
            return runs(query, limit, cursor, **named)
        if cursor is not None:
            began.set()
            gate.wait(20)
        return runs(query, 100, cursor, **named)

    async def steps(driver: Driver) -> None:
        desk.runs = slow  # type: ignore[method-assign]
        driver.throw("e")
        await driver.until_quick(
            lambda: isinstance(driver.app.screen, ExportDialog) and driver.app.screen.query("Input")
        )
        driver.app.screen.query_one(Input).value = str(tmp_path / "part.jsonl")
        driver.throw("enter")
        await driver.until_quick(lambda: "100 of 310" in driver.text() and "Esc ends it" in driver.text())
        assert began.is_set() and (tmp_path / "part.jsonl").exists()
        driver.throw("escape")
        await driver.pilot.pause(0.05)
        gate.set()
        await driver.until(lambda: not driver.app.screen.is_modal)
        assert not (tmp_path / "part.jsonl").exists()

    try:
        drive(steps, desk)
    finally:
        gate.set()


# Beside


def test_on_a_wide_terminal_the_run_under_the_cursor_stands_beside_the_list() -> None:
    desk = busy_world()
    failed = next(run for run in desk.all_runs if desk.failures_of.get(run.id) and run.failed_count)

    async def steps(driver: Driver) -> None:
        asked: list[object] = []
        _count(desk, "failure_groups", asked)
        place = [row.id for row in table(driver).rows].index(failed.id)
        for _ in range(place):
            driver.throw("down")
        await driver.until(lambda: short_id(failed.id) in driver.lines()[4 + place] and bool(asked))
        reason = desk.failures_of[failed.id][0].reason.value.replace("_", " ")
        await driver.until(lambda: any(reason in line for line in driver.lines()[4:]))
        assert len(asked) <= 2, "going down a list does not ask for each row"
        drawn = len(asked)
        desk.has_changed = True
        await driver.pilot.pause(0.6)
        assert len(asked) == drawn, "what is known is not asked again"

    drive(steps, desk, size=(130, 40))


def test_on_a_wide_terminal_a_set_shows_its_types_beside_the_list() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("7")
        assert "698 of 700" in driver.text() and "not listed" in driver.text()
        await driver.press("down")
        assert "698 of 700" not in driver.text() and "700 of 700" in driver.text()

    drive(steps, busy_world(), size=(130, 40))


@pytest.mark.parametrize("keys", [(), ("7",), ("8",), ("9",), ("D",), ("8", "enter")], ids="-".join)
def test_letters_typed_right_behind_the_filters_key_land_in_the_field(keys: tuple[str, ...]) -> None:
    """All of them are letters that are orders in the list: export, cancel, retry, backup, mark."""

    async def steps(driver: Driver) -> None:
        await driver.press(*keys)
        for key in "/exr/b d":
            driver.throw(key)
        await driver.until(lambda: driver.app.screen.query_one(FilterLine).query_one(Input).value == "exr/b d")
        assert not driver.app.screen.is_modal

    drive(steps, drift_world())
