"""The engine behind this console: started after the first rows are on screen, stopped when it is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from opsconsole.service.caller import Caller

if TYPE_CHECKING:
    from opsconsole.engine import EngineThread


class EmbeddedEngine:
    """``prompt`` shows a sentence to the person who signs in; it is called from the engine's threads."""

    def __init__(self, caller: Caller, env: Mapping[str, str], kind: str, prompt: Callable[[str], None]) -> None:
        self._caller = caller
        self._env = env
        self._kind = kind
        self._prompt = prompt
        self._lock = threading.Lock()
        self._is_over = False
        self._engine: EngineThread | None = None

    def start(self) -> None:
        """Load the engine, which takes about a second, and start it. Belongs into a worker thread."""
        from opsconsole.engine import Engine, EngineThread

        with self._lock:
            if self._is_over:
                return
            caller = self._caller
            engine = Engine(
                caller.db,
                caller.config,
                actor=caller.actor,
                kind=self._kind,
                env=self._env,
                prompt=self._prompt,
                has_pulse=False,  # the console has one, and hands it on
            )
            self._engine = EngineThread(engine)
            self._engine.start()

    def runs_in_hand(self) -> Sequence[str]:
        """Return the ids of the runs it is working on."""
        engine = self._engine
        return [ctx.run.id for ctx in engine.engine.in_hand()] if engine is not None and engine.is_alive else []

    def has_failed(self) -> bool:
        """Tell whether it ended by itself: what is queued waits for another one."""
        return self._engine is not None and self._engine.error is not None

    def store_changed(self) -> None:
        """Tell it that something was committed to the store."""
        if self._engine is not None:
            self._engine.engine.store_changed()

    def stop(self) -> None:
        """Stop it; runs in hand stay running, without an owner, for the next engine."""
        with self._lock:
            self._is_over = True
        if self._engine is not None:
            self._engine.stop()
