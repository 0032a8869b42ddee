"""Terminals of any size: one that is too small says so, takes no order, and shows again what was open when it grows."""

from __future__ import annotations

import random

import pytest

from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.screens.too_small import LEAST, TooSmall

from .conftest import throw
from .driving import Driver, Engine, drive
from .world import busy_world

PLACES = {
    "runs": (),
    "filter": ("slash", *"type:restore", "enter"),
    "run": ("down", "down", "down", "enter"),
    "backups": ("7",),
    "item": ("7", "enter", "down", "enter"),
    "plan": ("8", "enter"),
    "audit": ("9",),
    "entry": ("9", "enter"),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "confirm": ("b",),
    "apply": ("8", "enter", "a"),
}

SIZES = ((1, 1), (20, 5), (40, 10), (79, 23), (300, 100))


async def resize(driver: Driver, width: int, height: int) -> None:
    await driver.pilot.resize_terminal(width, height)
    await driver.press()


def is_covered(driver: Driver) -> bool:
    return isinstance(driver.app.screen, TooSmall)


@pytest.mark.parametrize("place", PLACES)
def test_every_screen_and_dialog_lives_through_every_size_and_comes_back(place: str) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*PLACES[place])
        before, screen = driver.text(), driver.app.screen
        for width, height in SIZES:
            await resize(driver, width, height)
            assert is_covered(driver) == (width < LEAST.width or height < LEAST.height)
            assert len(driver.lines()) == height
        await resize(driver, 80, 24)
        assert driver.app.screen is screen and driver.text() == before

    drive(steps, busy_world())


@pytest.mark.parametrize("size", SIZES)
def test_a_console_opens_on_a_terminal_of_any_size(size: tuple[int, int]) -> None:
    async def steps(driver: Driver) -> None:
        if size == (40, 10):
            said = " ".join(driver.text().split())
            assert "This terminal is 40×10; opsconsole needs 60×15 or more. Enlarge it to go on; q quits." in said
        await resize(driver, 80, 24)
        assert not is_covered(driver) and "opsconsole ▸ runs" in driver.text()

    drive(steps, busy_world(), size=size)


def test_keys_and_clicks_do_nothing_on_a_covered_screen_but_quit() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await resize(driver, 40, 10)
        await driver.press("b", "enter", "7", "x", "r", "ctrl+p", "question_mark", "escape")
        await driver.pilot.click(offset=(5, 5))
        assert is_covered(driver) and desk.orders == []
        await resize(driver, 80, 24)
        assert "opsconsole ▸ runs" in driver.text() and not driver.app.screen.is_modal
        await resize(driver, 40, 10)
        await driver.press("q")
        assert driver.app.return_code == 0

    drive(steps, desk)


@pytest.mark.parametrize("size", [tuple(LEAST), (60, 20), (80, 20), (80, 24)])
def test_a_confirmation_can_be_read_and_answered_on_the_smallest_terminal(size: tuple[int, int]) -> None:
    desk = busy_world(production=True)

    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "a")
        answers = ("Type contoso to go on:", "the name, as it stands above", "Cancel", "Apply to 42 policies")
        await driver.until(lambda: all(answer in driver.text() for answer in answers))
        is_cut = driver.app.screen.query_one("#words").max_scroll_y > 0
        await driver.until(lambda: ("PgDn: all of it" in driver.text()) == is_cut)
        read = driver.text()
        if is_cut:
            await driver.press("pagedown")
            read += driver.text()
            await driver.press("pageup")
        for words in ("Tenant      contoso", "touches All devices", "that changed since this preview is left alone"):
            assert words in " ".join(read.split()) or words in read
        await driver.press(*"contoso", "enter")
        assert "▸ Apply to 42 policies" in driver.text() and desk.orders == []
        await driver.press("enter")
        assert desk.orders

    drive(steps, desk, size=size)


@pytest.mark.parametrize("size", [tuple(LEAST), (80, 23), (80, 24), (80, 25), (80, 30), (120, 40)])
@pytest.mark.parametrize("lines", [6, 15, 60])
@pytest.mark.parametrize("typed", [None, "contoso"])
def test_the_answers_are_in_view_however_much_is_said(size: tuple[int, int], lines: int, typed: str | None) -> None:
    said = [f"line {number} of them" for number in range(lines)]
    question = Question(
        "Go on?", lambda pen: [[(line, pen.ink("text"))] for line in said], "Go on", typed, True, note="Why"
    )

    async def steps(driver: Driver) -> None:
        driver.app.push_screen(ConfirmDialog(question))
        await driver.press()
        for words in ("Why", "Cancel", "Go on ", "╰", *(["Type contoso", "as it stands above"] if typed else [])):
            assert words in driver.text()
        assert (said[-1] in driver.text()) != ("PgUp PgDn: all of it" in driver.text())

    drive(steps, busy_world(more_runs=0), size=size)


@pytest.mark.parametrize(("keys", "last"), [(("ctrl+p",), "Light theme"), (("7", "p", "enter", "down", "enter"), "")])
def test_a_list_to_pick_from_is_scrolled_on_the_smallest_terminal(keys: tuple[str, ...], last: str) -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*keys, "up")
        marked = [line for line in driver.lines() if "▸ " in line and "│" in line]
        assert len(marked) == 1 and last in marked[0]
        assert "╰" in driver.text(), "the frame is closed: nothing is below it"

    drive(steps, busy_world(), size=tuple(LEAST))


def test_the_question_about_runs_in_hand_can_be_answered_on_a_small_terminal() -> None:
    engine = Engine(["run-1"])

    async def steps(driver: Driver) -> None:
        await resize(driver, 40, 10)
        await driver.press("q")
        assert "Quit?" in driver.text() and "Stay here" in driver.text()
        await driver.press("enter")
        assert is_covered(driver) and driver.app.is_running
        await driver.press("q", "down", "down", "enter")
        await driver.until(lambda: driver.app.return_code == 0)
        assert engine.handed_over == 1

    drive(steps, busy_world(), engine=engine)


def test_a_dialog_that_opens_while_it_is_too_small_is_there_afterwards() -> None:
    async def steps(driver: Driver) -> None:
        await resize(driver, 30, 8)
        await driver.app.screen_stack[-2].run_action("backup")  # as an answer does that comes late
        await driver.press()
        assert is_covered(driver) or "Back up" in driver.text()
        await resize(driver, 100, 30)
        assert "Back up this tenant?" in driver.text()
        await driver.press("escape")
        assert not driver.app.screen.is_modal and "opsconsole ▸ runs" in driver.text()

    drive(steps, busy_world())


def test_resized_at_random_while_keys_are_hammered_it_draws_right_in_the_end() -> None:
    chance = random.Random(5)
    keys = ("down", "up", "enter", "escape", "7", "8", "9", "1", "slash", "a", "ctrl+p", "question_mark", "G", "g", "b")

    async def steps(driver: Driver) -> None:
        for _ in range(60):
            width, height = chance.choice([(1, 1), (15, 3), (59, 14), (60, 15), (80, 24), (133, 41), (300, 100)])
            await driver.pilot.resize_terminal(width, height)
            for _ in range(chance.randrange(3)):
                throw(driver.pilot, chance.choice(keys))
        await resize(driver, 80, 24)
        for _ in range(6):
            await driver.press("escape")
        await driver.press("1")
        assert "opsconsole ▸ runs" in driver.text() and len(driver.lines()) == 24

    drive(steps, busy_world(), size=(80, 24))
