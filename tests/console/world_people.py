"""Schedules and members to look at, in the busy world."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from opsconsole.console.desk.schedules import ScheduleView
from opsconsole.domain.access import Actor, Member, Role
from opsconsole.domain.clock import to_text
from opsconsole.domain.run import Outcome, RunType
from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind

from .memory_desk import NOW, MemoryDesk
from .world import at, busy_world, hostile_world, make_id, make_run, minutes, tenant_view


def make_schedule(number: int, kind: ScheduleKind, rule: Rule, next_in: timedelta | None, **values: Any) -> Schedule:
    """Return a schedule that fires next in so long; None: it is paused."""
    return replace(
        Schedule(
            id=make_id(number),
            workspace_id="w",
            workspace="main",
            tenant_id="t",
            tenant="contoso",
            kind=kind,
            rule=rule,
            inputs={},
            is_paused=next_in is None,
            initiator="uid:1000",
            initiator_name="alice",
            created_at=at(days=30),
            next_fire_at=to_text(NOW + next_in) if next_in is not None else None,
            last_fired_at=at(hours=11),
            last_run_id=None,
        ),
        **values,
    )


def some_schedules() -> list[ScheduleView]:
    """Return one schedule of each kind and state."""
    backup, drift = ScheduleKind.BACKUP, ScheduleKind.DRIFT
    whole = make_run(6001, RunType.FETCH, ago=minutes(660), took_s=248, by="schedule", total=1204, processed=1204)
    partly = make_run(
        6002, RunType.FETCH, outcome=Outcome.PARTIALLY_SUCCEEDED, ago=minutes(122), took_s=248, by="schedule",
        total=1204, processed=1197, failed=7,
    )  # fmt: skip
    compared = make_run(6003, RunType.DRIFT, ago=minutes(1400), took_s=61, by="schedule", total=1204, processed=1204)
    return [
        ScheduleView(
            make_schedule(
                6101, backup, Rule(cron="0 3 * * *", timezone="Europe/Zurich"), timedelta(hours=10, minutes=58)
            ),
            whole,
        ),
        ScheduleView(
            make_schedule(
                6102,
                backup,
                Rule(every="6h"),
                timedelta(hours=3, minutes=58),
                inputs={"types": ["deviceConfiguration", "settingsCatalogPolicy"]},
                last_fired_at=at(minutes=122),
            ),
            partly,
        ),
        ScheduleView(
            make_schedule(
                6103, drift, Rule(cron="30 7 * * 1-5"), None, inputs={"set": "latest"}, last_fired_at=at(minutes=1400)
            ),
            compared,
        ),
        ScheduleView(
            make_schedule(
                6104,
                drift,
                Rule(cron="*/20 8-17 * * 1-5", timezone="America/New_York"),
                timedelta(minutes=17),
                inputs={"set": make_id(8000)},
                last_fired_at=at(minutes=3),
                last_error="The fetch of the newest set is still active. Wait for it: `opsconsole runs watch RUN`.",
                initiator_name="carol",
            )
        ),
        ScheduleView(
            make_schedule(6105, backup, Rule(cron="0 1 1 * *"), timedelta(days=11, hours=11), last_fired_at=None)
        ),
    ]


def some_members() -> list[Member]:
    """Return one member of each role; the first is who sits at the console."""
    rows = (
        ("alice", "uid:1000", Role.OWNER, 90),
        ("bob", "uid:1001", Role.OPERATOR, 40),
        ("carol", "uid:1002", Role.MANAGER, 12),
        ("nightly-reports", "uid:4001", Role.READONLY, 3),
    )
    return [Member("main", Actor(key, name), role, at(days=days)) for name, key, role, days in rows]


def people_world(role: Role = Role.OWNER, **named: Any) -> MemoryDesk:
    """Return the busy world with schedules and members."""
    desk = busy_world(role=role, **named)
    desk.all_schedules = some_schedules()
    desk.all_members = some_members()
    return desk


def operator_world() -> MemoryDesk:
    """Return the same, seen by somebody who may change neither."""
    return people_world(Role.OPERATOR)


def two_tenants() -> MemoryDesk:
    """Return the same with a second tenant, which has a schedule of its own."""
    desk = people_world()
    desk.tenant_views = [tenant_view(), tenant_view("fabrikam", production=True)]
    last = desk.all_schedules[-1]
    desk.all_schedules[-1] = replace(last, schedule=replace(last.schedule, tenant_id="u", tenant="fabrikam"))
    return desk


def hostile_people(name: str) -> MemoryDesk:
    """Return the hostile world with ``name`` in every place where schedules and members show foreign text."""
    desk = hostile_world(name)
    desk.all_schedules = [
        replace(
            view,
            schedule=replace(
                view.schedule,
                tenant=name,
                initiator_name=name,
                last_error=name if view.schedule.last_error else None,
                rule=Rule(cron=name, timezone=name) if number == 3 else view.schedule.rule,
                inputs={"types": [name], "set": name},
            ),
        )
        for number, view in enumerate(some_schedules())
    ]
    desk.all_members = [
        replace(one, workspace="main", actor=Actor(f"{one.actor.key}{name}", name)) for one in some_members()
    ]
    return desk
