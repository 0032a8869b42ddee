"""A tenant's Graph budget as one engine sees it: what is spent, in flight and waiting, and until when the tenant is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AreaUse:
    """What is spent of one area's budget in its sliding period; the writes are among the requests.

    ``writes_limit`` is this engine's part, where several share a tenant.
    """

    area: str
    requests: int
    requests_limit: int
    writes: int
    writes_limit: int
    period_s: float

    def to_json(self) -> dict[str, Any]:
        """Return the use as JSON."""
        return {
            "area": self.area,
            "requests": self.requests,
            "requests_limit": self.requests_limit,
            "writes": self.writes,
            "writes_limit": self.writes_limit,
            "period_s": self.period_s,
        }


@dataclass(frozen=True, slots=True)
class TenantBudget:
    """One engine's pace in one tenant. ``waiting`` calls stand in line: for the tenant to open, a turn, or a free place."""

    concurrency: int
    in_flight: int
    waiting: int
    engines: int
    closed_until: str | None
    areas: tuple[AreaUse, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is under way, waits or is spent."""
        return not (self.in_flight or self.waiting or self.closed_until or self.areas)

    def to_json(self) -> dict[str, Any]:
        """Return the budget as JSON."""
        return {
            "concurrency": self.concurrency,
            "in_flight": self.in_flight,
            "waiting": self.waiting,
            "engines": self.engines,
            "closed_until": self.closed_until,
            "areas": [area.to_json() for area in self.areas],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> TenantBudget:
        """Return the budget that ``to_json`` wrote."""
        return cls(
            int(value["concurrency"]),
            int(value["in_flight"]),
            int(value["waiting"]),
            int(value["engines"]),
            value["closed_until"],
            tuple(AreaUse(**area) for area in value["areas"]),
        )
