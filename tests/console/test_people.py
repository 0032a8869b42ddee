"""Schedules, members, the pick of a restore and leaving a policy out: each order is asked first and says what it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from opsconsole.config import load_config
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.dialogs.confirm import ConfirmDialog
from opsconsole.console.keys import KEYS
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.access import Actor, Role
from opsconsole.domain.ids import short_id
from opsconsole.domain.plan import Mode
from opsconsole.domain.schedule import Rule, ScheduleKind
from opsconsole.errors import Conflict, Forbidden, UsageError
from opsconsole.service.audit import AuditQuery
from opsconsole.service.setup import init_store, open_caller
from opsconsole.store import access

from .conftest import settle
from .driving import Driver, drive
from .test_orders import shown_dim
from .test_service_desk import CONFIG
from .world import make_set
from .world_people import people_world, two_tenants

FIRST, PAUSED = 0, 2
"""Places of the schedules in the world: the daily one, and the one that is paused."""

ASKED: dict[str, tuple[str, ...]] = {
    "add a schedule": ("S", "n", "enter", "enter", "enter", "enter", "enter"),
    "pause a schedule": ("S", "p"),
    "resume a schedule": ("S", "down", "down", "p"),
    "run a schedule": ("S", "r"),
    "remove a schedule": ("S", "x"),
    "add a member": ("M", "n", *"dave", "enter", "enter"),
    "change a role": ("M", "down", "r", "enter"),
    "remove a member": ("M", "down", "x"),
    "leave a policy out": ("8", "enter", "x"),
    "restore": ("8", "n", "enter", "enter", "enter"),
}
"""The keys that lead to each confirmation."""


@pytest.mark.parametrize("name", ASKED)
def test_enter_on_an_unread_dialog_gives_no_order(name: str) -> None:
    desk = people_world()

    async def steps(driver: Driver) -> None:
        await driver.press(*ASKED[name])
        dialog = driver.app.screen
        assert isinstance(dialog, ConfirmDialog), driver.text()
        assert driver.app.focused is dialog.query_one("#answer-no")
        await driver.press("enter")
        assert driver.app.screen is not dialog and desk.orders == []

    drive(steps, desk)


@pytest.mark.parametrize(
    ("name", "order", "index"),
    [
        ("pause a schedule", "pause_schedule", FIRST),
        ("resume a schedule", "resume_schedule", PAUSED),
        ("run a schedule", "run_schedule", FIRST),
        ("remove a schedule", "remove_schedule", FIRST),
    ],
)
def test_a_deliberate_yes_gives_the_order_for_the_schedule_under_the_cursor(name: str, order: str, index: int) -> None:
    desk = people_world()
    asked = desk.all_schedules[index].schedule

    async def steps(driver: Driver) -> None:
        await driver.press(*ASKED[name])
        await driver.press("tab", "enter")
        assert desk.orders == [(order, asked.id)]

    drive(steps, desk)


def test_a_schedule_is_added_with_the_rule_that_was_typed_and_its_next_times_said() -> None:
    desk = people_world()

    async def steps(driver: Driver) -> None:
        await driver.press("S", "n", "enter", *"30 22 * * 1-5", "enter")
        assert "Monday to Friday at 22:30" in driver.text() and "20 Aug" in driver.text()
        await driver.press("enter", "enter", "enter")
        assert "Add this schedule?" in driver.text() and "Writes nothing to the tenant" in driver.text()
        await driver.press("tab", "enter")
        rule = Rule(cron="30 22 * * 1-5", timezone="UTC")
        assert desk.orders == [("add_schedule", ScheduleKind.BACKUP, "contoso", rule, (), "latest")]

    drive(steps, desk)


def test_a_rule_that_makes_no_sense_goes_no_further() -> None:
    desk = people_world()

    async def steps(driver: Driver) -> None:
        await driver.press("S", "n", "enter", *"99 99 * * *", "enter", "enter", "enter")
        assert driver.app.screen.query_one("#answer-yes").disabled and desk.orders == []

    drive(steps, desk)


def test_of_several_tenants_one_is_picked_for_a_schedule() -> None:
    desk = two_tenants()

    async def steps(driver: Driver) -> None:
        await driver.press("S", "n", "enter", *"fab", "enter", *"6h", "enter", "enter", "enter", "enter")
        await driver.press("tab", "enter")
        assert desk.orders == [("add_schedule", ScheduleKind.BACKUP, "fabrikam", Rule(every="6h"), (), "latest")]

    drive(steps, desk)


def test_the_sets_of_a_tenant_are_offered_however_many_newer_ones_others_have() -> None:
    desk = two_tenants()
    old = replace(make_set(1, ago=timedelta(days=900)), tenant="fabrikam")
    desk.all_sets = [old, *(make_set(number, ago=timedelta(hours=number)) for number in range(2, 230))]

    async def steps(driver: Driver) -> None:
        await driver.press("S", "n", "down", "enter", *"fab", "enter", *"6h", "enter", "enter", "enter")
        assert short_id(old.id) in driver.text() and "The newest" not in driver.text()
        await driver.press("escape", "n", "down", "enter", *"cont", "enter", *"6h", "enter", "enter", "enter")
        assert short_id(old.id) not in driver.text() and "The newest 200 sets of the tenant" in driver.text()
        await driver.press("escape", "7", "equals_sign")
        assert "The newest 200; older ones: mark two on Backups" in driver.text()

    drive(steps, desk)


def test_a_member_is_added_by_name_with_the_role_that_was_picked() -> None:
    desk = people_world()

    async def steps(driver: Driver) -> None:
        await driver.press("M", "n", *"dave", "enter", *"operator", "enter")
        assert "Add this member?" in driver.text() and "uid:1003" in driver.text()
        await driver.press("tab", "enter")
        assert desk.orders == [("set_member", "main", "uid:1003", Role.OPERATOR)]

    drive(steps, desk)


def test_who_is_a_member_already_or_nobody_here_is_told_so() -> None:
    desk = people_world()

    async def steps(driver: Driver) -> None:
        await driver.press("M", "n", *"bob", "enter")
        assert not driver.app.screen.is_modal and "operator already" in " ".join(driver.text().split())
        await driver.press("n", *"nobody", "enter")
        assert "no account" in driver.text() and desk.orders == []

    drive(steps, desk)


def test_a_role_is_changed_with_both_roles_said() -> None:
    desk = people_world()

    async def steps(driver: Driver) -> None:
        await driver.press("M", "down", "r", *"manager", "enter")
        assert "operator becomes manager" in driver.text()
        await driver.press("tab", "enter")
        assert desk.orders == [("set_member", "main", "uid:1001", Role.MANAGER)]

    drive(steps, desk)


def test_a_member_is_removed_and_the_last_owner_is_not() -> None:
    desk = people_world()

    async def steps(driver: Driver) -> None:
        await driver.press("M", "down", "x", "tab", "enter")
        assert desk.orders == [("remove_member", "main", "uid:1001")]
        assert "bob" not in driver.text()
        await driver.press("home", "x")
        assert not driver.app.screen.is_modal and "last owner" in driver.text()
        await driver.press("r")
        assert not driver.app.screen.is_modal and len(desk.orders) == 1

    drive(steps, desk)


def test_one_of_two_owners_may_go() -> None:
    desk = people_world()
    desk.all_members[1] = replace(desk.all_members[1], role=Role.OWNER)

    async def steps(driver: Driver) -> None:
        await driver.press("M", "x")
        assert "This is you" in driver.text()
        await driver.press("tab", "enter")
        assert desk.orders == [("remove_member", "main", "uid:1000")]

    drive(steps, desk)


LABELS = {"S": ("new…", "pause", "run now", "remove"), "M": ("add…", "change role…", "remove")}


@pytest.mark.parametrize("role", [Role.READONLY, Role.OPERATOR])
@pytest.mark.parametrize("place", LABELS)
def test_who_may_not_sees_the_keys_dimmed_and_reads_what_they_need(place: str, role: Role) -> None:
    desk = people_world(role)

    async def steps(driver: Driver) -> None:
        await driver.press(place, "down")
        assert {label: shown_dim(driver, label) for label in LABELS[place]} == dict.fromkeys(LABELS[place], True)
        screen = {"S": "schedules", "M": "members"}[place]
        for key in KEYS:
            if key.is_write and screen in key.places:
                await driver.press(key.keys)
                assert not driver.app.screen.is_modal, key.id
        assert "needs the capability" in " ".join(driver.text().split()) and desk.orders == []

    drive(steps, desk)


@pytest.mark.parametrize("place", LABELS)
def test_watching_only_takes_the_keys_away(place: str) -> None:
    desk = people_world()

    async def steps(driver: Driver) -> None:
        await driver.press(place, "down")
        assert not any(label in driver.lines()[-1] for label in LABELS[place])
        await driver.press("n", "p", "r", "x")
        assert not driver.app.screen.is_modal and desk.orders == []

    drive(steps, desk, is_read_only=True)


def test_leaving_a_policy_out_makes_a_new_preview_without_it() -> None:
    desk = people_world()
    restore = desk.all_restores[0]
    desk.all_restores[0] = replace(restore, inputs={**restore.inputs, "without": ["deviceConfiguration:earlier"]})

    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "x")
        assert "2 policies in all" in driver.text() and "Nothing is written to the tenant" in driver.text()
        await driver.press("tab", "enter")
        ((name, set_ref, tenant, named),) = desk.orders
        assert (name, set_ref, tenant) == ("start_preview", restore.set_id, restore.tenant)
        earlier, left = named["without"]
        assert earlier == "deviceConfiguration:earlier"
        shown = {
            f"{one.policy_type}:{one.source_policy_id or one.policy_id}" for one in desk.restore_items_of[restore.id]
        }
        assert left in shown and named["mode"] is Mode(restore.mode)

    drive(steps, desk)


def test_the_only_policy_that_was_chosen_is_not_left_out() -> None:
    desk = people_world()
    restore = desk.all_restores[0]
    items = desk.restore_items_of[restore.id]
    refs = [f"{one.policy_type}:{one.source_policy_id or one.policy_id}" for one in items]

    async def steps(driver: Driver) -> None:
        await driver.press("8", "enter", "x")
        assert not driver.app.screen.is_modal and "only policy" in " ".join(driver.text().split())
        assert desk.orders == []

    first = next(one for one in items if one.state.value != "unchanged")
    desk.restore_items_of[restore.id] = [first]
    desk.all_restores[0] = replace(restore, inputs={**restore.inputs, "items": [refs[items.index(first)]]})
    drive(steps, desk)


def test_a_restore_picked_from_restores_orders_the_preview_that_it_says() -> None:
    desk = people_world()
    whole = max(one.id for one in desk.all_sets if one.is_complete and not one.is_active)

    async def steps(driver: Driver) -> None:
        await driver.press("8", "n", "enter", "down", "enter", "enter")
        text = driver.text()
        assert "Preview this restore?" in text and "add" in text and whole[-6:] in text
        await driver.press("tab", "enter")
        ((name, set_ref, tenant, named),) = desk.orders
        assert (name, set_ref, tenant) == ("start_preview", whole, "contoso")
        assert named["mode"] is Mode.ADD and not named["items"] and not named["accept_missing"]

    drive(steps, desk)


def test_of_a_set_only_the_marked_policies_are_previewed() -> None:
    desk = people_world()

    async def steps(driver: Driver) -> None:
        await driver.press("8", "n", "enter", "enter", "down", "enter", "enter", "down", "down", "enter")
        assert "2 policies marked" in driver.text()
        await driver.press("tab", "tab", "enter")
        assert "Policies" in driver.text() and " 2 of " in driver.text()
        await driver.press("tab", "enter")
        ((name, set_ref, _, named),) = desk.orders
        assert name == "start_preview" and len(named["items"]) == 2
        held = {f"{one.policy_type}:{one.policy_id}" for one in desk.items_of[set_ref]}
        assert set(named["items"]) <= held and named["accept_missing"] == 0

    drive(steps, desk)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ServiceDesk]:
    """Return a desk at a fresh store with one tenant."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(url=f"sqlite:///{tmp_path}/ops.db"))
    path.chmod(0o600)
    caller = open_caller(load_config(path, {}), create=True)
    init_store(caller)
    desk = ServiceDesk(caller)
    yield desk
    desk.close()
    caller.db.close()


def test_a_schedule_is_added_paused_run_and_removed_in_a_real_store(desk: ServiceDesk) -> None:
    rule = Rule(cron="0 3 * * *", timezone="Europe/Zurich")
    assert len(set(desk.next_fires(rule, 3))) == 3
    added = desk.add_schedule(ScheduleKind.BACKUP, "contoso", rule, types=("deviceConfiguration",))
    (view,) = desk.schedules()
    assert view.schedule.id == added.id and view.last_run is None and view.schedule.rule == rule
    assert view.schedule.inputs["types"] == ["deviceConfiguration"]
    assert desk.pause_schedule(added.id).is_paused and desk.schedules()[0].schedule.next_fire_at is None
    resumed = desk.resume_schedule(added.id)
    assert not resumed.is_paused and resumed.next_fire_at is not None
    started = desk.run_schedule(added.id)
    assert started.created and desk.run(started.runs[0].id).id == started.runs[0].id
    desk.remove_schedule(added.id)
    assert desk.schedules() == []


def test_a_rule_that_is_wrong_is_refused_before_it_is_kept(desk: ServiceDesk) -> None:
    with pytest.raises(UsageError):
        desk.next_fires(Rule(cron="99 99 * * *"), 1)
    assert desk.schedules() == []


def test_members_are_added_changed_and_removed_in_a_real_store(desk: ServiceDesk) -> None:
    report = desk.members()
    assert [one.actor.key for one in report.members] == [report.own_key] and report.is_one_file
    desk.set_member("main", "uid:54321", Role.READONLY)
    desk.set_member("main", "uid:54321", Role.OPERATOR)
    roles = {one.actor.key: one.role for one in desk.members().members}
    assert roles == {report.own_key: Role.OWNER, "uid:54321": Role.OPERATOR}
    assert desk.remove_member("main", "uid:54321").key == "uid:54321"
    with pytest.raises(Conflict):
        desk.remove_member("main", report.own_key)
    with pytest.raises(Conflict):
        desk.set_member("main", report.own_key, Role.READONLY)


def test_a_schedule_is_added_and_a_member_removed_on_screens_over_a_real_store(desk: ServiceDesk) -> None:
    desk.set_member("main", "uid:54321", Role.MANAGER)

    async def run() -> None:
        app = OpsConsoleApp(desk, zone=UTC, environ={})
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settle(pilot)
            driver = Driver(pilot)
            await driver.press("S")
            assert "No schedule yet." in driver.text() and "n adds the first one" in driver.text()
            await driver.press("n", "enter", *"30 22 * * 1-5", "enter", "enter", "enter", "enter", "tab", "enter")
            await driver.until(lambda: "Monday to Friday at 22:30 (UTC)" in driver.text())
            await driver.press("p", "tab", "enter")
            await driver.until(lambda: "‖ paused" in driver.text())
            await driver.press("M")
            await driver.until(lambda: "uid:54321" in driver.text())
            others = [one.actor.key for one in app.screen.query_one(WindowTable).rows]
            await driver.press(*["down"] * others.index("uid:54321"), "x", "tab", "enter")
            await driver.until(lambda: "uid:54321" not in driver.text())

    asyncio.run(run())
    (view,) = desk.schedules()
    assert view.schedule.rule == Rule(cron="30 22 * * 1-5", timezone="UTC") and view.schedule.is_paused
    assert len(desk.members().members) == 1
    actions = {entry["action"] for entry in desk.entries(AuditQuery(), 50, None).items}
    assert {"schedule.added", "schedule.paused", "member.removed"} <= actions


def test_an_operator_is_refused_by_the_service_as_well(desk: ServiceDesk) -> None:
    rule = Rule(every="24h")
    added = desk.add_schedule(ScheduleKind.BACKUP, "contoso", rule)
    desk.set_member("main", "uid:54321", Role.OPERATOR)
    operator = ServiceDesk(structs.replace(desk.caller, actor=Actor("uid:54321", "op")))
    for order in (
        lambda: operator.add_schedule(ScheduleKind.BACKUP, "contoso", rule),
        lambda: operator.pause_schedule(added.id),
        lambda: operator.run_schedule(added.id),
        lambda: operator.remove_schedule(added.id),
        lambda: operator.set_member("main", "uid:54321", Role.OWNER),
        lambda: operator.remove_member("main", "uid:54321"),
    ):
        with pytest.raises(Forbidden):
            order()
    assert [view.schedule for view in operator.schedules()] == [added]
    operator.close()


def test_the_last_run_of_a_backup_is_its_fetch_once_the_capture_went_well(desk: ServiceDesk) -> None:
    added = desk.add_schedule(ScheduleKind.BACKUP, "contoso", Rule(every="24h"))
    capture, fetch = desk.run_schedule(added.id).runs
    assert [view.last_run and view.last_run.id for view in desk.schedules()] == [capture.id], "while it is at work"
    with desk.caller.db.write() as session:
        session.run(
            "UPDATE operation_runs SET status = 'completed', outcome = 'succeeded', completed_at = :now WHERE id = :id",
            id=capture.id,
            now=desk.caller.now(),
        )
    assert [view.last_run and view.last_run.id for view in desk.schedules()] == [fetch.id]


def test_a_name_that_this_machine_does_not_know_survives_a_change_of_role(desk: ServiceDesk) -> None:
    with desk.caller.db.write() as session:
        space = str(session.one("SELECT id FROM workspaces")["id"])  # type: ignore[index]
        access.add_member(session, space, Actor("sid:S-1-5-21-7", "carol"), Role.OPERATOR, desk.caller.now())
    changed = desk.set_member("main", "sid:S-1-5-21-7", Role.MANAGER)
    assert changed.actor.name == "carol" and changed.role is Role.MANAGER
