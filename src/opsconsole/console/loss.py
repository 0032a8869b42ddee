"""The loss of the store, as the banner tells it, and what is said of an order that met it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from opsconsole.errors import CommitUnknown, OpsError, Unreachable


class Loss(Struct, frozen=True):
    """The store cannot be reached: what is wrong, what to do next, since when the screen is old, when the next try comes."""

    message: str
    hint: str
    seen_at: datetime
    next_try_at: datetime
    every_s: float


def undone_words(error: OpsError) -> str:
    """Return what is said of an order that failed: that it was not done, unless that is not known."""
    is_undone = isinstance(error, Unreachable) and not isinstance(error, CommitUnknown)
    return f"Not done. {error}" if is_undone else str(error)
