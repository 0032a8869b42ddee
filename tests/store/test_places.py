"""Members, tenants, schedules, engines and drift findings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from builders import ALICE, BOB, at, make_member, make_place, make_run, make_tenant, make_workspace
from opsconsole.domain.access import Actor, Role
from opsconsole.domain.ids import new_id
from opsconsole.domain.run import RunType
from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
from opsconsole.errors import Conflict
from opsconsole.store import access, drift, engines, schedules, tenants
from opsconsole.store.database import Database, Session


def test_members_have_roles_in_their_workspaces(store: Database) -> None:
    with store.write() as s:
        assert not access.has_members(s)
        main, other = make_workspace(s), make_workspace(s, "other")
        assert not access.create_workspace(s, id=new_id(), name="main", created_at=at())
        make_member(s, main)
        make_member(s, main, BOB, Role.READONLY)
        make_member(s, other, BOB)
        assert access.has_members(s)
        assert access.role_of(s, main, ALICE.key) is Role.OWNER
        assert access.role_of(s, other, ALICE.key) is None
        assert [(row["name"], row["role"]) for row in access.workspaces_of(s, BOB.key)] == [
            ("main", Role.READONLY),
            ("other", Role.OWNER),
        ]
        assert [(member.actor.name, member.role, member.workspace) for member in access.list_members(s, main)] == [
            ("alice", Role.OWNER, "main"),
            ("bob", Role.READONLY, "main"),
        ]
        make_member(s, main, Actor(BOB.key, "robert"), Role.MANAGER)
        assert access.list_members(s, main)[1].actor.name == "robert"
        assert access.remove_member(s, main, BOB.key)
        assert not access.remove_member(s, main, BOB.key)
        assert (access.get_workspace(s, "main") or {})["id"] == main
        assert access.get_workspace(s, "none") is None


def test_a_workspace_keeps_an_owner(store: Database) -> None:
    with store.write() as s:
        main = make_workspace(s)
        make_member(s, main)
        with pytest.raises(Conflict, match="at least one owner"):
            access.remove_member(s, main, ALICE.key)
        with pytest.raises(Conflict, match="at least one owner"):
            make_member(s, main, ALICE, Role.MANAGER)
        make_member(s, main, BOB)
        make_member(s, main, ALICE, Role.MANAGER)
        with pytest.raises(Conflict):
            access.remove_member(s, main, BOB.key)


def test_two_owners_cannot_remove_each_other(store: Database) -> None:
    with store.write() as s:
        main = make_workspace(s)
        make_member(s, main)
        make_member(s, main, BOB)

    def leave(key: str) -> bool:
        try:
            with store.write() as s:
                return access.remove_member(s, main, key)
        except Conflict:
            return False

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, [ALICE.key, BOB.key])) == [False, True]


def test_the_database_knows_four_roles(store: Database) -> None:
    with store.write() as s:
        main = make_workspace(s)
    with pytest.raises(Conflict), store.write() as s:
        s.run("INSERT INTO memberships VALUES (:w, 'a', 'a', 'god', '')", w=main)


def test_a_tenant_is_registered_once(store: Database) -> None:
    with store.write() as s:
        main = make_workspace(s)
        tenant_id = make_tenant(s, main, production=True)
        assert not tenants.register_tenant(
            s, id=new_id(), workspace_id=main, name="contoso", entra_tenant_id="x", production=False, created_at=at()
        )
        found = tenants.get_tenant(s, "contoso")
        assert found is not None
        assert (found.id, found.workspace, found.production, found.paused_until) == (tenant_id, "main", True, None)
        assert tenants.get_tenant(s, "none") is None
        assert tenants.list_tenants(s, [main]) == [found]
        assert tenants.list_tenants(s, []) == []


def test_a_pause_is_never_shortened(store: Database) -> None:
    with store.write() as s:
        tenant = make_tenant(s, make_workspace(s))
        assert tenants.read_pause(s, tenant) is None
        assert tenants.extend_pause(s, tenant, at(10))
        assert not tenants.extend_pause(s, tenant, at(5))
        assert not tenants.extend_pause(s, tenant, at(10))
        assert tenants.read_pause(s, tenant) == at(10)
        assert tenants.extend_pause(s, tenant, at(11))
        assert tenants.read_pause(s, "none") is None


def make_schedule(s: Session, place: tuple[str, str], *, next_fire: float = 10) -> str:
    schedule_id = new_id()
    schedules.insert_schedule(
        s,
        id=schedule_id,
        workspace_id=place[0],
        tenant_id=place[1],
        kind=ScheduleKind.BACKUP,
        rule=Rule(cron="0 3 * * 0", timezone="Europe/Berlin"),
        inputs={"types": ["a"]},
        initiator=ALICE.key,
        initiator_name=ALICE.name,
        created_at=at(),
        next_fire_at=at(next_fire),
    )
    return schedule_id


def test_a_schedule_fires_once_however_many_engines_look(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        schedule_id = make_schedule(s, place)
        assert schedules.due_schedules(s, at(9), [place[1]]) == []
        assert schedules.due_schedules(s, at(10), []) == []
        assert [found.id for found in schedules.due_schedules(s, at(10), [place[1]])] == [schedule_id]

    def take(_: int) -> bool:
        with store.write() as s:
            return schedules.take_fire(s, schedule_id, at(10), at(100), at(11))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]
    with store.write() as s:
        schedules.note_fire(s, schedule_id, None, "boom")
        schedules.note_fire(s, schedule_id, "run-1", None)
        found = schedules.get_schedule(s, schedule_id)
    assert found == Schedule(
        schedule_id,
        place[0],
        "main",
        place[1],
        "contoso",
        ScheduleKind.BACKUP,
        Rule(cron="0 3 * * 0", timezone="Europe/Berlin"),
        {"types": ["a"]},
        False,
        ALICE.key,
        "alice",
        at(),
        at(100),
        at(11),
        "run-1",
        None,
    )


def test_a_paused_schedule_does_not_fire(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        schedule_id = make_schedule(s, place)
        assert schedules.set_paused(s, schedule_id, True, None)
        assert schedules.due_schedules(s, at(99), [place[1]]) == []
        assert not schedules.take_fire(s, schedule_id, at(10), at(100), at(11))
        assert schedules.set_paused(s, schedule_id, False, at(20))
        assert [found.is_paused for found in schedules.list_schedules(s, [place[0]])] == [False]
        assert schedules.list_schedules(s, []) == []
        assert schedules.resolve_schedule_id(s, schedule_id[-6:], [place[0]]) == [schedule_id]
        assert schedules.delete_schedule(s, schedule_id)
        assert not schedules.delete_schedule(s, schedule_id)
        assert not schedules.set_paused(s, schedule_id, True, None)


def test_engines_live_as_long_as_they_beat(store: Database) -> None:
    with store.write() as s:
        for number, only in ((1, None), (2, ["run-1"])):
            engines.register_engine(
                s,
                id=f"e{number}",
                kind="engine",
                host="host",
                pid=number,
                actor="uid:1",
                tenants=["t1", "t2"],
                only_runs=only,
                now=at(),
                expires=at(30),
            )
        assert engines.beat(s, "e2", at(20), at(50))
        assert not engines.beat(s, "e3", at(20), at(50))
        assert [engine.id for engine in engines.live_engines(s, at(29))] == ["e1", "e2"]
        alive = engines.live_engines(s, at(30))
        assert [(engine.id, engine.tenants, engine.only_runs, engine.heartbeat_at) for engine in alive] == [
            ("e2", ("t1", "t2"), ("run-1",), at(20))
        ]
        assert engines.drop_expired(s, at(30)) == 1
        engines.remove_engine(s, "e2")
        assert engines.live_engines(s, at()) == []


def test_drift_findings_keep_their_order(store: Database) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
        run = make_run(s, workspace, tenant, RunType.DRIFT)
        found = [
            drift.DriftItem("changed", "t", f"p{n}", f"Policy {n}", ({"kind": "group"},), (), n) for n in range(1, 6)
        ]
        drift.add_drift_items(s, run.id, workspace, found[:2])
        drift.add_drift_items(s, run.id, workspace, [])
        drift.add_drift_items(s, run.id, workspace, found[2:])
        assert drift.list_drift_items(s, run.id) == found
        assert drift.list_drift_items(s, run.id, limit=2, after_seq=1) == found[1:3]
        assert drift.count_drift_items(s, run.id) == {"changed": 5}
        assert drift.clear_drift_items(s, run.id) == 5
        assert drift.list_drift_items(s, run.id) == []
