"""What screens may ask and order about schedules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsconsole.domain.run import OperationRun
    from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
    from opsconsole.service.started import Started


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule with the run that tells how its last fire went; None: it never fired, or its run is not to be seen."""

    schedule: Schedule
    last_run: OperationRun | None = None


class SchedulesDesk(Protocol):
    """Schedules: the list, what a rule means, adding, pausing, removing and running one."""

    def schedules(self) -> list[ScheduleView]: ...
    def next_fires(self, rule: Rule, count: int) -> list[datetime]:
        """Return the next times at which a rule fires, in UTC. Raises UsageError for a rule that is wrong."""
        ...

    def add_schedule(
        self, kind: ScheduleKind, tenant: str, rule: Rule, *, types: Sequence[str] = (), set_ref: str = "latest"
    ) -> Schedule: ...
    def pause_schedule(self, ref: str) -> Schedule: ...
    def resume_schedule(self, ref: str) -> Schedule: ...
    def remove_schedule(self, ref: str) -> Schedule: ...
    def run_schedule(self, ref: str) -> Started: ...
