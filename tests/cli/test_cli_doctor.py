"""The doctor: every line says ok, warn or fail and what to do; it names what is broken, and nothing else fails with it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from opsconsole.cli.doctor_graph import step_of
from opsconsole.domain.failure import Reason
from opsconsole.graph.policy_types import supported_types
from opsconsole.simulator import SimulatorThread

from .control import control
from .program import Program, config_text


def diagnose(program: Program) -> tuple[int, dict[str, dict[str, str]]]:
    answer = program.inline("doctor", "--json")
    document: dict[str, Any] = answer.json
    assert answer.code == (0 if document["ok"] else 1), answer
    lines = {line["name"]: line for line in document["checks"]}
    for line in lines.values():
        assert line["detail"]
        assert "doctor" not in line["next_step"]
        assert bool(line["next_step"]) == (line["finding"] != "ok")
    return answer.code, lines


def failed(lines: dict[str, dict[str, str]]) -> set[str]:
    return {name for name, line in lines.items() if line["finding"] == "fail"}


def test_a_sound_installation_passes(ready: Program) -> None:
    code, lines = diagnose(ready)
    assert (code, failed(lines)) == (0, set())
    assert {"configuration", "store", "schema", "store is writable", "membership", "engine"} <= set(lines)
    assert {"contoso: sign-in", "contoso: reachability", "contoso: clock", "contoso: groups"} <= set(lines)
    assert sum("Read.All" in line["detail"] for line in lines.values()) >= 13
    assert lines["engine"]["finding"] == "warn"
    text = ready.process("doctor")
    assert text.code == 0, text
    assert "0 failures" in text.err


def test_a_broken_configuration_is_the_one_failure(program: Program) -> None:
    program.configure("[enigne]\n")
    code, lines = diagnose(program)
    assert (code, failed(lines)) == (1, {"configuration"})


def test_a_missing_secret_and_a_refused_token_are_told_apart(ready: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTOSO_TOKEN")
    _, lines = diagnose(ready)
    assert failed(lines) == {"contoso: token"}
    assert "CONTOSO_TOKEN" in lines["contoso: token"]["detail"]
    assert lines["contoso: sign-in"]["finding"] == "warn"
    monkeypatch.setenv("CONTOSO_TOKEN", "wrong")
    _, lines = diagnose(ready)
    assert failed(lines) == {"contoso: sign-in"}
    assert "wrong" not in str(lines)


@pytest.mark.parametrize("reason", Reason)
def test_the_doctor_never_sends_anybody_to_the_doctor(reason: Reason) -> None:
    assert step_of(reason)
    assert "doctor" not in step_of(reason)


def test_a_tenant_out_of_reach_fails_quickly(program: Program) -> None:
    program.configure(config_text(program.folder, "http://127.0.0.1:9"))
    assert program.inline("init").code == 0
    code, lines = diagnose(program)
    assert (code, failed(lines)) == (1, {"contoso: reachability"})


def test_a_missing_permission_is_named(ready: Program, simulator: SimulatorThread) -> None:
    control(simulator, "PUT", "settings", {"denied_types": ["mobileApp"]})
    code, lines = diagnose(ready)
    assert (code, failed(lines)) == (1, {"contoso: mobileApp"})
    assert "DeviceManagementApps.Read.All" in lines["contoso: mobileApp"]["next_step"]


@pytest.mark.parametrize("permission", sorted({row.permission for row in supported_types()}))
def test_a_permission_taken_away_is_named_for_each_type_that_needs_it(
    ready: Program, simulator: SimulatorThread, permission: str
) -> None:
    needing = {row.key for row in supported_types() if row.permission == permission}
    control(simulator, "PUT", "settings", {"denied_types": sorted(needing)})
    _, lines = diagnose(ready)
    assert failed(lines) == {f"contoso: {key}" for key in needing}
    assert all(f"{permission}.Read.All" in lines[f"contoso: {key}"]["next_step"] for key in needing)

    checked = ready.inline("tenants", "check", "contoso", "--wait", "--json")
    assert checked.code == 3, checked
    (run,) = checked.json["runs"]
    refused = {line["subject"]: line for line in run["context"]["checks"] if not line["ok"]}
    assert set(refused) == needing
    assert {line["permission"] for line in refused.values()} == {f"{permission}.Read.All"}
    assert {line["reason_code"] for line in refused.values()} == {"permission_denied"}
    said = ready.inline("tenants", "check", "contoso", "--wait").out.splitlines()
    assert {f"  {key}: {permission}.Read.All is missing" for key in needing} <= set(said)


def test_a_type_that_the_tenant_lacks_is_no_failure(ready: Program, simulator: SimulatorThread) -> None:
    control(simulator, "PUT", "settings", {"unavailable_types": ["windowsAutopilotDeploymentProfile"]})
    code, lines = diagnose(ready)
    assert code == 0
    assert lines["contoso: windowsAutopilotDeploymentProfile"]["finding"] == "warn"


def test_no_store_yet_points_at_init(program: Program, simulator: SimulatorThread) -> None:
    program.configure(config_text(program.folder, simulator.base_url))
    _, lines = diagnose(program)
    assert failed(lines) == {"store"}
    assert "opsconsole init" in lines["store"]["next_step"]


def test_another_tenant_id_than_the_stores_is_told(ready: Program) -> None:
    text = ready.config.read_text(encoding="utf-8")
    ready.configure(text.replace("11111111-", "99999999-"))
    _, lines = diagnose(ready)
    assert failed(lines) == {"contoso: binding"}
    refused = ready.inline("backup", "contoso", "--json")
    assert refused.code == 2


def test_ids_that_are_still_the_examples_are_told_and_nobody_is_asked_with_them(program: Program) -> None:
    assert program.inline("init").code == 0
    _, lines = diagnose(program)
    assert failed(lines) == {"contoso: tenant_id", "contoso: client_id", "contoso: secret"}
    assert "Entra" in lines["contoso: tenant_id"]["next_step"]
    assert lines["contoso: sign-in"]["finding"] == "warn"


@pytest.mark.skipif(sys.platform == "win32", reason="modes as on Unix")
def test_files_that_others_can_touch_are_told(ready: Program) -> None:
    ready.store.chmod(0o644)
    ready.config.chmod(0o666)
    _, lines = diagnose(ready)
    assert failed(lines) == {"configuration file"}
    assert lines["store file"]["finding"] == "warn"
    assert "chmod" in lines["store file"]["next_step"]
