"""When the embedded engine is loaded and started: after the first rows are drawn, or at last a while after the start."""

from __future__ import annotations

import gc
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from opsconsole.console.work import begin, in_thread
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from textual.timer import Timer

    from opsconsole.console.app import OpsConsoleApp
    from opsconsole.console.desk.engine import EngineHandle

AFTER_S = 0.1
"""The engine is loaded this long after the first rows came: they are drawn by then, and need not wait for it."""

AT_LAST_S = 3.0
"""The engine is loaded this long after the start even if no rows came: a store that cannot be read now may be later."""


class EngineStart:
    """Waits for the first rows; ``start`` starts the engine at once, again if it ended by itself."""

    def __init__(self, app: OpsConsoleApp, executor: Executor) -> None:
        self._app = app
        self._executor = executor
        self._timer: Timer | None = None

    def wait(self) -> None:
        """Begin to wait."""
        self._timer = self._app.set_timer(AT_LAST_S, self.start)

    def rows_came(self) -> None:
        """Take note that there are rows: there is little left to wait for."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self._app.set_timer(AFTER_S, self.start)

    def start(self) -> None:
        """Load and start it in a worker thread, where this console has one."""
        self._timer = None
        gc.freeze()  # what is loaded by now stays: looking through it again would make keys wait
        gc.enable()  # it was off while that was loaded
        if self._app.engine is not None:
            begin(self._app, self._start, self._app.engine, group="engine")

    async def _start(self, engine: EngineHandle) -> None:
        try:
            await in_thread(self._executor, engine.start)
        except OpsError as error:
            self._app.say(str(error), "error")
