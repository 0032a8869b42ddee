"""A tenant's throttle board in the store: a ``Retry-After`` closes the tenant for every process (promise 12)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from opsconsole.domain.clock import Clock, from_text, system_clock, to_text
from opsconsole.errors import StoreUnavailable
from opsconsole.store import engines, tenants
from opsconsole.store.database import Database

T = TypeVar("T")


class StoredPauses:
    """``tenants.paused_until`` of one tenant, for the graph room's governor."""

    def __init__(
        self,
        db: Database,
        tenant_id: str,
        in_thread: Callable[[Callable[[], T]], Awaitable[T]],
        clock: Clock = system_clock,
    ) -> None:
        self._db = db
        self._tenant_id = tenant_id
        self._in_thread = in_thread
        self._clock = clock
        self._engines = 1

    def engines(self) -> int:
        """Return how many live engines work for the tenant, as the last look at the store found."""
        return self._engines

    async def read(self) -> datetime | None:
        """Return until when the tenant is closed; None when it is open, or when the store does not answer."""

        def step() -> str | None:
            with self._db.read() as session:
                self._engines = engines.count_live(session, self._tenant_id, to_text(self._clock()))
                return tenants.read_pause(session, self._tenant_id)

        try:
            text = await self._in_thread(step)  # type: ignore[arg-type]
        except StoreUnavailable:
            return None  # the run's own next transaction reports it; this process still obeys what it heard itself
        return from_text(str(text)) if text else None

    async def publish(self, until: datetime) -> None:
        """Close the tenant until then, for everybody; never shortens."""

        def step() -> None:
            with self._db.write() as session:
                tenants.extend_pause(session, self._tenant_id, to_text(until))

        try:
            await self._in_thread(step)  # type: ignore[arg-type]
        except StoreUnavailable:
            return  # as above: the governor keeps it for this process
