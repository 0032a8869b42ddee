"""A program in a real pseudo-terminal: what it draws, keys typed into it, sizes changed under it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pyte

COLUMNS, LINES = 80, 24

WAIT_S = 60
"""How long a program may take to show something on a busy machine."""


class Terminal:
    """A process in a terminal, and what stands on its screen."""

    def __init__(
        self,
        arguments: list[str],
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        size: tuple[int, int] = (COLUMNS, LINES),
    ) -> None:
        base = os.environ if env is None else env
        kept = {key: value for key, value in base.items() if key not in ("NO_COLOR", "COLUMNS", "LINES", "COLORTERM")}
        kept = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TMPDIR": str(folder), "HOME": str(folder)} | (
            {key: value for key, value in kept.items() if key not in ("TERM", "LANG", "TMPDIR", "HOME")}
            if env is None
            else kept
        )
        self.screen = pyte.Screen(*size)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(
            sys.executable,
            arguments,
            dimensions=(size[1], size[0]),
            env=kept,  # type: ignore[arg-type]
            timeout=WAIT_S,
        )

    def read(self) -> None:
        """Take in what the process has written."""
        try:
            data = self.child.read_nonblocking(65_536, timeout=0.1)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.raw += data
        # pyte does not know the private modes and reports that some terminals are asked for; they draw nothing.
        self._stream.feed(data.replace(b"\x1b[>25u", b"").replace(b"\x1b[<u", b"").replace(b"\x1b[?2026$p", b""))

    @property
    def text(self) -> str:
        """Return what stands on the screen."""
        return "\n".join(self.screen.display)

    def until(self, claim: Callable[[str], bool]) -> None:
        """Read until ``claim`` holds for the screen."""
        end = time.monotonic() + WAIT_S
        while not claim(self.text):
            assert time.monotonic() < end, f"never came; the screen is\n{self.text}"
            assert self.child.isalive() or claim(self.text), f"it ended with\n{self.text}"
            self.read()

    def press(self, keys: str) -> None:
        """Type."""
        self.child.send(keys)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        self.screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def ended(self) -> int | None:
        """Wait for the process and return its exit code."""
        end = time.monotonic() + WAIT_S
        while self.child.isalive() and time.monotonic() < end:
            self.read()
        self.read()
        self.child.close()
        return self.child.exitstatus
