"""What an engine has in hand, asked from another thread."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from opsconsole.engine import Engine


def test_a_run_that_ends_while_a_console_asks_breaks_nothing() -> None:
    hand: dict[str, Any] = {}

    class Ending:
        """A run that is let go by the engine's thread while the list of runs is made."""

        @property
        def ctx(self) -> str:
            hand.pop("second", None)
            return "a run"

    hand.update(first=Ending(), second=Ending())
    assert Engine.in_hand(cast("Engine", SimpleNamespace(_hand=hand))) == ["a run", "a run"]
