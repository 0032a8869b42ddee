"""The console as a program in a real terminal: opened on what was named, handed over, begun from nothing."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from opsconsole.simulator import SimulatorThread

from .control import control, shake
from .program import Program, config_text, wait_for

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from terminal import Terminal

Open = Callable[..., Terminal]


@pytest.fixture
def opened(program: Program) -> Iterator[Open]:
    """Open the program in a terminal, under the test's own folders."""
    terminals: list[Terminal] = []

    def start(*args: str, size: tuple[int, int] = (80, 24), **env: str) -> Terminal:
        terminal = Terminal(
            program.order(*args)[1:],
            program.folder,
            env=program.env | {"TERM": "xterm-256color", "LANG": "C.UTF-8"} | env,
            size=size,
        )
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.child.close(force=True)


def newest(program: Program, kind: str) -> dict[str, object]:
    return program.ask("runs", "list", "--type", kind)["items"][0]


# Deep links


def test_a_run_is_opened_and_esc_goes_to_runs(backed_up: Program, opened: Open) -> None:
    run = str(newest(backed_up, "capture")["id"])
    terminal = opened("console", "--attach", "--run", run[-8:])
    terminal.until(lambda text: f"▸ runs ▸ {run[-6:]}" in text and "40 of 40" in text)
    terminal.press("\x1b")
    terminal.until(lambda text: "1 All 2" in text)
    terminal.press("q")
    assert terminal.ended() == 0


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (("--screen", "audit"), "opsconsole ▸ audit"),
        (("--screen", "backups"), "opsconsole ▸ backups"),
        (("--set", "latest"), "opsconsole ▸ backups ▸ "),
    ],
)
def test_other_places_are_opened(backed_up: Program, opened: Open, options: tuple[str, ...], shown: str) -> None:
    terminal = opened("console", "--attach", *options)
    terminal.until(lambda text: shown in text)
    terminal.press("q")
    assert terminal.ended() == 0


def test_what_is_not_there_is_told_before_anything_is_drawn(backed_up: Program, opened: Open) -> None:
    terminal = opened("console", "--run", "ffffffffffff")
    assert terminal.ended() == 4
    assert b"There is no run 'ffffffffffff'" in terminal.raw
    assert b"\x1b[?1049h" not in terminal.raw


def test_two_places_at_once_and_unknown_screens_are_usage_errors(backed_up: Program) -> None:
    assert backed_up.inline("console", "--run", "1", "--screen", "audit").code == 2
    answer = backed_up.inline("console", "--screen", "kitchen")
    assert answer.code == 2 and "audit" in answer.err


# Handing over


def background_pid(terminal: Terminal) -> int:
    said = " ".join(terminal.raw.decode("utf-8", "replace").split())
    return int(said.rpartition("(process ")[2].partition(")")[0])


def hand_over(terminal: Terminal) -> None:
    terminal.press("q")
    terminal.until(lambda text: "Hand over to a background engine" in text)
    terminal.press("jj\r")


def test_a_backup_in_hand_is_handed_over_and_completed(
    ready: Program, simulator: SimulatorThread, opened: Open
) -> None:
    control(simulator, "POST", "latency", {"ms": 4_000})
    started = ready.ask("backup", "contoso")
    terminal = opened("console")
    terminal.until(lambda text: "▶ running" in text)
    hand_over(terminal)
    assert terminal.ended() == 0, terminal.text
    control(simulator, "POST", "latency", {"ms": 0})
    assert b"opsconsole console --attach" in terminal.raw
    pid = background_pid(terminal)
    assert psutil.pid_exists(pid)
    assert os.getsid(pid) == pid, "a session of its own: the terminal's end is not its end"
    wait_for(lambda: not psutil.pid_exists(pid), "the background engine's end")
    for run in started["runs"]:
        assert ready.ask("runs", "show", run["id"])["outcome"] == "succeeded"
    log = Path(ready.env["XDG_STATE_HOME"]) / "opsconsole" / "log" / "background-engine.log"
    assert log.stat().st_mode & 0o077 == 0


def test_a_restore_in_hand_is_handed_over_and_audited_once(
    backed_up: Program, simulator: SimulatorThread, opened: Open
) -> None:
    shake(simulator, 6)
    preview = backed_up.process("restore", "preview", "latest", "--tenant", "contoso", "--wait", "--json").json
    plan = preview["restore_run"]["id"]
    control(simulator, "POST", "latency", {"ms": 1_000})
    run = str(backed_up.ask("restore", "run", plan, "--yes")["runs"][0]["id"])
    terminal = opened("console", "--run", run)
    terminal.until(lambda text: "▶ running" in text)
    hand_over(terminal)
    assert terminal.ended() == 0, terminal.text
    control(simulator, "POST", "latency", {"ms": 0})
    pid = background_pid(terminal)
    wait_for(lambda: not psutil.pid_exists(pid), "the background engine's end")
    ended = backed_up.ask("runs", "show", run)
    assert ended["status"] == "completed" and ended["outcome"] == "succeeded", ended
    entries = backed_up.ask("audit", "list", "--limit", "200")["items"]
    executed = [entry for entry in entries if entry["action"] == "assignments.restore.executed"]
    assert [entry["resource_id"] for entry in executed] == [run]
    assert backed_up.ask("audit", "verify")["ok"]


def test_an_engine_that_cannot_start_is_told_and_the_run_stays_in_hand(
    ready: Program, simulator: SimulatorThread, opened: Open
) -> None:
    control(simulator, "POST", "latency", {"ms": 20_000})
    ready.ask("backup", "contoso")
    terminal = opened("console")
    terminal.until(lambda text: "▶ running" in text)
    ready.configure(ready.config.read_text(encoding="utf-8").replace("lease_seconds", "lease_secs"))
    hand_over(terminal)
    terminal.until(lambda text: "ended at once" in text and "lease_secs" in text and "Stay here" in text)
    terminal.press("\r")
    terminal.until(lambda text: "Stay here" not in text)
    terminal.child.kill(signal.SIGKILL)


def test_graph_out_of_reach_is_said_while_the_run_tries_again(ready: Program, opened: Open) -> None:
    ready.configure(config_text(ready.folder, "http://127.0.0.1:9"))
    ready.ask("backup", "contoso")
    terminal = opened("console")
    terminal.until(lambda text: "⚠ Graph lost. contoso cannot be reached" in text and "since" in text)
    terminal.until(lambda text: "✗ failed" in text and "Graph lost" not in text)
    terminal.press("q")
    assert terminal.ended() == 0


# The first run


def test_without_a_configuration_a_card_offers_to_begin(program: Program, opened: Open) -> None:
    terminal = opened()
    terminal.until(lambda text: "There is no configuration yet" in text and "Open the demo" in text)
    assert "ops.toml" in terminal.text.replace("\n", "")
    terminal.press("c")
    assert terminal.ended() == 0
    said = terminal.raw.decode().replace("\r\n", "\n").rpartition("\x1b[?1049l")[2]
    assert program.config.exists() and str(program.config) in said
    assert "opsconsole --config" in said and "doctor" in said and "tenant_id" in said
    again = opened()
    again.until(lambda text: "No tenant is connected yet." in text and "opsconsole doctor" in text)
    again.press("q")
    assert again.ended() == 0


def test_with_a_configuration_but_no_store_the_card_offers_to_make_it(ready: Program, opened: Open) -> None:
    ready.store.unlink()
    terminal = opened("console")
    terminal.until(lambda text: "There is no store yet" in text)
    terminal.press("q")
    assert terminal.ended() == 0
    assert not ready.store.exists()


def test_the_card_opens_the_demo(program: Program, opened: Open) -> None:
    terminal = opened()
    terminal.until(lambda text: "Open the demo" in text)
    terminal.press("d")
    terminal.until(lambda text: "opsconsole ▸ runs" in text and "contoso" in text)
    terminal.until(lambda text: text.count("✓ succeeded") >= 2)
    terminal.press("q")
    assert terminal.ended() == 0
    assert not program.config.exists()


def test_off_a_terminal_it_is_the_error_it_was(program: Program) -> None:
    answer = program.process("console")
    assert answer.code == 2 and "needs a terminal" in answer.err


# Terminals


def test_sixteen_colours_are_the_terminals_own(backed_up: Program, opened: Open) -> None:
    terminal = opened("console", "--attach", TERM="xterm-16color")
    terminal.until(lambda text: "✓ succeeded" in text)
    terminal.press("q")
    assert terminal.ended() == 0
    assert b"38;2;" not in terminal.raw and b"48;2;" not in terminal.raw and b"38;5;" not in terminal.raw
    assert re.search(rb"\x1b\[(?:\d+;)*32[;m]", terminal.raw), "succeeded is green"


def test_a_terminal_that_is_too_small_says_so_and_comes_back(backed_up: Program, opened: Open) -> None:
    terminal = opened("console", "--attach", size=(40, 10))
    terminal.until(lambda text: "This terminal is 40×10" in text and "60×15" in " ".join(text.split()))
    terminal.resize(80, 24)
    terminal.until(lambda text: "opsconsole ▸ runs" in text and "✓ succeeded" in text and "This terminal" not in text)
    terminal.press("q")
    assert terminal.ended() == 0
