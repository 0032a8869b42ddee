"""Keys and clicks that come sooner than the screens: each does what it was meant for on the screen where it was struck, or nothing."""

from __future__ import annotations

import gc
from threading import Event

import pytest
from textual import events
from textual.app import App

from opsconsole.console import keystrokes
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.dialogs.confirm import ConfirmDialog
from opsconsole.console.dialogs.dialog import Dialog
from opsconsole.console.dialogs.pick import PickDialog
from opsconsole.console.screens import live_screen
from opsconsole.console.screens.help import HelpScreen
from opsconsole.console.screens.too_small import TooSmall
from opsconsole.console.widgets.choice import Choice
from opsconsole.service.restores import Confirmation

from .driving import Driver, drive
from .world import busy_world


def test_enter_struck_twice_answers_one_dialog_and_leaves_no_screen() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("7", "ctrl+p")
        for char in "go to audit":
            driver.throw(char)
        for _ in range(4):
            driver.throw("enter")
        await driver.until(lambda: "opsconsole ▸ audit" in driver.text())
        await driver.press("ctrl+p")
        for _ in range(4):
            driver.throw("escape")
        await driver.press()
        assert "opsconsole ▸ audit" in driver.text() and len(driver.app.screen_stack) == 2

    drive(steps, busy_world())


def test_what_was_struck_before_a_dialog_came_does_nothing_to_it() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        app = driver.app
        # A Tab that the list was still working on when the dialog came: it must not bring the focus to the yes.
        await driver.press("b")
        assert isinstance(app.screen, ConfirmDialog)
        late = events.Key("tab", None)
        late.set_sender(app)
        setattr(late, keystrokes._STRUCK_ON, app.screen_stack[1])
        late._set_forwarded()
        app.post_message(late)
        await driver.press("enter")
        assert not app.screen.is_modal and desk.orders == []

    drive(steps, desk)


@pytest.mark.parametrize("is_slow", [False, True])
def test_what_is_typed_for_a_dialog_that_is_on_its_way_does_nothing_to_the_screen(
    monkeypatch: pytest.MonkeyPatch, is_slow: bool
) -> None:
    desk, may_answer = busy_world(), Event()
    confirm = desk.confirmation
    monkeypatch.setattr(live_screen, "HUSH_S", 0.0 if is_slow else 3600.0)

    def slowly(ref: str) -> Confirmation:
        may_answer.wait(30)
        return confirm(ref)

    monkeypatch.setattr(desk, "confirmation", slowly)

    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter")
        plan, before = driver.app.screen, driver.text()
        for key in ("a", *"cox1"):
            driver.throw(key)
        if is_slow:
            await driver.until(lambda: driver.app.screen is not plan)  # a store that takes long takes no key away
            may_answer.set()
            return
        await driver.pilot.pause()
        assert driver.app.screen is plan and driver.text() == before
        may_answer.set()
        await driver.until(lambda: isinstance(driver.app.screen, ConfirmDialog))
        assert "Write these changes to the tenant?" in driver.text()
        await driver.press("escape", "c")
        assert driver.app.screen is plan and driver.text() != before, "from then on keys are good again"
        assert desk.orders == []

    drive(steps, desk)


def test_a_key_stays_good_when_the_main_screen_it_was_struck_on_is_gone_and_collected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def no_more(app: App[int], event: events.Event) -> None:
        """What Textual does with the key comes later."""

    async def steps(driver: Driver) -> None:
        app, late = driver.app, events.Key("9", "9")
        await driver.press("7")
        with monkeypatch.context() as patch:
            patch.setattr(App, "on_event", no_more)
            await app.on_event(late)
        for key in ("8", "1", "2", "1", "3"):
            await driver.press(key)
            gc.collect()
        app.on_key(late)
        assert not late._stop_propagation and not late._no_default_action

    drive(steps, busy_world())


def test_the_second_half_of_a_double_click_gives_no_answer() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("b")
        yes = driver.app.screen.query_one("#answer-yes", Choice)
        at = {"x": 0, "y": 0, "delta_x": 0, "delta_y": 0, "button": 1, "shift": False, "meta": False, "ctrl": False}
        yes.post_message(events.Click(yes, **at, chain=2))
        await driver.press()
        assert isinstance(driver.app.screen, ConfirmDialog) and desk.orders == []
        yes.post_message(events.Click(yes, **at, chain=1))
        await driver.until(lambda: bool(desk.orders))

    drive(steps, desk)


def test_an_answer_given_while_something_lies_over_the_dialog_is_given_when_it_is_in_front_again() -> None:
    async def steps(driver: Driver) -> None:
        app, answers = driver.app, []
        dialog: Dialog[str] = PickDialog("What?", [])
        app.push_screen(dialog, answers.append)
        await driver.press()
        app.push_screen(TooSmall())
        dialog.dismiss("first")
        dialog.dismiss("second")
        assert answers == [] and isinstance(app.screen, TooSmall)
        await driver.press()  # there is room: what covered it goes by itself
        await driver.until(lambda: answers == ["first"])
        assert dialog not in app.screen_stack

    drive(steps, busy_world())


def test_a_screen_that_is_not_laid_out_yet_takes_changes_and_keys() -> None:
    async def steps(driver: Driver) -> None:
        app: OpsConsoleApp = driver.app
        screen = HelpScreen("runs")
        app.push_screen(screen)
        assert not screen.is_mounted
        app._store_changed()
        for key in ("bottom", "top", "back"):
            assert not screen.check_action(key, ())
        await driver.press()
        assert "On this screen" in driver.text() and app.screen is screen

    drive(steps, busy_world())
