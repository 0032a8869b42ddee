"""Claiming: the pulse of the store says when to look, the store says what may be taken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from opsconsole.domain.clock import to_text
from opsconsole.domain.run import OperationRun
from opsconsole.engine.worker import expiry
from opsconsole.store import runs

if TYPE_CHECKING:
    from opsconsole.engine.engine import Engine

LEASE_PART = 10
"""Claims are tried this many times a lease without a change: a lease runs out without anybody writing."""


class Claim:
    """Takes queued runs, and running ones whose worker was lost, as long as there is room."""

    name = "claim"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.interval_s = max(0.1, engine.lease_seconds / LEASE_PART)
        self._lock = asyncio.Lock()

    async def step(self) -> None:
        """Claim what there is room for."""
        # The tick, a change and the end of a run all come here: two at once would share the last free place.
        async with self._lock:
            await self._step()

    async def _step(self) -> None:
        engine = self._engine
        if engine.is_stopping or not engine.has_room:
            return
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
