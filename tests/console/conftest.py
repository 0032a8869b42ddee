"""Fixtures of the console's tests: golden screens under ``snapshots/``, a frozen world, terminals of several kinds."""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from collections.abc import Awaitable, Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual import events
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.theme import DARK, LIGHT

from .memory_desk import MemoryDesk

FRAME_S = 0.04
"""Two frames: layout follows a message by one."""

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


async def strike(pilot: Pilot[Any], key: str) -> None:
    """Press one key and see its effect through. Textual's own ``press`` waits for an idle processor instead, four times."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    try:
        char: str | None = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        char = key if len(key) == 1 else None
    event = events.Key(key, char)
    event.set_sender(pilot.app)
    assert pilot.app._driver is not None
    pilot.app._driver.send_message(event)
    await see_through(pilot)


async def see_through(pilot: Pilot[Any]) -> None:
    """Wait until every message has been handled and nothing is being read."""
    quiet = 0
    while quiet < 2 and pilot.app.is_running and pilot.app._exception is None:
        await pilot._wait_for_screen()
        if any(worker.is_running for worker in pilot.app.workers):
            with contextlib.suppress(WorkerCancelled):  # a newer reading took its place
                await pilot.app.workers.wait_for_complete()
            quiet = 0
        else:
            quiet += 1


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until everything has been read, laid out and drawn."""
    await see_through(pilot)
    await asyncio.sleep(FRAME_S)
    await see_through(pilot)


def after(
    *keys: str, then: Callable[[Pilot[Any]], Awaitable[None]] | None = None
) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Return what a snapshot does before it is taken: press keys, each once the one before has had its effect."""

    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        for key in keys:
            await strike(pilot, key)
        await settle(pilot)
        if then is not None:
            await then(pilot)
            await settle(pilot)
        await pilot.pause()
        # A blinking cursor is the one thing left that moves.
        for field in pilot.app.screen.query("Input"):
            field.cursor_blink = False  # type: ignore[attr-defined]

    return run
