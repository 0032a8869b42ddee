"""The loss of the store, as the banner tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Loss:
    """The store cannot be reached: since when the screen is old, when the next try comes, and how often one does."""

    message: str
    seen_at: datetime
    next_try_at: datetime
    every_s: float
