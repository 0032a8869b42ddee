"""The engine as its console sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class EngineHandle(Protocol):
    """The engine that works behind this console; with ``--attach`` there is none."""

    def start(self) -> None:
        """Load and start it, in a worker thread."""
        ...

    def runs_in_hand(self) -> Sequence[str]:
        """Return the ids of the runs it is working on."""
        ...

    def has_failed(self) -> bool:
        """Tell whether it ended by itself."""
        ...

    def stop(self) -> None:
        """Stop it; runs in hand are left to another engine."""
        ...
