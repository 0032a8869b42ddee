"""The overview: what goes on now, what the last day brought, what needs somebody, and what the newest backups hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from opsconsole.domain.attention import Need, Urgency
from opsconsole.domain.backup import BackupSet
from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import OperationRun, RunType, Status
from opsconsole.service.caller import Caller
from opsconsole.service.guard import reading, visible_workspaces
from opsconsole.service.needs import Ground, needs_of
from opsconsole.service.tenant_views import TenantView, views_of
from opsconsole.store import backups, engines, runs
from opsconsole.store import overview as glance
from opsconsole.store.database import Session

DAY = timedelta(hours=24)

SHOWN_RUNS = 5
"""Active runs that come with an overview, the running ones first; the counts tell how many more there are."""


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours, by the time when runs were asked for."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    policies_backed_up: int = 0
    restores: int = 0
    policies_restored: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the day as JSON."""
        return {
            "outcomes": dict(self.outcomes),
            "policies_backed_up": self.policies_backed_up,
            "restores": self.restores,
            "policies_restored": self.policies_restored,
            "failures": dict(self.failures),
        }


@dataclass(frozen=True, slots=True)
class Overview:
    """What one glance shows. ``sets`` holds the newest settled set of each tenant that has one, by the tenant's name."""

    at: str
    running: int = 0
    queued: int = 0
    active: tuple[OperationRun, ...] = ()
    engines: int = 0
    day: Day = Day()
    needs: tuple[Need, ...] = ()
    tenants: tuple[TenantView, ...] = ()
    sets: Mapping[str, BackupSet] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Tell whether nothing needs anybody soon; notes may remain."""
        return bool(self.tenants) and all(need.info.urgency is Urgency.NOTE for need in self.needs)

    def to_json(self) -> dict[str, Any]:
        """Return the overview as JSON."""
        return {
            "at": self.at,
            "well": self.is_well,
            "now": {
                "running": self.running,
                "queued": self.queued,
                "engines": self.engines,
                "runs": [run.to_json() for run in self.active],
            },
            "last_24_hours": self.day.to_json(),
            "needs": [need.to_json() for need in self.needs],
            "tenants": [view.to_json() for view in self.tenants],
            "coverage": {
                name: {key: counts.to_json() for key, counts in sorted(found.by_type.items())}
                for name, found in sorted(self.sets.items())
            },
        }


def overview(caller: Caller) -> Overview:
    """Return the overview of the caller's workspaces; nothing in it walks a whole table."""
    with reading(caller) as session:
        visible = visible_workspaces(caller, session)
        views = views_of(caller, session, visible)
        sets = {view.name: found for view in views if (found := _set_of(session, view))}
        states = runs.counts_by_state(session, visible)
        active: list[OperationRun] = []
        for status in (Status.RUNNING, Status.QUEUED):
            flt = runs.RunFilter(statuses=(status.value,))
            active += runs.list_runs(session, visible, flt, limit=SHOWN_RUNS)[0]
        live = engines.live_engines(session, caller.now()) if visible else []
        ground = Ground(caller, session, visible, views, sets, live, _count(states, Status))
        return Overview(
            caller.now(),
            ground.active[Status.RUNNING],
            ground.active[Status.QUEUED],
            tuple(active[:SHOWN_RUNS]),
            len(live),
            _day(caller, session, visible),
            needs_of(ground),
            tuple(views),
            sets,
        )


def _set_of(session: Session, view: TenantView) -> BackupSet | None:
    return backups.get_set(session, view.newest_set.id, failure_limit=0) if view.newest_set else None


def _count(states: Mapping[tuple[str, str], int], statuses: type[Status]) -> dict[Status, int]:
    return {one: sum(n for (status, _), n in states.items() if status == one.value) for one in statuses}


def _day(caller: Caller, session: Session, visible: list[str]) -> Day:
    since = to_text(caller.clock() - DAY)
    by_kind = glance.outcomes_since(session, visible, since)
    outcomes: dict[str, int] = {}
    for (_, outcome), count in by_kind.items():
        outcomes[outcome] = outcomes.get(outcome, 0) + count
    failures = glance.failures_since(session, visible, [reason.value for reason in Reason], since)
    return Day(
        outcomes,
        glance.processed_since(session, visible, RunType.FETCH, since),
        sum(count for (run_type, _), count in by_kind.items() if run_type == RunType.RESTORE.value),
        glance.processed_since(session, visible, RunType.RESTORE, since),
        dict(sorted(failures.items(), key=lambda pair: (-pair[1], pair[0]))),
    )
