"""No write without a confirmation, and no confirmation by accident."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from opsconsole.console.dialogs.confirm import ConfirmDialog
from opsconsole.console.keys import KEYS
from opsconsole.console.widgets.choice import Choice
from opsconsole.domain.access import Role
from opsconsole.domain.run import Outcome, RunType, Status

from .conftest import drawn
from .driving import Driver, drive
from .memory_desk import MemoryDesk
from .world import busy_world, make_run, minutes, tenant_view

PLAN = ("8", "enter")
RUNNING = ("down", "down", "down")
PARTIAL = ("down",) * 8

ORDERS: dict[str, tuple[str, ...]] = {
    "backup from runs": ("b",),
    "backup from backups": ("7", "b"),
    "cancel": (*RUNNING, "x"),
    "cancel in the run": (*RUNNING, "enter", "x"),
    "retry": (*PARTIAL, "r"),
    "retry in the run": (*PARTIAL, "enter", "r"),
    "fetch": ("7", "t"),
    "fetch in the set": ("7", "enter", "t"),
    "preview": ("7", "p", "enter", "enter"),
    "preview in the set": ("7", "enter", "p", "enter", "enter"),
    "settle": (*PLAN, "G", "s", "down", "enter"),
    "apply": (*PLAN, "a"),
    "undo": ("8", "down", "enter", "u"),
}
"""The keys that lead to each confirmation."""


def executed() -> MemoryDesk:
    """Return a world whose second plan was run."""
    from dataclasses import replace

    from opsconsole.domain.restore import Execution

    desk = busy_world()
    run = next(run for run in desk.all_runs if run.inputs.get("restore") and run.outcome is Outcome.FAILED)
    execution = Execution(run.id, run.outcome.value, run.status.value, None)
    desk.all_restores[1] = replace(desk.all_restores[1], executions=(execution,))
    return desk


@pytest.mark.parametrize("name", ORDERS)
def test_enter_on_an_unread_dialog_gives_no_order(name: str) -> None:
    desk = executed()

    async def steps(driver: Driver) -> None:
        await driver.press(*ORDERS[name])
        assert isinstance(driver.app.screen, ConfirmDialog), driver.text()
        dialog = driver.app.screen
        must_type = bool(dialog.query("#typed"))
        assert driver.app.focused is dialog.query_one("#typed" if must_type else "#answer-no")
        await driver.press("enter")
        assert (driver.app.screen is dialog) == must_type, "in the field for the name Enter does nothing"
        assert desk.orders == []

    drive(steps, desk)


@pytest.mark.parametrize("name", ORDERS)
def test_the_same_key_twice_or_any_other_letter_gives_no_order(name: str) -> None:
    desk = executed()

    async def steps(driver: Driver) -> None:
        await driver.press(*ORDERS[name])
        await driver.press(ORDERS[name][-1], "y", "o", "b", "x", "a", "r")
        await driver.press("escape")
        assert desk.orders == []

    drive(steps, desk)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("backup from runs", "start_backup"),
        ("cancel", "cancel_run"),
        ("retry", "retry_run"),
        ("fetch", "start_fetch"),
        ("settle", "start_preview"),
        ("undo", "undo_restore"),
    ],
)
def test_a_deliberate_yes_gives_the_order(name: str, order: str) -> None:
    desk = executed()

    async def steps(driver: Driver) -> None:
        await driver.press(*ORDERS[name])
        await driver.press("tab", "enter")
        assert [given[0] for given in desk.orders] == [order]

    drive(steps, desk)


def test_a_dangerous_plan_is_applied_only_after_the_tenants_name_was_typed() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*PLAN, "a")
        yes = driver.app.screen.query_one("#answer-yes", Choice)
        assert "Apply to 42 policies" in driver.text() and yes.disabled
        field = driver.app.focused
        assert isinstance(field, Input)
        await driver.type("contos")
        await driver.press("enter")
        assert desk.orders == [] and yes.disabled and driver.app.focused is field
        assert "does nothing until the name is right" in driver.text()
        await driver.type("o ")
        assert yes.disabled, "the name must be exact"
        await driver.press("backspace")
        assert not yes.disabled
        await driver.press("enter")
        assert desk.orders == [] and driver.app.focused is yes, "Enter in the field must not give the order"
        await driver.press("enter")
        assert desk.orders == [("run_restore", desk.all_restores[0].id, "9f2c" * 16)]
        assert driver.app.screen.place == "run"  # type: ignore[attr-defined]

    drive(steps, desk)


def test_a_confirmation_says_in_numbers_what_changes() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*PLAN, "a")
        for words in ("42 will change", "30 added, 33 removed", "8 will not be touched", "touches All devices"):
            assert words in driver.text()

    drive(steps, busy_world())


def test_an_incomplete_set_is_restored_only_with_its_gap_said() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press("7", "p", "enter", "enter")
        assert "The set lacks 8" in driver.text()
        await driver.press("enter")
        assert desk.orders == [] and driver.app.screen.query_one("#answer-yes").disabled, "8 must be typed first"
        await driver.press("8", "enter", "enter")
        assert desk.orders[0][3]["accept_missing"] == 8

    drive(steps, desk)


def test_settling_a_target_makes_a_new_preview_with_its_mapping() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*PLAN, "G", "s", "enter")
        await driver.type("New devices")
        await driver.press("enter", "tab", "enter")
        (_, set_ref, tenant, named), *rest = desk.orders
        assert rest == [] and (set_ref, tenant) == (desk.all_restores[0].set_id, "contoso")
        assert named["mapping"] == "kind,from,to\ngroup,44444444-0000-4000-8000-000000000001,New devices\n"

    drive(steps, desk)


def test_several_tenants_are_picked_from() -> None:
    desk = busy_world()
    desk.tenant_views = [tenant_view(), tenant_view("fabrikam", production=True)]

    async def steps(driver: Driver) -> None:
        await driver.press("b")
        await driver.type("fab")
        await driver.press("enter", "tab", "enter")
        assert desk.orders == [("start_backup", "fabrikam")]

    drive(steps, desk)


def test_what_makes_no_sense_is_said_instead_of_asked() -> None:
    desk = busy_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*PARTIAL, "x")
        assert not driver.app.screen.is_modal and "nothing to cancel" in driver.text().replace("\n", " ")
        assert desk.orders == []

    drive(steps, desk)


WRITE_KEYS = sorted({(place, key.keys, key.id) for key in KEYS if key.is_write for place in key.places})
TO_PLACE = {"runs": (), "run": (*RUNNING, "enter"), "backups": ("7",), "set": ("7", "enter"), "plan": PLAN}


@pytest.mark.parametrize("place", TO_PLACE)
def test_watching_only_takes_the_write_keys_away(place: str) -> None:
    desk = executed()

    async def steps(driver: Driver) -> None:
        await driver.press(*TO_PLACE[place])
        shown = driver.lines()[-1]
        for where, pressed, ident in WRITE_KEYS:
            if where == place:
                key = next(key for key in KEYS if key.id == ident)
                assert f"{key.shown} {key.label}" not in shown
                await driver.press(pressed)
                assert not driver.app.screen.is_modal, ident
        assert desk.orders == []

    drive(steps, desk, is_read_only=True)


@pytest.mark.parametrize("place", TO_PLACE)
def test_what_a_role_may_not_do_names_the_capability_it_needs(place: str) -> None:
    desk = executed()
    desk.role = Role.READONLY

    async def steps(driver: Driver) -> None:
        await driver.press(*TO_PLACE[place])
        for where, pressed, ident in WRITE_KEYS:
            if where == place:
                await driver.press(pressed)
                assert not driver.app.screen.is_modal, ident
        assert "needs the capability" in " ".join(driver.text().split())
        assert desk.orders == []

    drive(steps, desk)


def test_an_operator_may_back_up_but_not_restore() -> None:
    desk = busy_world(role=Role.OPERATOR)

    async def steps(driver: Driver) -> None:
        await driver.press(*PLAN, "a")
        assert not driver.app.screen.is_modal
        assert "restore.execute" in driver.text()
        await driver.press("1", "b")
        assert isinstance(driver.app.screen, ConfirmDialog)

    drive(steps, desk)


def test_cancelling_a_restore_needs_what_running_it_needs() -> None:
    desk = busy_world(role=Role.OPERATOR)

    async def steps(driver: Driver) -> None:
        assert next(run for run in desk.all_runs if run.status is Status.RUNNING)
        await driver.press(*RUNNING, "x")
        assert not driver.app.screen.is_modal and "restore.execute" in driver.text()

    drive(steps, desk)


def shown_dim(driver: Driver, label: str) -> bool:
    """Tell whether a key's label stands in the footer in the ink of what cannot apply."""
    faint = driver.app.pen.ink("faint").color
    segment = next(one for one in drawn(driver.app)[-1] if label in one.text)
    return segment.style is not None and segment.style.color == faint


def test_a_run_that_left_nothing_undone_is_not_retried() -> None:
    desk = busy_world()
    restore = make_run(9014, RunType.RESTORE, ago=minutes(1), total=10, processed=10)
    desk.all_runs.append(restore)

    async def steps(driver: Driver) -> None:
        await driver.press("enter")
        footer = driver.lines()[-1]
        assert "undo" in footer and "retry" not in footer and "cancel" not in footer
        await driver.press("r")
        assert not driver.app.screen.is_modal and "left nothing over" in " ".join(driver.text().split())
        await driver.press("x")
        assert not driver.app.screen.is_modal and desk.orders == []
        await driver.press("question_mark")
        assert "nothing to retry" in driver.text()

    drive(steps, desk)


def test_a_run_at_work_is_cancelled_but_not_retried() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*RUNNING, "enter")
        assert shown_dim(driver, "retry failed") and not shown_dim(driver, "cancel")

    drive(steps, busy_world())


def test_the_keys_of_a_plan_follow_what_can_be_done_to_it() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*PLAN)
        assert [shown_dim(driver, one) for one in ("apply…", "leave out", "settle")] == [False, False, True]
        assert not {"retry", "undo…"} & set(driver.lines()[-1].split()), "nothing was run yet"
        await driver.press("r", "u", "s")
        assert not driver.app.screen.is_modal
        await driver.press("G")
        assert not shown_dim(driver, "settle"), "the row under the cursor is blocked by an open target"
        await driver.press("8", "down", "enter")
        assert [shown_dim(driver, one) for one in ("apply…", "retry", "undo…")] == [True, False, False]

    drive(steps, executed())


def test_the_footer_says_what_a_switch_shows_next() -> None:
    async def steps(driver: Driver) -> None:
        await driver.press(*PLAN)
        assert "c show all" in driver.lines()[-1]
        await driver.press("c")
        assert "c changes only" in driver.lines()[-1]
        await driver.press("7", "enter", "enter")
        assert "v raw JSON" in driver.lines()[-1]
        await driver.press("v")
        assert "v targets" in driver.lines()[-1]

    drive(steps, busy_world())
