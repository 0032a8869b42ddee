"""Schedules: each fire once over all engines, missed ones once, with the rights of whoever added them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from opsconsole.domain.access import Role
from opsconsole.domain.clock import from_text
from opsconsole.domain.run import RunType
from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
from opsconsole.engine.duties import schedules as duty
from opsconsole.engine.duties.schedules import FireSchedules
from opsconsole.engine.scheduler import next_fire
from opsconsole.errors import Conflict, Forbidden
from opsconsole.service import schedules
from opsconsole.service.caller import Caller
from opsconsole.service.started import Started
from opsconsole.store import schedules as schedule_store
from world import CATALOG, World, small_tenant

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass
class Timed:
    """A world whose clock is moved by hand."""

    world: World
    now: datetime = START

    def clock(self) -> datetime:
        """The time."""
        return self.now

    def pass_by(self, **delta: float) -> None:
        """Let time pass."""
        self.now += timedelta(**delta)

    @property
    def caller(self) -> Caller:
        """The owner, at this clock."""
        return replace(self.world.caller, clock=self.clock)

    def fire(self, engines: int = 1) -> None:
        """One look of each of so many engines, side by side."""

        async def all_look() -> None:
            looks = [FireSchedules(self.world.engine(clock=self.clock)) for _ in range(engines)]
            await asyncio.gather(*(one.step() for one in looks))

        asyncio.run(all_look())

    def captures(self) -> int:
        """How many backups were started."""
        return len(self.world.all_runs(RunType.CAPTURE))

    def drain(self) -> None:
        """Carry out what was started; the engine that does so knows the real time, and must not look at schedules."""
        self.world.drain(only_runs=[run.id for run in self.world.all_runs() if run.is_active])

    def shown(self) -> Schedule:
        """The one schedule."""
        (found,) = schedules.list_schedules(self.caller)
        return found

    def every(self, text: str, kind: ScheduleKind = ScheduleKind.BACKUP, caller: Caller | None = None) -> Schedule:
        """Add a schedule."""
        return schedules.add_schedule(caller or self.caller, kind, "contoso", Rule(every=text), next_fire)


@pytest.fixture
def timed(store_url: str, tmp_path: Path) -> Iterator[Timed]:
    """A world with two policies."""
    world = World.make(store_url, tmp_path, {"contoso": small_tenant(2)})
    yield Timed(world)
    world.close()


def test_an_interval_of_a_minute_fires_every_minute(timed: Timed) -> None:
    timed.every("1m")
    timed.pass_by(seconds=59)
    timed.fire()
    assert timed.captures() == 0
    timed.pass_by(seconds=1)
    timed.fire()
    timed.fire()
    assert timed.captures() == 1
    timed.drain()
    timed.pass_by(minutes=1)
    timed.fire()
    assert timed.captures() == 2
    assert {run.initiator_name for run in timed.world.all_runs()} == {"schedule"}
    shown = timed.shown()
    assert (shown.last_error, from_text(shown.next_fire_at or "")) == (None, timed.now + timedelta(minutes=1))
    assert shown.last_run_id == timed.world.all_runs(RunType.CAPTURE)[0].id


def test_what_was_missed_while_nothing_ran_fires_once(timed: Timed) -> None:
    timed.every("1h")
    timed.pass_by(days=3)
    timed.fire()
    timed.drain()
    timed.fire()
    assert timed.captures() == 1
    assert from_text(timed.shown().next_fire_at or "") == timed.now + timedelta(hours=1)


def test_a_paused_schedule_does_not_fire_and_makes_up_for_nothing(timed: Timed) -> None:
    added = timed.every("1h")
    schedules.pause_schedule(timed.caller, added.id)
    timed.pass_by(days=1)
    timed.fire()
    assert timed.captures() == 0
    with pytest.raises(Conflict):
        schedules.pause_schedule(timed.caller, added.id)
    schedules.resume_schedule(timed.caller, added.id, next_fire)
    timed.fire()
    assert timed.captures() == 0
    timed.pass_by(hours=1)
    timed.fire()
    assert timed.captures() == 1
    actions = {entry["action"] for entry in timed.world.audited("schedule.paused")}
    assert actions == {"schedule.paused"}


def test_run_now_starts_at_once_and_leaves_the_next_time(timed: Timed) -> None:
    added = timed.every("1h")
    started = schedules.run_schedule_now(timed.caller, added.id)
    assert started.created
    assert timed.captures() == 1
    shown = timed.shown()
    assert shown.next_fire_at == added.next_fire_at
    assert shown.last_run_id == started.runs[0].id


def test_several_engines_fire_it_once(timed: Timed, monkeypatch: pytest.MonkeyPatch) -> None:
    timed.every("1m")
    all_have_looked = threading.Barrier(4)
    look, start = schedule_store.due_schedules, duty.start_scheduled
    fired: list[str] = []

    def due(*args: Any) -> list[Schedule]:
        found = look(*args)
        all_have_looked.wait(10)
        return found

    def begin(caller: Caller, schedule: Schedule) -> Started:
        fired.append(schedule.id)
        return start(caller, schedule)

    monkeypatch.setattr(duty.schedules, "due_schedules", due)
    monkeypatch.setattr(duty, "start_scheduled", begin)
    for count in (1, 2, 3):
        timed.pass_by(minutes=1)
        timed.fire(engines=4)
        timed.world.drain(only_runs=[run.id for run in timed.world.all_runs()])
        assert (len(fired), timed.captures()) == (count, count)


def test_a_removed_schedule_fires_no_more(timed: Timed) -> None:
    added = timed.every("1m")
    schedules.remove_schedule(timed.caller, added.id)
    timed.pass_by(hours=1)
    timed.fire()
    assert timed.captures() == 0
    assert schedules.list_schedules(timed.caller) == []


def test_a_schedule_whose_owner_lost_the_role_starts_nothing_and_says_why(timed: Timed) -> None:
    bob = timed.world.member(role=Role.MANAGER)
    timed.every("1m", caller=replace(bob, clock=timed.clock))
    timed.world.dismiss(bob)
    timed.pass_by(minutes=1)
    timed.fire()
    assert timed.captures() == 0
    shown = timed.shown()
    assert shown.last_error
    assert shown.last_run_id is None
    assert from_text(shown.next_fire_at or "") > timed.now, "it is not tried again every second"


def test_a_schedule_whose_owner_became_a_reader_starts_nothing(timed: Timed) -> None:
    bob = timed.world.member(role=Role.MANAGER)
    timed.every("1m", caller=replace(bob, clock=timed.clock))
    timed.world.dismiss(bob)
    timed.world.member(role=Role.READONLY)
    timed.pass_by(minutes=1)
    timed.fire()
    assert timed.captures() == 0
    assert "fetch.start" in (timed.shown().last_error or "")


def test_an_operator_may_not_add_one(timed: Timed) -> None:
    bob = timed.world.member(role=Role.OPERATOR)
    with pytest.raises(Forbidden):
        timed.every("1m", caller=bob)


def test_a_drift_schedule_compares_with_the_latest_finished_set(timed: Timed) -> None:
    timed.every("1m", ScheduleKind.DRIFT)
    timed.pass_by(minutes=1)
    timed.fire()
    assert "no finished backup set" in (timed.shown().last_error or "")
    timed.world.backup()
    latest = timed.world.backup([CATALOG])
    timed.pass_by(minutes=1)
    timed.fire()
    (run,) = timed.world.all_runs(RunType.DRIFT)
    assert run.inputs["set"] == latest.id
    assert timed.shown().last_error is None


def test_a_rule_that_cannot_be_worked_out_does_not_keep_others_from_firing(timed: Timed) -> None:
    broken = timed.every("1m")
    with timed.world.caller.db.write() as session:
        session.run(
            "UPDATE schedules SET every = '', cron = '0 3 * * *', timezone = 'Mars/Olympus' WHERE id = :id",
            id=broken.id,
        )
    timed.every("1m")
    timed.pass_by(minutes=1)
    timed.fire()
    assert timed.captures() == 1
    with timed.world.caller.db.read() as session:
        found = schedule_store.get_schedule(session, broken.id)
    assert found is not None
    assert "Mars/Olympus" in (found.last_error or "")


def test_a_backup_that_is_still_active_is_not_started_again(timed: Timed) -> None:
    timed.every("1m")
    for _ in range(2):
        timed.pass_by(minutes=1)
        timed.fire()
    assert timed.captures() == 1
