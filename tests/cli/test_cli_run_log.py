"""The log of a run on the command line, and retrying a part of what failed."""

from __future__ import annotations

from opsconsole.simulator import SimulatorThread

from .control import control
from .program import Program


def fetch_of(ready: Program) -> str:
    runs = ready.ask("runs", "list", "--type", "fetch")["items"]
    return str(runs[0]["id"])


def test_a_run_tells_its_phases_and_with_log_its_log(ready: Program) -> None:
    assert ready.inline("backup", "contoso", "--wait").code == 0
    run = fetch_of(ready)
    told = ready.inline("runs", "show", run)
    assert "Settling from the list" in told.out and "took the run up" not in told.out
    logged = ready.inline("runs", "show", run, "--log")
    assert "took the run up." in logged.out and "The run succeeded." in logged.out
    assert "log" not in ready.ask("runs", "show", run)
    events = ready.ask("runs", "show", run, "--log")["log"]
    assert events[0]["kind"] == "attempt" and events[-1]["kind"] == "completed"
    assert set(events[0]) == {"seq", "at", "ended_at", "kind", "text", "times", "data"}


def test_watching_a_run_tells_the_lines_as_they_come(ready: Program) -> None:
    assert ready.inline("backup", "contoso", "--wait").code == 0
    watched = ready.inline("runs", "watch", fetch_of(ready))
    assert watched.code == 0
    lines = [line for line in watched.err.splitlines() if "took the run up" in line or "The run succeeded" in line]
    assert len(lines) == 2, watched.err


def test_a_reason_is_retried_alone_and_another_one_is_refused(ready: Program, simulator: SimulatorThread) -> None:
    rule = {"match": {"operation": "assignments"}, "times": "forever", "action": {"kind": "status", "status": 403}}
    control(simulator, "POST", "faults", [rule])
    assert ready.inline("backup", "contoso", "--wait").code in (1, 3)
    control(simulator, "DELETE", "faults")
    run = fetch_of(ready)
    wrong = ready.inline("runs", "retry", run, "--reason", "timeout", "--json")
    assert wrong.code == 6 and "is left to retry" in wrong.error["message"]
    assert ready.inline("runs", "retry", run, "--reason", "nonsense").code == 2
    again = ready.inline("runs", "retry", run, "--reason", "permission_denied", "--wait", "--json")
    assert again.code == 0, again
    assert again.json["runs"][0]["retry_of"] == run
    assert again.json["runs"][0]["context"]["inputs"]["reason"] == "permission_denied"
    capture = ready.ask("runs", "list", "--type", "capture")["items"][0]["id"]
    whole = ready.inline("runs", "retry", str(capture), "--reason", "timeout", "--json")
    assert whole.code == 6 and "whole policy types" in whole.error["message"]
