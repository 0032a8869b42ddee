"""Backups: every listed policy is fetched, failed with its reason, or skipped, and the sums show it (promise 3)."""

from __future__ import annotations

import json

import pytest

from opsconsole.domain.backup import ItemStatus, TypeStatus
from opsconsole.domain.failure import FailureCode, Reason
from opsconsole.domain.run import Outcome, RunType
from opsconsole.errors import Conflict
from opsconsole.graph.policy_types import supported_types
from opsconsole.service import backups, restores, runs
from opsconsole.simulator import seeded_tenant
from opsconsole.simulator.jsontext import members
from world import (
    APP,
    CATALOG,
    CONFIGURATION,
    MANAGED_APPS,
    World,
    add_policy,
    check_adds_up,
    group,
    policy_id,
    small_tenant,
    status_fault,
)

from .conftest import MakeWorld

HARD_NAMES = [
    "x" * 500,
    "[bold red]not markup[/] [link=x]y[/link]",
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link",
    "\u202egnp.exe \u2066hidden\u2069",
    "zero\u200bwidth\u200djoiner\ufeff",
    'quote" back\\slash / newline\n tab\t NUL\u0000',
    "e\u0301 😀 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "",
    "   ",
    "'; DROP TABLE backup_items; --",
]


def test_a_whole_seeded_tenant_is_fetched_and_adds_up(make_each_world: MakeWorld) -> None:
    world = make_each_world(seeded_tenant(60, seed=3))
    found = world.backup()
    assert found.is_complete
    assert found.to_json()["counts"] == {"listed": 60, "fetched": 60, "failed": 0, "skipped": 0}
    assert {key: counts.listed for key, counts in found.by_type.items() if counts.listed} == world.tenant().counts()
    capture, fetch = world.all_runs(RunType.CAPTURE)[0], world.all_runs(RunType.FETCH)[0]
    for run in (capture, fetch):
        assert run.outcome is Outcome.SUCCEEDED
        assert (run.counters.total, run.counters.processed) == (60, 60)
    assert fetch.after_run_id == capture.id
    world.check_all_is_settled()


def test_every_policy_is_kept_byte_for_byte(make_each_world: MakeWorld) -> None:
    world = make_each_world(seeded_tenant(120, seed=11))
    check_bytes(world, world.backup())


def test_every_real_export_is_kept_byte_for_byte(make_world: MakeWorld, exports_world: World) -> None:
    found = exports_world.backup()
    assert found.is_complete
    kept = {row.key for row in supported_types()}
    assert found.count("fetched") == sum(n for key, n in exports_world.tenant().counts().items() if key in kept) > 300
    check_bytes(exports_world, found)


def check_bytes(world: World, found: backups.BackupSet) -> None:
    """Stored policies and assignments are slices of what the tenant served."""
    tenant = world.tenant()
    expands = {row.key: row.expands for row in supported_types()}
    items = world.items(found.id)
    assert len(items) == sum(count for key, count in tenant.counts().items() if key in expands)
    for (key, identifier), item in items.items():
        served = tenant.served_entry(key, identifier, expand=expands[key])
        assert item.policy is not None
        assert item.policy.encode() == served, (key, identifier)
        assert item.assignments is not None
        texts = b",".join(tenant.assignment_texts(key, identifier))
        assert item.assignments.encode() == b"[" + texts + b"]", (key, identifier)
        if expands[key]:
            text = served.decode()
            (slice_of,) = [text[m.value : m.end] for m in members(text) if m.key == "assignments"]
            assert item.assignments == slice_of


def test_a_second_backup_while_one_is_active_is_the_active_one(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(3))
    first = backups.start_backup(world.caller, "contoso")
    second = backups.start_backup(world.caller, "contoso")
    assert (first.created, second.created) == (True, False)
    assert [run.id for run in second.runs] == [run.id for run in first.runs]
    assert first.backup_set is not None
    assert second.backup_set is not None
    assert second.backup_set.id == first.backup_set.id
    other = backups.start_backup(world.caller, "contoso", [CATALOG])
    assert other.created, "other types are another backup"
    assert not backups.start_backup(world.caller, "contoso", [CATALOG, CATALOG]).created
    world.drain()
    assert backups.start_backup(world.caller, "contoso").created, "it is active until its fetch completed"
    assert len(world.audited("backup.started")) == 3


def test_a_type_that_is_forbidden_makes_the_set_incomplete_and_says_why(make_world: MakeWorld) -> None:
    tenant = small_tenant(3)
    add_policy(tenant, CONFIGURATION, 50, group(1))
    world = make_world(tenant)
    world.control("PUT", "settings", {"denied_types": [CONFIGURATION]})
    found = world.backup()
    assert not found.is_complete
    assert found.missing == 1
    assert found.by_type[CONFIGURATION].status is TypeStatus.FAILED
    (failure,) = world.all_runs(RunType.CAPTURE)[0].failures
    assert (failure.code, failure.reason) == (FailureCode.CAPTURE_FAILED, Reason.PERMISSION_DENIED)
    assert failure.subject.policy_type == CONFIGURATION
    assert [one.to_json() for one in found.failures] == [failure.to_json()]
    capture, fetch = world.all_runs(RunType.CAPTURE)[0], world.all_runs(RunType.FETCH)[0]
    assert capture.outcome is Outcome.PARTIALLY_SUCCEEDED
    assert fetch.counters.processed == 3
    world.check_all_is_settled()


def test_a_type_the_tenant_does_not_have_is_no_gap(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    world.control("PUT", "settings", {"unavailable_types": [APP, CONFIGURATION]})
    found = world.backup()
    assert found.is_complete
    assert found.by_type[APP].status is TypeStatus.NOT_AVAILABLE
    assert world.all_runs(RunType.CAPTURE)[0].outcome is Outcome.SUCCEEDED


def test_when_nothing_can_be_listed_capture_and_fetch_fail_together(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    world.break_with(status_fault(403, times="forever", operation="list"))
    found = world.backup()
    capture, fetch = world.all_runs(RunType.CAPTURE)[0], world.all_runs(RunType.FETCH)[0]
    assert (capture.outcome, fetch.outcome) == (Outcome.FAILED, Outcome.FAILED)
    assert fetch.failures[0].reason is Reason.BACKUP_INCOMPLETE
    assert fetch.attempt == 0, "no engine ever claims it"
    assert not found.is_complete
    assert not found.is_active
    assert found.missing == len(supported_types())
    world.check_all_is_settled()


def test_an_empty_tenant_is_backed_up_completely(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(0))
    found = world.backup()
    assert found.is_complete
    assert {run.outcome for run in world.all_runs()} == {Outcome.SUCCEEDED}
    assert found.count("listed") == 0


def test_a_policy_that_vanishes_before_its_fetch_is_failed_not_empty(make_world: MakeWorld) -> None:
    tenant = small_tenant(2)
    for number in (10, 11, 12):
        add_policy(tenant, MANAGED_APPS, number, group(number))
    world = make_world(tenant)
    world.break_with(status_fault(404, policy_id=policy_id(11), operation="assignments", times="forever"))
    found = world.backup()
    item = world.items(found.id)[MANAGED_APPS, policy_id(11)]
    assert (item.status, item.assignments) == (ItemStatus.FAILED, None)
    assert item.failure is not None
    assert item.failure.reason is Reason.POLICY_NOT_FOUND
    assert item.failure.subject.policy_id == policy_id(11)
    assert found.missing == 1
    fetch = world.all_runs(RunType.FETCH)[0]
    assert (fetch.counters.processed, fetch.counters.failed) == (4, 1)
    assert fetch.outcome is Outcome.PARTIALLY_SUCCEEDED
    world.check_all_is_settled()


def test_assignments_that_did_not_come_are_asked_for_and_never_stored_as_none(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(6))
    lost = [policy_id(2), policy_id(5)]
    world.break_with(
        {
            "match": {"operation": "list", "type": CATALOG},
            "action": {"kind": "missing_assignments_key", "policy_ids": lost},
        },
        status_fault(403, policy_id=policy_id(5), operation="assignments", times="forever"),
    )
    found = world.backup()
    items = world.items(found.id)
    assert json.loads(items[CATALOG, policy_id(2)].assignments or "null") != []
    assert items[CATALOG, policy_id(2)].status is ItemStatus.FETCHED
    assert (items[CATALOG, policy_id(5)].status, items[CATALOG, policy_id(5)].assignments) == (ItemStatus.FAILED, None)
    check_adds_up(world, found)


def test_a_policy_without_assignments_is_stored_as_none(make_world: MakeWorld) -> None:
    tenant = small_tenant(1)
    add_policy(tenant, CATALOG, 2)
    add_policy(tenant, MANAGED_APPS, 3)
    world = make_world(tenant)
    items = world.items(world.backup().id)
    for key, number in ((CATALOG, 2), (MANAGED_APPS, 3)):
        assert (items[key, policy_id(number)].status, items[key, policy_id(number)].assignments) == (
            ItemStatus.FETCHED,
            "[]",
        )


def test_five_hundred_assignments_over_many_pages_are_all_there(make_world: MakeWorld) -> None:
    tenant = small_tenant(0, groups=500)
    add_policy(tenant, MANAGED_APPS, 1, *(group(number) for number in range(1, 501)))
    add_policy(tenant, CATALOG, 2, *(group(number) for number in range(1, 501)))
    world = make_world(tenant, page_size=40)
    items = world.items(world.backup().id)
    for key, number in ((MANAGED_APPS, 1), (CATALOG, 2)):
        entries = json.loads(items[key, policy_id(number)].assignments or "")
        assert len(entries) == 500
        assert len({entry["id"] for entry in entries}) == 500


def test_a_list_of_many_pages_is_followed_to_the_end(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(95), page_size=10)
    assert world.backup().count("fetched") == 95


def test_a_page_that_fails_for_good_leaves_a_partial_type_and_a_failure(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(30), page_size=10)
    world.break_with(
        {
            "match": {"path_regex": "configurationPolicies.*skiptoken", "operation": "list"},
            "skip": 1,
            "times": "forever",
            "action": {"kind": "status", "status": 403},
        }
    )
    found = world.backup()
    counts = found.by_type[CATALOG]
    assert (counts.status, counts.listed, counts.fetched) == (TypeStatus.PARTIAL, 20, 20)
    assert found.missing == 1
    (failure,) = world.all_runs(RunType.CAPTURE)[0].failures
    assert failure.subject.policy_type == CATALOG
    world.check_all_is_settled()


def test_hard_names_are_data_kept_as_they_are(make_each_world: MakeWorld) -> None:
    tenant = small_tenant(0)
    for number, name in enumerate(HARD_NAMES, start=1):
        add_policy(tenant, CATALOG, number, group(1), name=name)
    world = make_each_world(tenant)
    found = world.backup()
    assert found.is_complete
    items = world.items(found.id)
    for number, name in enumerate(HARD_NAMES, start=1):
        item = items[CATALOG, policy_id(number)]
        assert item.policy is not None
        assert json.loads(item.policy)["name"] == name
        assert item.policy.encode() == tenant.served_entry(CATALOG, policy_id(number))
        if name.strip() and "\0" not in name:
            assert item.policy_name == name
    world.check_all_is_settled()


def test_two_policies_of_one_name_are_two_items(make_world: MakeWorld) -> None:
    tenant = small_tenant(0)
    add_policy(tenant, CATALOG, 1, group(1), name="Twin")
    add_policy(tenant, CATALOG, 2, group(2), name="Twin")
    world = make_world(tenant)
    found = world.backup()
    assert (found.count("listed"), found.count("fetched")) == (2, 2)


def test_deleted_groups_and_filters_are_noted_as_gone(make_world: MakeWorld) -> None:
    from opsconsole.store import backups as store

    tenant = small_tenant(3)
    world = make_world(tenant)
    world.control("DELETE", f"groups/{group(2)['target']['groupId']}")
    found = world.backup()
    assert found.is_complete
    with world.caller.db.read() as session:
        names = {name.id: name for name in store.get_names(session, found.id)}
    assert names[group(2)["target"]["groupId"]].is_gone
    assert names[group(1)["target"]["groupId"]].name == "Group 1"


def test_names_that_cannot_be_looked_up_are_a_failure_but_lose_no_policy(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    world.control("PUT", "settings", {"denied_types": ["groups"]})
    found = world.backup()
    assert found.is_complete
    fetch = world.all_runs(RunType.FETCH)[0]
    assert (fetch.outcome, fetch.counters.processed) == (Outcome.PARTIALLY_SUCCEEDED, 3)
    assert fetch.failures[0].reason is Reason.PERMISSION_DENIED


@pytest.mark.parametrize("policies", [40, 250])
def test_requests_are_few_and_counted_exactly(make_world: MakeWorld, policies: int) -> None:
    world = make_world(seeded_tenant(policies, seed=5))
    world.forget_log()
    world.backup()
    sent = [line for line in world.log() if not line["batch"]]
    inner = [line for line in world.log() if line["batch"]]
    counted = [run.context["graph"] for run in world.all_runs()]
    assert sum(one["requests"] for one in counted) == len(sent)
    assert sum(one["subrequests"] for one in counted) == len(inner)
    tenant = world.tenant()
    pages = sum(max(1, -(-len(tenant.shelves[row.key]) // 100)) for row in supported_types())
    unexpanded = sum(len(tenant.shelves[row.key]) for row in supported_types() if not row.expands)
    named = len({line["path"] for line in sent if line["operation"] in ("groups", "getByIds", "filters")})
    assert len([line for line in sent if line["operation"] == "list"]) == pages
    assert len(inner) == unexpanded
    assert len(sent) <= pages + -(-unexpanded // 20) + named + 4, [line["path"] for line in sent]


def test_only_the_gaps_are_fetched_again(make_each_world: MakeWorld) -> None:
    tenant = small_tenant(4)
    for number in range(10, 16):
        add_policy(tenant, MANAGED_APPS, number, group(1))
    world = make_each_world(tenant)
    world.break_with(
        *(
            status_fault(403, policy_id=policy_id(number), operation="assignments", times="forever")
            for number in (11, 13)
        )
    )
    found = world.backup()
    assert found.missing == 2
    before = world.items(found.id)
    world.mend()
    world.forget_log()
    again = world.ended(backups.start_fetch(world.caller, found.id, failed=True))
    assert (again.outcome, again.counters.total, again.counters.processed) == (Outcome.SUCCEEDED, 2, 2)
    asked = sorted(line["path"] for line in world.log() if line["batch"])
    assert [policy_id(number) in path for number, path in zip((11, 13), asked, strict=True)] == [True, True]
    after = world.items(found.id)
    for key, item in before.items():
        if item.status is ItemStatus.FETCHED:
            assert after[key] == item, "what is there is never touched"
    assert backups.show_set(world.caller, found.id).is_complete
    with pytest.raises(Conflict):
        backups.start_fetch(world.caller, found.id, failed=True)
    world.check_all_is_settled()


def test_one_failed_item_is_fetched_again_alone(make_world: MakeWorld) -> None:
    tenant = small_tenant(0)
    for number in (10, 11):
        add_policy(tenant, MANAGED_APPS, number, group(1))
    world = make_world(tenant)
    world.break_with(status_fault(403, operation="assignments", times="forever"))
    found = world.backup()
    world.mend()
    item = world.items(found.id)[MANAGED_APPS, policy_id(10)]
    run = world.ended(backups.start_fetch(world.caller, found.id, item_id=item.id))
    assert run.counters.total == 1
    assert backups.show_set(world.caller, found.id).missing == 1


def test_a_backup_cancelled_while_queued_says_what_is_missing(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(3))
    started = backups.start_backup(world.caller, "contoso")
    runs.cancel_run(world.caller, started.runs[1].id)
    for run in started.runs:
        assert world.run(run.id).outcome is Outcome.CANCELLED
    found = backups.show_set(world.caller, "latest")
    assert (found.is_active, found.is_complete) == (False, False)
    assert found.missing == len(supported_types())
    assert world.log() == []
    world.check_all_is_settled()


def test_a_fetch_cancelled_in_the_middle_skips_the_rest(make_each_world: MakeWorld) -> None:
    tenant = small_tenant(0)
    for number in range(1, 200):
        add_policy(tenant, MANAGED_APPS, number, group(1))
    world = make_each_world(tenant)
    started = backups.start_backup(world.caller, "contoso", [MANAGED_APPS])
    world.drain(only_runs=[started.runs[0].id])
    with world.caller.db.write() as session:
        # The order comes while the fetch is in hand: seen before its first chunk.
        session.run(
            "UPDATE operation_runs SET cancel_requested_at = :now WHERE id = :id", now="2026", id=started.runs[1].id
        )
    world.drain()
    run = world.run(started.runs[1].id)
    assert run.outcome is Outcome.CANCELLED
    assert (run.counters.total, run.counters.skipped) == (199, 199)
    found = backups.show_set(world.caller, started.backup_set.id if started.backup_set else "")
    assert (found.missing, found.is_complete, found.count("skipped")) == (199, False, 199)
    assert {item.failure.reason for item in world.items(found.id).values() if item.failure} == {Reason.CANCELLED}
    world.check_all_is_settled()
    again = world.ended(backups.start_fetch(world.caller, found.id, failed=True))
    assert again.counters.processed == 199
    assert backups.show_set(world.caller, found.id).is_complete


def test_an_incomplete_set_is_restored_only_with_exactly_what_is_missing(make_world: MakeWorld) -> None:
    tenant = small_tenant(2)
    for number in (10, 11):
        add_policy(tenant, MANAGED_APPS, number, group(1))
    world = make_world(tenant)
    world.break_with(status_fault(403, operation="assignments", times="forever"))
    found = world.backup()
    assert found.missing == 2
    for wrong in (0, 1, 3):
        with pytest.raises(Conflict, match="incomplete"):
            restores.start_preview(world.caller, found.id, "contoso", accept_missing=wrong)
    assert restores.start_preview(world.caller, found.id, "contoso", accept_missing=2).created
    items = [f"{CATALOG}:{policy_id(1)}"]
    assert restores.start_preview(world.caller, found.id, "contoso", items=items).created, "the gaps are avoided"
    with pytest.raises(Conflict):
        restores.start_preview(world.caller, found.id, "contoso", items=[f"{MANAGED_APPS}:{policy_id(10)}"])
    world.mend()
    world.drain()


def test_a_complete_set_takes_no_number(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    found = world.backup()
    with pytest.raises(Conflict):
        restores.start_preview(world.caller, found.id, "contoso", accept_missing=1)


def test_a_set_whose_fetch_is_active_is_not_restored(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    started = backups.start_backup(world.caller, "contoso")
    assert started.backup_set is not None
    with pytest.raises(Conflict, match="still active"):
        restores.start_preview(world.caller, started.backup_set.id, "contoso")
