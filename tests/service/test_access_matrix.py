"""Who may what (promise 14): every function of the service, for every role and for strangers, as the tables say."""

from __future__ import annotations

import inspect
import json
from types import ModuleType

import pytest

from opsconsole.config import Config
from opsconsole.domain.access import Actor, Capability, Role, allows
from opsconsole.domain.audit import Action
from opsconsole.errors import Conflict, Forbidden, NotFound, OpsError
from opsconsole.service import (
    audit,
    backups,
    counts,
    differences,
    drift,
    members,
    overview,
    restores,
    retries,
    runs,
    schedules,
    store_admin,
    tenants,
    written,
)
from opsconsole.service.caller import Caller
from opsconsole.store import engines

from . import orders
from .orders import NO_ID, ORDERS, PREVIEW_OF_A_SET, READS, Act
from .world import OUTSIDER, STRANGER, World

ALL = [*ORDERS, *READS]

STRANGERS = {"stranger": STRANGER, "outsider": OUTSIDER}


def names(act: Act) -> str:
    return act.name


def error_of(act: Act, caller: Caller, ref: str) -> OpsError:
    with pytest.raises(OpsError) as raised:
        act.give(caller, ref)
    return raised.value


def facts(error: OpsError, ref: str) -> tuple[type, str, str, str, int]:
    """All that a command or screen shows of an error, whatever it names."""
    return (type(error), error.code, error.message.replace(ref, "REF"), error.hint.replace(ref, "REF"), error.exit_code)


def assert_audited_once(world: World, before: int, actor: Actor, act: Act) -> None:
    new = world.trail()[before:]
    assert [(entry["action"], entry["actor"], entry["outcome"]) for entry in new] == [
        ("access.refused", actor.name, "refused")
    ]
    assert new[0]["workspace_id"] == world.main
    assert json.loads(new[0]["details"])["capability"] == act.capability.value


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", ALL, ids=names)
def test_a_role_may_what_the_tables_say(small_world: World, act: Act, role: Role) -> None:
    world = small_world
    ref = act.of(world)
    caller = world.member(role)
    state, length = world.state(), len(world.trail())
    if not allows(role, act.capability):
        error = error_of(act, caller, ref)
        assert isinstance(error, Forbidden), error
        assert error.exit_code == 5
        assert error.capability == act.capability.value
        assert act.capability.value in error.message
        assert error.hint
        assert world.state() == state, "something was written by a refused order"
        if act.changes:
            assert_audited_once(world, length, caller.actor, act)
        else:
            assert len(world.trail()) == length
        return
    if act.ends_in:
        assert error_of(act, caller, ref).code == act.ends_in
        return
    act.give(caller, ref)
    new = world.trail()[length:]
    if act.changes:
        assert new, "an order that was carried out is audited"
        assert {entry["actor"] for entry in new} <= {caller.actor.name, world.alice.actor.name}
        assert not [entry for entry in new if entry["action"] == "access.refused"]
    else:
        assert new == []
        assert world.state() == state


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("act", ALL, ids=names)
def test_a_stranger_is_told_what_is_told_of_a_thing_that_does_not_exist(small_world: World, act: Act, who: str) -> None:
    world = small_world
    ref, absent = act.of(world), act.absent(world)
    nothing = error_of(act, world.alice, absent)
    assert isinstance(nothing, NotFound)
    assert nothing.exit_code == 4
    assert f"There is no {act.noun} " in nothing.message
    caller = world.caller(STRANGERS[who])
    state, length = world.state(), len(world.trail())
    hidden = error_of(act, caller, ref)
    assert world.state() == state
    if act.changes:
        assert_audited_once(world, length, caller.actor, act)
    else:
        assert len(world.trail()) == length
    length = len(world.trail())
    missed = error_of(act, caller, absent)
    assert facts(hidden, ref) == facts(missed, absent) == facts(nothing, absent)
    assert hidden.__cause__ is None
    assert len(world.trail()) == length, "nothing was refused where nothing is"


@pytest.mark.postgres
@pytest.mark.parametrize("dialect", ["postgres"])
def test_the_answers_are_the_same_on_postgres(world: World) -> None:
    for act in ALL:
        if "cancel_run" in act.name or "retry_run" in act.name:
            continue  # the refusals of runs are of one kind, and leave the store as it is: one of them is below
        ref, absent = act.of(world), act.absent(world)
        state, length = world.state(), len(world.trail())
        hidden = error_of(act, world.caller(STRANGER), ref)
        assert facts(hidden, ref) == facts(error_of(act, world.caller(STRANGER), absent), absent), act.name
        assert len(world.trail()) == length + act.changes
        if not allows(Role.READONLY, act.capability):
            assert isinstance(error_of(act, world.member(Role.READONLY), ref), Forbidden), act.name
            assert len(world.trail()) == length + 2 * act.changes
        assert world.state() == state, act.name
    run = world.ended_run(orders.RunType.CHECK)
    for order in (runs.cancel_run, retries.retry_run):
        with pytest.raises(NotFound):
            order(world.caller(STRANGER), run.id)
        with pytest.raises(Forbidden):
            order(world.member(Role.READONLY), run.id)


def test_a_set_of_others_is_not_there_for_a_preview_in_ones_own_workspace(world: World) -> None:
    ref = PREVIEW_OF_A_SET.of(world)
    caller = world.caller(OUTSIDER)
    state, length = world.state(), len(world.trail())
    with pytest.raises(NotFound) as hidden:
        restores.start_preview(caller, ref, "fabrikam")
    with pytest.raises(NotFound) as missing:
        restores.start_preview(caller, NO_ID, "fabrikam")
    assert facts(hidden.value, ref) == facts(missing.value, NO_ID)
    assert world.state() == state
    assert_audited_once(world, length, OUTSIDER, PREVIEW_OF_A_SET)


@pytest.mark.parametrize("digits", [6, 12, 36])
def test_the_end_of_an_id_of_others_names_nothing_and_is_audited(world: World, digits: int) -> None:
    ref = world.ended_run(orders.RunType.CHECK).id[-digits:]
    length = len(world.trail())
    with pytest.raises(NotFound):
        runs.cancel_run(world.caller(STRANGER), ref)
    assert [entry["resource_id"] for entry in world.trail()[length:]] == [f"cancel run {ref}"]


def test_an_id_in_capitals_of_others_is_not_there_either(small_world: World) -> None:
    ref = small_world.finished_set().id.upper()
    with pytest.raises(NotFound) as hidden:
        backups.show_set(small_world.caller(STRANGER), ref)
    with pytest.raises(NotFound) as missing:
        backups.show_set(small_world.caller(STRANGER), NO_ID.upper())
    assert facts(hidden.value, ref) == facts(missing.value, NO_ID.upper())
    assert backups.show_set(small_world.alice, ref).id == ref.lower()


def test_a_stranger_sees_empty_lists_and_zeros(world: World) -> None:
    world.executed()
    world.gappy_set()
    world.schedule()
    with world.db.write() as s:
        engines.register_engine(
            s, id="engine-1", kind="engine", host="box", pid=1, actor="alice", tenants=[world.contoso], only_runs=None,
            now="2026-03-02T08:00:00.000000Z", expires="2099-01-01T00:00:00.000000Z",
        )  # fmt: skip
    assert [row.id for row in runs.live_engines(world.alice)] == ["engine-1"]
    for actor in STRANGERS.values():
        caller = world.caller(actor)
        assert runs.list_runs(caller).items == []
        assert runs.count_runs(caller) == 0
        assert runs.state_counts(caller) == {}
        assert backups.list_sets(caller).items == []
        assert counts.count_sets(caller) == counts.count_restores(caller) == 0
        assert restores.list_restores(caller).items == []
        assert schedules.list_schedules(caller) == []
        assert not [view for view in tenants.list_tenants(caller) if view.is_registered and view.workspace == "main"]
        assert not [member for member in members.list_members(caller) if member.workspace == "main"]
        assert not [entry for entry in audit.list_entries(caller).items if entry["workspace"] or entry["tenant"]]
        with pytest.raises(NotFound):
            backups.show_set(caller, "latest")
    nobody = world.caller(STRANGER)
    assert members.list_members(nobody) == []
    assert members.my_roles(nobody) == {}
    assert tenants.list_tenants(nobody) == []
    assert audit.list_entries(nobody).items == []
    assert runs.live_engines(nobody) == []
    assert {str(role) for role in members.my_roles(world.alice).values()} == {"owner"}


def test_what_concerns_the_store_as_a_whole_is_for_members(world: World) -> None:
    nobody = world.caller(STRANGER)
    for ask in (audit.verify, audit.head, store_admin.info):
        with pytest.raises(NotFound) as refused:
            ask(nobody)
        assert refused.value.exit_code == 4
        ask(world.member(Role.READONLY))


def test_a_store_wide_entry_is_shown_to_members_alone(small_world: World) -> None:
    nobody, owner = small_world.caller(STRANGER), small_world.member(Role.OWNER)
    with pytest.raises(NotFound):
        store_admin.seed(nobody, count=3, seed=1)
    refused = small_world.trail()[-1]
    assert refused["workspace_id"] is None
    assert audit.show_entry(owner, str(refused["id"]))["action"] == "access.refused"
    assert [
        entry["id"] for entry in audit.list_entries(owner, audit.AuditQuery(actions=(Action.ACCESS_REFUSED,))).items
    ] == [refused["id"]]
    assert audit.list_entries(nobody).items == []
    for ref in (str(refused["id"]), f"#{refused['seq']}", str(refused["id"])[-6:]):
        with pytest.raises(NotFound):
            audit.show_entry(nobody, ref)


def test_seeding_takes_an_owner(small_world: World) -> None:
    state = small_world.state()
    with pytest.raises(Forbidden) as refused:
        store_admin.seed(small_world.member(Role.MANAGER), count=3, seed=1)
    assert refused.value.capability == Capability.TENANT_MANAGE
    assert small_world.state() == state
    assert store_admin.seed(small_world.member(Role.OWNER), count=3, seed=1)
    with pytest.raises(Conflict):
        store_admin.seed(small_world.member(Role.OWNER), count=3, seed=1)


def test_a_named_workspace_narrows_what_a_member_of_two_sees(small_world: World) -> None:
    world = small_world
    members.add_member(world.caller(OUTSIDER), world.alice.actor.key, Role.READONLY)
    made = world.finished_set()
    everywhere = world.caller(world.alice.actor)
    there = world.caller(world.alice.actor, workspace="other")
    assert [found.id for found in backups.list_sets(everywhere).items] == [made.id]
    assert backups.list_sets(there).items == []
    with pytest.raises(NotFound):
        backups.show_set(there, made.id)
    with pytest.raises(NotFound):
        runs.list_runs(there, runs.RunQuery(tenant="contoso"))


ROOMS: tuple[ModuleType, ...] = (
    audit, backups, counts, differences, drift, members, overview, restores, retries, runs, schedules, store_admin, tenants, written,
)  # fmt: skip

NOT_ASKED_FOR_A_THING = {
    # lists and counts over all that is visible, proven empty for strangers above
    "list_runs", "count_runs", "state_counts", "list_sets", "list_restores", "list_members", "count_sets", "count_restores",
    "my_roles", "list_tenants", "list_schedules", "list_entries", "count_entries", "trail", "export_entries", "live_engines",
    "has_engine_for", "list_drifts", "count_drifts",
    # written out by what is in the table
    "findings",
    # the store as a whole
    "verify", "head", "holds_still", "info", "check", "seed",
    # carried out by others that are in the table
    "preview_from", "start_preview", "restore_to_execute", "run_to_retry", "start_scheduled", "waiting_for", "show_item",
    # an account of this machine: nothing of a store is asked
    "named_account",
    # of a tenant that is not theirs, people see what their own configuration says
    "show_tenant",
}  # fmt: skip


def test_a_tenant_of_others_is_shown_as_the_own_configuration_names_it(world: World) -> None:
    """Like one that the store does not hold: that it is there in another workspace is not to be seen."""
    checked = world.complete(tenants.start_check(world.alice, "contoso").runs[0].id)
    world.finished_set()
    mine = tenants.show_tenant(world.alice, "contoso")
    assert mine.view.last_check is not None and mine.view.last_check["run"] == checked.id
    assert mine.backup_set is not None
    theirs = tenants.show_tenant(world.caller(OUTSIDER), "contoso")
    assert not theirs.view.is_registered and theirs.view.last_check is None and theirs.backup_set is None
    assert theirs.view.newest_set is None and theirs.view.engines == ()
    for caller, name in (
        (world.caller(STRANGER), "contoso"),
        (world.caller(OUTSIDER, config=Config(world.db.url)), "contoso"),
        (world.alice, "fabrikam"),
    ):
        with pytest.raises(NotFound) as refused:
            tenants.show_tenant(caller, name)
        with pytest.raises(NotFound) as absent:
            tenants.show_tenant(caller, "nowhere")
        assert str(refused.value).replace(name, "nowhere") == str(absent.value)


def test_every_function_of_the_service_is_in_the_table() -> None:
    source = inspect.getsource(orders)
    missing = [
        f"{room.__name__}.{name}"
        for room in ROOMS
        for name, function in inspect.getmembers(room, inspect.isfunction)
        if function.__module__ == room.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters), "") == "caller"
        and "session" not in inspect.signature(function).parameters
        and name not in NOT_ASKED_FOR_A_THING
        and f".{name}(" not in source
        and f"{name})" not in source
        and name not in ("scheduled_caller", "ensure_registered")
    ]
    assert missing == []
