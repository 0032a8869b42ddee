"""Answers that come late, or never: nothing of one list is shown for another, and no change of the store is missed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.widgets import Input

from opsconsole.console import app as app_module
from opsconsole.console.dialogs.confirm import ConfirmDialog
from opsconsole.console.screens import live_screen
from opsconsole.console.screens.backup_set import BackupSetScreen
from opsconsole.console.screens.help import HelpScreen
from opsconsole.console.screens.list_screen import FilteredScreen
from opsconsole.console.screens.set_difference import SetDifferenceScreen
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.clock import to_text
from opsconsole.domain.difference import DifferenceFilter
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.errors import NotFound, StoreUnavailable
from opsconsole.service.runs import RunQuery

from .driving import Driver, drive
from .memory_desk import MemoryDesk
from .world import busy_world
from .world_drift import drift_world

LIMIT_S = 5.0
"""Nothing is held longer than this, whatever a test does."""


class Gate:
    """Holds the calls of one of the desk's methods that ``holds`` lets through, after they read."""

    def __init__(self, desk: MemoryDesk, name: str, holds: Callable[..., bool] = lambda *_, **__: True) -> None:
        self._call = getattr(desk, name)
        self._holds = holds
        self._go = threading.Event()
        self.held = 0
        setattr(desk, name, self._asked)

    def _asked(self, *values: Any, **named: Any) -> Any:
        answer = self._call(*values, **named)
        if not self._go.is_set() and self._holds(*values, **named):
            self.held += 1
            self._go.wait(LIMIT_S)
        return answer

    def open(self) -> None:
        self._go.set()


@contextmanager
def gate(desk: MemoryDesk, name: str, holds: Callable[..., bool] = lambda *_, **__: True) -> Iterator[Gate]:
    made = Gate(desk, name, holds)
    try:
        yield made
    finally:
        made.open()


def table(driver: Driver) -> WindowTable[Any]:
    return driver.app.screen.query_one(WindowTable)


def filtered(driver: Driver) -> FilteredScreen:
    assert isinstance(driver.app.screen, FilteredScreen)
    return driver.app.screen


def told(driver: Driver) -> str:
    return filtered(driver).line._told


def test_a_count_of_the_filter_before_is_never_shown_for_the_next() -> None:
    desk = busy_world()
    seen: list[str] = []

    async def steps(driver: Driver) -> None:
        with gate(desk, "count_runs", lambda query: bool(query.outcomes)) as counting:
            line = filtered(driver).line
            line.replace("outcome:failed")
            await driver.until_quick(lambda: counting.held == 1)
            say = line.say
            line.say = lambda text: (seen.append(text), say(text))[1]  # type: ignore[method-assign]
            line.replace("type:restore")
            await driver.until_quick(lambda: seen == ["… of … · Esc clears"])
            counting.open()
            await driver.until_quick(lambda: len(seen) > 1)
        await driver.until(lambda: "…" not in told(driver))
        restores = sum(1 for run in desk.all_runs if run.type.value == "assignments.restore")
        assert [text.split(" of ")[0] for text in seen[1:]] == [str(restores)] * len(seen[1:])

    drive(steps, desk)


def ended(desk: MemoryDesk, run_id: str) -> None:
    run = next(run for run in desk.all_runs if run.id == run_id)
    desk.replace_run(
        replace(run, status=Status.COMPLETED, outcome=Outcome.SUCCEEDED, completed_at=to_text(desk.moment))
    )


def test_a_change_while_a_list_is_first_read_is_on_the_screen_afterwards() -> None:
    desk = busy_world()
    running = next(run for run in desk.all_runs if run.status is Status.RUNNING and run.type is RunType.RESTORE)

    async def steps(driver: Driver) -> None:
        with gate(desk, "runs") as reading:
            filtered(driver).line.replace("type:restore")
            await driver.until_quick(lambda: reading.held == 1)
            ended(desk, running.id)  # after the page was read, before it is shown
            await driver.until_quick(lambda: not desk.has_changed)
            reading.open()
        await driver.until(lambda: running.id not in [row.id for row in table(driver).rows if row.is_active])

    drive(steps, desk)


def test_a_change_while_the_next_page_is_read_is_on_the_screen_afterwards() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        running = next(row for row in table(driver).rows if row.status is Status.RUNNING)
        with gate(desk, "runs", lambda query, limit, cursor, **_: cursor is not None) as reading:
            for _ in range(3):
                driver.throw("pagedown")
            await driver.until_quick(lambda: reading.held == 1)
            ended(desk, running.id)
            await driver.until_quick(lambda: not desk.has_changed)
            reading.open()
        await driver.until(lambda: running.id not in [row.id for row in table(driver).rows if row.is_active])

    drive(steps, desk)


def test_rows_of_the_list_before_are_not_mixed_with_those_of_the_next() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        before = {row.id for row in table(driver).rows}
        word = table(driver).rows[-1].type.value  # of this list too the next page begins after that row
        with gate(desk, "runs", lambda query, limit, cursor, **_: cursor is None) as reading:
            filtered(driver).line.replace(f"type:{word}")
            await driver.until_quick(lambda: reading.held == 1)
            filtered(driver).table.focus()
            for _ in range(6):
                await driver.pilot.pause(0.02)
                driver.throw("pagedown")
            await driver.pilot.pause(0.1)
            assert {row.id for row in table(driver).rows} == before
            reading.open()
        await driver.until(lambda: {row.type.value for row in table(driver).rows} == {word})

    drive(steps, desk)


def difference(desk: MemoryDesk) -> SetDifferenceScreen:
    return SetDifferenceScreen(desk.all_sets[1].id, desk.all_sets[0].id)


def test_the_way_to_the_end_of_a_list_ends_where_the_store_is_lost() -> None:
    desk = drift_world()
    desk.set_findings = [replace(desk.set_findings[0], place=f"t/{number:06d}") for number in range(300)]
    asked = 0

    def lost(*_: Any) -> Any:
        nonlocal asked
        asked += 1
        raise StoreUnavailable("The store is gone.", "Is the disk there?")

    async def steps(driver: Driver) -> None:
        driver.app.push_screen(difference(desk))
        await driver.press()
        desk.set_differences = lost  # type: ignore[method-assign]
        driver.throw("G")
        await driver.until_quick(lambda: driver.app.loss is not None)
        await driver.pilot.pause(0.2)
        assert asked == 1

    drive(steps, desk)


@pytest.mark.parametrize("typed", ["", "kind:changed"])
def test_a_count_that_came_to_nothing_is_made_once_the_store_is_back(
    typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "RETRY_S", 0.1)
    desk = drift_world()
    real, asked = desk.count_set_differences, 0

    def count(first: str, second: str, flt: DifferenceFilter) -> Any:
        nonlocal asked
        if flt.kinds or not typed:
            asked += 1
            if asked == 1:
                raise StoreUnavailable("The store is gone.", "Is the disk there?")
        return real(first, second, flt)

    desk.count_set_differences = count  # type: ignore[method-assign]

    async def steps(driver: Driver) -> None:
        driver.app.push_screen(difference(desk))
        await driver.until_quick(lambda: driver.app.screen.query(WindowTable) and table(driver).is_loaded)
        filtered(driver).line.replace(typed)
        await driver.until(lambda: asked > 1)
        await driver.until(lambda: bool(told(driver)) and "…" not in told(driver) and driver.app.loss is None)
        assert "being compared" not in driver.text()

    drive(steps, desk)


def test_a_key_pressed_twice_asks_once() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("7")
        with gate(desk, "tenants") as reading:
            driver.throw("b")
            driver.throw("b")
            await driver.until_quick(lambda: reading.held > 0)
            await driver.pilot.pause(0.1)
            reading.open()
        await driver.until(lambda: isinstance(driver.app.screen, ConfirmDialog))
        await driver.press("escape")
        assert not driver.app.screen.is_modal
        await driver.press("b")
        assert isinstance(driver.app.screen, ConfirmDialog), "and again when it is pressed again"

    drive(steps, desk)


def test_a_screen_that_is_left_while_it_reads_still_knows_whose_it_is() -> None:
    desk = busy_world()
    go, came = threading.Event(), []

    async def steps(driver: Driver) -> None:
        screen = difference(desk)
        desks: list[Any] = []

        def fetch() -> None:
            came.append(True)
            go.wait(LIMIT_S)
            try:
                desks.append(screen.desk)
            except BaseException as error:
                desks.append(error)

        screen.fetch = fetch  # type: ignore[method-assign, assignment]
        driver.app.push_screen(screen)
        try:
            await driver.until_quick(lambda: came)
            driver.app.pop_screen()
            await driver.until_quick(lambda: not screen.is_attached)
        finally:
            go.set()
        await driver.until_quick(lambda: desks)
        assert desks == [desk]

    drive(steps, desk)


def test_keys_that_come_while_the_console_closes_find_no_screen_and_do_nothing() -> None:
    async def steps(driver: Driver) -> None:
        app = driver.app
        stack = app._screen_stack
        kept, stack[:] = list(stack), []
        try:
            for event in (
                events.Key("left", None),
                events.MouseMove(None, 1, 1, 0, 0, 0, False, False, False),
                events.Paste("x"),
            ):
                await app.on_event(event)
        finally:
            stack[:] = kept

    drive(steps, busy_world())


def test_a_question_does_not_come_over_another_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_screen, "HUSH_S", 0.0)  # it is long on its way already: the screen is used on
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("7")
        with gate(desk, "tenants") as reading:
            driver.throw("b")
            await driver.until_quick(lambda: reading.held > 0)
            driver.throw("enter")
            await driver.until_quick(lambda: isinstance(driver.app.screen, BackupSetScreen))
            reading.open()
        await driver.press("y")
        assert isinstance(driver.app.screen, BackupSetScreen)

    drive(steps, desk)


def test_a_tenant_whose_name_is_being_typed_takes_neither_the_list_nor_the_keys_away() -> None:
    desk = busy_world()
    known = desk.all_runs[0].tenant
    real, real_count = desk.runs, desk.count_runs

    def runs(query: RunQuery, *values: Any, **named: Any) -> Any:
        if query.tenant not in (None, known):
            raise NotFound(
                f"There is no tenant {query.tenant!r}.", "`opsconsole tenants list` shows those you can see."
            )
        return real(query, *values, **named)

    desk.runs = runs  # type: ignore[method-assign]
    desk.count_runs = lambda query: runs(query, 1, None) and real_count(query)  # type: ignore[method-assign]

    async def steps(driver: Driver) -> None:
        await driver.press("/")
        await driver.type("tenant:cont")
        assert "There is no tenant" not in driver.text() and f"{known}  Tab completes" in driver.text()
        await driver.until(lambda: bool(table(driver).rows))  # the list reads once more, and keeps what it found
        assert isinstance(driver.app.focused, Input)
        await driver.type(known.removeprefix("cont"))
        assert "There is no tenant" not in driver.text()
        assert told(driver).startswith(f"{len(desk.all_runs)} of ")
        await driver.type("x")
        assert f"There is no tenant '{known}x'." in driver.text()
        await driver.until(lambda: bool(table(driver).rows))  # the list reads once more, and keeps what it found
        assert isinstance(driver.app.focused, Input)
        await driver.press("escape")
        assert "There is no tenant" not in driver.text() and table(driver).has_focus

    drive(steps, desk)


def test_an_order_opens_nothing_over_what_somebody_has_gone_on_to() -> None:
    desk = busy_world()

    gappy = [
        one.missing > 0 and not one.is_active for one in sorted(desk.all_sets, key=lambda one: one.id, reverse=True)
    ]

    async def steps(driver: Driver) -> None:
        await driver.press("7", *("down",) * gappy.index(True), "t")
        assert isinstance(driver.app.screen, ConfirmDialog)
        with gate(desk, "start_fetch") as ordering:
            driver.throw("tab")
            driver.throw("enter")
            await driver.until_quick(lambda: ordering.held == 1)
            driver.throw("question_mark")
            await driver.until_quick(lambda: isinstance(driver.app.screen, HelpScreen))
            ordering.open()
        await driver.until(lambda: "was started" in driver.text())
        assert isinstance(driver.app.screen, HelpScreen)

    drive(steps, desk)
