"""The hands of the fuzz: they do one deed after another to a console, through the terminal's own events."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from textual import events
from textual.geometry import Size
from textual.message_pump import MessagePump
from textual.screen import ModalScreen

from opsconsole.console.dialogs.confirm import ConfirmDialog
from opsconsole.console.widgets.choice import Choice

from .conftest import throw
from .fuzz_deeds import Deed
from .fuzz_watch import WatchedApp
from .fuzz_world import Stage

HEARD_S = 30.0
"""What was typed in vain before may have to be worked off first."""

KEPT_DEEDS = 60
"""Deeds shown of a seed that failed: the last ones, which led to it."""


class Hands:
    """A console under random deeds."""

    def __init__(self, app: WatchedApp, stage: Stage, pilot: Any) -> None:
        self.app, self.stage, self.pilot = app, stage, pilot
        self.done: list[Deed] = []

    async def do(self, deed: Deed) -> None:
        """Do one thing."""
        self.done.append(deed)
        if order := self.stage.order(deed.what):
            await asyncio.to_thread(order, deed.value)
            return
        match deed.what:
            case "key":
                throw(self.pilot, deed.value)
            case "type":
                for char in deed.value[:40]:
                    self.post(events.Key(char if char.isalnum() else "unnamed", char))
            case "paste":
                self.post(events.Paste(deed.value))
            case "look":
                await self.look(deed.value)
            case "rest":
                await self.rest(deed.value)
            case "yes":
                await self.say_yes(*deed.value)
            case "size":
                self.resize(*deed.value)
            case "blur":
                self.post(events.AppBlur())
            case "focus":
                self.post(events.AppFocus())
            case "answer":
                await self.click_an_answer(deed.value[0])
            case _:
                self.mouse(
                    deed.what, int(deed.value[0] * self.app.size.width), int(deed.value[1] * self.app.size.height)
                )
        await asyncio.sleep(0)

    def post(self, event: events.Event) -> None:
        """Let an event come in, as from the terminal."""
        event.set_sender(self.app)
        driver = self.app._driver
        assert driver is not None
        driver.send_message(event)

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        driver = self.app._driver
        assert driver is not None
        driver._size = (width, height)
        self.post(events.Resize(Size(width, height), Size(width, height)))

    def mouse(self, what: str, x: int, y: int) -> None:
        """Do something with the mouse."""
        kinds: list[type[events.MouseEvent]] = [events.MouseMove]
        if "wheel" in what:
            kinds.append(events.MouseScrollUp if "up" in what else events.MouseScrollDown)
        else:
            kinds += [events.MouseDown, events.MouseUp] * (2 if "double" in what else 1)
        for kind in kinds:
            button = 0 if kind is events.MouseMove or "wheel" in what else (3 if "right" in what else 1)
            self.post(kind(None, x, y, 0, 0, button, False, False, False, x, y))

    async def look(self, limit_s: float) -> None:
        """Wait until nothing is being read, but no longer than this."""
        end, quiet = time.monotonic() + limit_s, 0
        while quiet < 2 and time.monotonic() < end and self.app.is_running:
            await asyncio.sleep(0.008)
            quiet = 0 if any(worker.is_running for worker in self.app.workers) else quiet + 1

    async def rest(self, limit_s: float) -> None:
        """Wait until the engine has nothing in hand, but no longer than this."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end and self.app.is_running:
            await asyncio.sleep(0.05)
            if limit_s > 0.5 and self.app.engine is not None and not await asyncio.to_thread(self.active):
                return

    def active(self) -> int:
        """How many runs are queued or running."""
        with contextlib.suppress(Exception):
            return int(self.stage.rows("SELECT COUNT(*) FROM operation_runs WHERE status <> 'completed'")[0][0])
        return 1

    async def say_yes(self, keys: tuple[str, ...], text: str) -> None:
        """Answer the dialog in front: a confirmation as one who read it, another with the keys given."""
        if not self.app.screen_stack:
            return
        screen = self.app.screen
        if isinstance(screen, ConfirmDialog):
            if must := screen._question.must_type:
                for char in must:
                    throw(self.pilot, char)
                keys = ("enter", "enter")
            else:
                keys = ("right", "enter")
        elif not isinstance(screen, ModalScreen):
            return
        elif screen.query("Input") and not screen.query("EntryList, MarkedList"):
            self.post(events.Paste(text))
        for name in keys:
            throw(self.pilot, name)

    async def click_an_answer(self, part: float) -> None:
        """Click one of the answers of the dialog in front."""
        answers = list(self.app.screen.query(Choice)) if self.app.screen_stack else []
        if answers:
            where = answers[int(part * len(answers))].region
            self.mouse("click", where.x + where.width // 2, where.y)

    async def come_back(self) -> None:
        """Put everything right, and go to where the keys are known."""
        await asyncio.to_thread(self.stage.repair)
        self.resize(80, 24)
        self.post(events.AppFocus())
        await self.look(1)
        for _ in range(30):
            await self.strike("escape")
            if not isinstance(self.app.screen, ModalScreen):
                break
        await self.strike("escape")

    def tell(self) -> str:
        """The last deeds."""
        return "\n".join(f"  {number}: {deed}" for number, deed in list(enumerate(self.done, start=1))[-KEPT_DEEDS:])

    async def strike(self, name: str) -> None:
        """Press a key, and wait until it and all that came before were worked off, however busy the machine is."""
        throw(self.pilot, name)
        await self._hear(self.app)
        if not self.app.screen_stack:
            return
        front = self.app.focused or self.app.screen
        for node in front.ancestors_with_self:  # what has the focus hears it first, the app last
            await self._hear(node)
        await self.look(HEARD_S)

    async def _hear(self, node: MessagePump) -> None:
        heard, end = asyncio.Event(), time.monotonic() + HEARD_S
        node.post_message(events.Callback(callback=heard.set))
        while not heard.is_set() and node.is_running and not node._closing and self.app._exception is None:
            assert time.monotonic() < end, f"{node} hears nothing"
            await asyncio.sleep(0.002)
