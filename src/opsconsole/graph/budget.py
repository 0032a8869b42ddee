"""Microsoft's request budgets, kept ahead of time: how much each part of Graph takes from one application in one tenant."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from opsconsole.domain.graph_budget import AreaUse
from opsconsole.graph.client import GraphRequest
from opsconsole.graph.policy_types import POLICY_TYPES, Area

IDENTITY = "identity"
"""Groups and directory objects: a budget of its own, in resource units."""


@dataclass(frozen=True, slots=True)
class Budget:
    """So many requests, and among them so many writes, in a sliding period."""

    requests: int
    writes: int
    period_s: float


INTUNE = Budget(1000, 100, 22.5)
"""Intune's budget of an area for one application in one tenant (graph.md 4). Its 20 seconds and an eighth more: requests
arrive in other bunches than they are sent in."""

DEVICES = Budget(2000, 200, 22.5)
"""The area of devices, to which scripts and their assignments belong, takes twice as much."""

DIRECTORY = Budget(3500, 3500, 11.0)
"""Entra's resource units in ten seconds for a tenant of the smallest size."""

BUDGETS: Mapping[str, Budget] = {area.value: INTUNE for area in Area} | {
    Area.DEVICES.value: DEVICES,
    IDENTITY: DIRECTORY,
}
"""The budget of each area."""

GET_BY_IDS_UNITS = 3
"""What one ``getByIds`` costs in resource units; other directory calls cost one."""

_AREAS = {row.path.lower(): row.area.value for row in POLICY_TYPES.values()}
_PLACE = re.compile(r"/(?:groups|directoryobjects)\b|/device(?:app)?management/[a-z]+", re.IGNORECASE)


def costs_of(request: GraphRequest) -> Counter[str]:
    """Return what a call costs, by area; each request inside a batch counts for itself."""
    costs: Counter[str] = Counter()
    for path in request.inner or (request.path,):
        found = _PLACE.search(path.partition("?")[0])
        place = found[0].lower() if found else ""
        if place in ("/groups", "/directoryobjects"):
            costs[IDENTITY] += GET_BY_IDS_UNITS if "getbyids" in path.lower() else 1
        else:
            costs[_AREAS.get(place, Area.CONFIGURATION.value)] += 1
    return costs


class _Window:
    """What was spent in the last seconds."""

    def __init__(self) -> None:
        self._spent: deque[tuple[datetime, int]] = deque()
        self._sum = 0

    def wait_s(self, now: datetime, cost: int, limit: int, period_s: float) -> float:
        """Return how long until ``cost`` more fits; a cost above the limit fits into an empty window."""
        self._forget(now, period_s)
        left = self._sum
        wait_s = 0.0
        for moment, spent in self._spent:
            if left + cost <= limit:
                break
            left -= spent
            wait_s = period_s - (now - moment).total_seconds()
        return wait_s

    def used(self, now: datetime, period_s: float) -> int:
        """Return what of the budget is spent now."""
        self._forget(now, period_s)
        return self._sum

    def _forget(self, now: datetime, period_s: float) -> None:
        while self._spent and (now - self._spent[0][0]).total_seconds() >= period_s:
            self._sum -= self._spent.popleft()[1]

    def spend(self, now: datetime, cost: int) -> None:
        self._spent.append((now, cost))
        self._sum += cost


class Purse:
    """What one engine has spent of a tenant's budgets; of the writes it takes one part in ``share()``."""

    def __init__(self, share: Callable[[], int] = lambda: 1) -> None:
        self._share = share
        self._windows: dict[tuple[str, str], _Window] = {}

    @property
    def share(self) -> int:
        """Return how many engines share the writes, this one included."""
        return max(1, self._share())

    def wait_s(self, request: GraphRequest, now: datetime) -> float:
        """Return how long a call must wait for its turn; nothing for one that may go now."""
        waits = [0.0]
        for area, cost in costs_of(request).items():
            budget = BUDGETS[area]
            waits.append(self._window(area, "requests").wait_s(now, cost, budget.requests, budget.period_s))
            if request.is_write:
                limit = max(1, budget.writes // self.share)
                waits.append(self._window(area, "writes").wait_s(now, cost, limit, budget.period_s))
        return max(waits)

    def spend(self, request: GraphRequest, now: datetime) -> None:
        """Count a call that goes now."""
        for area, cost in costs_of(request).items():
            self._window(area, "requests").spend(now, cost)
            if request.is_write:
                self._window(area, "writes").spend(now, cost)

    def used(self, now: datetime) -> tuple[AreaUse, ...]:
        """Return what is spent of each area's budget right now, areas without a call left out."""
        found = []
        for area in sorted({area for area, _ in self._windows}):
            budget = BUDGETS[area]
            requests = self._window(area, "requests").used(now, budget.period_s)
            writes = self._window(area, "writes").used(now, budget.period_s)
            if requests:
                limit = max(1, budget.writes // self.share)
                found.append(AreaUse(area, requests, budget.requests, writes, limit, budget.period_s))
        return tuple(found)

    def _window(self, area: str, kind: str) -> _Window:
        return self._windows.setdefault((area, kind), _Window())
