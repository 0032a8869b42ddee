"""Members, tenants and the first steps of a store."""

from __future__ import annotations

import getpass

import pytest
from msgspec.structs import replace

from opsconsole.config import Config
from opsconsole.domain.access import Actor, Role
from opsconsole.errors import ConfigError, Conflict, Forbidden, NotFound, UsageError
from opsconsole.service import audit, backups, drift, members, restores, runs, schedules, tenants
from opsconsole.service.caller import Caller, actor_at, local_actor, parse_actor
from opsconsole.service.setup import init_store, open_caller
from opsconsole.store.database import Database
from opsconsole.store.opening import open_store

from .world import ALICE, OF_ROLE, OUTSIDER, STRANGER, World, tenant_config


def roles(world: World) -> dict[str, str]:
    return {member.actor.key: member.role.value for member in members.list_members(world.alice)}


def alone(store: Database, *names: str) -> Caller:
    """Alice at a store that is empty, with these tenants in her configuration."""
    return Caller(store, Config(store_url=store.url, tenants=tuple(tenant_config(name) for name in names)), ALICE)


def test_members_are_added_changed_and_removed_by_key(world: World) -> None:
    made = members.add_member(world.alice, "uid:4000", Role.OPERATOR)
    assert (made.workspace, made.actor.key, made.role) == ("main", "uid:4000", Role.OPERATOR)
    assert roles(world)["uid:4000"] == "operator"
    members.add_member(world.alice, "uid:4000", Role.OWNER)
    members.add_member(world.alice, "pg:carol", Role.READONLY)
    members.add_member(world.alice, "sid:S-1-5-21-1", Role.READONLY)
    assert roles(world) | {"uid:4000": "owner", "pg:carol": "readonly", "sid:S-1-5-21-1": "readonly"} == roles(world)
    assert members.remove_member(world.alice, "pg:carol").name == "carol"
    assert "pg:carol" not in roles(world)
    assert [entry["action"] for entry in world.trail()] == ["member.added"] * 4 + ["member.removed"]


def test_nobody_is_removed_twice(world: World) -> None:
    state, length = world.state(), len(world.trail())
    with pytest.raises(NotFound, match="There is no member 'uid:4999'"):
        members.remove_member(world.alice, "uid:4999")
    assert (world.state(), len(world.trail())) == (state, length)


def test_the_last_owner_is_neither_removed_nor_demoted(world: World) -> None:
    members.remove_member(world.alice, OF_ROLE[Role.OWNER].key)
    state, length = world.state(), len(world.trail())
    for order in (
        lambda: members.remove_member(world.alice, ALICE.key),
        lambda: members.add_member(world.alice, ALICE.key, Role.MANAGER),
    ):
        with pytest.raises(Conflict, match="at least one owner") as raised:
            order()
        assert raised.value.exit_code == 6
    assert (world.state(), len(world.trail())) == (state, length)
    members.add_member(world.alice, ALICE.key, Role.OWNER)
    members.add_member(world.alice, "uid:4000", Role.OWNER)
    members.add_member(world.alice, ALICE.key, Role.READONLY)
    with pytest.raises(Forbidden):
        members.remove_member(world.alice, "uid:4000")


def test_an_unknown_account_is_named(small_world: World) -> None:
    for text in ("no such account here", "uid:", "", "uid"):
        with pytest.raises(UsageError, match="There is no account") as raised:
            members.add_member(small_world.alice, text, Role.OPERATOR)
        assert "uid:1000" in raised.value.hint


def test_an_account_is_known_by_its_number_not_its_name() -> None:
    assert parse_actor(getpass.getuser()) == local_actor()
    assert parse_actor("uid:987654") == Actor("uid:987654", "uid:987654")
    assert parse_actor("pg:alice") == Actor("pg:alice", "alice")


def test_who_acts_on_postgres_is_the_login_role(store: Database) -> None:
    actor = actor_at(store)
    assert actor.key.startswith("pg:" if store.dialect == "postgres" else "uid:")
    assert actor.name


def test_a_member_of_two_workspaces_names_one(small_world: World) -> None:
    members.add_member(small_world.caller(OUTSIDER), ALICE.key, Role.OWNER)
    with pytest.raises(UsageError, match="several workspaces") as raised:
        members.add_member(small_world.alice, "uid:4000", Role.OPERATOR)
    assert "main, other" in raised.value.hint
    there = small_world.caller(ALICE, workspace="other")
    assert members.add_member(there, "uid:4000", Role.OPERATOR).workspace == "other"


def test_the_first_caller_owns_the_store_and_the_second_does_not(store: Database) -> None:
    first = alone(store, "contoso")
    assert members.my_roles(first) == {}
    assert init_store(first) == {"workspaces": ["main"], "tenants": ["contoso"], "left_alone": []}
    assert members.my_roles(first) == {"main": Role.OWNER}
    assert [view.name for view in tenants.list_tenants(first)] == ["contoso"]
    length = audit.head(first).seq
    assert init_store(first) == {"workspaces": [], "tenants": [], "left_alone": []}
    second = Caller(store, first.config, STRANGER)
    assert init_store(second) == {"workspaces": [], "tenants": [], "left_alone": ["contoso"]}
    assert members.my_roles(second) == {}
    assert audit.head(first).seq == length
    assert {member.actor.key for member in members.list_members(first)} == {ALICE.key}


def test_a_store_is_made_where_there_is_none(fresh_url: str) -> None:
    caller = open_caller(Config(store_url=fresh_url, tenants=(tenant_config(),)), create=True)
    with caller.db:
        assert init_store(caller)["tenants"] == ["contoso"]
        assert audit.verify(caller).ok
    with open_store(fresh_url) as again:
        assert members.my_roles(replace(caller, db=again)) == {"main": Role.OWNER}


def test_a_configuration_without_tenants_still_has_a_workspace(sqlite_store: Database) -> None:
    assert init_store(alone(sqlite_store))["workspaces"] == ["main"]


def test_init_tells_a_stranger_nothing_of_how_a_tenant_is_bound(small_world: World) -> None:
    world = small_world
    config = Config(store_url=world.db.url, tenants=(tenant_config(workspace="elsewhere"),))
    state = world.state()
    assert init_store(world.caller(STRANGER, config=config)) == {
        "workspaces": [],
        "tenants": [],
        "left_alone": ["contoso"],
    }
    assert world.state() == state
    with pytest.raises(ConfigError):
        init_store(world.caller(ALICE, config=config))


WRONGLY_BOUND = {
    "workspace": tenant_config(workspace="other"),
    "tenant_id": tenant_config(tenant_id="99999999-2222-3333-4444-555555555555"),
}


@pytest.mark.parametrize("field", WRONGLY_BOUND)
def test_a_tenant_bound_otherwise_than_in_the_store_is_refused(world: World, field: str) -> None:
    made, planned, done = world.finished_set(), world.previewed(), world.executed()
    gappy = world.gappy_set()
    config = Config(store_url=world.db.url, tenants=(WRONGLY_BOUND[field],))
    caller = world.caller(ALICE, config=config)
    state, length = world.state(), len(world.trail())
    for order in (
        lambda: backups.start_backup(caller, "contoso"),
        lambda: backups.start_fetch(caller, gappy.id),
        lambda: tenants.start_check(caller, "contoso"),
        lambda: drift.start_drift(caller, made.id),
        lambda: restores.start_preview(caller, made.id, "contoso"),
        lambda: restores.run_restore(caller, planned.id),
        lambda: restores.retry_restore(caller, done.id),
        lambda: restores.undo_restore(caller, done.id),
        lambda: runs.list_runs(caller, runs.RunQuery(tenant="contoso")),
        lambda: init_store(caller),
    ):
        with pytest.raises(ConfigError) as raised:
            order()
        assert f"tenants.contoso.{field} is " in raised.value.message
        assert raised.value.exit_code == 2
    assert (world.state(), len(world.trail())) == (state, length)
    assert backups.show_set(caller, made.id).id == made.id, "what was made stays to be seen"


def test_a_tenant_id_may_be_written_in_capitals(small_world: World) -> None:
    config = Config(store_url="", tenants=(tenant_config(tenant_id=tenant_config().tenant_id.upper()),))
    assert tenants.start_check(small_world.caller(ALICE, config=config), "contoso").created


@pytest.mark.parametrize("role", Role)
def test_registering_a_tenant_takes_an_owner(small_world: World, role: Role) -> None:
    world = small_world
    config = Config(store_url=world.db.url, tenants=(tenant_config(), tenant_config("adatum")))
    caller = world.caller(OF_ROLE[role], config=config)
    state, length = world.state(), len(world.trail())
    if role is not Role.OWNER:
        for order in (
            lambda: backups.start_backup(caller, "adatum"),
            lambda: tenants.start_check(caller, "adatum"),
        ):
            with pytest.raises(Forbidden) as raised:
                order()
            assert raised.value.capability == "tenant.manage"
        assert world.state() == state
        assert [entry["action"] for entry in world.trail()[length:]] == ["access.refused"] * 2
        return
    assert tenants.start_check(caller, "adatum").created
    assert [entry["action"] for entry in world.trail()[length:]] == ["tenant.registered", "tenant.check.started"]
    assert schedules.list_schedules(caller) == []


def test_a_stranger_cannot_tell_a_configured_name_from_a_registered_one(small_world: World) -> None:
    world = small_world
    config = Config(store_url=world.db.url, tenants=(tenant_config(), tenant_config("adatum")))
    caller = world.caller(STRANGER, config=config)
    texts = set()
    for name in ("contoso", "adatum", "nowhere"):
        with pytest.raises(NotFound) as raised:
            tenants.start_check(caller, name)
        texts.add(str(raised.value).replace(name, "X"))
    assert len(texts) == 1


def test_a_new_workspace_is_made_by_an_owner_of_another_alone(small_world: World) -> None:
    world = small_world
    config = Config(store_url=world.db.url, tenants=(tenant_config("adatum", workspace="third"),))
    for actor in (STRANGER, OF_ROLE[Role.MANAGER]):
        with pytest.raises(NotFound):
            tenants.start_check(world.caller(actor, config=config), "adatum")
    assert tenants.start_check(world.caller(ALICE, config=config), "adatum").created
    assert members.my_roles(world.alice) == {"main": Role.OWNER, "third": Role.OWNER}


def test_tenants_are_shown_with_how_they_stand(world: World) -> None:
    config = Config(store_url=world.db.url, tenants=(tenant_config(production=True), tenant_config("adatum")))
    checked = world.complete(tenants.start_check(world.alice, "contoso").runs[0].id)
    views = {view.name: view for view in tenants.list_tenants(world.caller(ALICE, config=config))}
    assert list(views) == ["adatum", "contoso"]
    assert (views["adatum"].is_registered, views["adatum"].is_configured) == (False, True)
    contoso = views["contoso"].to_json()
    assert contoso["registered"] is True
    assert contoso["production"] is True
    assert contoso["last_check"]["run"] == checked.id
    assert contoso["auth_method"] == "static_token"
