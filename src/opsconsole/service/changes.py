"""Watching the store: a cheap way for a screen to learn that something was committed, by whatever process."""

from __future__ import annotations

from opsconsole.service.caller import Caller
from opsconsole.store.changes import ChangeFeed

__all__ = ["ChangeFeed", "change_feed"]


def change_feed(caller: Caller) -> ChangeFeed:
    """Return a feed on the caller's store. It belongs to the thread that made it; close it after use."""
    return ChangeFeed(caller.db)
