"""The demo and the simulator as real processes: the summary adds up, and nobody is left behind."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import psutil
import pytest

from opsconsole.cli.demo_changes import ChangesAfterBackup
from opsconsole.cli.demo_mark import remove_left_behind
from opsconsole.cli.demo_place import TENANT_NAME, demo_env, write_config
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.output import Output
from opsconsole.cli.simulated_tenant import SimulatedTenant
from opsconsole.cli.waiting import stay
from opsconsole.domain.run import RunType
from opsconsole.service.backups import show_set, start_backup
from opsconsole.service.setup import init_store, open_caller
from opsconsole.simulator.fault_profiles import PROFILES

from .program import LIMIT_S, Answer, Program, wait_for


def summary(answer: Answer) -> dict[str, dict[str, object]]:
    assert answer.code == 0, answer
    document = answer.json
    assert document["as_planned"] is True
    steps = {str(step["step"]): step for step in document["steps"]}
    for step in steps.values():
        assert sum(step["parts"].values()) == step["total"], step
        assert step["adds_up"] is True
    return steps


def test_the_headless_demo_goes_the_whole_way(program: Program) -> None:
    steps = summary(program.process("demo", "--headless", "--policies", "60", "--seed", "5", "--json"))
    assert steps["backup"]["parts"] == {"fetched": 60, "failed": 0, "skipped": 0}
    changed = steps["changed behind its back"]["total"]
    assert changed
    assert steps["drift"]["parts"]["changed"] == changed
    assert steps["preview"]["parts"]["will_change"] == changed
    assert steps["restore"]["parts"]["applied"] == changed
    assert steps["simulator against backup"]["parts"]["equal the backup"] == changed
    assert steps["undo"]["parts"]["applied"] == changed
    assert steps["simulator against undo"]["parts"]["differ"] == 0
    assert not (program.folder / "config").exists()
    assert not (program.folder / "data").exists()


def test_faults_are_accounted_for(program: Program) -> None:
    rules = [
        {
            "match": {"operation": "list", "type": "mobileApp"},
            "times": "forever",
            "action": {"kind": "status", "status": 403},
        },
        {"match": {"operation": "assign"}, "times": 2, "action": {"kind": "status", "status": 403}},
        {"match": {"operation": "assign"}, "times": 1, "skip": 3, "action": {"kind": "drop_target"}},
    ]
    file = program.folder / "faults.json"
    file.write_text(json.dumps(rules), encoding="utf-8")
    steps = summary(program.process("demo", "--headless", "--policies", "80", "--faults", str(file), "--json"))
    assert steps["restore"]["parts"]["failed"] >= 2
    assert steps["backup"]["note"] == "1 type not listed in full"


def test_a_named_folder_keeps_the_demo_and_can_be_used_afterwards(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    text = program.process("demo", "--headless", "--policies", "20", "--dir", str(folder))
    assert text.code == 0, text
    assert "Everything went as planned." in text.out
    again = program.process("demo", "--headless", "--policies", "20", "--dir", str(folder), "--json")
    assert again.code == 0, again
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "config.toml").write_text("# mine\n", encoding="utf-8")
    refused = program.process("demo", "--headless", "--dir", str(foreign), "--json")
    assert refused.code == 2
    assert (foreign / "config.toml").read_text(encoding="utf-8") == "# mine\n"


@pytest.mark.parametrize("command", ["simulate", "demo"])
def test_the_help_says_how_to_connect_and_names_every_fault_profile(program: Program, command: str) -> None:
    text = program.inline(command, "--help").out
    for word in ("`simulator`", "base_url", "static_token", *PROFILES):
        assert word in text


def test_an_unknown_fault_profile_is_told_by_its_name(program: Program) -> None:
    answer = program.process("demo", "--headless", "--faults", "earthquake", "--json")
    assert answer.code == 2, answer
    assert "earthquake" in answer.error["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_simulator_ends_with_the_demo(program: Program, number: signal.Signals) -> None:
    child = program.start("demo", "--headless", "--policies", "2000")
    wait_for(lambda: bool(psutil.Process(child.pid).children()), "the simulator")
    simulators = psutil.Process(child.pid).children()
    assert child.stderr is not None
    assert child.stderr.readline()  # past its start, and at work
    child.send_signal(number)
    child.communicate(timeout=LIMIT_S)
    assert child.returncode == (130 if number is signal.SIGINT else -number)
    gone, alive = psutil.wait_procs(simulators, timeout=LIMIT_S)
    assert gone and not alive


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on Unix")
def test_what_a_killed_demo_left_goes_with_the_next_one(program: Program, tmp_path: Path) -> None:
    child = program.start("demo", "--headless", "--policies", "2000")
    assert child.stderr is not None
    assert child.stderr.readline()  # past its start, and at work
    (left,) = tmp_path.glob("opsconsole-demo-*")
    unknown, linked = tmp_path / "opsconsole-demo-of-others", tmp_path / "opsconsole-demo-link"
    unknown.mkdir()
    (tmp_path / "elsewhere").mkdir()
    linked.symlink_to(tmp_path / "elsewhere")
    assert remove_left_behind(tmp_path) == [], "the demo that made it lives"
    child.kill()
    child.communicate(timeout=LIMIT_S)
    assert (left / "config.toml").exists()
    summary(program.process("demo", "--headless", "--policies", "5", "--json"))
    assert sorted(tmp_path.glob("opsconsole-demo-*")) == [linked, unknown], "only what was a demo's goes"


def test_the_simulator_says_first_where_it_listens(program: Program) -> None:
    child = program.start("simulate", "--policies", "5")
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line.startswith("listening on http://127.0.0.1:")
    child.terminate()
    child.communicate(timeout=LIMIT_S)
    assert child.returncode == 0


def test_the_simulator_says_it_in_json_too(program: Program) -> None:
    child = program.start("simulate", "--policies", "5", "--json")
    assert child.stdout is not None
    document = json.loads(child.stdout.readline())
    assert document["listening"].startswith("http://127.0.0.1:")
    child.terminate()
    rest, _ = child.communicate(timeout=LIMIT_S)
    assert (child.returncode, rest) == (0, "")


def test_a_port_in_use_is_told(program: Program) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = program.process("simulate", "--port", str(taken.getsockname()[1]))
    assert answer.code == 2, answer
    assert "Traceback" not in answer.err


def test_on_screen_the_demo_changes_its_tenant_once_the_first_backup_has_ended(tmp_path: Path) -> None:
    demo = Invocation(Output(is_json=True), demo_env({}))
    with SimulatedTenant(40, 3) as simulator:
        demo.config_path = write_config(tmp_path, simulator.base_url, str(simulator.ask("state")["tenant"]["id"]))
        init_store(open_caller(demo.config(), create=True))
        started = start_backup(demo.caller(), TENANT_NAME)
        before = simulator.ask("snapshot")
        with ChangesAfterBackup(simulator, demo.config(), started.runs[-1].id, 1):
            assert started.runs[-1].type is RunType.FETCH
        assert simulator.ask("snapshot") == before, "left before the backup ended: nothing is changed"
        with ChangesAfterBackup(simulator, demo.config(), started.runs[-1].id, 1):
            stay(demo, started.runs, brings_engine=True)
            wait_for(lambda: simulator.ask("snapshot") != before, "the changes")
        assert started.backup_set is not None
        made = show_set(demo.caller(), started.backup_set.id)
        assert made.is_complete, "what is changed comes after the backup, not into it"
        now = simulator.ask("snapshot")
        assert sum(now[name] != before[name] for name in before) == 40 // 8
        demo.close()


def test_a_simulator_that_went_away_ends_no_demo(tmp_path: Path) -> None:
    demo = Invocation(Output(is_json=True), demo_env({}))
    with SimulatedTenant(5, 3) as simulator:
        demo.config_path = write_config(tmp_path, simulator.base_url, str(simulator.ask("state")["tenant"]["id"]))
        init_store(open_caller(demo.config(), create=True))
        started = start_backup(demo.caller(), TENANT_NAME)
        stay(demo, started.runs, brings_engine=True)
    with ChangesAfterBackup(simulator, demo.config(), started.runs[-1].id, 1):
        pass
    demo.close()
