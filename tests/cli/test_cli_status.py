"""`status` and `tenants show`: one glance on a terminal, the same in JSON, and an exit code for a pipeline."""

from __future__ import annotations

from opsconsole.domain.ids import short_id

from .program import Program


def test_a_fresh_store_says_what_is_to_be_done_first(ready: Program) -> None:
    answer = ready.inline("status")
    assert answer.code == 3
    assert "there is no backup yet" in answer.out and "opsconsole backup contoso" in answer.out
    document = ready.inline("status", "--json").json
    assert document["well"] is False
    assert [need["kind"] for need in document["needs"]][:1] == ["no_backup"]
    assert document["needs"][0]["command"] == "opsconsole backup contoso"


def test_after_a_backup_only_notes_are_left_and_the_exit_code_says_so(backed_up: Program) -> None:
    answer = backed_up.inline("status")
    assert answer.code == 0, answer
    assert "all is well" in answer.out
    assert "40 policies backed up" in answer.out and "40 of 40" in answer.out
    document = backed_up.inline("status", "--json").json
    assert document["well"] is True
    assert {need["urgency"] for need in document["needs"]} <= {"note"}
    assert document["last_24_hours"]["outcomes"] == {"succeeded": 2}
    assert sum(counts["fetched"] for counts in document["coverage"]["contoso"].values()) == 40
    assert document["tenants"][0]["complete_set"]["id"]


def test_a_tenant_is_shown_with_its_access_and_its_newest_backup(backed_up: Program) -> None:
    answer = backed_up.inline("tenants", "show", "contoso")
    assert answer.code == 0
    assert "never checked" in answer.err and "none is live for this tenant" in answer.out
    document = backed_up.inline("tenants", "show", "contoso", "--json").json
    assert {line["state"] for line in document["access"]} == {"unknown"}
    assert len(document["access"]) == 38
    assert document["engines"] == [] and document["last_check"] is None
    listed = backed_up.ask("tenants", "list")["items"][0]
    assert listed["complete_set"] == document["complete_set"] and listed["engines"] == []
    assert short_id(document["newest_set"]["id"]) in backed_up.inline("backups", "list").out


def test_a_tenant_that_is_not_there(backed_up: Program) -> None:
    answer = backed_up.inline("tenants", "show", "nobody", "--json")
    assert answer.code == 4 and answer.error["code"] == "not_found"


def test_a_check_that_was_waited_for_brings_the_tenant_along(backed_up: Program) -> None:
    document = backed_up.inline("tenants", "check", "contoso", "--wait", "--json").json
    assert document["tenant"]["last_check"]["outcome"] == "succeeded"
    assert {line["state"] for line in document["tenant"]["access"]} == {"ok"}
    shown = backed_up.inline("tenants", "show", "contoso")
    assert "readable" in shown.out or "✓ ok" in shown.out
