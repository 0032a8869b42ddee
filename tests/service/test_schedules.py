"""Schedules: rules that make sense, firing times, and what a run at once starts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from opsconsole.domain.access import Role
from opsconsole.domain.schedule import Rule, ScheduleKind
from opsconsole.engine.scheduler import next_fire
from opsconsole.errors import Conflict, NotFound, OpsError, UsageError
from opsconsole.service import members, schedules

from .world import ALICE, DEVICE, OF_ROLE, OUTSIDER, World

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

WRONG = {
    "neither": Rule(),
    "both": Rule(cron="0 3 * * *", every="24h"),
    "four fields": Rule(cron="0 3 * *"),
    "six fields": Rule(cron="0 0 3 * * *"),
    "a minute past the hour": Rule(cron="60 3 * * *"),
    "a day that never is": Rule(cron="0 3 30 2 *"),
    "a weekday that is none": Rule(cron="0 3 * * funday"),
    "words": Rule(cron="every day at noon please"),
    "a zone that is none": Rule(cron="0 3 * * *", timezone="Europe/Atlantis"),
    "a zone outside": Rule(cron="0 3 * * *", timezone="../../etc/passwd"),
    "nothing long": Rule(every="0h"),
    "seconds": Rule(every="30s"),
    "no number": Rule(every="h"),
    "a negative": Rule(every="-1h"),
    "a fraction": Rule(every="1.5h"),
    "too long": Rule(every="999999d"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_rule_makes_nothing(small_world: World, case: str) -> None:
    state, length = small_world.state(), len(small_world.trail())
    with pytest.raises(UsageError) as raised:
        schedules.add_schedule(small_world.alice, ScheduleKind.BACKUP, "contoso", WRONG[case], next_fire)
    assert raised.value.hint
    assert raised.value.exit_code == 2
    assert (small_world.state(), len(small_world.trail())) == (state, length)


def test_a_wrong_type_or_set_makes_nothing(small_world: World) -> None:
    state = small_world.state()
    rule = Rule(every="24h")
    with pytest.raises(UsageError, match="Did you mean"):
        schedules.add_schedule(
            small_world.alice, ScheduleKind.BACKUP, "contoso", rule, next_fire, types=["deviceConfigurations"]
        )
    with pytest.raises(NotFound, match="There is no backup set"):
        schedules.add_schedule(small_world.alice, ScheduleKind.DRIFT, "contoso", rule, next_fire, set_ref="ffffff")
    with pytest.raises(NotFound, match="There is no tenant 'nowhere'"):
        schedules.add_schedule(small_world.alice, ScheduleKind.BACKUP, "nowhere", rule, next_fire)
    assert small_world.state() == state


def test_a_drift_check_is_of_a_set_of_its_tenant(small_world: World) -> None:
    world = small_world
    made = world.finished_set()
    members.add_member(world.caller(OUTSIDER), ALICE.key, Role.OWNER)
    with pytest.raises(UsageError, match="is one of tenant 'contoso'"):
        schedules.add_schedule(
            world.alice, ScheduleKind.DRIFT, "fabrikam", Rule(every="1h"), next_fire, set_ref=made.id
        )
    added = world.schedule(ScheduleKind.DRIFT, set_ref=made.id[-8:])
    assert added.inputs == {"set": made.id}


def test_a_schedule_lives_from_added_to_removed(world: World) -> None:
    caller = world.caller(ALICE, clock=lambda: NOON)
    rule = Rule(cron="0 3 * * 1-5", timezone="Europe/Berlin")
    added = schedules.add_schedule(caller, ScheduleKind.BACKUP, "contoso", rule, next_fire, types=[DEVICE, DEVICE])
    assert added.next_fire_at == "2026-03-03T02:00:00.000000Z"
    assert added.inputs == {"types": [DEVICE]}
    assert [found.id for found in schedules.list_schedules(caller)] == [added.id]
    with pytest.raises(Conflict, match="not paused"):
        schedules.resume_schedule(caller, added.id, next_fire)
    paused = schedules.pause_schedule(caller, added.id[-6:])
    assert (paused.is_paused, paused.next_fire_at) == (True, None)
    with pytest.raises(Conflict, match="paused already"):
        schedules.pause_schedule(caller, added.id)
    later = world.caller(ALICE, clock=lambda: datetime(2026, 3, 7, 12, 0, tzinfo=UTC))
    assert schedules.resume_schedule(later, added.id, next_fire).next_fire_at == "2026-03-09T02:00:00.000000Z"
    assert schedules.remove_schedule(caller, added.id).id == added.id
    with pytest.raises(NotFound, match="There is no schedule"):
        schedules.remove_schedule(caller, added.id)
    assert [entry["action"] for entry in world.trail()] == [
        "schedule.added",
        "schedule.paused",
        "schedule.resumed",
        "schedule.removed",
    ]
    assert schedules.list_schedules(caller) == []


def test_a_run_at_once_starts_a_backup_and_keeps_the_next_time(world: World) -> None:
    added = world.schedule(types=[DEVICE])
    started = schedules.run_schedule_now(world.alice, added.id)
    assert [run.type.value for run in started.runs] == ["backup.capture", "assignments.fetch"]
    now = schedules.list_schedules(world.alice)[0]
    assert (now.next_fire_at, now.last_run_id) == (added.next_fire_at, started.runs[0].id)
    assert not schedules.run_schedule_now(world.alice, added.id).created
    assert [entry["action"] for entry in world.trail()].count("schedule.run_now") == 2


def test_a_run_at_once_that_starts_nothing_is_not_recorded_as_one(world: World) -> None:
    added = world.schedule(ScheduleKind.DRIFT)
    length = len(world.trail())
    with pytest.raises(Conflict, match="no finished backup set"):
        schedules.run_schedule_now(world.alice, added.id)
    assert len(world.trail()) == length
    made = world.finished_set()
    world.active_set([DEVICE])
    started = schedules.run_schedule_now(world.alice, added.id)
    assert started.runs[0].inputs["set"] == made.id, "the newest that is finished"


def test_a_schedule_acts_with_the_rights_of_who_added_it(world: World) -> None:
    manager = world.member(Role.MANAGER)
    added = schedules.add_schedule(manager, ScheduleKind.BACKUP, "contoso", Rule(every="24h"), next_fire)
    firing = schedules.scheduled_caller(world.alice, added)
    assert firing.actor.key == manager.actor.key
    assert schedules.start_scheduled(firing, added).created
    members.add_member(world.alice, OF_ROLE[Role.MANAGER].key, Role.READONLY)
    with pytest.raises(OpsError, match=r"fetch\.start"):
        schedules.start_scheduled(firing, added)
    members.remove_member(world.alice, OF_ROLE[Role.MANAGER].key)
    with pytest.raises(NotFound, match="There is no tenant 'contoso'"):
        schedules.start_scheduled(firing, added)
