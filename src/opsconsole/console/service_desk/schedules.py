"""Schedules: each call is one service function; when a rule fires is asked of the engine's scheduler, loaded on first use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from opsconsole.console.desk.schedules import ScheduleView
from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.errors import NotFound
from opsconsole.service import runs

if TYPE_CHECKING:
    from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
    from opsconsole.service import schedules
    from opsconsole.service.started import Started
else:
    schedules = Later("opsconsole.service.schedules")

_ENDED_BADLY = frozenset({Outcome.FAILED, Outcome.CANCELLED})


class SchedulesAtService(AtService):
    """Schedules: each call is one service function."""

    def schedules(self) -> list[ScheduleView]:
        return [ScheduleView(found, self._last_run(found)) for found in schedules.list_schedules(self.caller)]

    def next_fires(self, rule: Rule, count: int) -> list[datetime]:
        fires: list[datetime] = []
        for _ in range(count):
            fires.append(_next_fire(rule, fires[-1] if fires else self.caller.clock()))
        return fires

    def add_schedule(
        self, kind: ScheduleKind, tenant: str, rule: Rule, *, types: Sequence[str] = (), set_ref: str = "latest"
    ) -> Schedule:
        return schedules.add_schedule(self.caller, kind, tenant, rule, _next_fire, types=types, set_ref=set_ref)

    def pause_schedule(self, ref: str) -> Schedule:
        return schedules.pause_schedule(self.caller, ref)

    def resume_schedule(self, ref: str) -> Schedule:
        return schedules.resume_schedule(self.caller, ref, _next_fire)

    def remove_schedule(self, ref: str) -> Schedule:
        return schedules.remove_schedule(self.caller, ref)

    def run_schedule(self, ref: str) -> Started:
        return schedules.run_schedule_now(self.caller, ref)

    def _last_run(self, found: Schedule) -> OperationRun | None:
        """Return the run that tells how the last fire went: of a backup its fetch, once the capture went well."""
        if found.last_run_id is None:
            return None
        try:
            first = runs.show_run(self.caller, found.last_run_id)
            if (
                first.type is not RunType.CAPTURE
                or first.status is not Status.COMPLETED
                or first.outcome in _ENDED_BADLY
            ):
                return first
            following = runs.related(self.caller, first.id).get("followed_by") or ()
            return runs.show_run(self.caller, str(following[0])) if following else first
        except NotFound:
            return None


def _next_fire(rule: Rule, after: datetime) -> datetime:
    from opsconsole.engine.scheduler import next_fire

    return next_fire(rule, after)
