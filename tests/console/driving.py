"""Driving the console in a test: open it, press keys, read what stands on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from opsconsole.console.app import OpsConsoleApp
from opsconsole.errors import OpsError

from .conftest import drawn, make_app, settle, strike, throw
from .memory_desk import MemoryDesk

WAIT_S = 5.0
"""How long a test waits for what must come; nothing sleeps longer than it has to."""


class Driver:
    """A console at work."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot

    @property
    def app(self) -> OpsConsoleApp:
        app = self.pilot.app
        assert isinstance(app, OpsConsoleApp)
        return app

    async def press(self, *keys: str) -> None:
        """Press keys, each once the one before has had its effect."""
        for key in keys:
            await strike(self.pilot, key)
        await settle(self.pilot)

    async def hit(self, *keys: str) -> None:
        """Press keys without waiting for a settled screen: on the way to somewhere else."""
        for key in keys:
            await strike(self.pilot, key)

    def throw(self, key: str) -> None:
        """Press a key without waiting for anything."""
        throw(self.pilot, key)

    async def type(self, text: str) -> None:
        """Type into whatever has the focus, and wait until the list follows."""
        for char in text:
            await strike(self.pilot, char)
        await self.pilot.pause(0.25)
        await settle(self.pilot)

    def lines(self) -> list[str]:
        """Return the lines on the screen, as a terminal shows them."""
        return [strip.text for strip in drawn(self.app)]

    def text(self) -> str:
        """Return everything on the screen."""
        return "\n".join(self.lines())

    async def until_quick(self, claim: Callable[[], object]) -> None:
        """Wait until ``claim`` holds, however much is still going on."""
        end = asyncio.get_running_loop().time() + WAIT_S
        while not claim():
            assert asyncio.get_running_loop().time() < end, self.text()
            await self.pilot.pause(0.02)

    async def until(self, claim: Callable[[], bool]) -> None:
        """Wait until ``claim`` holds."""
        await until(self.pilot, claim)


async def until(pilot: Pilot[Any], claim: Callable[[], bool]) -> None:
    """Wait until ``claim`` holds."""
    end = asyncio.get_running_loop().time() + WAIT_S
    while not claim():
        assert asyncio.get_running_loop().time() < end, "\n".join(strip.text for strip in drawn(pilot.app))
        await pilot.pause(0.02)
    await settle(pilot)


class Engine:
    """An engine with runs in hand, until the test takes them away."""

    def __init__(self, runs: Sequence[str] = ()) -> None:
        self.runs = list(runs)
        self.is_started = False
        self.is_broken = False
        self.no_hand_over = ""
        self.handed_over = 0
        self.refusal: OpsError | None = None

    def start(self) -> None:
        self.is_started = True
        self.is_broken = False

    def runs_in_hand(self) -> Sequence[str]:
        return self.runs

    def has_failed(self) -> bool:
        return self.is_broken

    def store_changed(self) -> None:
        pass

    def why_failed(self) -> str:
        return "The store at /var/lib/opsconsole.db cannot be read." if self.is_broken else ""

    def why_no_hand_over(self) -> str:
        return self.no_hand_over

    def hand_over(self) -> int:
        self.handed_over += 1
        if self.refusal is not None:
            raise self.refusal
        return 4711

    def stop(self) -> None:
        self.is_started = False


@asynccontextmanager
async def console(desk: MemoryDesk, size: tuple[int, int] = (80, 24), **named: Any) -> AsyncIterator[Driver]:
    """Open the console over a desk."""
    app = make_app(desk, **named)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield Driver(pilot)


def drive(steps: Callable[[Driver], Awaitable[None]], desk: MemoryDesk, **named: Any) -> None:
    """Open the console, do ``steps``, close it."""

    async def run() -> None:
        async with console(desk, **named) as driver:
            await steps(driver)

    asyncio.run(run())
