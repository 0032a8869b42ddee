"""The simulated tenant's time: the machine's, plus whatever a test moved it forward."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells date and seconds, and can be advanced, so that buckets refill and approvals expire without waiting."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead_s)

    def seconds(self) -> float:
        """A reading that only grows; the difference of two is time passed."""
        return time.monotonic() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Moves the clock forward; raises ValueError for a step back, since buckets would then fill from the past."""
        if seconds < 0:
            raise ValueError("the clock only moves forward; give a positive number")
        self._ahead_s += seconds
