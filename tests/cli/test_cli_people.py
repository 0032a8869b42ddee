"""Members, the audit trail, schedules, tenants and the store, each by its commands."""

from __future__ import annotations

import csv
import json
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from opsconsole.graph.policy_types import POLICY_TYPES
from opsconsole.service.caller import local_actor

from .program import Program

ME = local_actor().key


def test_init_is_repeated_without_harm_and_never_overwrites(program: Program) -> None:
    first = program.inline("init", "--json")
    assert first.code == 0, first
    assert first.json["config_written"] is True
    text = program.config.read_text(encoding="utf-8")
    assert "[[tenants]]" in text
    if sys.platform != "win32":
        assert stat.S_IMODE(program.config.stat().st_mode) == 0o600
    assert "the example's" in program.inline("init").out
    again = program.inline("init", "--json")
    assert again.code == 0, again
    assert again.json["config_written"] is False
    assert again.json["workspaces"] == []
    assert program.config.read_text(encoding="utf-8") == text
    members = program.ask("members", "list")["items"]
    assert [(member["actor"], member["role"]) for member in members] == [(ME, "owner")]
    # The example's tenant is a placeholder: bound to it, the name could never be given its real tenant id.
    assert [tenant["registered"] for tenant in program.ask("tenants", "list")["items"]] == [False]


def test_init_leaves_a_store_with_members_to_them(ready: Program) -> None:
    ready.ask("members", "add", "uid:64001", "owner")
    ready.ask("members", "remove", ME)
    answer = ready.inline("init")
    assert answer.code == 0
    assert "left alone     contoso: only an owner of the workspace main binds it" in answer.out
    assert ME in answer.out
    assert ready.ask("members", "list")["items"] == []


def test_roles_decide_and_strangers_see_nothing(backed_up: Program) -> None:
    set_id = backed_up.ask("backups", "list")["items"][0]["id"]
    added = backed_up.ask("members", "add", "uid:64001", "owner")
    assert added["role"] == "owner"
    backed_up.ask("members", "add", ME, "readonly")
    refused = backed_up.inline("backup", "contoso", "--json")
    assert refused.code == 5
    assert refused.error["code"] == "forbidden"
    assert "fetch.start" in refused.error["message"]
    payload = backed_up.inline("backups", "items", "latest", "--payload", "--json")
    assert payload.code == 5
    assert backed_up.ask("backups", "show", set_id)["id"] == set_id
    with sqlite3.connect(backed_up.store) as raw:
        raw.execute("DELETE FROM memberships WHERE actor = ?", (ME,))
    hidden = backed_up.inline("backups", "show", set_id, "--json")
    missing = backed_up.inline("backups", "show", "0" * len(set_id), "--json")
    assert (hidden.code, missing.code) == (4, 4)
    assert hidden.error["message"].replace(set_id, "X") == missing.error["message"].replace("0" * len(set_id), "X")
    assert backed_up.ask("runs", "list")["items"] == []


def test_the_last_owner_stays(ready: Program) -> None:
    assert ready.inline("members", "remove", ME, "--json").code == 6
    assert ready.inline("members", "add", ME, "manager", "--json").code == 6


def test_the_trail_is_listed_shown_verified_and_exported(backed_up: Program, tmp_path: Path) -> None:
    entries = backed_up.ask("audit", "list", "--limit", "2")
    assert entries["next_cursor"]
    older = backed_up.ask("audit", "list", "--limit", "50", "--cursor", entries["next_cursor"])["items"]
    seqs = [entry["seq"] for entry in (*entries["items"], *older)]
    assert seqs == list(range(len(seqs), 0, -1))
    shown = backed_up.ask("audit", "show", str(seqs[0]))
    assert shown == backed_up.ask("audit", "show", shown["id"])
    answer = backed_up.ask("audit", "head")
    assert (answer["seq"], answer["kept"]) == (seqs[0], None)
    head = {"seq": answer["seq"], "hash": answer["hash"]}
    verdict = backed_up.ask("audit", "verify", "--head", f"{head['seq']}:{head['hash']}")
    assert verdict == {"ok": True, "entries": seqs[0], "head": head, "first_bad": None}
    kept = tmp_path / "head.json"
    kept.write_text(json.dumps(head), encoding="utf-8")
    assert backed_up.ask("audit", "verify", "--head", str(kept))["ok"] is True
    other = backed_up.inline("audit", "verify", "--head", f"{head['seq']}:{'0' * 64}", "--json")
    assert other.code == 1

    lines = tmp_path / "trail.jsonl"
    assert backed_up.ask("audit", "export", str(lines))["entries"] == seqs[0]
    assert [json.loads(line)["seq"] for line in lines.read_text(encoding="utf-8").splitlines()] == seqs[::-1]
    if sys.platform != "win32":
        assert stat.S_IMODE(lines.stat().st_mode) == 0o600
    assert backed_up.inline("audit", "export", str(lines), "--json").code == 2
    assert backed_up.inline("audit", "export", str(lines), "--force", "--json").code == 0
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
    table = tmp_path / "trail.csv"
    backed_up.ask("audit", "export", str(table))
    with table.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == seqs[0]


def test_the_last_verified_head_is_kept_and_what_hides_from_the_chain_shows_against_it(backed_up: Program) -> None:
    backed_up.ask("audit", "verify")
    kept = backed_up.ask("audit", "head")["kept"]
    file = Path(kept["file"])
    assert file.is_relative_to(backed_up.env["XDG_STATE_HOME"])
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in (file.parent, file.parent.parent)} == {0o700}
    assert "Last verified here" in backed_up.inline("audit", "head").err
    backed_up.ask("members", "add", "uid:4242", "readonly")
    newer = backed_up.ask("audit", "verify", "--incremental")
    assert (newer["after"], newer["entries"], newer["head"]["seq"]) == (kept["seq"], 1, kept["seq"] + 1)
    with sqlite3.connect(backed_up.store) as raw:
        for (name,) in raw.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger' AND name LIKE 'audit%'"
        ).fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("DELETE FROM audit_logs WHERE seq = ?", (kept["seq"] + 1,))
        raw.execute("UPDATE audit_head SET seq = ?, hash = ?", (kept["seq"], kept["hash"]))
    for words in (("audit", "verify"), ("audit", "verify", "--incremental")):
        answer = backed_up.inline(*words, "--json")
        assert answer.code == 1
        assert answer.json["first_bad"] == {"seq": kept["seq"] + 1, "kind": "missing"}
    assert str(file) in backed_up.inline("audit", "verify").err
    assert backed_up.ask("audit", "head")["kept"]["seq"] == kept["seq"] + 1, "a bad verdict keeps nothing"
    file.unlink()
    assert backed_up.ask("audit", "verify")["ok"] is True, "without a kept head nothing shows: the README says so"


def test_a_head_that_cannot_be_kept_is_said_and_stops_nothing(backed_up: Program) -> None:
    Path(backed_up.env["XDG_STATE_HOME"]).write_text("a file", encoding="utf-8")
    answer = backed_up.inline("audit", "verify")
    assert answer.code == 0
    assert "not kept" in answer.err


def test_a_changed_entry_is_found_and_named(backed_up: Program) -> None:
    with sqlite3.connect(backed_up.store) as raw:
        names = [
            row[0]
            for row in raw.execute("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='audit_logs'")
        ]
        assert names
        for name in names:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("UPDATE audit_logs SET actor = 'mallory' WHERE seq = 2")
    answer = backed_up.inline("audit", "verify", "--json")
    assert answer.code == 1
    assert answer.json["first_bad"] == {"seq": 2, "kind": "changed"}
    text = backed_up.inline("audit", "verify")
    assert text.code == 1
    assert "entry 2" in text.out
    broken = backed_up.inline("db", "check", "--json")
    assert broken.code == 1
    assert broken.json["ok"] is False


def test_schedules_come_pause_go_on_run_and_go(backed_up: Program) -> None:
    added = backed_up.ask(
        "schedules", "add", "contoso", "--backup", "--cron", "0 3 * * 1-5", "--timezone", "Europe/Berlin"
    )
    assert added["next_fire_at"]
    drift = backed_up.ask("schedules", "add", "contoso", "--drift", "latest", "--every", "24h")
    assert [one["kind"] for one in backed_up.ask("schedules", "list", "--limit", "1")["items"]]
    assert len(backed_up.ask("schedules", "list")["items"]) == 2
    assert backed_up.ask("schedules", "pause", added["id"][-8:])["paused"] is True
    assert backed_up.inline("schedules", "pause", added["id"], "--json").code == 6
    assert backed_up.ask("schedules", "resume", added["id"])["next_fire_at"]
    ran = backed_up.ask("schedules", "run-now", drift["id"], "--wait")
    assert ran["runs"][0]["type"] == "assignments.drift"
    text = backed_up.inline("schedules", "list")
    assert "0 3 * * 1-5" in text.out
    backed_up.ask("schedules", "remove", added["id"])
    assert [one["id"] for one in backed_up.ask("schedules", "list")["items"]] == [drift["id"]]


def test_a_tenant_is_checked(ready: Program) -> None:
    document = ready.ask("tenants", "check", "contoso", "--wait")
    assert document["runs"][0]["outcome"] == "succeeded"
    tenant = ready.ask("tenants", "list")["items"][0]
    assert tenant["last_check"]["outcome"] == "succeeded"


def test_the_store_tells_of_itself(ready: Program) -> None:
    info = ready.ask("db", "info")
    assert info["dialect"] == "sqlite"
    assert ready.ask("db", "migrate") == {"applied": []}
    checked = ready.ask("db", "check")
    assert checked["ok"] is True
    assert len(checked["checks"]) > 20


def test_an_empty_store_is_seeded_once(ready: Program) -> None:
    made = ready.inline("db", "seed", "--runs", "300", "--seed", "4", "--json")
    assert made.code == 0, made
    assert len(ready.ask("runs", "list", "--limit", "1000")["items"]) >= 300
    assert ready.ask("audit", "verify")["ok"] is True
    assert ready.inline("db", "seed", "--runs", "5", "--json").code == 6


def test_policy_types_say_how_or_why_not(program: Program) -> None:
    found = program.ask("policy-types", "list")["items"]
    assert [one["supported"] for one in found] == sorted((one["supported"] for one in found), reverse=True)
    assert all(one["supported"] or one["why_not"] for one in found)
    assert {"settingsCatalogPolicy", "mobileApp"} <= {one["key"] for one in found if one["supported"]}
    assert program.inline("policy-types", "list").out.startswith("Type")


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_the_name_of_a_permission_is_whole_at_any_width(
    program: Program, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    words = program.inline("policy-types", "list").out.replace(",", " ").split()
    assert {one.permission_read for one in POLICY_TYPES.values() if one.is_supported} <= set(words)


@pytest.mark.parametrize("words", [("runs", "list"), ("backups", "list"), ("restore", "list"), ("schedules", "list")])
def test_an_empty_list_says_what_would_be_there(ready: Program, words: tuple[str, ...]) -> None:
    answer = ready.inline(*words)
    assert (answer.code, answer.out) == (0, "")
    assert "opsconsole" in answer.err
    assert ready.ask(*words) == {"items": [], "next_cursor": None}
