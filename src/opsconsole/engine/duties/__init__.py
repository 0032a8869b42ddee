"""The engine's background duties: one small file each, all of one shape, so that a test can drive a single step."""

from __future__ import annotations

from typing import Protocol


class Duty(Protocol):
    """One background duty: done once by ``step``, at every ``interval_s`` seconds by the engine."""

    name: str
    interval_s: float

    async def step(self) -> None:
        """Do the duty once."""
        ...
