"""What is long or narrow stays readable: nothing that matters is cut at 80×24, and a resize lays screens out anew."""

from __future__ import annotations

import gc
import json
import warnings
from dataclasses import replace
from datetime import timedelta

from opsconsole.console.audit_lines import entry_lines
from opsconsole.console.folding import folded
from opsconsole.console.policy_words import type_words
from opsconsole.console.states import PLAN_STATES, RUN_STATES
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.failure import Reason
from opsconsole.domain.plain_text import cell_width
from opsconsole.domain.plan import DANGER_WORDS, Danger
from opsconsole.domain.run import Outcome, Status

from .conftest import settle
from .driving import Driver, drive
from .test_orders import shown_dim
from .world import busy_world, entry

PLAN = ("8", "enter")


def words(driver: Driver) -> str:
    return " ".join(driver.text().split())


def test_what_is_folded_loses_nothing_and_stays_in_its_width() -> None:
    text = '    "name": "' + "日本語 policy " * 20 + '"'
    lines = folded(text, 40)
    assert all(cell_width(line) <= 40 for line in lines)
    assert lines[0] + "".join(line.removeprefix("      ") for line in lines[1:]) == text


def test_every_danger_of_a_plan_stands_on_a_narrow_screen_and_in_its_dialog() -> None:
    desk = busy_world()
    plan = desk.all_restores[0]
    desk.all_restores[0] = replace(plan, dangers={danger.value: 12_345 for danger in Danger})
    told = tuple(f"12,345 policies: {said}" for said in DANGER_WORDS.values())
    desk.confirmations[plan.id] = replace(desk.confirmations[plan.id], dangers=told)

    async def steps(driver: Driver) -> None:
        await driver.press(*PLAN)
        shown = words(driver)
        assert all(f"{said}: 12,345" in shown for said in DANGER_WORDS.values())
        await driver.press("a")
        shown = driver.text()
        assert all(line in shown for line in told) and "Apply to 42 policies" in shown

    drive(steps, desk)


def test_raw_json_goes_on_below() -> None:
    desk = busy_world()
    newest = max(desk.all_sets, key=lambda one: one.id)
    long = json.dumps([{"target": {"unknown": "x" * 150 + "END"}}])
    desk.items_of[newest.id] = [replace(item, assignments=long) for item in desk.items_of[newest.id]]

    async def steps(driver: Driver) -> None:
        await driver.press("7", "enter", "enter", "v")
        assert 'END"' in driver.text()

    drive(steps, desk)


def test_a_wrong_filter_is_said_in_full_and_a_word_that_is_none_is_pointed_at() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("slash")
        await driver.type("foo:bar")
        assert "foo: is no word of this filter. One of outcome, status" in words(driver)
        assert "text without a colon" in words(driver)
        driver.app.screen.store_changed()  # type: ignore[attr-defined]
        await settle(driver.pilot)
        assert "no word of this filter" in driver.text()
        await driver.press("escape")
        assert "no word" not in driver.text()

    drive(steps, busy_world())


def test_help_shows_every_sign() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*PLAN, "question_mark", *("pagedown",) * 4)
        for state in (*RUN_STATES.values(), *PLAN_STATES.values()):
            assert f"{state.glyph} {state.word}" in driver.text()

    drive(steps, busy_world())


def test_ages_go_on_while_nothing_else_happens() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("7")
        assert " 2 h" in driver.text()
        desk.moment += timedelta(hours=1)
        driver.app.screen._look_at_ages()  # type: ignore[attr-defined]
        await settle(driver.pilot)
        assert " 3 h" in driver.text()
        await driver.press("enter")
        desk.moment += timedelta(hours=1)
        await driver.press("escape")
        assert " 4 h" in driver.text()

    drive(steps, desk)


def test_a_run_is_laid_out_anew_when_the_terminal_changes() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("down", "down", "down", "enter")
        bar = driver.lines()[3].count("━") + driver.lines()[3].count("─")
        await driver.pilot.resize_terminal(120, 40)
        await settle(driver.pilot)
        wide = driver.lines()[3].count("━") + driver.lines()[3].count("─")
        assert wide > bar and driver.lines()[2].rstrip().endswith("by alice")
        assert len(driver.lines()[2].rstrip()) > 110

    drive(steps, busy_world())


def test_a_set_says_why_something_is_missing_and_offers_to_show_only_that() -> None:
    desk = busy_world()
    newest = max(desk.all_sets, key=lambda one: one.id)

    def gone(item):  # type: ignore[no-untyped-def]
        return replace(item, failure=replace(item.failure, reason=Reason.POLICY_NOT_FOUND)) if item.failure else item

    desk.items_of[newest.id] = [gone(item) for item in desk.items_of[newest.id]]

    async def steps(driver: Driver) -> None:
        await driver.press("7", "enter")
        assert "policy not found" in driver.text() and type_words("settingsCatalogPolicy") in driver.text()
        assert "m missing only" in driver.lines()[-1] and "t fetch" in driver.lines()[-1]
        await driver.press("m")
        assert "m show all" in driver.lines()[-1]
        await driver.press("escape", "down", "enter")
        assert "m missing only" not in driver.lines()[-1] and shown_dim(driver, "fetch")

    drive(steps, desk)


def test_an_empty_choice_of_types_means_all_of_them() -> None:
    async def steps(driver: Driver) -> None:
        pen = driver.app.pen
        for action, said in (("backup.started", "all"), ("member.added", "none")):
            lines = entry_lines(entry(1, action, types=None, place_in_chain_no=9), pen, 60)
            assert ("types", said, "dim") in [(line.name, line.text, line.ink) for line in lines]

    drive(steps, busy_world())


def test_names_of_an_entry_never_touch_their_values() -> None:
    desk = busy_world()
    desk.all_entries[0] = {**desk.all_entries[0], "details": {"a_name_that_is_long": "#9", "set": "x" * 80 + "END"}}

    async def steps(driver: Driver) -> None:
        await driver.press("9", "enter")
        assert "… #9" in words(driver).replace("…  #9", "… #9") and "END" in driver.text()

    drive(steps, desk)


def test_a_run_that_fails_while_it_is_watched_puts_the_cursor_on_its_failures() -> None:
    desk = busy_world()
    running = next(run for run in desk.all_runs if run.id in desk.failures_of and run.status is Status.RUNNING)
    failures = desk.failures_of.pop(running.id)

    async def steps(driver: Driver) -> None:
        await driver.press("down", "down", "down", "enter")
        assert "What belongs to this run" in driver.text() and "Failures" not in driver.text()
        desk.failures_of[running.id] = failures
        desk.replace_run(replace(running, status=Status.COMPLETED, outcome=Outcome.FAILED))
        await driver.until(lambda: "Failures, and what belongs here" in driver.text())
        current = driver.app.screen.query_one(WindowTable).current
        assert current is not None and current.key.startswith("reason:")

    drive(steps, desk)


def test_a_queued_run_says_what_it_waits_for() -> None:
    desk = busy_world()
    queued = max((run for run in desk.all_runs if run.status is Status.QUEUED), key=lambda run: run.id)
    wait = "an engine: none is live for this tenant; start one with `opsconsole engine`"
    desk.related_of[queued.id] = {"waiting_for": wait}

    async def steps(driver: Driver) -> None:
        await driver.press("enter")
        assert f"waits for {wait}" in words(driver)

    drive(steps, desk)


def test_showing_all_policies_of_a_plan_keeps_the_row() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*PLAN, "G")
        table = driver.app.screen.query_one(WindowTable)
        before = table.current
        assert before is not None
        await driver.press("c")
        assert table.current == before and len(table.rows) > 50
        await driver.press("down", "c")
        assert table.current == before, "a row that is hidden leaves the cursor at the nearest one"

    drive(steps, busy_world())


def test_a_reading_that_is_replaced_before_it_began_leaves_nothing_behind() -> None:
    """A coroutine that nobody awaits is told when it is collected, wherever that happens to be."""

    async def steps(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        source = table._source
        assert source is not None
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for _ in range(5):
                table.show(source)
            await driver.until(lambda: table.is_loaded)
            gc.collect()
        assert [str(one.message) for one in told if "never awaited" in str(one.message)] == []

    drive(steps, busy_world())
