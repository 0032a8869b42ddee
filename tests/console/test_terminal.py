"""The console in a real pseudo-terminal: the demo opens on Runs, answers keys, and leaves the terminal as it was."""

from __future__ import annotations

import sys
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
