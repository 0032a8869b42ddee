"""The console in a real pseudo-terminal: the demo opens on Runs, answers keys, and leaves the terminal as it was."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from terminal import Terminal


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


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is needed, which tells whether a process is stopped")
def test_a_console_that_was_stopped_goes_on_and_can_be_left(demo: Terminal) -> None:
    """``kill -TSTP`` is asked for, ``kill -STOP`` is not; each key goes to one reader afterwards, and quitting is not waited for."""
    demo.until(lambda text: text.count("✓ succeeded") >= 2)
    for turn, how in enumerate(
        (signal.SIGTSTP, signal.SIGSTOP, signal.SIGSTOP, signal.SIGTSTP, signal.SIGSTOP), start=2
    ):
        os.kill(demo.child.pid, how)
        _until_stopped(demo.child.pid)
        os.kill(demo.child.pid, signal.SIGCONT)
        demo.until(lambda _: demo.raw.count(b"\x1b[?1049h") >= turn)  # noqa: B023
    demo.press("7")
    demo.until(lambda text: "opsconsole ▸ backups" in text and "✓ complete" in text)
    demo.press("q")
    assert demo.ended() == 0


def _until_stopped(pid: int) -> None:
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        assert time.monotonic() < end, "it was told to stop, and runs on"
        os.sched_yield()
