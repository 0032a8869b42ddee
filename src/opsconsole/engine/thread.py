"""The engine inside another program: a thread with a loop of its own, for the console and for ``--wait``."""

from __future__ import annotations

import asyncio
import logging
import threading

from opsconsole.engine.engine import Engine

log = logging.getLogger("opsconsole.engine")


class EngineThread:
    """Runs an engine in a thread. ``error`` holds what ended it, if it was not asked to stop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="opsconsole-engine", daemon=True)

    @property
    def is_alive(self) -> bool:
        """Tell whether the engine works."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start working."""
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> bool:
        """Ask the engine to stop and wait for it; return whether it did in time."""
        self.engine.request_stop()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until the engine ends by itself (draining)."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            asyncio.run(self.engine.run())
        except Exception as error:
            self.error = error
            log.error("the embedded engine ended: %s", type(error).__name__)
