"""The demo's tenant: a simulator in a child process that ends with this one, and the requests that change its world."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from opsconsole.errors import OpsError, UsageError

START_TIMEOUT_S = 60.0
"""Longest wait for the child's first line: 10,000 policies are made in a few seconds."""

STOP_TIMEOUT_S = 5.0
"""How long the child gets to end after its input was closed."""

REQUEST_TIMEOUT_S = 60.0
"""A snapshot of many policies is one answer."""

GREETING = "listening on "
COMPLAINT = "opsconsole: "
"""How the program's first line and its errors begin."""


class SimulatorLost(OpsError):
    """The simulator did not start, or has gone away."""

    code = "simulator_lost"


@dataclass
class SimulatedTenant:
    """A context manager: inside, the simulator listens at ``base_url``; afterwards its process has ended."""

    policies: int
    seed: int
    exports: Path | None = None
    faults: str | None = None
    base_url: str = field(default="", init=False)
    _child: subprocess.Popen[str] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        order = [sys.executable, "-m", "opsconsole", "simulate", "--exit-with-parent"]
        order += ["--policies", str(self.policies), "--seed", str(self.seed)]
        order += ["--exports", str(self.exports)] if self.exports else []
        order += ["--faults", self.faults] if self.faults else []
        self._child = subprocess.Popen(  # noqa: S603 - this program itself
            order,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=sys.platform != "win32",
        )
        try:
            self.base_url = self._first_line(self._child)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _first_line(self, child: subprocess.Popen[str]) -> str:
        lines: list[str] = []
        assert child.stdout is not None and child.stderr is not None  # noqa: S101 - both are pipes
        reader = threading.Thread(target=lambda: lines.append(child.stdout.readline()), daemon=True)  # type: ignore[union-attr]
        reader.start()
        reader.join(START_TIMEOUT_S)
        if not lines:
            raise SimulatorLost("The simulator did not start in time.", "Try fewer --policies.")
        line = lines[0].strip()
        if line.startswith(GREETING):
            threading.Thread(target=child.stderr.read, daemon=True).start()
            return line.removeprefix(GREETING)
        # What was taken from exports is told before what went wrong.
        said = [text for text in child.stderr.read().splitlines() if text.startswith(COMPLAINT)]
        raise UsageError(
            said[0].removeprefix(COMPLAINT) if said else "The simulator did not start.", "See `opsconsole demo --help`."
        )

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def ask(self, path: str) -> Any:
        """Return what the control API answers to GET ``path``."""
        return self._request("GET", path, None)

    def order(self, path: str, body: object) -> Any:
        """Return what the control API answers to POST ``path`` with ``body``."""
        return self._request("POST", path, json.dumps(body).encode())

    def _request(self, method: str, path: str, body: bytes | None) -> Any:
        request = Request(f"{self.base_url}/_simulator/{path}", data=body, method=method)  # noqa: S310 - loopback
        # No proxy: a corporate one would be asked for a loopback address.
        opener = build_opener(ProxyHandler({}))
        try:
            with opener.open(request, timeout=REQUEST_TIMEOUT_S) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            raise SimulatorLost(f"The simulator refused {path} ({error.code}).", "Please report it.") from None
        except (URLError, OSError, ValueError):
            raise SimulatorLost("The simulator has gone away.", "Start the demo again.") from None
