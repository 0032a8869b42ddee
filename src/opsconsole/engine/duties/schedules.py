"""Schedules: what is due is started through the same door as an operator's order, with its owner's rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.domain.clock import from_text, to_text
from opsconsole.engine.scheduler import following_fire
from opsconsole.errors import OpsError
from opsconsole.graph.sanitise import sanitise
from opsconsole.service.schedules import scheduled_caller, start_scheduled
from opsconsole.store import schedules

if TYPE_CHECKING:
    from opsconsole.engine.engine import Engine

SCHEDULE_INTERVAL_S = 1.0
"""One look a second at the schedules that are due; cron's smallest step is a minute."""


class FireSchedules:
    """Starts what is due, each fire once over all processes; what was missed while nothing ran is fired once."""

    name = "schedules"
    interval_s = SCHEDULE_INTERVAL_S

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen = -1
        self._next: str | None = None

    async def step(self) -> None:
        """Fire what is due; without a change of the store, nothing is read before the next time that is known."""
        engine = self._engine
        is_early = self._next is None or to_text(engine.clock()) < self._next
        if engine.is_stopping or (engine.changes == self._seen and is_early):
            return
        seen = engine.changes
        self._next = await engine.in_thread(self._fire_all)
        self._seen = seen

    def _fire_all(self) -> str | None:
        engine = self._engine
        self._fire()
        with engine.db.read() as session:
            return schedules.next_due(session, engine.tenant_ids())

    def _fire(self) -> None:
        engine = self._engine
        now = engine.clock()
        with engine.db.read() as session:
            due = schedules.due_schedules(session, to_text(now), engine.tenant_ids())
        for schedule in due:
            try:
                planned = from_text(schedule.next_fire_at or to_text(now))
                following = to_text(following_fire(schedule.rule, planned, now))
            except OpsError as problem:  # a time zone that this machine does not know: the others still fire
                if schedule.last_error != (why := sanitise(str(problem))):
                    with engine.db.write() as session:
                        schedules.note_fire(session, schedule.id, run_id=None, error=why)
                continue
            with engine.db.write() as session:
                taken = schedules.take_fire(session, schedule.id, schedule.next_fire_at or "", following, to_text(now))
            if not taken:
                continue
            run_id = error = None
            try:
                started = start_scheduled(scheduled_caller(engine.caller(), schedule), schedule)
                run_id = started.runs[0].id if started.runs else None
            except OpsError as problem:
                error = sanitise(str(problem))
            except Exception as problem:  # one schedule's mistake must not keep the others from firing
                error = f"opsconsole itself made a mistake here ({type(problem).__name__})."
            with engine.db.write() as session:
                schedules.note_fire(session, schedule.id, run_id=run_id, error=error)
