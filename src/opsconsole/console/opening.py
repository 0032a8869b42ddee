"""Opening the console: the store, the caller, the embedded engine, the app; and closing them in turn."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.console.theme import DARK, LIGHT
from opsconsole.service.setup import open_caller

if TYPE_CHECKING:
    from opsconsole.config import Config
    from opsconsole.engine import EngineThread
    from opsconsole.service.caller import Caller

THEME_VARIABLE = "OPSCONSOLE_THEME"
"""``dark`` (the default) or ``light``; the palette changes it while the console is open."""

ASCII_VARIABLE = "OPSCONSOLE_ASCII"
"""Set to anything: draw with ASCII characters only."""


@dataclass(frozen=True, slots=True)
class EmbeddedEngine:
    """What the console may know of the engine behind it."""

    thread: EngineThread

    def runs_in_hand(self) -> Sequence[str]:
        """Return the ids of the runs it is working on."""
        return [ctx.run.id for ctx in self.thread.engine.in_hand()] if self.thread.is_alive else []


def open_console(
    config: Config, *, attach: bool, read_only: bool, env: Mapping[str, str] | None, workspace: str | None, demo: bool
) -> int:
    """Open the console and stay until it is left; return the exit code. Raises StoreUnavailable."""
    environ = os.environ if env is None else env
    caller = open_caller(config, workspace=workspace)
    desk = ServiceDesk(caller)
    engine = None if attach or read_only else _start_engine(caller, environ, "demo" if demo else "console")
    app = OpsConsoleApp(
        desk,
        engine=EmbeddedEngine(engine) if engine is not None else None,
        is_read_only=read_only,
        theme=LIGHT if environ.get(THEME_VARIABLE, "").lower() == "light" else DARK,
        is_ascii=ASCII_VARIABLE in environ or not _speaks_unicode(),
        environ=environ,
    )
    try:
        code = app.run()
    finally:
        if engine is not None:
            engine.stop()
        desk.close()
        caller.db.close()
    if app.left_runs:
        noun = "run was" if app.left_runs == 1 else "runs were"
        sys.stderr.write(f"{app.left_runs} {noun} left for another engine. Go on with: opsconsole engine --drain\n")
    return int(code if code is not None else app.return_code or 0)


def _start_engine(caller: Caller, env: Mapping[str, str], kind: str) -> EngineThread:
    from opsconsole.engine import Engine, EngineThread

    thread = EngineThread(Engine(caller.db, caller.config, actor=caller.actor, kind=kind, env=env))
    thread.start()
    return thread


def _speaks_unicode() -> bool:
    encoding = getattr(sys.__stdout__, "encoding", None) or locale.getpreferredencoding(False)
    return "utf" in encoding.lower()
