"""Restores from the command line: preview, confirmation, run, retry, undo, and the exit codes that scripts rely on."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from opsconsole.simulator import SimulatorThread

from .control import control, shake
from .program import LIMIT_S, Program, config_text


def preview(program: Program, *args: str, code: int = 0) -> dict[str, Any]:
    answer = program.inline("restore", "preview", "latest", "--tenant", "contoso", *args, "--wait", "--json")
    assert answer.code == code, answer
    return answer.json


def preview_fails(program: Program, *args: str) -> int:
    return program.inline("restore", "preview", "latest", "--tenant", "contoso", *args, "--json").code


def snapshot(simulator: SimulatorThread) -> dict[str, Any]:
    return dict(control(simulator, "GET", "snapshot"))


def test_the_way_there_and_back(backed_up: Program, simulator: SimulatorThread) -> None:
    before = snapshot(simulator)
    changed = shake(simulator, 5)
    shaken = snapshot(simulator)
    document = preview(backed_up)
    restore = document["restore_run"]
    assert restore["status"] == "previewed"
    assert restore["counts"] == {"unchanged": 40 - len(changed), "will_change": len(changed), "blocked": 0}
    assert len(restore["items"]) == 40
    shown = backed_up.ask("restore", "show", restore["id"][-6:])
    assert shown["plan_hash"] == restore["plan_hash"]

    ran = backed_up.ask("restore", "run", restore["id"], "--plan", restore["plan_hash"][:12], "--yes", "--wait")
    assert ran["runs"][0]["outcome"] == "succeeded"
    assert ran["restore_run"]["status"] == "completed"
    assert sum(item["state"] == "applied" for item in ran["restore_run"]["items"]) == len(changed)
    assert snapshot(simulator) == before

    undone = backed_up.ask("restore", "undo", restore["id"], "--wait")["restore_run"]
    assert undone["undo_of"] == restore["id"]
    assert undone["counts"]["will_change"] == len(changed)
    backed_up.ask("restore", "run", undone["id"], "--yes", "--wait")
    assert snapshot(simulator) == shaken

    listed = backed_up.ask("restore", "list", "--tenant", "contoso")["items"]
    assert [(one["id"], one["undone_by"]) for one in listed] == [(undone["id"], None), (restore["id"], undone["id"])]
    assert backed_up.inline("restore", "list").out.count(" undone ") == 1
    shown_text = backed_up.inline("restore", "show", restore["id"]).out
    assert re.search(rf"undone by +{undone['id']}", shown_text) and re.search(r"state +\S+ undone", shown_text)
    executed = backed_up.ask("audit", "list", "--action", "assignments.restore.executed")["items"]
    assert executed == backed_up.ask("audit", "list", "--action", "restore.executed")["items"]
    assert " restore.executed " in backed_up.inline("audit", "list").out
    assert len(executed) == 2
    assert backed_up.ask("audit", "verify")["ok"] is True


def test_text_shows_the_plan_and_what_comes_next(backed_up: Program, simulator: SimulatorThread) -> None:
    shake(simulator, 3)
    answer = backed_up.inline("restore", "preview", "latest", "--tenant", "contoso", "--wait")
    assert answer.code == 0
    assert "3 will change" in answer.out
    assert "opsconsole restore run" in answer.err
    restore_id = backed_up.ask("restore", "list")["items"][0]["id"]
    text = backed_up.inline("restore", "show", restore_id)
    assert text.out.count("will change  ") >= 3
    assert any(line.strip().startswith(("+", "-")) for line in text.out.splitlines())


def test_a_policy_is_left_out_by_name(backed_up: Program) -> None:
    item = backed_up.ask("backups", "items", "latest")["items"][0]
    ref = f"{item['policy_type']}:{item['policy_id']}"
    planned = preview(backed_up, "--without", ref)["restore_run"]["items"]
    assert len(planned) == 39 and item["policy_id"] not in {one["policy_id"] for one in planned}
    restore = backed_up.ask("restore", "list")["items"][0]
    assert restore["left_out"] == [ref]
    assert re.search(rf"left out +{ref}", backed_up.inline("restore", "show", restore["id"]).out)
    entry = backed_up.ask("audit", "list", "--action", "preview.started")["items"][0]
    assert (entry["details"]["left_out"], entry["details"]["left_out_first"]) == (1, [ref])
    assert preview_fails(backed_up, "--without", f"{item['policy_type']}:nowhere") == 4


def test_without_a_terminal_or_yes_nothing_runs(backed_up: Program, simulator: SimulatorThread) -> None:
    shake(simulator, 2)
    restore_id = preview(backed_up)["restore_run"]["id"]
    answer = backed_up.process("restore", "run", restore_id, "--json")
    assert answer.code == 2
    assert "--yes" in answer.error["hint"]
    assert backed_up.ask("restore", "show", restore_id)["status"] == "previewed"


def test_another_plan_than_the_one_seen_exits_6(backed_up: Program, simulator: SimulatorThread) -> None:
    shake(simulator, 2)
    restore_id = preview(backed_up)["restore_run"]["id"]
    answer = backed_up.inline("restore", "run", restore_id, "--plan", "0" * 64, "--yes", "--wait", "--json")
    assert answer.code == 6
    assert answer.error["code"] == "plan_outdated"
    assert backed_up.ask("restore", "show", restore_id)["status"] == "previewed"


def test_a_tenant_that_changed_in_every_policy_exits_6(backed_up: Program, simulator: SimulatorThread) -> None:
    changed = shake(simulator, 3)
    restore_id = preview(backed_up)["restore_run"]["id"]
    for one in changed:
        path = f"policies/{one['type']}/{one['id']}/assignments"
        live = control(simulator, "GET", path)
        control(simulator, "PUT", path, [] if live else _somebody(simulator))
    answer = backed_up.inline("restore", "run", restore_id, "--yes", "--wait", "--json")
    assert answer.code == 6, answer
    reasons = {failure["reason_code"] for failure in answer.json["runs"][0]["failures"]}
    assert reasons == {"changed_since_preview"}


def _somebody(simulator: SimulatorThread) -> list[dict[str, Any]]:
    group = control(simulator, "GET", "groups")[0]["id"]
    return [{"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}}]


def test_a_partial_restore_exits_3_and_a_retry_does_the_rest(backed_up: Program, simulator: SimulatorThread) -> None:
    shake(simulator, 4)
    restore_id = preview(backed_up)["restore_run"]["id"]
    refused = {
        "match": {"method": "POST", "operation": "assign"},
        "times": 1,
        "action": {"kind": "status", "status": 403},
    }
    control(simulator, "POST", "faults", [refused])
    first = backed_up.inline("restore", "run", restore_id, "--yes", "--wait", "--json")
    assert first.code == 3, first
    again = backed_up.inline("restore", "retry", restore_id, "--wait", "--json")
    assert again.code == 0, again
    executions = again.json["restore_run"]["executions"]
    assert [one["outcome"] for one in executions] == ["partially_succeeded", "succeeded"]
    assert executions[1]["retry_of"] == executions[0]["run"]
    nothing = backed_up.inline("restore", "retry", restore_id, "--json")
    assert nothing.code == 6


def test_one_policy_may_be_restored_and_modes_are_kept(backed_up: Program, simulator: SimulatorThread) -> None:
    one = shake(simulator, 3)[0]
    document = preview(backed_up, "--items", f"{one['type']}:{one['id']}", "--mode", "add")
    assert len(document["restore_run"]["items"]) == 1
    assert document["restore_run"]["mode"] == "add"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("kind,from,to\ngroup,a,b\nfilte,x,drop\n", "Line 3"),
        ("kind,from,to\ngroup,a\n", "Line 2"),
        ("a,b,c\n", "header"),
        ("", "header"),
    ],
)
def test_a_bad_mapping_file_exits_2_and_names_the_line(
    backed_up: Program, tmp_path: Path, text: str, word: str
) -> None:
    file = tmp_path / "map.csv"
    file.write_text(text, encoding="utf-8")
    answer = backed_up.inline("restore", "preview", "latest", "--tenant", "contoso", "--map", str(file), "--json")
    assert answer.code == 2
    assert word in answer.error["message"]


def test_a_mapping_file_that_is_no_text_exits_2(backed_up: Program, tmp_path: Path) -> None:
    file = tmp_path / "map.csv"
    file.write_bytes(b"\xff\xfe\x00kind")
    answer = backed_up.inline("restore", "preview", "latest", "--tenant", "contoso", "--map", str(file), "--json")
    assert answer.code == 2
    assert "UTF-8" in answer.error["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("typed", "code", "state"), [("contoso", 0, "completed"), ("yes", 1, "previewed"), ("", 1, "previewed")]
)
def test_a_production_tenant_wants_its_name_typed(
    backed_up: Program, simulator: SimulatorThread, typed: str, code: int, state: str
) -> None:
    import pexpect

    text = config_text(backed_up.folder, simulator.base_url, extra="production = true\n")
    backed_up.configure(text)
    shake(simulator, 2)
    restore_id = preview(backed_up)["restore_run"]["id"]
    order = backed_up.order("restore", "run", restore_id, "--wait")
    child = pexpect.spawn(
        order[0],
        order[1:],
        env=backed_up.env | {"TERM": "xterm"},
        timeout=LIMIT_S,
        encoding="utf-8",
        dimensions=(24, 100),
    )
    child.expect("2 policies in the production tenant contoso")
    child.expect("Type contoso to write this")
    child.sendline(typed)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code
    assert backed_up.ask("restore", "show", restore_id)["status"] == state
