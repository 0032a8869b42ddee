"""The engine as its console sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class EngineHandle(Protocol):
    """The engine that works behind this console; with ``--attach`` there is none."""

    def start(self) -> None:
        """Load and start it, in a worker thread; also anew, after it ended by itself."""
        ...

    def runs_in_hand(self) -> Sequence[str]:
        """Return the ids of the runs it is working on."""
        ...

    def has_failed(self) -> bool:
        """Tell whether it ended by itself."""
        ...

    def store_changed(self) -> None:
        """Tell it that something was committed to the store."""
        ...

    def why_failed(self) -> str:
        """Return why it ended by itself, in words; nothing while it has not."""
        ...

    def why_no_hand_over(self) -> str:
        """Return why its runs cannot go to a background engine, or nothing if they can."""
        ...

    def hand_over(self) -> int:
        """Start a background engine and return its process id once it is live. Raises OpsError; waits, so off the loop."""
        ...

    def stop(self) -> None:
        """Stop it; runs in hand are left to another engine."""
        ...
