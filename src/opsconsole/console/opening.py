"""Opening the console: the store, the caller, the embedded engine, the app; and closing them in turn."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.embedded_engine import EmbeddedEngine
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.console.theme import DARK, LIGHT
from opsconsole.service.setup import open_caller

if TYPE_CHECKING:
    from opsconsole.config import Config

THEME_VARIABLE = "OPSCONSOLE_THEME"
"""``dark`` (the default) or ``light``; the palette changes it while the console is open."""

ASCII_VARIABLE = "OPSCONSOLE_ASCII"
"""Set to anything: draw with ASCII characters only."""


def open_console(
    config: Config, *, attach: bool, read_only: bool, env: Mapping[str, str] | None, workspace: str | None, demo: bool
) -> int:
    """Open the console and stay until it is left; return the exit code. Raises StoreUnavailable."""
    environ = os.environ if env is None else env
    caller = open_caller(config, workspace=workspace)
    desk = ServiceDesk(caller)
    app = OpsConsoleApp(
        desk,
        is_read_only=read_only,
        has_temporary_store=demo,
        theme=LIGHT if environ.get(THEME_VARIABLE, "").lower() == "light" else DARK,
        is_ascii=ASCII_VARIABLE in environ or not _speaks_unicode(),
        environ=environ,
    )
    if not (attach or read_only):
        app.engine = EmbeddedEngine(caller, environ, "demo" if demo else "console", app.prompt)
    try:
        code = app.run()
    finally:
        if app.engine is not None:
            app.engine.stop()
        desk.close()
        caller.db.close()
    if app.left_runs:
        noun = "run was" if app.left_runs == 1 else "runs were"
        sys.stderr.write(f"{app.left_runs} {noun} left for another engine. Go on with: opsconsole engine --drain\n")
    return int(code if code is not None else app.return_code or 0)


def _speaks_unicode() -> bool:
    encoding = getattr(sys.__stdout__, "encoding", None) or locale.getpreferredencoding(False)
    return "utf" in encoding.lower()
