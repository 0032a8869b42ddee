"""Drift and the difference of two sets: what the screens say, ask, order and open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsconsole.console.screens.drift_check import DriftCheckScreen
from opsconsole.console.screens.plan import PlanScreen
from opsconsole.console.screens.run import RunScreen
from opsconsole.console.screens.set_difference import SetDifferenceScreen
from opsconsole.domain.access import Role
from opsconsole.domain.run import Outcome, Status
from opsconsole.service.drift import DriftItem

from .driving import Driver, drive
from .memory_desk import MemoryDesk
from .world import busy_world, empty_world
from .world_drift import FOUND, NONE, PARTLY, RUNNING, a_check, drift_world, findings

OPEN_FOUND = ("D", "down", "enter")


def words(driver: Driver) -> str:
    return " ".join(driver.text().split())


@pytest.mark.parametrize(
    "keys", [("7", "down", "d"), ("7", "down", "enter", "d"), ("D", "down", "d"), (*OPEN_FOUND, "d")]
)
def test_a_check_is_ordered_after_it_was_asked_for(keys: tuple[str, ...]) -> None:
    desk = drift_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*keys)
        assert "Compare with the tenant?" in driver.text() and "Nothing is written to the tenant." in driver.text()
        await driver.press("enter")
        assert desk.orders == [], "Enter on an unread dialog cancels"
        await driver.press("d", "tab", "enter")
        assert desk.orders == [("start_drift", desk.all_sets[0].id)]
        assert isinstance(driver.app.screen, DriftCheckScreen)

    drive(steps, desk)


def test_a_set_that_is_being_fetched_says_why_it_cannot_be_compared() -> None:
    desk = drift_world()
    desk.all_sets[1] = replace(desk.all_sets[1], is_active=True)

    async def steps(driver: Driver) -> None:
        await driver.press("7", "d")
        assert "This set is still being fetched" in words(driver)
        await driver.press("enter", "d")
        assert desk.orders == [] and not driver.app.screen.is_modal

    drive(steps, desk)


def test_the_empty_list_names_the_key_that_compares_the_newest_set() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("D")
        assert "No drift check yet." in driver.text() and "d compares the newest set" in driver.text()

    drive(steps, empty_world())


def test_who_may_not_check_sees_what_it_needs_and_a_watching_console_has_no_key() -> None:
    desk = drift_world()
    desk.role = Role.READONLY

    async def steps(driver: Driver) -> None:
        await driver.press("D", "d")
        assert "drift.start" in words(driver)
        assert desk.orders == []

    async def watching(driver: Driver) -> None:
        await driver.press(*OPEN_FOUND)
        assert "check again" not in driver.lines()[-1] and "restore" not in driver.lines()[-1]
        await driver.press("d", "p")
        assert not driver.app.screen.is_modal and isinstance(driver.app.screen, DriftCheckScreen)

    drive(steps, desk)
    drive(watching, drift_world(), is_read_only=True)


def test_both_sides_of_the_policy_under_the_cursor_are_named() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*OPEN_FOUND, "down", "down")
        below = "\n".join(driver.lines()[-8:])
        assert "in set" in below and "live at the check" in below
        assert "- Finance users" in below and "- excluded: Kiosk devices" in below
        assert "+ Windows devices - Production" in below and "filter include: Corporate owned only" in " ".join(
            below.split()
        )
        await driver.press("down")
        assert "not in the set" in driver.text()

    async def wide(driver: Driver) -> None:
        await driver.press(*OPEN_FOUND, "down", "down")
        line = next(line for line in driver.lines() if "in set" in line and "live at" in line)
        assert "│" in line

    drive(steps, drift_world())
    drive(wide, drift_world(), size=(120, 40))


def test_a_filter_narrows_by_kind_type_and_text_and_says_n_of_n() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*OPEN_FOUND, "slash")
        await driver.type("kind:new")
        assert "9 of 60" in driver.text() and "changed " not in "".join(driver.lines()[6:12])
        await driver.press("escape", "slash")
        await driver.type("type:mobile fast")
        wanted = [row for row in findings(60) if row.policy_type == "mobileApp" and "fast" in row.policy_name]
        assert f"{len(wanted)} of 60" in driver.text()
        await driver.press("escape", "slash")
        await driver.type("kind:same")
        assert "kind:same is not known" in driver.text()

    drive(steps, drift_world())


def test_a_check_under_way_fills_in_and_ends() -> None:
    desk = drift_world()

    async def steps(driver: Driver) -> None:
        await driver.press("D", "enter")
        assert "400 of 1,204 compared" in driver.text() and "9" in driver.lines()[5]
        more = DriftItem("gone", "mobileApp", "x", "A late one", (), (), 10)
        desk.findings_of[RUNNING].append(more)
        run = replace(desk.checks[0].run, status=Status.COMPLETED, outcome=Outcome.SUCCEEDED)
        desk.checks[0] = a_check(run, desk.findings_of[RUNNING], 1195)
        desk.has_changed = True
        await driver.until(lambda: "everything in the set was compared" in driver.text())
        await driver.press("G")
        assert "A late one" in driver.text()

    drive(steps, desk)


@pytest.mark.parametrize(
    ("check", "said", "not_said"),
    [
        (NONE, "No drift: every policy is assigned as in the set.", "not compared"),
        (PARTLY, "What was not compared may well differ.", "No drift"),
    ],
)
def test_the_same_is_said_only_of_what_was_compared(check: str, said: str, not_said: str) -> None:
    async def steps(driver: Driver) -> None:
        driver.app.push_screen(DriftCheckScreen(check))
        await driver.until(lambda: said in driver.text())
        assert not_said not in driver.text()

    drive(steps, drift_world())


def test_what_changed_is_restored_alone_marked_or_whole() -> None:
    desk = drift_world()
    rows = findings(60)

    def items(*numbers: int) -> tuple[str, ...]:
        return tuple(f"{rows[n].policy_type}:{rows[n].policy_id}" for n in numbers)

    async def steps(driver: Driver) -> None:
        await driver.press(*OPEN_FOUND, "p")
        assert "Restore how much?" in driver.text() and "Win - Defender baseline" in driver.text()
        await driver.press("enter", "enter")  # only this; exact
        assert "1 of 1,204" in driver.text()
        await driver.press("tab", "enter")
        assert desk.orders[-1][0] == "start_preview" and desk.orders[-1][3]["items"] == items(0)
        assert desk.orders[-1][3]["accept_missing"] == 0
        await driver.until(lambda: isinstance(driver.app.screen, PlanScreen) or bool(desk.orders))

    async def marked(driver: Driver) -> None:
        await driver.press(*OPEN_FOUND, "space", "space", "down", "space", "p")  # the fourth is new
        assert "the 2 marked policies" in driver.text()
        await driver.press("enter", "enter", "tab", "enter")
        assert desk.orders[-1][3]["items"] == items(0, 1)

    async def whole(driver: Driver) -> None:
        await driver.press(*OPEN_FOUND, "down", "down", "down", "p")  # on a new policy: only the whole set
        assert "Restore in which way?" in driver.text()
        await driver.press("enter", "enter", "tab", "enter")  # exact; all policies
        assert not desk.orders[-1][3].get("items")

    for one in (steps, marked, whole):
        desk.orders.clear()
        drive(one, desk)


def test_a_check_leads_to_its_run_and_back() -> None:
    desk = drift_world()
    desk.all_runs += [check.run for check in desk.checks]

    async def steps(driver: Driver) -> None:
        await driver.press(*OPEN_FOUND, "o")
        assert isinstance(driver.app.screen, RunScreen)
        assert "what differs" in driver.text()
        await driver.press("enter")
        assert isinstance(driver.app.screen, DriftCheckScreen)

    drive(steps, desk)


def test_two_sets_are_compared_by_marks_or_by_picking_the_older_first() -> None:
    desk = drift_world()
    older, newer = sorted(one.id for one in desk.all_sets[:2])

    async def marked(driver: Driver) -> None:
        await driver.press("7", "space", "space", "equals_sign")
        assert isinstance(driver.app.screen, SetDifferenceScreen)
        assert desk.asked == (older, newer)
        assert (
            "+ 9 new" in driver.text() and "? 1 not compared" in driver.text() and "= 1,144 the same" in driver.text()
        )
        await driver.press("escape", "down", "space", "equals_sign")
        assert "3 sets are marked" in words(driver)

    async def picked(driver: Driver) -> None:
        await driver.press("7", "enter", "equals_sign", "enter")
        assert isinstance(driver.app.screen, SetDifferenceScreen) and desk.asked == (older, newer)

    drive(marked, desk)
    drive(picked, desk)


def test_sets_that_are_the_same_say_so_only_once_all_were_compared() -> None:
    desk = drift_world(busy_world(more_runs=0))
    desk.set_findings, desk.same_in_sets = [], 1204

    async def steps(driver: Driver) -> None:
        await driver.press("7", "equals_sign", "enter")
        assert "The sets are the same." in driver.text() and "All 1,204 policies" in driver.text()

    drive(steps, desk)


def test_without_another_set_it_says_so() -> None:
    desk: MemoryDesk = drift_world()
    desk.all_sets = desk.all_sets[:1]

    async def steps(driver: Driver) -> None:
        await driver.press("7", "equals_sign")
        assert "no other set" in words(driver)

    drive(steps, desk)


def test_a_list_with_an_old_check_is_reached_by_its_id() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press("D", "down", "y")
        assert driver.app.clipboard == FOUND

    drive(steps, drift_world())
