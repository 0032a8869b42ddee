"""Handing over: an engine of its own in the background, live before this console lets go of its runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from io import BufferedWriter
from pathlib import Path
from typing import Any

from opsconsole.config import log_dir, make_private_folder
from opsconsole.domain.plain_text import cut, plain
from opsconsole.errors import OpsError
from opsconsole.graph.sanitise import sanitise
from opsconsole.service.caller import Caller
from opsconsole.service.engines import live_engines

START_LIMIT_S = 30.0
"""An engine is live within two seconds; a busy machine is given longer before the hand-over is called off."""

LOOK_EVERY_S = 0.1
"""How often the store is asked whether the new engine is live."""

LOG_NAME = "background-engine.log"

MAX_LOG_BYTES = 1_000_000
"""Beyond this the file is begun anew: the engine's own log keeps what matters."""

REASON_WIDTH = 300
"""Columns of an engine's last words that are shown: its error is two short sentences."""


class HandOverFailed(OpsError):
    """The background engine did not come: the runs stay where they are."""

    code = "hand_over_failed"


class BackgroundEngine:
    """Starts ``opsconsole engine --drain`` under the same configuration, in a session of its own.

    Secrets reach it as they reached this process: through the environment, never through its command line.
    """

    def __init__(
        self,
        caller: Caller,
        env: Mapping[str, str],
        *,
        folder: Path | None = None,
        limit_s: float = START_LIMIT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._caller = caller
        self._env = env
        self._folder = folder
        self._limit_s = limit_s
        self._sleep = sleep

    @property
    def log(self) -> Path:
        """Return the file that holds what the engine says."""
        return (self._folder or log_dir()) / LOG_NAME

    def why_not(self, tenants: Collection[str]) -> str:
        """Return why the runs of these tenants cannot be handed over, or nothing if they can."""
        from opsconsole.graph.credentials import PERSONAL_METHODS

        if self._caller.config.path is None:
            return "there is no configuration file that another engine could read"
        for tenant in self._caller.config.tenants:
            if tenant.name in tenants and tenant.auth.method in PERSONAL_METHODS:
                return f"{plain(tenant.name)} signs in with a person at this terminal"
        return ""

    def start(self) -> int:
        """Return the process id of the new engine, once it is live on the store. Raises HandOverFailed with the reason."""
        known = {engine.id for engine in live_engines(self._caller)}
        try:
            with _opened(self.log) as log:
                begins_at = log.tell()
                process = subprocess.Popen(  # noqa: S603 - this program itself
                    self._order(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(self._env), **_detached()
                )
        except OSError as error:
            raise HandOverFailed(f"The background engine could not be started: {error.strerror}.", _STAYS) from None
        return self._wait(process, known, begins_at)

    def _wait(self, process: subprocess.Popen[bytes], known: set[str], begins_at: int) -> int:
        end = time.monotonic() + self._limit_s
        while True:
            if process.poll() is not None:
                if process.returncode == 0:
                    return process.pid  # everything had ended before it came
                raise HandOverFailed(f"The background engine ended at once: {self._last_words(begins_at)}", _STAYS)
            for engine in live_engines(self._caller):
                # On Windows a virtual environment starts the interpreter through another process: its pid differs.
                is_it = engine.pid == process.pid or sys.platform == "win32"
                if engine.id not in known and engine.host == socket.gethostname() and is_it:
                    process.returncode = 0  # it outlives this process, which will not wait for it
                    return engine.pid
            if time.monotonic() > end:
                process.terminate()
                process.wait()
                raise HandOverFailed(
                    f"The background engine was not live within {self._limit_s:.0f} s: {self._last_words(begins_at)}",
                    _STAYS,
                )
            self._sleep(LOOK_EVERY_S)

    def _order(self) -> list[str]:
        order = [sys.executable, "-m", "opsconsole"]
        if self._caller.config.path is not None:
            order += ["--config", str(self._caller.config.path.resolve())]
        if self._caller.workspace is not None:
            order += ["--workspace", self._caller.workspace]
        return [*order, "engine", "--drain"]

    def _last_words(self, begins_at: int) -> str:
        try:
            with self.log.open("rb") as file:
                file.seek(begins_at)
                words = file.read(20_000).decode("utf-8", "replace")
        except OSError:
            words = ""
        said = [line.strip() for line in words.splitlines() if line.strip()]
        told = [line for line in said if line.startswith("opsconsole: ")] or said[-1:]
        return cut(sanitise(" ".join(told).removeprefix("opsconsole: ")), REASON_WIDTH) or "it said nothing."


_STAYS = "Nothing was handed over: the runs go on in this console."


def _opened(path: Path) -> BufferedWriter:
    make_private_folder(path.parent)
    is_full = path.exists() and path.stat().st_size > MAX_LOG_BYTES
    flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND | (os.O_TRUNC if is_full else 0)
    file = os.fdopen(os.open(path, flags, 0o600), "ab")
    file.seek(0, os.SEEK_END)
    return file


def _detached() -> dict[str, Any]:
    """Return what keeps the new process alive when this terminal closes."""
    if sys.platform == "win32":  # pragma: no cover - tested on Linux only, as the README says
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
