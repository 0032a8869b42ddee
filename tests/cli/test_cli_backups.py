"""Backups, their items and differences, drift, and runs: what the commands answer, against a tenant over HTTP and a real store."""

from __future__ import annotations

import json
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from opsconsole.graph.policy_types import supported_types
from opsconsole.simulator import SimulatorThread, seeded_tenant

from .control import control, shake
from .program import Program, config_text

GONE = "http://127.0.0.1:9"
"""Nothing listens at the discard port."""

DISK_BYTES = 40_000
"""Room for SQLite's shared memory, not for the log of a backup's transaction."""

TYPES = len(supported_types())
"""Policy types that a backup asks for when none is chosen."""


def test_a_backup_that_is_waited_for_tells_everything_as_it_is_at_the_end(ready: Program) -> None:
    answer = ready.process("backup", "contoso", "--wait", "--json")
    assert answer.code == 0, answer
    document = answer.json
    assert document["created"] is True
    assert [run["type"] for run in document["runs"]] == ["backup.capture", "assignments.fetch"]
    assert {run["outcome"] for run in document["runs"]} == {"succeeded"}
    made = document["backup_set"]
    assert made["complete"] is True
    assert made["counts"] == {"listed": 40, "fetched": 40, "failed": 0, "skipped": 0}
    assert document["runs"][0]["id"] in answer.err
    assert "Traceback" not in answer.err


def test_a_backup_without_an_engine_says_so_and_how_to_start_one(ready: Program) -> None:
    text = ready.inline("backup", "contoso")
    assert text.code == 0
    lines = text.out.splitlines()
    assert [line.split()[1:] for line in lines] == [
        ["backup.capture", "contoso", "queued"],
        ["assignments.fetch", "contoso", "queued"],
    ]
    assert "opsconsole engine --drain" in text.err
    again = ready.ask("backup", "contoso")
    assert again["created"] is False
    assert [run["id"] for run in again["runs"]] == [line.split()[0] for line in lines]
    drained = ready.process("engine", "--drain", "--json")
    assert drained.code == 0, drained
    assert drained.json["drained"] is True
    assert ready.ask("backups", "show", "latest")["complete"] is True


def test_waiting_for_what_is_active_already_brings_it_to_its_end(ready: Program) -> None:
    first = ready.ask("backup", "contoso")
    second = ready.ask("backup", "contoso", "--wait")
    assert second["created"] is False
    assert [run["id"] for run in second["runs"]] == [run["id"] for run in first["runs"]]
    assert {run["outcome"] for run in second["runs"]} == {"succeeded"}


def test_only_the_chosen_types_are_backed_up(ready: Program) -> None:
    made = ready.ask("backup", "contoso", "--types", "mobileApp,deviceConfiguration", "--wait")["backup_set"]
    assert set(made["by_type"]) == {"mobileApp", "deviceConfiguration"}


def test_an_empty_tenant_is_backed_up_whole(program: Program) -> None:
    with SimulatorThread(seeded_tenant(0)) as empty:
        program.configure(config_text(program.folder, empty.base_url))
        assert program.inline("init").code == 0
        document = program.ask("backup", "contoso", "--wait")
    assert document["backup_set"]["complete"] is True
    assert document["backup_set"]["counts"]["listed"] == 0
    assert {run["outcome"] for run in document["runs"]} == {"succeeded"}


def test_a_tenant_that_cannot_be_reached_exits_7(program: Program) -> None:
    program.configure(config_text(program.folder, GONE))
    assert program.inline("init").code == 0
    answer = program.inline("backup", "contoso", "--types", "mobileApp", "--wait", "--json")
    assert answer.code == 7, answer
    assert [failure["reason_code"] for failure in answer.json["runs"][0]["failures"]] == ["network_unreachable"]
    assert answer.json["backup_set"]["complete"] is False


def test_a_missing_secret_fails_the_run_and_names_its_source(ready: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTOSO_TOKEN")
    answer = ready.inline("backup", "contoso", "--types", "mobileApp", "--wait", "--json")
    assert answer.code == 1, answer
    failure = answer.json["runs"][0]["failures"][0]
    assert failure["reason_code"] == "authentication_failed"
    assert "CONTOSO_TOKEN" in failure["message"]


def test_what_failed_alike_is_told_once_with_its_types(ready: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTOSO_TOKEN")
    waited = ready.inline("backup", "contoso", "--wait")
    assert f"  {TYPES} × authentication_failed: The environment variable CONTOSO_TOKEN is not set." in waited.out
    capture = ready.ask("runs", "list", "--type", "capture")["items"][0]
    assert (capture["context"]["counters"]["failed"], capture["context"]["failure_count"]) == (0, TYPES)
    listed = ready.inline("runs", "list", "--type", "capture").out.splitlines()
    assert f"  {TYPES}  " in listed[2]
    with sqlite3.connect(ready.store) as raw:
        kept = raw.execute("SELECT items_failed FROM operation_runs WHERE id = ?", (capture["id"],)).fetchone()
    assert kept == (TYPES,), "a list that is sorted or narrowed by failures must agree with what it shows"
    for words in (("runs", "show", capture["id"]), ("backups", "show", "latest")):
        text = ready.inline(*words).out
        assert text.count("authentication_failed") == 1, text
        assert f"{TYPES} × authentication_failed" in text
        assert "mobileApp" in text
        assert " :" not in text
    drift = ready.inline("drift", "latest", "--wait")
    assert drift.code == 1
    assert "could not be compared" in drift.out


def test_a_policy_is_named_by_its_own_id_even_if_that_is_no_hexadecimal(
    ready: Program, simulator: SimulatorThread
) -> None:
    policy = {"id": "T_Profile-Ring.1", "displayName": "Named by hand", "assignments": []}
    control(simulator, "POST", "policies/deviceConfiguration", policy)
    hidden = {"match": {"operation": "list"}, "times": "forever", "action": {"kind": "missing_assignments_key"}}
    refused = {"match": {"batch_inner": True}, "times": "forever", "action": {"kind": "status", "status": 403}}
    control(simulator, "POST", "faults", [hidden, refused])
    ready.inline("backup", "contoso", "--types", "deviceConfiguration", "--wait")
    before = ready.ask("backups", "show", "latest")["counts"]["failed"]
    found = ready.ask("backups", "items", "latest", "--search", "T_Profile")["items"]
    assert [item["status"] for item in found] == ["failed"]
    control(simulator, "DELETE", "faults")
    made = ready.ask("backups", "fetch", "latest", "--item", "T_Profile-Ring.1", "--wait")
    assert made["backup_set"]["counts"]["failed"] == before - 1


def test_a_partial_backup_exits_3_and_is_completed_by_a_fetch(ready: Program, simulator: SimulatorThread) -> None:
    control(simulator, "PUT", "settings", {"denied_types": ["mobileApp"]})
    first = ready.inline("backup", "contoso", "--wait", "--json")
    assert first.code == 3, first
    made = first.json["backup_set"]
    assert made["complete"] is False
    assert made["by_type"]["mobileApp"]["status"] == "failed"
    text = ready.inline("backups", "show", "latest")
    assert "incomplete" in text.out
    refused = ready.inline("restore", "preview", "latest", "--tenant", "contoso", "--json")
    assert refused.code == 6
    assert "--accept-missing 1" in refused.error["hint"]


def test_failed_items_are_fetched_again(ready: Program, simulator: SimulatorThread) -> None:
    fault = {
        "match": {"batch_inner": True},
        "times": 2,
        "action": {"kind": "status", "status": 403, "code": "Forbidden"},
    }
    hidden = {"match": {"operation": "list"}, "times": "forever", "action": {"kind": "missing_assignments_key"}}
    control(simulator, "POST", "faults", [fault, hidden])
    first = ready.inline("backup", "contoso", "--wait", "--json")
    assert first.code == 3, first
    set_id = first.json["backup_set"]["id"]
    failed = ready.ask("backups", "items", set_id, "--status", "failed")["items"]
    assert len(failed) == 2
    assert {item["failure"]["reason_code"] for item in failed} == {"permission_denied"}
    one = ready.ask("backups", "fetch", set_id[-6:], "--item", failed[0]["id"][-8:], "--wait")
    assert one["backup_set"]["counts"]["failed"] == 1
    rest = ready.ask("backups", "fetch", set_id, "--failed", "--wait")
    assert rest["backup_set"]["complete"] is True
    nothing = ready.inline("backups", "fetch", set_id, "--json")
    assert nothing.code == 6


def test_items_are_paged_and_payload_is_what_the_list_sent(backed_up: Program) -> None:
    seen: list[str] = []
    cursor: list[str] = []
    while True:
        page = backed_up.ask("backups", "items", "latest", "--limit", "15", *cursor)
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = ["--cursor", page["next_cursor"]]
    assert len(seen) == len(set(seen)) == 40
    item = backed_up.ask("backups", "items", "latest", "--limit", "1", "--payload")["items"][0]
    assert item["policy"]["id"] == item["policy_id"]
    assert isinstance(item["assignments"], list)


def test_a_payloads_numbers_are_printed_digit_by_digit(backed_up: Program) -> None:
    sent = '{"id":"x","size":1e400,"small":0.10,"big":123456789012345678901234567890,"name":"é"}'
    with sqlite3.connect(backed_up.store) as raw:
        raw.execute("UPDATE backup_items SET policy = ?, assignments = ?", (sent, '[{"x":1e400}]'))
    said = backed_up.inline("backups", "items", "latest", "--limit", "1", "--payload", "--json").out
    assert sent.replace("é", "\\u00e9") in said
    assert '"assignments": [{"x":1e400}]' in said
    assert "Infinity" not in said


def test_two_sets_are_compared(backed_up: Program, simulator: SimulatorThread) -> None:
    changed = shake(simulator, 4)
    backed_up.ask("backup", "contoso", "--wait")
    first, second = (found["id"] for found in backed_up.ask("backups", "list")["items"])
    assert backed_up.ask("backups", "diff", first, first)["differs"] is False
    answer = backed_up.inline("backups", "diff", second, first, "--json")
    assert answer.code == 3
    assert answer.json["counts"]["changed"] == len(changed)
    text = backed_up.inline("backups", "diff", second, first)
    assert "changed" in text.out


def test_drift_of_a_set_that_lacks_a_type_never_says_the_same(ready: Program, simulator: SimulatorThread) -> None:
    control(simulator, "PUT", "settings", {"denied_types": ["mobileApp"]})
    assert ready.inline("backup", "contoso", "--wait").code == 3
    control(simulator, "PUT", "settings", {"denied_types": []})
    answer = ready.inline("drift", "latest", "--wait")
    assert answer.code == 3, answer
    assert "! 1 could not be compared: The set holds no list of" in answer.out
    assert "a new `opsconsole backup contoso`" in answer.out


def test_drift_exits_0_for_the_same_and_3_for_a_difference(backed_up: Program, simulator: SimulatorThread) -> None:
    same = backed_up.ask("drift", "latest", "--wait")
    assert same["differs"] is False
    changed = shake(simulator, 3)
    answer = backed_up.inline("drift", "latest", "--wait", "--json")
    assert answer.code == 3
    document = answer.json
    assert document["differs"] is True
    assert document["counts"]["changed"] == len(changed)
    assert document["runs"][0]["type"] == "assignments.drift"
    assert {item["policy_id"] for item in document["items"]} == {one["id"] for one in changed}


def test_an_export_is_private_whole_and_never_overwrites(backed_up: Program, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    made = backed_up.ask("backups", "export", "latest", str(folder))
    assert made["items"] == 40
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["items"]) == 40
    if sys.platform != "win32":
        assert {stat.S_IMODE(file.stat().st_mode) for file in folder.rglob("*.json")} == {0o600}
    again = backed_up.inline("backups", "export", "latest", str(folder), "--json")
    assert again.code == 2
    actions = [entry["action"] for entry in backed_up.ask("audit", "list")["items"]]
    assert "payload.exported" in actions


def test_runs_are_listed_filtered_and_shown(backed_up: Program) -> None:
    everything = backed_up.ask("runs", "list")["items"]
    assert [run["type"] for run in everything] == ["backup.capture", "assignments.fetch"] or [
        run["type"] for run in everything
    ] == ["assignments.fetch", "backup.capture"]
    fetches = backed_up.ask("runs", "list", "--type", "fetch", "--outcome", "succeeded", "--since", "1h")["items"]
    assert [run["type"] for run in fetches] == ["assignments.fetch"]
    assert backed_up.ask("runs", "list", "--status", "queued,running")["items"] == []
    assert backed_up.ask("runs", "list", "--since", "2100-01-01")["items"] == []
    assert backed_up.ask("runs", "list", "--until", "2000-01-01T00:00")["items"] == []
    assert backed_up.ask("runs", "list", "--reason", "throttled")["items"] == []
    assert len(backed_up.ask("runs", "list", "--tenant", "contoso", "--limit", "1")["items"]) == 1
    run = backed_up.ask("runs", "show", fetches[0]["id"][-6:])
    assert run["context"]["counters"]["total"] == 40
    assert sum(value for name, value in run["context"]["counters"].items() if name != "total") == 40
    text = backed_up.inline("runs", "show", run["id"])
    assert "succeeded" in text.out
    assert backed_up.inline("runs", "list", "--reason", "throttled").err == "No run matches.\n"
    watched = backed_up.inline("runs", "watch", run["id"], "--json")
    assert (watched.code, watched.json["outcome"]) == (0, "succeeded")


def test_a_queued_backup_is_cancelled_whole(ready: Program) -> None:
    runs = ready.ask("backup", "contoso")["runs"]
    assert ready.ask("runs", "cancel", runs[0]["id"])["outcome"] == "cancelled"
    assert {run["outcome"] for run in ready.ask("runs", "list")["items"]} == {"cancelled"}
    again = ready.inline("runs", "cancel", runs[0]["id"], "--json")
    assert again.code == 6
    watched = ready.inline("runs", "watch", runs[0]["id"], "--json")
    assert watched.code == 1
    retried = ready.ask("runs", "retry", runs[0]["id"], "--wait")
    assert retried["created"] is True
    assert retried["runs"][0]["retry_of"] == runs[0]["id"]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a Unix matter")
def test_a_full_disk_is_told_cleanly_and_exits_7(ready: Program) -> None:
    import resource

    def limit() -> None:
        # Stands for a disk that is full: the log of this transaction does not fit any more.
        resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES))

    answer = ready.process("backup", "contoso", "--json", preexec_fn=limit)
    assert answer.code == 7, answer
    assert answer.error["code"] == "store_unavailable"
    assert "Traceback" not in answer.err
    assert ready.ask("backup", "contoso")["created"] is True
