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
from textual._context import visible_screen_stack
from textual.app import App
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input
from textual.worker import WorkerCancelled

from opsconsole.console import app as app_module
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.theme import DARK, LIGHT, SIXTEEN
from opsconsole.console.widgets.window_table import WindowTable

from .memory_desk import MemoryDesk

FRAME_S = 0.02
"""More than the sixtieth of a second after which Textual draws what changed, on the same loop."""

MAX_FRAMES = 100
"""A screen that still moves after four seconds is drawn as it is."""

REST_S = 90.0
"""Whatever a key sets off has ended by then, on a busy machine too: what goes on is a mistake, and is named."""

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
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)  # else golden screens hang on when they are taken


@pytest.fixture(autouse=True)
def _often_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "LOOK_S", 0.2)  # a desk in memory pushes nothing


def make_app(desk: MemoryDesk, *, look: str = "dark", **named: Any) -> OpsConsoleApp:
    """Return the app over a desk, with everything frozen that moves by itself."""
    app = OpsConsoleApp(
        desk,
        theme={"light": LIGHT, "sixteen": SIXTEEN}.get(look, DARK),
        zone=UTC,
        environ={"NO_COLOR": "1"} if look == "no_color" else {},
        **named,
    )
    app.animation_level = "none"
    return app


async def strike(pilot: Pilot[Any], key: str) -> None:
    """Press one key and see its effect through. Textual's own ``press`` waits for an idle processor instead, four times."""
    throw(pilot, key)
    await see_through(pilot)


def throw(pilot: Pilot[Any], key: str) -> None:
    """Press one key and do not look back."""
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


async def see_through(pilot: Pilot[Any]) -> None:
    """Wait until every message has been handled and nothing is being read."""
    try:
        async with asyncio.timeout(REST_S):
            await _come_to_rest(pilot)
    except TimeoutError:
        at_work = [f"{one.group}: {one.state.name}" for one in pilot.app.workers if one.is_running]
        unread = [table for table in pilot.app.screen.query(WindowTable) if not _is_read(table)]
        raise AssertionError(f"{pilot.app.screen} never comes to rest: at work {at_work}, unread {unread}") from None


async def _come_to_rest(pilot: Pilot[Any]) -> None:
    quiet = 0
    while quiet < 3 and pilot.app.is_running and pilot.app._exception is None:
        screen = pilot.app.screen
        await pilot._wait_for_screen()
        held = (
            getattr(getattr(pilot.app, "desk", None), "goes_on", None) is not None
        )  # a walk that a test lets go on when it likes
        running = [one for one in pilot.app.workers if one.is_running and not (held and one.group == "walk")]
        if running:
            with contextlib.suppress(WorkerCancelled):  # a newer reading took its place
                await pilot.app.workers.wait_for_complete(running)
            quiet = 0
        elif screen is not pilot.app.screen or not screen.is_mounted or not _has_read(screen):
            await asyncio.sleep(0.005)
            quiet = 0
        else:
            quiet += 1


def drawn(app: App[Any]) -> list[Strip]:
    """Return the lines of the screen in front, with what shows through behind a dialog."""
    visible_screen_stack.set(app._background_screens)
    return app.screen._compositor.render_strips()


def _has_read(screen: Screen[Any]) -> bool:
    if type(screen) is Screen or not screen.query("*"):  # the blank one before the first, or one not laid out yet
        return False
    if not any(strip.text.strip() for strip in drawn(screen.app)):
        return False  # not laid out: a dialog that opens now would stand before nothing
    return all(_is_read(table) for table in screen.query(WindowTable))


def _is_read(table: WindowTable[Any]) -> bool:
    return table.is_loaded or table._has_failed or table._source is None


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until everything has been read, laid out and drawn: two frames on end look the same."""
    before: object = None
    for _ in range(MAX_FRAMES):
        await see_through(pilot)
        await asyncio.sleep(FRAME_S)
        await see_through(pilot)
        now = [list(strip) for strip in drawn(pilot.app)] if pilot.app.is_running else None
        if now == before:
            return
        before = now


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

    return run
