"""Drift: what differs is named, what is the same is counted, and what was not compared is never called the same."""

from __future__ import annotations

from opsconsole.domain.failure import FailureCode, Reason
from opsconsole.domain.run import OperationRun, Outcome
from opsconsole.operations.differences import Differences
from opsconsole.service import differences, drift
from world import (
    CATALOG,
    CONFIGURATION,
    World,
    add_policy,
    all_devices,
    excluded,
    group,
    policy_id,
    small_tenant,
    status_fault,
)

from .conftest import MakeWorld


def compare(world: World, set_ref: str = "latest") -> tuple[OperationRun, Differences]:
    run = world.ended(drift.start_drift(world.caller, set_ref))
    return run, drift.drift_result(world.caller, run.id)


def test_nothing_differs_right_after_a_backup(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(5))
    world.backup()
    run, found = compare(world)
    assert run.outcome is Outcome.SUCCEEDED
    assert found.to_json()["counts"] == {"changed": 0, "new": 0, "gone": 0, "same": 5, "unknown": 0}
    assert not found.differs


def test_changed_new_and_gone_are_told_apart_and_both_sides_named(make_world: MakeWorld) -> None:
    tenant = small_tenant(0)
    add_policy(tenant, CATALOG, 1, group(1), excluded(2))
    add_policy(tenant, CATALOG, 2, group(1))
    add_policy(tenant, CATALOG, 3, all_devices())
    world = make_world(tenant)
    world.backup()
    world.assign(CATALOG, 1, group(1), group(3))
    world.control("DELETE", f"policies/{CATALOG}/{policy_id(2)}")
    world.control("POST", f"policies/{CATALOG}", {"id": policy_id(9), "name": "newcomer", "assignments": [group(1)]})
    run, found = compare(world)
    kinds = {item.policy_id: item for item in found.items}
    assert {key: item.kind for key, item in kinds.items()} == {
        policy_id(1): "changed",
        policy_id(2): "gone",
        policy_id(9): "new",
    }
    changed = kinds[policy_id(1)]
    assert [target["kind"] for target in changed.added] == ["group"]
    assert [target["kind"] for target in changed.removed] == ["exclusion"]
    assert changed.added[0]["group_name"] and changed.removed[0]["group_name"]
    assert (run.outcome, found.same) == (Outcome.SUCCEEDED, 1)
    assert run.counters.adds_up


def test_a_type_the_set_holds_no_list_of_is_said_to_be_unknown(make_world: MakeWorld) -> None:
    tenant = small_tenant(3)
    add_policy(tenant, CONFIGURATION, 50, group(1))
    world = make_world(tenant)
    world.control("PUT", "settings", {"denied_types": [CATALOG]})
    world.backup()
    world.control("PUT", "settings", {"denied_types": []})
    run, found = compare(world)
    assert run.outcome is Outcome.PARTIALLY_SUCCEEDED
    assert [(f.code, f.reason, f.subject.policy_type) for f in run.failures] == [
        (FailureCode.DRIFT_FAILED, Reason.BACKUP_INCOMPLETE, CATALOG)
    ]
    assert (found.same, found.unknown) == (1, 1)


def test_a_set_without_any_list_does_not_pass_for_the_same(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    world.break_with(status_fault(403, times="forever", path_regex=".*"))
    made = world.backup()
    world.mend()
    run, found = compare(world, made.id)
    assert run.outcome is Outcome.FAILED
    assert found.unknown > 0
    assert found.same == 0


def test_a_policy_whose_assignments_cannot_be_read_now_is_failed_with_its_reason(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    world.backup()
    world.break_with(
        {
            "match": {"type": CATALOG, "operation": "list"},
            "times": "forever",
            "action": {"kind": "missing_assignments_key", "policy_ids": [policy_id(2)]},
        },
        status_fault(404, times="forever", policy_id=policy_id(2)),
    )
    run, found = compare(world)
    assert run.outcome is Outcome.PARTIALLY_SUCCEEDED
    assert [f.reason for f in run.failures] == [Reason.POLICY_NOT_FOUND]
    assert (found.same, found.unknown) == (2, 1)


def test_the_newest_set_that_can_be_used_is_the_latest(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(3))
    whole = world.backup()
    world.break_with(status_fault(403, times="forever", path_regex=".*"))
    world.backup()
    world.mend()
    run, _ = compare(world, "latest")
    assert run.inputs["set"] == whole.id


def test_a_type_that_one_set_could_not_list_is_unknown_in_their_difference(make_world: MakeWorld) -> None:
    tenant = small_tenant(3)
    add_policy(tenant, CONFIGURATION, 50, group(1))
    world = make_world(tenant)
    whole = world.backup()
    world.control("PUT", "settings", {"denied_types": [CATALOG]})
    gappy = world.backup()
    for first, second in ((whole, gappy), (gappy, whole)):
        found = differences.diff_sets(world.caller, first.id, second.id)
        assert (found.items, found.same, found.unknown) == ((), 1, 3)
