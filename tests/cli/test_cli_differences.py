"""What differs, what was written and who did what, as commands: whole, by part, page by page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opsconsole.simulator import SimulatorThread

from .control import shake
from .program import Program


def test_a_past_check_is_shown_by_its_run(backed_up: Program, simulator: SimulatorThread) -> None:
    changed = shake(simulator, 3)
    document = backed_up.inline("drift", "latest", "--wait", "--json").json
    run = document["runs"][0]["id"]
    shown = backed_up.ask("runs", "show", run)
    assert shown["differences"] == {"differs": True, "counts": document["counts"]}
    text = backed_up.inline("runs", "show", run).out
    assert "3 changed, 0 new, 0 gone, 37 same" in text
    assert all(one["policy_name"] in text for one in document["items"])
    first = backed_up.ask("runs", "differences", run, "--limit", "2")
    second = backed_up.ask("runs", "differences", run, "--limit", "2", "--cursor", first["next_cursor"])
    assert [*first["items"], *second["items"]] == document["items"]
    assert second["next_cursor"] is None and first["counts"] == document["counts"]
    found = backed_up.ask("runs", "differences", run, "--kind", "changed", "--search", changed[0]["id"])
    assert [item["policy_id"] for item in found["items"]] == [changed[0]["id"]]
    assert backed_up.ask("runs", "differences", run, "--kind", "gone,new")["items"] == []
    assert "+" in backed_up.inline("runs", "differences", run).out
    wrong = backed_up.inline("runs", "differences", run, "--kind", "same")
    assert wrong.code == 2 and "changed, new, gone" in wrong.err + wrong.out
    capture = backed_up.ask("runs", "list", "--type", "capture")["items"][0]["id"]
    assert backed_up.inline("runs", "differences", capture).code == 4
    assert "differences" not in backed_up.ask("runs", "show", capture)


def test_two_sets_are_compared_whole_and_page_by_page(backed_up: Program, simulator: SimulatorThread) -> None:
    shake(simulator, 3)
    assert backed_up.inline("backup", "contoso", "--wait").code == 0
    new, old = (one["id"] for one in backed_up.ask("backups", "list")["items"])
    whole = backed_up.inline("backups", "diff", old, new, "--json")
    assert whole.code == 3
    assert whole.json["counts"] == {"changed": 3, "new": 0, "gone": 0, "same": 37, "unknown": 0}
    first = backed_up.inline("backups", "diff", old, new, "--limit", "2", "--json").json
    answer = backed_up.inline("backups", "diff", old, new, "--limit", "2", "--cursor", first["next_cursor"], "--json")
    assert [*first["items"], *answer.json["items"]] == whole.json["items"]
    assert answer.json["counts"] == whole.json["counts"] and answer.code == 3
    name = whole.json["items"][1]["policy_name"]
    narrow = backed_up.inline("backups", "diff", old, new, "--search", name, "--kind", "changed")
    assert name in narrow.out
    assert backed_up.inline("backups", "diff", old, new, "--kind", "other").code == 2
    assert backed_up.inline("backups", "diff", old, old, "--limit", "5").code == 0


def test_what_was_written_is_told_before_and_after(backed_up: Program, simulator: SimulatorThread) -> None:
    shake(simulator, 3)
    plan = backed_up.inline("restore", "preview", "latest", "--tenant", "contoso", "--wait", "--json").json[
        "restore_run"
    ]
    assert backed_up.inline("restore", "run", plan["id"], "--yes", "--wait").code == 0
    entry = backed_up.ask("audit", "list", "--action", "assignments.restore.executed")["items"][0]
    page = backed_up.ask("audit", "writes", entry["id"], "--limit", "2")
    rest = backed_up.ask("audit", "writes", entry["id"], "--cursor", page["next_cursor"])
    policies = [*page["items"], *rest["items"]]
    assert len(policies) == 3 and rest["next_cursor"] is None
    assert all(one["state"] == "applied" and one["before"] != one["after"] for one in policies)
    text = backed_up.inline("audit", "writes", f"#{entry['seq']}").out
    assert text.count("before ") == text.count("after ") == 3
    other = backed_up.ask("audit", "list", "--action", "backup.started")["items"][0]
    assert backed_up.inline("audit", "writes", other["id"]).code == 2


@pytest.mark.parametrize(
    ("options", "actions"),
    [
        (("--outcome", "refused"), set()),
        (("--action", "backup.started"), {"backup.started"}),
        (("--actor", "nobody-of-that-name"), set()),
        (("--tenant", "contoso", "--since", "1h", "--search", "backup"), {"backup.started"}),
        (("--until", "2001-01-01"), set()),
    ],
)
def test_the_trail_is_narrowed_by_options_and_exported_so(
    backed_up: Program, tmp_path: Path, options: tuple[str, ...], actions: set[str]
) -> None:
    found = backed_up.ask("audit", "list", *options)["items"]
    assert {entry["action"] for entry in found} == actions
    path = tmp_path / "trail.jsonl"
    made = backed_up.ask("audit", "export", str(path), *options)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert made["entries"] == len(lines) == len(found)
    assert [line["id"] for line in lines] == [entry["id"] for entry in reversed(found)]


def test_an_outcome_that_is_none_is_refused(backed_up: Program) -> None:
    wrong = backed_up.inline("audit", "list", "--outcome", "great")
    assert wrong.code == 2 and "partially_succeeded" in wrong.err + wrong.out
