"""Throttling by token buckets, with the budgets that Microsoft published."""

import math
from dataclasses import dataclass

from .clock import Clock
from .errors import GraphError
from .messages import GraphRequest
from .routes import OBJECT_SCOPES, Route


@dataclass(frozen=True, slots=True)
class Budget:
    """So many tokens in so many seconds, all of them available at the start."""

    tokens: float
    period_s: float


WRITES = Budget(100, 20)
REQUESTS = Budget(1000, 20)
"""Intune, per area, for one app on one tenant."""
DEVICE_WRITES = Budget(200, 20)
DEVICE_REQUESTS = Budget(2000, 20)
"""The area `devices`, to which scripts belong."""
IDENTITY = Budget(5000, 10)
"""Entra, in resource units, for a tenant of medium size."""


class Bucket:
    """Holds at most its budget and refills evenly with the clock, never faster."""

    def __init__(self, budget: Budget, clock: Clock) -> None:
        self._budget = budget
        self._clock = clock
        self._tokens = budget.tokens
        self._read_at = clock.seconds()

    def wait_s(self, cost: float) -> float:
        """How long until it holds that much; 0 when it does."""
        now = self._clock.seconds()
        rate = self._budget.tokens / self._budget.period_s
        self._tokens = min(self._budget.tokens, self._tokens + max(0.0, now - self._read_at) * rate)
        self._read_at = now
        return 0.0 if self._tokens >= cost else (cost - self._tokens) / rate

    def take(self, cost: float) -> None:
        """Takes that much out."""
        self._tokens -= cost


class Throttle:
    """All buckets of one app on one tenant."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def admit(self, request: GraphRequest, route: Route) -> None:
        """Counts the request; refuses with 429 and `Retry-After` where a bucket is empty, and then counts nothing."""
        if route.type is not None:
            area = route.type.area
            budgets = (DEVICE_REQUESTS, DEVICE_WRITES) if area == "devices" else (REQUESTS, WRITES)
            charges = [(self._bucket(area, "requests", budgets[0]), 1.0)]
            if request.is_write:
                charges.append((self._bucket(area, "writes", budgets[1]), 1.0))
        elif OBJECT_SCOPES.get(route.operation) == "groups":
            charges = [(self._bucket("identity", "units", IDENTITY), 3.0 if route.operation == "get_by_ids" else 1.0)]
        elif route.operation in OBJECT_SCOPES:
            charges = [(self._bucket("configuration", "requests", REQUESTS), 1.0)]
        else:
            return
        wait_s = max(bucket.wait_s(cost) for bucket, cost in charges)
        if wait_s > 0:
            raise GraphError(
                429, "TooManyRequests", "Too many requests.", headers={"Retry-After": str(max(1, math.ceil(wait_s)))}
            )
        for bucket, cost in charges:
            bucket.take(cost)

    def _bucket(self, area: str, kind: str, budget: Budget) -> Bucket:
        return self._buckets.setdefault((area, kind), Bucket(budget, self._clock))
