"""The console in a real pseudo-terminal: the demo opens on Runs, answers keys, and leaves the terminal as it was."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

import pexpect
import pyte

COLUMNS, LINES = 80, 24

WAIT_S = 60
"""How long the demo may take to show something on a busy machine."""


class Terminal:
    """A process in a terminal of 80×24, and what stands on its screen."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        env = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")}
        env |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TMPDIR": str(folder), "HOME": str(folder)}
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(sys.executable, arguments, dimensions=(LINES, COLUMNS), env=env, timeout=WAIT_S)  # type: ignore[arg-type]

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

    def ended(self) -> int | None:
        """Wait for the process and return its exit code."""
        end = time.monotonic() + WAIT_S
        while self.child.isalive() and time.monotonic() < end:
            self.read()
        self.child.close()
        return self.child.exitstatus


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Terminal]:
    """Open the demo on a small tenant."""
    terminal = Terminal(["-m", "opsconsole", "demo", "--policies", "40"], tmp_path)
    yield terminal
    terminal.child.close(force=True)


def test_the_demo_opens_on_runs_answers_keys_and_quits(demo: Terminal) -> None:
    demo.until(lambda text: "opsconsole ▸ runs" in text and "contoso" in text)
    demo.until(lambda text: text.count("✓ succeeded") >= 2)
    demo.press("\r")
    demo.until(lambda text: "40 of 40" in text and "processed" in text)
    demo.press("7")
    demo.until(lambda text: "opsconsole ▸ backups" in text and "✓ complete" in text)
    demo.press("\r")
    demo.until(lambda text: "every policy is here with its assignments" in text)
    demo.press("?")
    demo.until(lambda text: "On this screen" in text)
    demo.press("9")
    demo.until(lambda text: "backup.started" in text)
    demo.press("v")
    demo.until(lambda text: "✓ verified to #" in text)
    demo.press("q")
    assert demo.ended() == 0
    assert b"\x1b[?1049l" in demo.raw, "the terminal gets its own screen back"
    assert b"Traceback" not in demo.raw
