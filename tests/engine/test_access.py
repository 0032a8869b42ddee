"""The engine's part of who may what (promise 14): the initiator is asked for again, and the capability table answers.

Each cell is an action and a role that its initiator has by the time an engine looks: when the run is claimed, before a
restore's first write, when a schedule fires, and when what it started is claimed.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from opsconsole.domain.access import CAPABILITY_OF_RUN, Role, allows
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.domain.schedule import Rule, ScheduleKind
from opsconsole.engine.duties.schedules import FireSchedules
from opsconsole.engine.scheduler import next_fire
from opsconsole.operations import policy_write
from opsconsole.service import backups, drift, restores, schedules, tenants
from opsconsole.service.caller import Caller
from opsconsole.simulator import Tenant
from world import CATALOG, CONFIGURATION, MANAGED_APPS, World, add_policy, group, small_tenant, status_fault

from .conftest import MakeWorld

ROLES: list[Role | None] = [None, *Role]
"""None: removed from the workspace."""

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

TYPES = [run_type for run_type in RunType if run_type is not RunType.RECONCILE]
"""Maintenance is written by the duty that does it, and never claimed."""


def give(world: World, who: Caller, role: Role | None) -> None:
    """Let somebody have this role from now on."""
    if role is None:
        world.dismiss(who)
    else:
        world.member(who.actor.key, role, who.actor.name)


def is_refused(run: OperationRun) -> bool:
    """Tell whether the run ended for want of the initiator's rights."""
    return any(
        failure.reason is Reason.PERMISSION_DENIED and "no longer has the capability" in failure.message
        for failure in run.failures
    )


def refusals(world: World) -> list[str]:
    """Whose refused attempts stand in the trail."""
    return [str(entry["actor"]) for entry in world.audited("access.refused")]


def order_each(world: World, bob: Caller) -> dict[RunType, OperationRun]:
    """One run of each type, ordered by bob, none claimed yet."""
    world.break_with(status_fault(403, times=1, method="GET", path_regex="assignments$"))
    gappy = world.backup([MANAGED_APPS])
    world.mend()
    assert gappy.missing, gappy.to_json()
    whole = world.backup([CATALOG])
    world.assign(CATALOG, 1, group(9))
    planned = world.preview(whole.id)
    world.forget_log()
    captured = backups.start_backup(bob, "contoso", [CONFIGURATION])
    return {
        RunType.CAPTURE: captured.runs[0],
        RunType.FETCH: backups.start_fetch(bob, gappy.id).runs[0],
        RunType.PREVIEW: restores.start_preview(bob, whole.id, "contoso").runs[0],
        RunType.RESTORE: restores.run_restore(bob, planned.id).runs[0],
        RunType.DRIFT: drift.start_drift(bob, whole.id).runs[0],
        RunType.CHECK: tenants.start_check(bob, "contoso").runs[0],
    }


def full_tenant() -> Tenant:
    """Policies for each kind of run."""
    tenant = small_tenant(2)
    add_policy(tenant, CONFIGURATION, 20, group(2))
    add_policy(tenant, MANAGED_APPS, 30, group(3))
    return tenant


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value if role else "removed")
def test_a_run_is_carried_out_by_the_role_its_initiator_has_when_it_is_claimed(
    make_each_world: MakeWorld, role: Role | None
) -> None:
    world = make_each_world(full_tenant())
    bob = world.member(role=Role.MANAGER)
    ordered = order_each(world, bob)
    assert set(ordered) == set(TYPES)
    give(world, bob, role)
    world.drain()
    for run_type, one in ordered.items():
        run = world.run(one.id)
        may = allows(role, CAPABILITY_OF_RUN[run_type])
        assert run.status is Status.COMPLETED
        assert is_refused(run) is not may, (run_type, run.to_json())
        assert (run.outcome is Outcome.FAILED) is not may, (run_type, run.to_json())
        if not may:
            assert CAPABILITY_OF_RUN[run_type].value in run.failures[0].message
            assert run.context["graph"]["requests"] == 0, "nothing was even asked"
    may_restore = allows(role, CAPABILITY_OF_RUN[RunType.RESTORE])
    assert bool(world.writes()) is may_restore
    denied = [run_type for run_type in TYPES if not allows(role, CAPABILITY_OF_RUN[run_type])]
    assert refusals(world) == ["bob"] * len(denied)
    world.check_all_is_settled()


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value if role else "removed")
def test_a_restore_writes_by_the_role_its_initiator_has_before_the_first_write(
    make_world: MakeWorld, role: Role | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(small_tenant(2))
    bob = world.member(role=Role.MANAGER)
    world.backup()
    world.assign(CATALOG, 1, group(9))
    found = world.preview()
    world.forget_log()
    run_id = restores.run_restore(bob, found.id).runs[0].id
    looks: list[Status] = []
    original = policy_write.read_assignments

    async def read(*args: Any, **more: Any) -> Any:
        answer = await original(*args, **more)
        if not looks:  # the last look before the write: the run was claimed, and was allowed to be
            looks.append(world.run(run_id).status)
            give(world, bob, role)
        return answer

    monkeypatch.setattr(policy_write, "read_assignments", read)
    world.drain()
    assert looks == [Status.RUNNING]
    run = world.run(run_id)
    may = allows(role, CAPABILITY_OF_RUN[RunType.RESTORE])
    assert bool(world.writes()) is may
    assert bool(world.intents(found.id)) is may, "not even an intent"
    assert (run.outcome is Outcome.SUCCEEDED) is may, run.to_json()
    assert may or Reason.PERMISSION_DENIED in {failure.reason for failure in run.failures}
    assert refusals(world) == ["bob"] * (not may)
    world.check_all_is_settled()


KINDS = {ScheduleKind.BACKUP: RunType.CAPTURE, ScheduleKind.DRIFT: RunType.DRIFT}


def fire(world: World, now: datetime) -> None:
    """One look of an engine at the schedules."""
    asyncio.run(FireSchedules(world.engine(clock=lambda: now)).step())


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value if role else "removed")
def test_a_schedule_acts_with_the_rights_of_who_added_it(
    sqlite_store_url: str, tmp_path: Path, role: Role | None
) -> None:
    world = World.make(sqlite_store_url, tmp_path, {"contoso": small_tenant(1)})
    try:
        bob = replace(world.member(role=Role.MANAGER), clock=lambda: START)
        world.backup([CATALOG])
        before = {run.id for run in world.all_runs()}
        for kind in KINDS:
            schedules.add_schedule(bob, kind, "contoso", Rule(every="1m"), next_fire)
        give(world, bob, role)
        fire(world, START + timedelta(minutes=1))
        started = {run.type for run in world.all_runs() if run.id not in before}
        for kind, run_type in KINDS.items():
            may = allows(role, CAPABILITY_OF_RUN[run_type])
            (shown,) = [one for one in schedules.list_schedules(world.caller) if one.kind is kind]
            assert (run_type in started) is may
            assert (shown.last_error is None) is may, shown
        assert refusals(world) == ["schedule"] * sum(not allows(role, CAPABILITY_OF_RUN[one]) for one in KINDS.values())
    finally:
        world.close()


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value if role else "removed")
def test_what_a_schedule_started_is_carried_out_by_the_role_that_is_left(
    make_world: MakeWorld, role: Role | None
) -> None:
    world = make_world(small_tenant(1))
    bob = replace(world.member(role=Role.MANAGER), clock=lambda: START)
    schedules.add_schedule(bob, ScheduleKind.BACKUP, "contoso", Rule(every="1m"), next_fire, types=[CATALOG])
    world.forget_log()
    fire(world, START + timedelta(minutes=1))
    (captured,) = world.all_runs(RunType.CAPTURE)
    give(world, bob, role)
    world.drain(only_runs=[run.id for run in world.all_runs()])
    may = allows(role, CAPABILITY_OF_RUN[RunType.CAPTURE])
    run = world.run(captured.id)
    assert is_refused(run) is not may
    assert (run.outcome is Outcome.SUCCEEDED) is may
    assert bool(world.log()) is may
    world.check_all_is_settled()
