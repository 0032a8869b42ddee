"""The log of a run: what an engine tells of its work, bounded, folded, and written only by who holds the run."""

from __future__ import annotations

from datetime import timedelta

from builders import START
from opsconsole.domain.clock import from_text, to_text
from opsconsole.domain.run import Outcome, RunType
from opsconsole.domain.run_event import MAX_EVENTS, EventKind, RunEvent, phases_of
from opsconsole.operations.run_log import RunLog
from opsconsole.service import backups, runs
from opsconsole.store import runs as stored
from world import CATALOG, MANAGED_APPS, World, add_policy, group, policy_id, small_tenant, status_fault

from .conftest import MakeWorld


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self):
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def log_of(world: World, run_id: str) -> list[RunEvent]:
    return runs.run_log(world.caller, run_id)


def last(world: World, kind: RunType) -> str:
    return world.all_runs(kind)[0].id


def texts(events: list[RunEvent], kind: EventKind) -> list[str]:
    return [event.text for event in events if event.kind is kind]


def test_what_is_repeated_is_one_line_with_a_count() -> None:
    time = Time()
    log = RunLog(1, time)
    log.note(EventKind.RETRY, "again")
    time.pass_s(10)
    log.note(EventKind.RETRY, "again", times=3)
    log.note(EventKind.RETRY, "another")
    assert [(line.text, line.times) for line in log.lines] == [("again", 4), ("another", 1)]
    time.pass_s(120)
    log.note(EventKind.RETRY, "again")
    assert [line.times for line in log.lines] == [4, 1, 1], "much later it is news"
    log.phase("next")
    log.note(EventKind.RETRY, "again")
    assert len(log.lines) == 5, "in another phase too"


def test_a_wait_knows_how_long_it_was_in_sum() -> None:
    time = Time()
    log = RunLog(1, time)
    for _ in range(2):
        log.note(EventKind.THROTTLE_WAIT, "asked to wait", until=to_text(time.now + timedelta(seconds=6)))
        time.pass_s(7)
        log.end_waits()
        time.pass_s(1)
    (line,) = log.lines
    assert (line.times, line.data["waited_s"], line.ended_at is not None) == (2, 12.0, True), "no longer than told to"


def test_a_wait_ends_at_its_time_also_while_another_lasts() -> None:
    time = Time()
    log = RunLog(1, time)
    log.note(EventKind.THROTTLE_WAIT, "apps", until=to_text(time.now + timedelta(seconds=2)))
    time.pass_s(3)
    log.note(EventKind.THROTTLE_WAIT, "groups", until=to_text(time.now + timedelta(seconds=9)))
    assert [line.data.get("waited_s") for line in log.lines] == [2.0, None]
    time.pass_s(4)
    log.end_waits()
    assert [line.data.get("waited_s") for line in log.lines] == [2.0, 4.0]


def test_a_log_never_grows_without_bound() -> None:
    log = RunLog(1, Time())
    for number in range(5000):
        log.note(EventKind.RETRY, f"call {number}")
    assert len(log.lines) == MAX_EVENTS - 1
    assert log.lines[-1].kind is EventKind.LEFT_OUT
    log.phase("one more")
    log.end_phase()
    assert len(log.lines) == MAX_EVENTS - 1
    full = RunLog(2, Time(), before=MAX_EVENTS - 1)
    full.note(EventKind.ATTEMPT, "again")
    assert full.lines == []


def test_only_what_changed_is_written_again() -> None:
    log = RunLog(1, Time())
    log.note(EventKind.RETRY, "a")
    log.note(EventKind.RETRY, "b")
    lines, states = log.unwritten()
    log.note(EventKind.RETRY, "b")
    log.written(states)
    assert [line.text for line in lines] == ["a", "b"]
    assert [(line.text, line.times) for line in log.unwritten()[0]] == [("b", 2)]


def test_a_phase_that_its_worker_never_ended_lasted_until_the_next_took_over() -> None:
    def at(seconds: int) -> str:
        return f"2026-03-02T08:00:{seconds:02}.000000Z"

    events = [
        RunEvent(1, at(0), EventKind.ATTEMPT, "one"),
        RunEvent(2, at(1), EventKind.PHASE, "Reading"),
        RunEvent(3, at(9), EventKind.TAKEN_OVER, "two"),
        RunEvent(4, at(9), EventKind.PHASE, "Reading", at(12)),
        RunEvent(5, at(12), EventKind.PHASE, "Naming"),
    ]
    assert [(one.began_at, one.ended_at) for one in phases_of(events, None)] == [
        (at(1), at(9)),
        (at(9), at(12)),
        (at(12), None),
    ]
    assert phases_of(events, at(20))[-1].ended_at == at(20)


def test_a_backup_tells_its_phases_its_engine_and_its_end(make_each_world: MakeWorld) -> None:
    tenant = small_tenant(5)
    add_policy(tenant, MANAGED_APPS, 60, group(1))
    world = make_each_world(tenant)
    world.backup()
    capture, fetch = log_of(world, last(world, RunType.CAPTURE)), log_of(world, last(world, RunType.FETCH))
    assert texts(capture, EventKind.PHASE) == ["Listing policy types"]
    assert texts(fetch, EventKind.PHASE) == ["Settling from the list", "Reading in batches", "Looking up names"]
    for events in (capture, fetch):
        assert (events[0].kind, events[-1].kind) == (EventKind.ATTEMPT, EventKind.COMPLETED)
        assert events[-1].text == "The run succeeded."
        assert all(event.ended_at for event in events if event.kind is EventKind.PHASE)
        assert [event.seq for event in events] == sorted(event.seq for event in events)
    run = world.run(last(world, RunType.FETCH))
    phases = phases_of(fetch, run.completed_at)
    spent = sum((from_text(one.ended_at or "") - from_text(one.began_at)).total_seconds() for one in phases)
    took = (from_text(run.completed_at or "") - from_text(run.started_at or "")).total_seconds()
    assert 0 < spent <= took


def test_preview_and_restore_tell_theirs(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    world.backup()
    world.assign(CATALOG, 1, group(12))
    plan = world.preview()
    assert texts(log_of(world, plan.preview_run_id), EventKind.PHASE) == [
        "Reading the tenant",
        "Resolving groups and filters",
        "Planning",
    ]
    run = world.execute(plan.id)
    assert texts(log_of(world, run.id), EventKind.PHASE) == ["Writing policies"]


def test_a_throttle_window_shows_until_when_how_long_and_where(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    world.break_with(status_fault(429, type=CATALOG, operation="list", action={"retry_after": 0.6}))
    started = backups.start_backup(world.caller, "contoso", [CATALOG])
    world.drain()
    events = log_of(world, started.runs[0].id)
    (wait,) = [event for event in events if event.kind is EventKind.THROTTLE_WAIT]
    assert wait.text == "Graph asked to wait (settings catalog)"
    assert from_text(wait.data["until"]) > from_text(wait.at)
    assert 0.4 < wait.data["waited_s"] < 10
    assert wait.ended_at is not None


def test_repeated_calls_and_other_ways_of_asking_show(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    world.break_with(
        status_fault(503, type=CATALOG, operation="list"),
        status_fault(400, type=CATALOG, operation="list", times=1),
    )
    started = backups.start_backup(world.caller, "contoso", [CATALOG])
    world.drain()
    events = log_of(world, started.runs[0].id)
    assert any("answered 503" in text for text in texts(events, EventKind.RETRY)), events
    assert any("read in batches" in text for text in texts(events, EventKind.FALLBACK)), events


def test_what_failed_is_counted_by_reason(make_world: MakeWorld) -> None:
    tenant = small_tenant(0)
    for number in range(60, 65):
        add_policy(tenant, MANAGED_APPS, number, group(1))
    world = make_world(tenant)
    world.break_with(status_fault(403, operation="assignments", times="forever"))
    world.backup()
    events = log_of(world, last(world, RunType.FETCH))
    (line,) = [event for event in events if event.kind is EventKind.FAILED]
    assert (line.times, line.data["reason"]) == (5, "permission_denied")
    assert events[-1].text == "The run failed."


def take_as_lost(world: World, run_id: str) -> None:
    """Let an engine take a run whose lease has run out already."""
    with world.caller.db.write() as session:
        tenants = [str(row["id"]) for row in session.all("SELECT id FROM tenants")]
        past = "2020-01-01T00:00:00.000000Z"
        claimed = stored.claim_next(
            session, engine_id="gone", tenant_ids=tenants, only_runs=[run_id], now=past, expires=past
        )
    assert claimed is not None


def test_a_take_over_shows_and_the_late_worker_can_write_no_line(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(3))
    started = backups.start_backup(world.caller, "contoso", [CATALOG])
    take_as_lost(world, started.runs[0].id)
    world.drain()
    events = log_of(world, started.runs[0].id)
    assert events[0].kind is EventKind.TAKEN_OVER
    assert "took over from a lost one" in events[0].text
    assert world.run(started.runs[0].id).outcome is Outcome.SUCCEEDED


def test_a_cancel_shows(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    started = backups.start_backup(world.caller, "contoso", [CATALOG])
    with world.caller.db.write() as session:
        session.run(
            "UPDATE operation_runs SET cancel_requested_at = :now WHERE id = :id", now="2026", id=started.runs[0].id
        )
    world.drain()
    events = log_of(world, started.runs[0].id)
    assert [event.kind for event in events][-2:] == [EventKind.CANCEL, EventKind.COMPLETED]
    queued = backups.start_backup(world.caller, "contoso", [CATALOG]).runs[0]
    runs.cancel_run(world.caller, queued.id)
    assert texts(log_of(world, queued.id), EventKind.COMPLETED) == ["The run was cancelled."]


def test_no_name_stands_in_a_log(make_world: MakeWorld) -> None:
    tenant = small_tenant(0)
    add_policy(tenant, MANAGED_APPS, 60, group(1), name="Payroll of Zoe Quill")
    world = make_world(tenant)
    world.break_with(
        status_fault(403, operation="assignments", times="forever", action={"message": "zoe@contoso.example"})
    )
    world.backup()
    for run in world.all_runs():
        for event in log_of(world, run.id):
            said = str(event.to_json())
            for word in ("Zoe", "zoe", policy_id(60), world.caller.actor.name):
                assert word not in said


def test_the_lines_of_a_later_worker_stand_behind_those_of_every_earlier_one() -> None:
    first, second = RunLog(1, Time()), RunLog(2, Time())
    for number in range(MAX_EVENTS):
        first.note(EventKind.RETRY, str(number))
    second.note(EventKind.ATTEMPT, "again")
    assert first.lines[-1].seq < second.lines[0].seq
