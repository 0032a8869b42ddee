"""Ctrl-C, SIGTERM and lost readers, on real processes: nothing is lost, and what to do next is said."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from opsconsole.cli import waiting
from opsconsole.domain.run import OperationRun
from opsconsole.errors import StoreUnavailable
from opsconsole.simulator import SimulatorThread

from .control import control
from .program import LIMIT_S, Program, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Unix")


def is_capture_running(program: Program) -> bool:
    found = program.ask("runs", "list", "--type", "capture", "--status", "running")["items"]
    return bool(found)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_wait_releases_its_runs_for_the_next_engine(
    ready: Program, simulator: SimulatorThread, number: signal.Signals
) -> None:
    control(simulator, "POST", "latency", {"ms": 20_000})
    child = ready.start("backup", "contoso", "--wait")
    wait_for(lambda: is_capture_running(ready), "the capture's start")
    child.send_signal(number)
    out, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == 130, (out, err)
    assert "opsconsole engine --drain" in err
    assert "Traceback" not in err
    control(simulator, "POST", "latency", {"ms": 0})
    drained = ready.process("engine", "--drain")
    assert drained.code == 0, drained
    runs = ready.ask("runs", "list")["items"]
    assert {run["outcome"] for run in runs} == {"succeeded"}
    assert sorted(run["type"] for run in runs) == ["assignments.fetch", "backup.capture"]
    assert all(run["id"] in out for run in runs)


def test_an_interrupted_wait_in_json_is_one_error_document(ready: Program, simulator: SimulatorThread) -> None:
    control(simulator, "POST", "latency", {"ms": 20_000})
    child = ready.start("backup", "contoso", "--wait", "--json")
    wait_for(lambda: is_capture_running(ready), "the capture's start")
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=LIMIT_S)
    assert child.returncode == 130
    error = json.loads(out)["error"]
    assert error["code"] == "interrupted"
    assert "opsconsole engine --drain" in error["hint"]


def test_whoever_waits_beside_a_live_engine_only_watches(ready: Program, simulator: SimulatorThread) -> None:
    engine = ready.start("engine")
    try:
        assert engine.stderr is not None
        line = engine.stderr.readline()
        assert "contoso" in line
        wait_for(lambda: _engines(ready) == ["engine"], "the engine's start")
        answer = ready.process("backup", "contoso", "--wait", "--json")
        assert answer.code == 0, answer
        assert _engines(ready) == ["engine"]
        quiet = ready.process("backup", "contoso", "--types", "mobileApp")
        assert quiet.code == 0
        assert "No engine" not in quiet.err
    finally:
        engine.send_signal(signal.SIGTERM)
        engine.communicate(timeout=LIMIT_S)
    assert engine.returncode == 0
    assert _engines(ready) == []


def _engines(program: Program) -> list[str]:
    from opsconsole.domain.clock import system_clock, to_text
    from opsconsole.store.engines import live_engines
    from opsconsole.store.opening import open_store

    with open_store(f"sqlite:///{program.store.as_posix()}", read_only=True) as db, db.read() as session:
        return [engine.kind for engine in live_engines(session, to_text(system_clock()))]


def test_ctrl_c_while_watching_leaves_the_run_alone(ready: Program, simulator: SimulatorThread) -> None:
    run_id = ready.ask("backup", "contoso")["runs"][0]["id"]
    child = ready.start("runs", "watch", run_id)
    assert child.stderr is not None
    said = ""
    while "opsconsole engine" not in said:
        line = child.stderr.readline()
        assert line, said
        said += line
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == 130
    assert "opsconsole engine --drain" in err
    assert ready.ask("runs", "show", run_id)["status"] == "queued"


def test_an_interrupted_drain_exits_130(ready: Program, simulator: SimulatorThread) -> None:
    control(simulator, "POST", "latency", {"ms": 20_000})
    ready.ask("backup", "contoso")
    engine = ready.start("engine", "--drain")
    wait_for(lambda: is_capture_running(ready), "the capture's start")
    engine.send_signal(signal.SIGINT)
    engine.communicate(timeout=LIMIT_S)
    assert engine.returncode == 130


def test_a_store_that_stays_away_ends_the_wait_with_7(ready: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = ready.ask("backup", "contoso")["runs"][0]["id"]

    def gone(*_: object) -> list[object]:
        raise StoreUnavailable("The store does not answer.", "Look whether it is there.")

    monkeypatch.setattr(waiting, "PATIENCE_S", 0.2)
    monkeypatch.setattr(waiting._Vigil, "_read", gone)
    answer = ready.inline("runs", "watch", run_id, "--json")
    assert answer.code == 7
    assert answer.error["code"] == "store_unavailable"


def test_a_store_that_comes_back_is_waited_for(ready: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    read = waiting._Vigil._read
    missed: list[int] = []

    def flaky(vigil: waiting._Vigil) -> list[OperationRun]:
        if len(missed) < 3:
            missed.append(1)
            raise StoreUnavailable("The store does not answer.", "Look whether it is there.")
        return read(vigil)

    monkeypatch.setattr(waiting._Vigil, "_read", flaky)
    assert ready.inline("backup", "contoso", "--types", "mobileApp", "--wait").code == 0
    assert len(missed) == 3


def test_a_reader_that_goes_away_is_no_error(backed_up: Program) -> None:
    child = backed_up.start("backups", "items", "latest", "--limit", "1000", "--json")
    assert child.stdout is not None and child.stderr is not None
    child.stdout.close()
    err = child.stderr.read()
    child.wait(timeout=LIMIT_S)
    child.stderr.close()
    assert (child.returncode, err) == (0, "")


def test_an_outcome_is_told_although_nobody_reads_the_ids(ready: Program) -> None:
    child = ready.start("backup", "contoso", "--wait")
    assert child.stdout is not None and child.stderr is not None
    child.stdout.close()
    child.stderr.read()
    assert child.wait(timeout=LIMIT_S) == 0
    child.stderr.close()
    assert ready.ask("backups", "show", "latest")["complete"] is True


def test_a_full_output_file_is_told_and_exits_1(backed_up: Program) -> None:
    with Path("/dev/full").open("w") as full:
        child = subprocess.run(
            backed_up.order("runs", "list"),
            env=backed_up.env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert child.returncode == 1
    assert "disk is full" in child.stderr
    assert "Traceback" not in child.stderr
