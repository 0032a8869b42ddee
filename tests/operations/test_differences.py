"""Differences in pages and figures: of a tenant and of two sets, on either database; what was written, before and after."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest

from opsconsole.domain.difference import DIFFERING, DifferenceFilter
from opsconsole.domain.run import Outcome, RunType
from opsconsole.errors import NotFound, UsageError
from opsconsole.operations.differences import Difference
from opsconsole.service import audit, backups, differences, drift, written
from opsconsole.store import set_pairs
from world import (
    CATALOG,
    CONFIGURATION,
    World,
    add_policy,
    all_devices,
    excluded,
    group,
    policy_id,
    refs,
    small_tenant,
    status_fault,
)

from .conftest import MakeWorld

COUNT = 12


def changed_world(make: MakeWorld) -> World:
    """Return a world of two types in which every third policy changed, one went and one came, since the first of two sets."""
    tenant = small_tenant(0)
    for number in range(COUNT):
        add_policy(tenant, CATALOG if number % 2 else CONFIGURATION, number, group(1), name=f"Policy {number}")
    world = make(tenant)
    world.backup()
    for number in range(0, COUNT - 3, 3):
        world.assign(CATALOG if number % 2 else CONFIGURATION, number, group(2), all_devices())
    world.control("DELETE", f"policies/{CATALOG}/{policy_id(11)}")
    world.control("POST", f"policies/{CATALOG}", {"id": policy_id(99), "name": "newcomer", "assignments": [group(1)]})
    return world


def test_what_a_check_found_is_paged_filtered_and_counted(make_each_world: MakeWorld) -> None:
    world = changed_world(make_each_world)
    run = world.ended(drift.start_drift(world.caller, "latest"))
    check = drift.show_drift(world.caller, run.id)
    assert check.counts == {"changed": 3, "new": 1, "gone": 1, "same": 8, "unknown": 0}
    assert check.run.context["differences"] == {"changed": 3, "new": 1, "gone": 1}
    whole = drift.drift_result(world.caller, run.id)
    assert whole.to_json()["counts"] == check.counts
    found, cursor = [], None
    while True:
        page = drift.list_differences(world.caller, run.id, limit=2, cursor=cursor)
        found += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert [drift.to_difference(row) for row in found] == list(whole.items)
    only = DifferenceFilter(kinds=("changed",), search="POLICY 3")
    assert [row.policy_name for row in drift.list_differences(world.caller, run.id, only).items] == ["Policy 3"]
    assert drift.count_differences(world.caller, run.id, only) == {"changed": 1}
    of_type = DifferenceFilter(types=(CONFIGURATION,))
    assert {row.policy_type for row in drift.list_differences(world.caller, run.id, of_type).items} == {CONFIGURATION}
    listed = drift.list_drifts(world.caller)
    assert [(one.run.id, one.counts) for one in listed.items] == [(run.id, check.counts)]
    assert drift.count_drifts(world.caller) == 1
    (capture,) = world.all_runs(RunType.CAPTURE)
    with pytest.raises(NotFound):
        drift.show_drift(world.caller, capture.id)


def test_each_portion_is_kept_as_soon_as_it_is_compared(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = changed_world(make_world)
    seen: list[dict[str, int]] = []
    kept = drift.drift.add_drift_items

    def look(session, run_id, workspace_id, rows):  # type: ignore[no-untyped-def]
        seen.append(drift.drift.count_drift_items(session, run_id))
        kept(session, run_id, workspace_id, rows)

    monkeypatch.setattr("opsconsole.operations.portions.PORTION_POLICIES", 1)
    monkeypatch.setattr("opsconsole.operations.drift.drift.add_drift_items", look)
    world.ended(drift.start_drift(world.caller, "latest"))
    assert len(seen) > 2, "one commit a portion"
    assert any(seen[1:]), "what a later portion is kept with was there before it"


def test_a_check_of_a_lost_worker_begins_anew(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = changed_world(make_world)
    started = drift.start_drift(world.caller, "latest")
    run = started.runs[0]
    item = drift.DriftItem("gone", CATALOG, "left behind", "left behind")
    with world.caller.db.write() as session:
        drift.drift.add_drift_items(session, run.id, run.workspace_id, [item])
    world.ended(started)
    assert drift.show_drift(world.caller, run.id).gone == 1


def test_a_check_that_found_nothing_to_compare_is_not_the_same(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    world.backup()
    world.break_with(status_fault(403, times="forever", path_regex=".*"))
    run = world.ended(drift.start_drift(world.caller, "latest"))
    check = drift.show_drift(world.caller, run.id)
    assert (run.outcome, check.same, check.differing) == (Outcome.FAILED, 0, 0)
    assert check.unknown > 0


def test_two_sets_are_compared_page_by_page(make_each_world: MakeWorld) -> None:
    world = changed_world(make_each_world)
    first = backups.show_set(world.caller, "latest").id
    second = world.backup().id
    whole = differences.diff_sets(world.caller, first, second)
    assert whole.to_json()["counts"] == {"changed": 3, "new": 1, "gone": 1, "same": 8, "unknown": 0}
    found: list[Difference] = []
    cursor = None
    while True:
        page = differences.list_set_differences(world.caller, first, second, limit=2, cursor=cursor)
        found += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert [replace(one, place="") for one in found] == [replace(one, place="") for one in whole.items]
    assert [one.place for one in found] == sorted(one.place for one in found)
    counts = differences.count_set_differences(world.caller, first, second, DifferenceFilter(search="policy 1"))
    assert sum(counts.values()) == 3, "policies 1, 10 and 11"
    only = DifferenceFilter(kinds=("new",), types=(CATALOG,))
    assert [one.policy_name for one in differences.list_set_differences(world.caller, first, second, only).items] == [
        "newcomer"
    ]
    for cursor in ("nonsense", "deviceConfiguration/9/x", "other/0/x"):
        with pytest.raises(UsageError, match="no cursor"):
            differences.list_set_differences(world.caller, first, second, cursor=cursor)


def test_what_a_set_does_not_hold_is_not_comparable_and_says_why(make_world: MakeWorld) -> None:
    tenant = small_tenant(2)
    add_policy(tenant, CONFIGURATION, 50, group(1))
    world = make_world(tenant)
    whole = world.backup()
    world.control("PUT", "settings", {"denied_types": [CATALOG]})
    gappy = world.backup()
    page = differences.list_set_differences(world.caller, whole.id, gappy.id)
    assert [(one.kind, one.policy_type) for one in page.items] == [("unknown", CATALOG)] * 2
    assert all(gappy.id[-6:] in one.note for one in page.items)
    only = DifferenceFilter(kinds=DIFFERING)
    assert differences.list_set_differences(world.caller, whole.id, gappy.id, only).items == []


def test_neither_set_is_held_whole(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    many = 1500
    world = make_world(small_tenant(many))
    first, second = world.backup().id, world.backup().id
    read: list[int] = []
    pairs = set_pairs.pairs_of_first

    def counted(*values, **named):  # type: ignore[no-untyped-def]
        rows = pairs(*values, **named)
        read.append(len(rows))
        return rows

    monkeypatch.setattr(set_pairs, "pairs_of_first", counted)
    tracemalloc.start()
    counts = differences.count_set_differences(world.caller, first, second)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts["same"] == many
    assert sum(read) == 0, "what has the same bytes is never read"
    assert peak < 1_000_000
    world.assign(CATALOG, 3, group(1), group(2))
    third = world.backup().id
    assert [one.policy_id for one in differences.list_set_differences(world.caller, first, third, limit=5).items] == [
        policy_id(3)
    ]
    assert max(read) <= differences.SCANNED


def test_what_an_execution_wrote_is_shown_before_and_after(make_each_world: MakeWorld) -> None:
    tenant = small_tenant(0)
    for number in range(4):
        add_policy(tenant, CATALOG, number, group(1), excluded(2))
    world = make_each_world(tenant)
    world.backup()
    for number in range(3):
        world.assign(CATALOG, number, group(3))
    plan = world.preview()
    run = world.execute(plan.id, plan_hash=plan.plan_hash)
    assert written.count_written(world.caller, run.id) == 3
    found, cursor = [], None
    while True:
        page = written.list_written(world.caller, run.id, limit=2, cursor=cursor)
        found += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert sorted(one.policy_id for one in found) == [policy_id(number) for number in range(3)]
    for one in found:
        assert one.state == "applied"
        assert [target["group_name"] for target in one.before] == ["Group 3"]
        assert one.after is not None
        assert {(target["kind"], target["group_name"]) for target in one.after} == {
            ("group", "Group 1"),
            ("exclusion", "Group 2"),
        }
    with pytest.raises(NotFound):
        written.list_written(world.caller, plan.preview_run_id)


def test_a_write_that_was_refused_shows_no_after(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    world.backup()
    world.assign(CATALOG, 1, group(7))
    plan = world.preview(items=refs(CATALOG, [1]))
    world.break_with(status_fault(403, times="forever", method="POST", operation="assign"))
    run = world.execute(plan.id, plan_hash=plan.plan_hash)
    (one,) = written.list_written(world.caller, run.id).items
    assert one.state == "not_applied"
    assert [target["group_id"] for target in one.before] and one.after is None
    entry = audit.list_entries(world.caller, limit=1).items[0]
    assert entry["resource_id"] == run.id
