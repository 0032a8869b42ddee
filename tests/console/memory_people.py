"""Schedules and members of the desk in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from opsconsole.console.desk.members import MembersReport
from opsconsole.console.desk.schedules import ScheduleView
from opsconsole.domain.access import Actor, Member, Role
from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
from opsconsole.engine.scheduler import next_fire
from opsconsole.errors import UsageError
from opsconsole.service.started import Started

ACCOUNTS = {"alice": "uid:1000", "bob": "uid:1001", "carol": "uid:1002", "dave": "uid:1003"}
"""Accounts that the machine knows."""


@dataclass
class MemoryPeople:
    """What Schedules and Members ask for; ``orders`` keeps what was ordered."""

    all_schedules: list[ScheduleView] = field(default_factory=list)
    all_members: list[Member] = field(default_factory=list)
    own_key: str = "uid:1000"
    is_one_file: bool = True
    orders: list[tuple[Any, ...]] = field(default_factory=list)
    has_changed: bool = False

    def now(self) -> datetime:
        raise NotImplementedError

    def _look(self) -> None:
        raise NotImplementedError

    def schedules(self) -> list[ScheduleView]:
        self._look()
        return list(self.all_schedules)

    def next_fires(self, rule: Rule, count: int) -> list[datetime]:
        fires = [next_fire(rule, self.now())]
        while len(fires) < count:
            fires.append(next_fire(rule, fires[-1]))
        return fires

    def add_schedule(
        self, kind: ScheduleKind, tenant: str, rule: Rule, *, types: Sequence[str] = (), set_ref: str = "latest"
    ) -> Schedule:
        self.orders.append(("add_schedule", kind, tenant, rule, tuple(types), set_ref))
        return self.all_schedules[0].schedule

    def pause_schedule(self, ref: str) -> Schedule:
        self.orders.append(("pause_schedule", ref))
        return self._put(ref, is_paused=True, next_fire_at=None)

    def resume_schedule(self, ref: str) -> Schedule:
        self.orders.append(("resume_schedule", ref))
        return self._put(ref, is_paused=False)

    def remove_schedule(self, ref: str) -> Schedule:
        self.orders.append(("remove_schedule", ref))
        found = next(one.schedule for one in self.all_schedules if one.schedule.id == ref)
        self.all_schedules = [one for one in self.all_schedules if one.schedule.id != ref]
        return found

    def run_schedule(self, ref: str) -> Started:
        self.orders.append(("run_schedule", ref))
        run = next(one.last_run for one in self.all_schedules if one.last_run is not None)
        return Started(True, [run])

    def _put(self, ref: str, **values: Any) -> Schedule:
        self.all_schedules = [
            replace(one, schedule=replace(one.schedule, **values)) if one.schedule.id == ref else one
            for one in self.all_schedules
        ]
        return next(one.schedule for one in self.all_schedules if one.schedule.id == ref)

    def members(self) -> MembersReport:
        self._look()
        return MembersReport(list(self.all_members), self.own_key, self.is_one_file)

    def account(self, text: str) -> Actor:
        if text in ACCOUNTS:
            return Actor(ACCOUNTS[text], text)
        if ":" in text:
            return Actor(text, text)
        raise UsageError(f"There is no account {text!r} on this machine.", "Name it by key: uid:1000.")

    def set_member(self, workspace: str, actor_key: str, role: Role) -> Member:
        self.orders.append(("set_member", workspace, actor_key, role))
        known = {one.actor.key: one.actor for one in self.all_members}
        actor = known.get(actor_key) or Actor(actor_key, actor_key)
        made = Member(workspace, actor, role, "2026-08-20T14:02:07.000000Z")
        self.all_members = [
            one for one in self.all_members if (one.workspace, one.actor.key) != (workspace, actor_key)
        ] + [made]
        return made

    def remove_member(self, workspace: str, actor_key: str) -> Actor:
        self.orders.append(("remove_member", workspace, actor_key))
        gone = next(one for one in self.all_members if (one.workspace, one.actor.key) == (workspace, actor_key))
        self.all_members.remove(gone)
        return gone.actor
