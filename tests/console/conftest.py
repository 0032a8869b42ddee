"""Fixtures of the console's tests: golden screens under ``snapshots/``, a frozen world, terminals of several kinds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual.pilot import Pilot

from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.theme import DARK, LIGHT

from .memory_desk import MemoryDesk

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"


def _golden_folder(cls: type[SVGImageExtension], *, test_location: object) -> str:
    """Keep golden screens in one folder at the top, where people look at them."""
    return str(SNAPSHOTS)


SVGImageExtension.dirname = classmethod(_golden_folder)


@pytest.fixture(autouse=True)
def _same_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the machine change what is drawn."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


def make_app(desk: MemoryDesk, *, look: str = "dark", **named: Any) -> OpsConsoleApp:
    """Return the app over a desk, with everything frozen that moves by itself."""
    app = OpsConsoleApp(
        desk,
        theme=LIGHT if look == "light" else DARK,
        zone=UTC,
        environ={"NO_COLOR": "1"} if look == "no_color" else {},
        **named,
    )
    app.animation_level = "none"
    return app


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until everything that was asked for has been read and drawn."""
    for _ in range(3):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def after(*keys: str, then: Callable[[Pilot[Any]], Awaitable[None]] | None = None) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Return what a snapshot does before it is taken: press keys, each once the one before has had its effect."""

    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        if then is not None:
            await then(pilot)
            await settle(pilot)
        # A blinking cursor is the one thing left that moves.
        for field in pilot.app.screen.query("Input"):
            field.cursor_blink = False  # type: ignore[attr-defined]

    return run
