"""The heartbeat: leases of the runs in hand, and the engine's own row, are renewed well before they run out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from opsconsole.domain.clock import to_text
from opsconsole.engine.worker import expiry
from opsconsole.store import engines

if TYPE_CHECKING:
    from opsconsole.engine.engine import Engine


class Heartbeat:
    """Renews the leases of the runs in hand and the engine's own row, well before either runs out."""

    name = "heartbeat"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.interval_s = max(0.1, engine.lease_seconds / 3)

    async def step(self) -> None:
        """Beat once."""
        engine = self._engine
        # Side by side: one that waits for its run's long transaction must not let the others run out.
        results = await asyncio.gather(*(ctx.renew() for ctx in engine.in_hand()), return_exceptions=True)
        await engine.in_thread(self._beat)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _beat(self) -> None:
        engine, now = self._engine, self._engine.clock()
        with engine.db.write() as session:
            is_noted = engines.beat(session, engine.id, to_text(now), to_text(expiry(now, engine.lease_seconds)))
        if not is_noted:
            engine.register()  # this machine slept, and another engine took it for lost
