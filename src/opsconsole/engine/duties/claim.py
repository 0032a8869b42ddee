"""Claiming: the change feed says when to look, the store says what may be taken."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from opsconsole.domain.clock import to_text
from opsconsole.domain.run import OperationRun
from opsconsole.engine.worker import expiry
from opsconsole.store import runs
from opsconsole.store.changes import ChangeFeed

if TYPE_CHECKING:
    from opsconsole.engine.engine import Engine

CLAIM_INTERVAL_S = 0.2
"""How often the change feed is asked whether something new may be claimed: 3 µs a look."""

CLAIM_AT_LEAST_S = 1.0
"""How often claims are tried without a change: a lease runs out without anybody writing."""


class Claim:
    """Takes queued runs, and running ones whose worker was lost, as long as there is room."""

    name = "claim"
    interval_s = CLAIM_INTERVAL_S

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._feed: ChangeFeed | None = None
        self._last_try = float("-inf")
        self._lock = asyncio.Lock()

    async def step(self) -> None:
        """Claim what there is room for; cheap when nothing changed."""
        # The tick and the end of a run both come here: two at once would share the feed, and the last free place.
        async with self._lock:
            await self._step()

    async def _step(self) -> None:
        engine = self._engine
        if engine.is_stopping or not engine.has_room:
            return
        if self._feed is None:
            self._feed = await engine.in_thread(lambda: ChangeFeed(engine.db))
        feed = self._feed
        has_changed = await engine.in_thread(feed.changed)
        if not has_changed and not engine.is_draining and time.monotonic() - self._last_try < CLAIM_AT_LEAST_S:
            return
        self._last_try = time.monotonic()
        while engine.has_room and not engine.is_stopping:
            run = await engine.in_thread(self._claim_one)
            if run is None:
                break
            engine.begin(run)
        await engine.look_whether_drained()

    def _claim_one(self) -> OperationRun | None:
        engine = self._engine
        now = engine.clock()
        tenant_ids = engine.tenant_ids()
        if not tenant_ids:
            return None
        with engine.db.read() as session:
            if not runs.has_claimable(session, tenant_ids, engine.only_runs, to_text(now)):
                return None
        with engine.db.write() as session:
            return runs.claim_next(
                session,
                engine_id=engine.id,
                tenant_ids=tenant_ids,
                only_runs=engine.only_runs,
                now=to_text(now),
                expires=to_text(expiry(now, engine.lease_seconds)),
            )

    def close(self) -> None:
        """Close the feed's connection."""
        if self._feed is not None:
            self._feed.close()
