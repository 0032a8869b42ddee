"""Around the screens: where they open, the bell, what is lost, who is let in, slow lists, a clock set back, the mouse."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from opsconsole.console.deep_link import DeepLink
from opsconsole.console.screens.run import RunScreen
from opsconsole.console.widgets.choice import Choice
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.clock import to_text
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.errors import NotFound
from opsconsole.service.started import Started

from .conftest import drawn, make_app, see_through, settle
from .driving import Driver, Engine, drive
from .memory_desk import MemoryDesk
from .world import busy_world, empty_world

RESTORE = ("down", "down", "down")
"""To the restore that is running."""


def running(desk: MemoryDesk) -> OperationRun:
    return next(run for run in desk.all_runs if run.status is Status.RUNNING and run.type is RunType.RESTORE)


def end(desk: MemoryDesk, run: OperationRun) -> None:
    ended = to_text(desk.moment)
    desk.replace_run(replace(run, status=Status.COMPLETED, outcome=Outcome.PARTIALLY_SUCCEEDED, completed_at=ended))


def said(driver: Driver) -> list[str]:
    """What was said in passing so far, whole: on the screen a sentence is folded."""
    return [str(one.message) for one in driver.app._notifications]


def count_bells(driver: Driver) -> list[int]:
    rung: list[int] = []
    driver.app.bell = lambda: rung.append(1)  # type: ignore[method-assign]
    return rung


# Deep links


def test_it_opens_where_it_was_told_and_esc_goes_to_the_list() -> None:
    desk = busy_world()
    for link, shown, behind in (
        (DeepLink(run=running(desk).id), "runs ▸ ", "▸ runs"),
        (DeepLink(backup_set=desk.all_sets[0].id), "backups ▸ ", "▸ backups"),
        (DeepLink(restore=desk.all_restores[0].id), "restores ▸ ", "▸ restores"),
        (DeepLink("audit"), "▸ audit", "▸ audit"),
    ):

        async def steps(driver: Driver, shown: str = shown, behind: str = behind) -> None:
            assert shown in driver.lines()[0]
            await driver.press("escape")
            assert behind in driver.lines()[0] and (shown == behind or shown not in driver.lines()[0])

        drive(steps, busy_world(), link=link.found(desk))


def test_a_link_to_nothing_is_refused() -> None:
    for link in (DeepLink(run="nope"), DeepLink(backup_set="nope"), DeepLink(restore="nope")):
        with pytest.raises(NotFound):
            link.found(busy_world())


# The bell


def test_a_watched_run_is_marked_and_rings_once_when_it_ends() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        rung = count_bells(driver)
        await driver.press(*RESTORE)
        run = driver.app.screen.query_one(WindowTable).current
        assert isinstance(run, OperationRun)
        await driver.press("w")
        assert "♪ " in driver.text() and f"rings when run {short_id(run.id)} ends" in "".join(said(driver))
        desk.has_changed = True
        await driver.press()
        assert rung == []
        end(desk, run)
        await driver.until(lambda: rung == [1])
        assert any(
            f"Run {short_id(run.id)} (restore) ended partial after 3m31: 855 of 1,204, 19 failed." == one
            for one in said(driver)
        )
        desk.has_changed = True
        await driver.until(lambda: "♪" not in driver.text())
        assert rung == [1]

    drive(steps, desk)


def test_watching_ends_on_a_second_press_and_never_begins_for_what_has_ended() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        rung = count_bells(driver)
        await driver.press(*RESTORE, "enter", "w")
        assert "♪" in driver.lines()[0]
        await driver.press("w")
        assert "♪" not in driver.lines()[0]
        end(desk, running(desk))
        await driver.until(lambda: "partial" in driver.text())
        await driver.press("w")
        assert "nothing to watch" in "".join(said(driver)) and rung == []

    drive(steps, desk)


@pytest.mark.parametrize("is_on", [False, True])
def test_the_bell_that_is_on_rings_for_the_run_on_screen_and_for_those_started_here(is_on: bool) -> None:
    desk = busy_world()
    first, second = [run for run in desk.all_runs if run.status is Status.RUNNING][:2]
    desk.start_backup = lambda tenant: Started(True, [second])  # type: ignore[method-assign]

    async def steps(driver: Driver) -> None:
        rung = count_bells(driver)
        await driver.press("b", "tab", "enter")
        driver.app.push_screen(RunScreen(first.id))
        await driver.press()
        end(desk, second)
        end(desk, first)
        await driver.until(lambda: len(rung) == 2 * is_on and not desk.has_changed)
        assert len(rung) == 2 * is_on

    drive(steps, desk, has_bell=is_on)


def test_the_palette_turns_the_bell_on_and_off_and_it_rings_out_of_focus() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        rung = count_bells(driver)
        await driver.press("ctrl+p", *"bell on", "enter")
        assert driver.app.bells.is_on
        await driver.press(*RESTORE, "enter")
        driver.app.app_focus = False
        end(desk, running(desk))
        await driver.until(lambda: rung == [1])
        driver.app.app_focus = True
        await driver.press("ctrl+p", *"bell off", "enter")
        assert not driver.app.bells.is_on

    drive(steps, desk)


def test_a_run_that_had_ended_when_it_was_opened_rings_nothing() -> None:
    desk = busy_world()
    ended = next(run for run in desk.all_runs if not run.is_active)

    async def steps(driver: Driver) -> None:
        rung = count_bells(driver)
        driver.app.push_screen(RunScreen(ended.id))
        await driver.press()
        desk.has_changed = True
        await driver.until(lambda: not desk.has_changed)
        assert rung == []

    drive(steps, desk, has_bell=True)


# What is lost


def lose_graph(desk: MemoryDesk, run: OperationRun, **ago: float) -> None:
    context = run.context | {
        "graph_lost": {"reason": "network_unreachable", "since": to_text(desk.moment - timedelta(**ago))},
        "waiting_until": to_text(desk.moment + timedelta(seconds=8)),
    }
    desk.replace_run(replace(run, context=context))


@pytest.mark.parametrize("keys", [(), (*RESTORE, "enter")])
def test_graph_that_does_not_answer_is_said_with_since_when_and_the_next_try(keys: tuple[str, ...]) -> None:
    desk = busy_world()
    run = running(desk)

    async def steps(driver: Driver) -> None:
        await driver.press(*keys)
        assert "Graph lost" not in driver.text()
        lose_graph(desk, run, seconds=40)
        await driver.until(lambda: "⚠ Graph lost. contoso cannot be reached" in driver.text())
        assert "since 14:01:27 · next try in 8 s" in driver.text()
        desk.replace_run(run)
        await driver.until(lambda: "Graph lost" not in driver.text())

    drive(steps, desk)


def test_an_engine_that_is_at_work_or_absent_is_not_started_twice() -> None:
    engine = Engine()

    async def steps(driver: Driver) -> None:
        await driver.until(lambda: engine.is_started)
        await driver.press("E")
        assert said(driver) == ["The engine is at work."]
        await driver.press("ctrl+p", *"start eng")
        assert "Nothing fits." in driver.text()

    drive(steps, busy_world(), engine=engine)

    async def without(driver: Driver) -> None:
        await driver.press("E")
        assert "it has no engine" in "".join(said(driver))

    drive(without, busy_world())


# Who is let in


@pytest.mark.parametrize("key", ["1", "7", "8", "9"])
def test_a_member_of_nothing_reads_who_they_are_and_how_an_owner_lets_them_in(key: str) -> None:
    desk = MemoryDesk(is_member=False, actor="eve")

    async def steps(driver: Driver) -> None:
        await driver.press(key)
        assert "You are no member of any workspace of this store." in driver.text()
        assert "eve (uid:1000)" in driver.text()
        assert "opsconsole members add uid:1000 readonly" in driver.text()

    drive(steps, desk)


def test_a_workspace_that_is_not_theirs_is_named_in_the_command() -> None:
    desk = MemoryDesk(is_member=False)

    def refuse(*_: Any) -> Any:
        raise NotFound("There is no workspace 'finance'.")

    desk.state_counts = desk.runs = desk.tenants = refuse  # type: ignore[method-assign]

    async def steps(driver: Driver) -> None:
        assert "You are no member of the workspace finance." in driver.text()
        assert "opsconsole --workspace finance members add uid:1000 readonly" in driver.text()

    drive(steps, desk, workspace="finance")


def test_a_store_without_a_tenant_says_where_one_is_named() -> None:
    desk = empty_world()
    desk.tenant_views = []

    async def steps(driver: Driver) -> None:
        assert "No tenant is connected yet." in driver.text() and "/etc/ops.toml" in driver.text()
        assert "opsconsole doctor" in driver.text()

    drive(steps, desk, config_place="/etc/ops.toml")


def test_tenants_that_are_still_being_read_are_not_told_to_be_none() -> None:
    desk, gate = empty_world(), threading.Event()
    tenants = desk.tenants

    def slow() -> Any:
        gate.wait(20)
        return tenants()

    desk.tenants = slow  # type: ignore[method-assign]
    app = make_app(desk)

    async def steps() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            for _ in range(10):
                await pilot.pause(0.03)
                assert "No tenant" not in "".join(strip.text for strip in drawn(app))
            gate.set()
            await settle(pilot)
            assert "No runs yet." in "".join(strip.text for strip in drawn(app))

    try:
        asyncio.run(steps())
    finally:
        gate.set()


OPENED = {
    "run": (*RESTORE, "enter"),
    "set": ("7", "enter"),
    "item": ("7", "enter", "down", "enter"),
    "plan": ("8", "enter"),
    "entry": ("9", "enter"),
}


@pytest.mark.parametrize("kind", OPENED)
def test_what_vanished_while_it_was_open_is_said_and_esc_goes_back(kind: str) -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*OPENED[kind])
        kept = desk.all_runs, desk.all_sets, desk.all_restores, desk.all_entries, desk.items_of

        def refuse(*_: Any) -> Any:
            raise NotFound("There is no such thing.")

        for name in ("run_report", "run", "backup_set", "item", "items", "restore", "restore_items", "entry"):
            setattr(desk, name, refuse)
        driver.app.screen.store_changed()  # type: ignore[attr-defined]
        await driver.until(lambda: "Not found" in driver.text() and "There is no such thing." in driver.text())
        assert "Esc goes back." in driver.text()
        assert driver.lines()[-1].split() == ["Esc", "back", "?", "help", "^p", "palette"]
        await driver.press("x", "r", "f", "a", "t")
        assert desk.orders == [] and not driver.app.screen.is_modal
        for name in ("run_report", "run", "backup_set", "item", "items", "restore", "restore_items", "entry"):
            delattr(desk, name)
        depth = len(driver.app.screen_stack)
        await driver.press("escape")
        assert len(driver.app.screen_stack) == depth - 1 and "Not found" not in driver.text()
        assert kept is not None

    drive(steps, desk)


def test_what_comes_back_is_shown_again() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*OPENED["run"])
        run, kept = running(desk), list(desk.all_runs)
        desk.all_runs = [one for one in kept if one.id != run.id]
        desk.has_changed = True
        await driver.until(lambda: "Not found" in driver.text())
        desk.all_runs, desk.has_changed = kept, True
        await driver.until(lambda: "Not found" not in driver.text() and "Items" in driver.text())
        await driver.press("down")
        assert driver.app.focused is driver.app.screen.query_one(WindowTable)

    drive(steps, desk)


# Slow lists


def test_a_list_that_takes_its_time_says_so_after_a_moment_and_not_at_once() -> None:
    desk = busy_world()
    gate = threading.Event()
    sets = desk.sets

    def slow(*values: Any, **named: Any) -> Any:
        gate.wait(20)
        return sets(*values, **named)

    async def steps(driver: Driver) -> None:
        desk.sets = slow  # type: ignore[method-assign]
        driver.throw("7")
        await driver.pilot.pause(0.05)
        assert "▸ backups" in driver.text() and "reading…" not in driver.text()
        for _ in range(100):
            await driver.pilot.pause(0.05)
            if "reading…" in driver.text():
                break
        assert "reading…" in driver.text()
        gate.set()
        await driver.until(lambda: "reading…" not in driver.text() and "complete" in driver.text())

    try:
        drive(steps, desk)
    finally:
        gate.set()


# The clock


def test_a_clock_set_back_makes_nothing_negative_and_stops_nothing() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        desk.moment -= timedelta(hours=3)
        desk.has_changed = True
        await driver.press("g")
        await driver.until(lambda: "11:02" in driver.lines()[0])
        assert "-" not in "".join(word for word in driver.text().split() if word[:1] == "-" and word[1:2].isdigit())
        desk.is_lost, desk.has_changed = True, True
        await driver.until(lambda: "Store lost" in driver.text())
        desk.moment -= timedelta(hours=3)
        driver.app.screen.query_one("Banner").look()  # type: ignore[attr-defined]
        await see_through(driver.pilot)
        assert "on screen: 0 s old · next try in 3 s" in driver.text()
        desk.is_lost = False
        driver.app._try_again()
        await driver.until(lambda: "Store lost" not in driver.text())
        desk.moment -= timedelta(hours=1)
        desk.role = type(desk.role).READONLY
        desk.has_changed = True
        await driver.until(lambda: "alice: readonly" in driver.lines()[0])

    drive(steps, desk)


# The mouse


def place_of(driver: Driver, text: str) -> tuple[int, int]:
    for y, line in enumerate(driver.lines()):
        if text in line:
            return line.index(text), y
    raise AssertionError(f"{text!r} is not on\n{driver.text()}")


async def click(driver: Driver, text: str) -> None:
    await driver.pilot.click(offset=place_of(driver, text))
    await driver.press()


def test_the_mouse_chooses_opens_scrolls_and_goes_to_tabs() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        table = driver.app.screen.query_one(WindowTable)
        await driver.pilot.click(offset=(20, 8))
        await driver.press()
        chosen = table.cursor
        assert chosen > 0 and not isinstance(driver.app.screen, RunScreen)
        await driver.pilot._post_mouse_events([_wheel_down()], table)
        await driver.press()
        assert table.cursor == chosen + 3
        await click(driver, "Failed ")
        assert driver.app.screen._digit == "6"  # type: ignore[attr-defined]
        await driver.pilot.click(offset=(20, 4))
        await driver.press()
        assert isinstance(driver.app.screen, RunScreen)
        await driver.press("escape")

    drive(steps, desk)


def _wheel_down() -> Any:
    from textual.events import MouseScrollDown

    return MouseScrollDown


def test_a_click_on_a_key_of_the_footer_does_what_the_key_does() -> None:
    async def steps(driver: Driver) -> None:
        await click(driver, "? help")
        assert "▸ help" in driver.lines()[0]
        await click(driver, "Esc back")
        await click(driver, "b backup")
        assert "Back up this tenant?" in driver.text()
        await click(driver, "Cancel")
        assert not driver.app.screen.is_modal
        await click(driver, "/ filter")
        assert driver.app.focused is not None and type(driver.app.focused).__name__ == "FilterInput"
        assert driver.app.screen.query(FooterLine)

    drive(steps, busy_world())


def test_write_keys_clicked_in_the_footer_of_a_watching_console_are_not_there() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        assert "b backup" not in driver.text()
        for x in range(80):
            await driver.pilot.click(offset=(x, 23))
            while driver.app.screen.is_modal:
                await driver.hit("escape")
            if "runs" not in driver.lines()[0]:
                await driver.hit("1")
        assert desk.orders == []

    drive(steps, desk, is_read_only=True)


def test_the_mouse_picks_in_the_palette_and_answers_dialogs() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await click(driver, "^p palette")
        await click(driver, "Backup ")
        assert "Back up this tenant?" in driver.text()
        await click(driver, "Start backup")
        assert desk.orders == [("start_backup", "contoso")]
        await driver.press("ctrl+c")
        assert driver.app.screen.query(Choice)
        await click(driver, "Stay here")
        assert not driver.app.screen.is_modal

    drive(steps, desk, engine=Engine(["run-1"]))
