"""The engine behind this console: started after the first rows are on screen, stopped when it is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from opsconsole.domain.plain_text import plain
from opsconsole.errors import OpsError
from opsconsole.service.caller import Caller

if TYPE_CHECKING:
    from opsconsole.console.background_engine import BackgroundEngine
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
        """Load the engine, which takes about a second, and start it, unless one is at work. Belongs into a worker thread."""
        from opsconsole.engine import Engine, EngineThread

        with self._lock:
            if self._is_over or (self._engine is not None and self._engine.is_alive):
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

    def why_failed(self) -> str:
        """Return why it ended by itself; an error's own words only where they are known to be clean."""
        error = self._engine.error if self._engine is not None else None
        if error is None:
            return ""
        return (
            plain(error.message)
            if isinstance(error, OpsError)
            else f"{type(error).__name__}, a mistake of the program."
        )

    def why_no_hand_over(self) -> str:
        """Return why its runs cannot go to a background engine, or nothing if they can."""
        engine = self._engine
        held = engine.engine.in_hand() if engine is not None and engine.is_alive else []
        return self._background().why_not({ctx.run.tenant or "" for ctx in held})

    def hand_over(self) -> int:
        """Start a background engine and return its process id once it is live. Raises OpsError."""
        return self._background().start()

    def _background(self) -> BackgroundEngine:
        from opsconsole.console.background_engine import BackgroundEngine

        return BackgroundEngine(self._caller, self._env)

    def stop(self) -> None:
        """Stop it; runs in hand stay running, without an owner, for the next engine."""
        with self._lock:
            self._is_over = True
        if self._engine is not None:
            self._engine.stop()
