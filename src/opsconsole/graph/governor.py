"""One tenant's pace: how many calls at a time, until when it is closed, what the budgets leave."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from opsconsole.domain.clock import Clock, system_clock, to_text
from opsconsole.domain.graph_budget import TenantBudget
from opsconsole.graph.budget import Purse
from opsconsole.graph.client import GraphRequest

log = logging.getLogger("opsconsole.graph")

Sleep = Callable[[float], Awaitable[None]]

BOARD_PAUSE_S = 0.25
"""The board is read at most this often: other processes publish rarely, and a read is a query."""

BACK_OFF_BASE_S = 1.0
BACK_OFF_CAP_S = 60.0
"""A wait that doubles from one second grows no longer than a minute."""

RETRY_AFTER_CAP_S = 3600.0
"""A longer Retry-After is a mistake on one of the two sides, and would close the tenant for good."""

SHORT_CLOSURES = 3
"""After this many closures in a row Retry-After is too short to help, and the back-off is the least."""

STEP_S = 5.0
"""While the tenant is closed, the board is looked at again at least this often."""


class PauseBoard(Protocol):
    """Where the processes on one store tell each other until when a tenant is closed."""

    async def read(self) -> datetime | None:
        """Return until when the tenant is closed, or None."""
        ...

    async def publish(self, until: datetime) -> None:
        """Close the tenant until then for everybody; a later time that stands there stays."""
        ...


class Governor:
    """Holds the pace of one tenant, for all runs of this process on it. Belongs to one event loop."""

    def __init__(
        self,
        concurrency: int = 8,
        *,
        board: PauseBoard | None = None,
        share: Callable[[], int] = lambda: 1,
        clock: Clock = system_clock,
        sleep: Sleep = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._uniform = uniform
        self._ceiling = float(concurrency)
        self._limit = float(concurrency)
        self._in_flight = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._closed_until: datetime | None = None
        self._closures = 0
        self._halved_at: datetime | None = None
        self._board = board
        self._board_read_at: datetime | None = None
        self._purse = Purse(share)
        self._standing = 0

    @property
    def limit(self) -> int:
        """Return how many calls may be in flight now."""
        return max(1, int(self._limit))

    def shown(self) -> dict[str, int]:
        """Return the pace as it is: calls that may be in flight, and engines that share the writes."""
        return {"concurrency": self.limit, "engines": self._purse.share}

    def budget(self) -> TenantBudget:
        """Return the pace with all that it rests on: what others on this store may be told of it."""
        until = self.closed_until
        return TenantBudget(
            self.limit,
            self._in_flight,
            self._standing,
            self._purse.share,
            to_text(until) if until else None,
            self._purse.used(self.clock()),
        )

    @contextmanager
    def standing_in_line(self) -> Iterator[None]:
        """Count a call as waiting for as long as the block lasts."""
        self._standing += 1
        try:
            yield
        finally:
            self._standing -= 1

    @property
    def closed_until(self) -> datetime | None:
        """Return until when the tenant is closed as far as this process knows, or None."""
        if self._closed_until is not None and self._closed_until > self.clock():
            return self._closed_until
        return None

    async def look(self) -> datetime | None:
        """Return until when the tenant is closed, as the board knows it too; the board is read at most every 0.25 s."""
        now = self.clock()
        is_due = self._board_read_at is None or (now - self._board_read_at).total_seconds() >= BOARD_PAUSE_S
        if self._board is not None and is_due:
            self._board_read_at = now
            posted = await self._board.read()
            if posted is not None and (self._closed_until is None or posted > self._closed_until):
                self._closed_until = posted
        return self.closed_until

    async def close_for(self, headers: Mapping[str, str]) -> None:
        """Close the tenant for as long as an answer's Retry-After says, else for a back-off; tell the other processes."""
        now = self.clock()
        wait_s = retry_after_s(headers, now)
        if wait_s is None:
            wait_s = self.back_off_s(self._closures)
        elif self._closures > SHORT_CLOSURES:
            wait_s = max(wait_s, self.back_off_s(self._closures - SHORT_CLOSURES))
        is_news = self.closed_until is None
        if is_news:
            self._closures += 1
        if self._halved_at is None or (now - self._halved_at).total_seconds() >= 1.0:
            self._limit = max(1.0, self._limit / 2)
            self._halved_at = now
        until = now + timedelta(seconds=wait_s)
        if self._closed_until is None or until > self._closed_until:
            self._closed_until = until
            log.info("Graph asks to wait %.1f s; from now on %d calls at a time", wait_s, self.limit)
            if self._board is not None and wait_s > 0:
                await self._board.publish(until)

    def note_success(self) -> None:
        """Let the number of calls in flight grow again, by one for each round of successes."""
        self._closures = 0
        self._limit = min(self._ceiling, self._limit + 1.0 / max(1.0, self._limit))
        self._wake()

    def back_off_s(self, tries: int) -> float:
        """Return how long to wait after that many tries without a word from Graph: doubling, with jitter."""
        top = min(BACK_OFF_CAP_S, BACK_OFF_BASE_S * 2.0**tries)
        return self._uniform(top / 2, top)

    def spread_s(self) -> float:
        """Return a short wait after a closure, so that all who waited do not call in the same moment."""
        return self._uniform(0.0, 0.25)

    def turn_wait_s(self, request: GraphRequest) -> float:
        """Return how long a call must wait for its turn under Microsoft's budgets; nothing for one that may go now."""
        return self._purse.wait_s(request, self.clock())

    def take_turn(self, request: GraphRequest) -> None:
        """Count a call that goes now."""
        self._purse.spend(request, self.clock())

    async def acquire(self) -> None:
        """Wait for a free place among the calls in flight."""
        if self._in_flight < self.limit and not self._waiters:
            self._in_flight += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.release()
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
            raise

    def release(self) -> None:
        """Give the place back."""
        self._in_flight -= 1
        self._wake()

    def _wake(self) -> None:
        while self._in_flight < self.limit and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                # The place is handed over here, so that no newcomer can take it first.
                self._in_flight += 1
                waiter.set_result(None)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for: a whole number, a fraction or an HTTP date; None without one."""
    text = (headers.get("retry-after") or "").strip()
    try:
        wait_s = float(text)
    except ValueError:
        try:
            wait_s = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    if wait_s != wait_s or wait_s <= 0:  # not a number, or no time at all: then the back-off decides
        return None
    return min(wait_s, RETRY_AFTER_CAP_S)
