"""Opening the console: the store, the caller, the embedded engine, the app; and closing them in turn."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from opsconsole.config import state_dir
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.deep_link import DeepLink
from opsconsole.console.embedded_engine import EmbeddedEngine
from opsconsole.console.service_desk import ServiceDesk
from opsconsole.console.sources import PAGE_ROWS
from opsconsole.console.theme import DARK, LIGHT, PLAIN, SIXTEEN
from opsconsole.domain.ids import short_id
from opsconsole.errors import OpsError
from opsconsole.service.opening import open_caller
from opsconsole.service.runs import RunQuery

if TYPE_CHECKING:
    from opsconsole.config import Config
    from opsconsole.console.desk.desk import Desk
    from opsconsole.domain.run import OperationRun
    from opsconsole.service.caller import Page

THEME_VARIABLE = "OPSCONSOLE_THEME"
"""``dark`` (the default) or ``light``; the palette changes it while the console is open."""

FEW_COLORS = ("standard", "windows")
"""Rich's names of terminals with sixteen colours, as TERM and COLORTERM tell them."""

ASCII_VARIABLE = "OPSCONSOLE_ASCII"
"""Set to anything: draw with ASCII characters only."""


def open_console(
    config: Config,
    *,
    attach: bool,
    read_only: bool,
    env: Mapping[str, str] | None,
    workspace: str | None,
    demo: bool,
    link: DeepLink,
    has_bell: bool,
) -> int:
    """Open the console and stay until it is left; return the exit code.

    Raises StoreUnavailable, and NotFound for a link to what is not there, before anything is drawn.
    """
    environ = os.environ if env is None else env
    caller = open_caller(config, workspace=workspace)
    desk = ServiceDesk(caller)
    try:
        app = OpsConsoleApp(
            desk,
            is_read_only=read_only,
            has_temporary_store=demo,
            theme=theme_of(environ),
            is_ascii=is_ascii(environ),
            environ=environ,
            link=link.found(desk),
            has_bell=has_bell,
            workspace=workspace,
            config_place=str(config.path or ""),
        )
        if app.link.screen == "runs":
            app.first_runs = _first_runs(desk)
        app.state_folder = state_dir()
        app.tenant_names = [tenant.name for tenant in config.tenants]  # until the store has said which there are
        if not (attach or read_only):
            app.engine = EmbeddedEngine(caller, environ, "demo" if demo else "console", app.prompt)
        try:
            code = app.run()
        finally:
            if app.engine is not None:
                app.engine.stop()
    finally:
        desk.close()
        caller.db.close()
    if app.handed_to is not None:
        sys.stderr.write(_handed_over(app.handed_runs, app.handed_to))
    elif app.left_runs:
        noun = "run was" if app.left_runs == 1 else "runs were"
        sys.stderr.write(f"{app.left_runs} {noun} left for another engine. Go on with: opsconsole engine --drain\n")
    return int(code if code is not None else app.return_code or 0)


def _first_runs(desk: Desk) -> Page[OperationRun] | None:
    """Read the newest runs at once: they are drawn with the first frame, and no thread opens the store for them."""
    try:
        return desk.runs(RunQuery(), PAGE_ROWS, None)
    except OpsError:
        return None  # the console says what is wrong, and tries again


def offer_first_run(place: str, *, is_configured: bool, env: Mapping[str, str] | None) -> str:
    """Show the card of the first run and return what was chosen."""
    from opsconsole.console.first_run import QUIT, FirstRunApp

    environ = os.environ if env is None else env
    theme = PLAIN if "NO_COLOR" in environ else theme_of(environ)
    card = FirstRunApp(place, is_configured=is_configured, theme=theme, is_ascii=is_ascii(environ))
    return card.run() or QUIT


def theme_of(environ: Mapping[str, str]) -> str:
    """Return the theme that the environment asks for, or the one of terminals with sixteen colours."""
    if Console(force_terminal=True, _environ=environ).color_system in FEW_COLORS:
        return SIXTEEN
    return LIGHT if environ.get(THEME_VARIABLE, "").lower() == "light" else DARK


def is_ascii(environ: Mapping[str, str]) -> bool:
    """Tell whether only ASCII characters may be drawn."""
    return ASCII_VARIABLE in environ or not _speaks_unicode()


def _handed_over(runs: Sequence[str], pid: int) -> str:
    if not runs:
        return f"A background engine (process {pid}) took over; the runs had ended by then.\n"
    named = ", ".join(short_id(run_id) for run_id in runs)
    noun = "Run" if len(runs) == 1 else "Runs"
    return (
        f"{noun} {named} handed over to a background engine (process {pid}). It ends when nothing is left to do.\n"
        f"Watch with: opsconsole console --attach, or opsconsole runs watch {short_id(runs[0])}\n"
    )


def _speaks_unicode() -> bool:
    encoding = getattr(sys.__stdout__, "encoding", None) or locale.getpreferredencoding(False)
    return "utf" in encoding.lower()
