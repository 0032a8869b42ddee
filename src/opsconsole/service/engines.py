"""Engines on the store, as somebody sees them who has just started one."""

from __future__ import annotations

from opsconsole.service.caller import Caller
from opsconsole.store import engines
from opsconsole.store.engines import EngineRow


def live_engines(caller: Caller) -> list[EngineRow]:
    """Return the engines whose heartbeat is recent, oldest first."""
    with caller.db.read() as session:
        return engines.live_engines(session, caller.now())
