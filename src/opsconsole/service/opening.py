"""Opening the configured store: all that the first rows of the console take before they can be read."""

from __future__ import annotations

from opsconsole.config import Config
from opsconsole.domain.clock import Clock, system_clock
from opsconsole.domain.ids import NewId, new_id
from opsconsole.service.caller import Caller, actor_at
from opsconsole.store.opening import open_store


def open_caller(
    config: Config,
    *,
    workspace: str | None = None,
    create: bool = False,
    read_only: bool = False,
    clock: Clock = system_clock,
    ids: NewId = new_id,
) -> Caller:
    """Open the configured store and return the caller at it. Raises StoreUnavailable."""
    db = open_store(config.store_url, create=create, read_only=read_only)
    return Caller(db, config, actor_at(db), workspace, clock, ids)
