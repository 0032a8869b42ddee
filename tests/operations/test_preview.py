"""Previews: what a restore would change, what it must not touch, and what is a question rather than a guess (promises 7, 10)."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from opsconsole.domain.failure import Reason
from opsconsole.domain.plan import Mode
from opsconsole.domain.restore import ItemState, RestoreStatus
from opsconsole.domain.run import Outcome, RunType
from opsconsole.errors import Conflict, NotFound
from opsconsole.service import drift, restores
from opsconsole.simulator import seeded_tenant
from opsconsole.simulator.directory import make_filter, make_group
from opsconsole.simulator.imported_policy import import_policy
from world import (
    APP,
    AUTOPILOT,
    CATALOG,
    CONFIGURATION,
    ENROLMENT,
    FILTER_ID,
    FILTER_TYPE,
    MANAGED_APPS,
    World,
    add_policy,
    all_devices,
    everyone,
    excluded,
    group,
    group_id,
    mapping,
    policy_id,
    refs,
    small_tenant,
)

from .conftest import MakeWorld

FILTER = "20000000-0000-4000-8000-000000000001"


def filtered(number: int, filter_id: str = FILTER) -> dict[str, Any]:
    """An assignment to a group, narrowed by a filter."""
    return group(number, **{FILTER_ID: filter_id, FILTER_TYPE: "include"})


def reason_of(world: World, restore_id: str, number: int = 1) -> Reason:
    """Why a policy is blocked."""
    item = world.plan(restore_id)[policy_id(number)]
    assert item.state is ItemState.BLOCKED, item
    assert item.failure is not None
    assert item.planned is None, "nothing is planned for a part of a policy"
    return item.failure.reason


def test_what_changed_is_planned_and_what_did_not_is_left(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(4))
    world.backup()
    world.assign(CATALOG, 2, group(2), group(9))
    world.assign(CATALOG, 3)
    found = world.preview()
    assert found.status is RestoreStatus.PREVIEWED
    assert found.counts | {"skipped": 0} == {"unchanged": 2, "will_change": 2, "blocked": 0, "skipped": 0}
    plan = world.plan(found.id)
    second, third = plan[policy_id(2)], plan[policy_id(3)]
    assert [one["group_id"] for one in second.removed] == [group_id(9)]
    assert [one["group_name"] for one in second.removed] == ["Group 9"]
    assert second.added == ()
    assert [(one["kind"], one["group_id"], one["group_name"]) for one in third.added] == [
        ("group", group_id(3), "Group 3")
    ]
    assert world.writes() == [], "a preview writes nothing"
    world.check_all_is_settled()


@pytest.mark.parametrize(
    ("mode", "live_after"), [(Mode.EXACT, {1, 2}), (Mode.ADD, {1, 2, 9}), (Mode.REMOVE, {1})], ids=lambda one: str(one)
)
def test_each_mode_does_its_part(make_world: MakeWorld, mode: Mode, live_after: set[int]) -> None:
    tenant = small_tenant()
    add_policy(tenant, CATALOG, 1, group(1), group(2))
    world = make_world(tenant)
    world.backup()
    world.assign(CATALOG, 1, group(1), group(9))
    found = world.preview(mode=mode)
    assert world.execute(found.id).outcome is Outcome.SUCCEEDED
    after = {entry["group"] for entry in world.snapshot()[f"{CATALOG}/{policy_id(1)}"]}
    assert after == {group_id(number) for number in live_after}


def test_a_deleted_policy_is_blocked(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    world.backup()
    world.control("DELETE", f"policies/{CATALOG}/{policy_id(1)}")
    found = world.preview()
    assert reason_of(world, found.id) is Reason.POLICY_NOT_FOUND
    assert found.counts["unchanged"] == 1
    assert world.all_runs(RunType.PREVIEW)[0].outcome is Outcome.PARTIALLY_SUCCEEDED


def test_a_deleted_group_blocks_the_whole_policy(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    add_policy(tenant, CATALOG, 1, group(1), group(2), excluded(3))
    add_policy(tenant, CATALOG, 2, group(1))
    world = make_world(tenant)
    world.backup()
    world.control("DELETE", f"groups/{group_id(3)}")
    world.assign(CATALOG, 1)
    found = world.preview()
    assert reason_of(world, found.id) is Reason.GROUP_NOT_FOUND
    (unresolved,) = world.plan(found.id)[policy_id(1)].unresolved
    assert (unresolved["group_id"], unresolved["kind"]) == (group_id(3), "exclusion")
    world.forget_log()
    run = world.execute(found.id)
    assert (run.outcome, run.counters.failed, run.counters.unchanged) == (Outcome.PARTIALLY_SUCCEEDED, 1, 1)
    assert world.writes() == [], "never a part of a policy"


def test_a_policy_that_still_has_its_deleted_group_is_unchanged(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    world.backup()
    world.control("DELETE", f"groups/{group_id(1)}")
    assert world.preview().counts["unchanged"] == 2


def test_a_deleted_group_whose_name_lives_on_is_found_by_name(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    world.backup()
    world.control("DELETE", f"groups/{group_id(1)}")
    new = world.control("POST", "groups", {"displayName": "Group 1"})["id"]
    world.assign(CATALOG, 1)
    found = world.preview()
    assert [one["group_id"] for one in world.plan(found.id)[policy_id(1)].added] == [new]
    world.control("POST", "groups", {"displayName": "Group 1"})
    again = world.preview()
    assert reason_of(world, again.id) is Reason.GROUP_AMBIGUOUS


@pytest.mark.parametrize("source", [group_id(1), "Group 1", group_id(1).upper()], ids=["id", "name", "upper case"])
@pytest.mark.parametrize("order", [group_id(5), "Group 5", "drop", "DROP"])
def test_a_mapping_settles_a_group(make_world: MakeWorld, source: str, order: str) -> None:
    tenant = small_tenant()
    add_policy(tenant, CATALOG, 1, group(1), group(2))
    world = make_world(tenant)
    world.backup()
    world.control("DELETE", f"groups/{group_id(1)}")
    world.assign(CATALOG, 1)
    found = world.preview(mapping=mapping(("group", source, order)))
    added = {one["group_id"] for one in world.plan(found.id)[policy_id(1)].added}
    assert added == ({group_id(2)} if order.lower() == "drop" else {group_id(2), group_id(5)})


def test_a_mapping_to_nothing_is_blocked(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    world.backup()
    world.assign(CATALOG, 1)
    found = world.preview(mapping=mapping(("group", "Group 1", "No such group")))
    assert reason_of(world, found.id) is Reason.GROUP_NOT_FOUND


def test_filters_are_found_mapped_and_never_dropped_in_silence(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    other = FILTER[:-1] + "2"
    for identifier, name in ((FILTER, "Corporate"), (other, "Private")):
        tenant.directory.filters.add(
            make_filter(identifier, name, platform="windows10AndLater", rule="(x)", kind="devices")
        )
    add_policy(tenant, CATALOG, 1, filtered(1), group(2))
    world = make_world(tenant)
    world.backup()
    world.assign(CATALOG, 1)
    plan = world.plan(world.preview().id)[policy_id(1)]
    assert {(one["filter_id"], one["filter_name"]) for one in plan.added} == {(FILTER, "Corporate"), (None, None)}
    world.control("DELETE", f"filters/{FILTER}")
    assert reason_of(world, world.preview().id) is Reason.FILTER_NOT_FOUND
    mapped = world.preview(mapping=mapping(("filter", "Corporate", "Private")))
    assert {one["filter_id"] for one in world.plan(mapped.id)[policy_id(1)].added} == {other, None}
    dropped = world.preview(mapping=mapping(("filter", FILTER, "drop")))
    assert [one["group_id"] for one in world.plan(dropped.id)[policy_id(1)].added] == [group_id(2)], (
        "the target goes with its filter: without it, it would hit more than the backup did"
    )


def test_groups_and_filters_that_only_occur_live_are_named(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    tenant.directory.filters.add(
        make_filter(FILTER, "Corporate", platform="windows10AndLater", rule="(x)", kind="devices")
    )
    add_policy(tenant, CATALOG, 1, group(1))
    world = make_world(tenant)
    world.backup()
    world.assign(CATALOG, 1, filtered(2))
    (removed,) = world.plan(world.preview().id)[policy_id(1)].removed
    assert (removed["group_name"], removed["filter_name"]) == ("Group 2", "Corporate")
    (changed,) = drift.drift_result(world.caller, world.ended(drift.start_drift(world.caller, "latest")).id).items
    (added,) = changed.added
    assert (added["group_name"], added["filter_name"]) == ("Group 2", "Corporate")
    world.control("PUT", "settings", {"denied_types": ["assignmentFilters"]})
    plan = world.plan(world.preview().id)[policy_id(1)]
    assert plan.state is ItemState.WILL_CHANGE, "a name that cannot be looked up blocks nothing"
    assert [one["filter_name"] for one in plan.removed] == [None]


@pytest.mark.parametrize("policies", [3, 70])
def test_a_winget_app_that_is_not_published_is_skipped_and_said_to_be(make_world: MakeWorld, policies: int) -> None:
    tenant = small_tenant()
    for number in range(1, policies + 1):
        app = {
            "@odata.type": "#microsoft.graph.winGetApp" if number < 3 else "#microsoft.graph.win32LobApp",
            "id": policy_id(number),
            "displayName": f"App {number}",
            "publishingState": "published" if number == 2 else "notPublished",
            "assignments": [{**group(1), "intent": "required"}],
        }
        import_policy(tenant, APP, json.dumps(app), origin=app["id"])
    world = make_world(tenant)
    world.backup([APP])
    for number in (1, 2, 3):
        world.assign(APP, number)
    found = world.preview()
    plan = world.plan(found.id)
    assert [plan[policy_id(number)].state for number in (1, 2, 3)] == [
        ItemState.SKIPPED,
        ItemState.WILL_CHANGE,
        ItemState.WILL_CHANGE,
    ]
    assert plan[policy_id(1)].failure is not None
    assert plan[policy_id(1)].failure.message.startswith("Not published yet")
    assert world.execute(found.id).counters.skipped == 1
    assert world.writes()
    assert all(policy_id(1) not in str(write) for write in world.writes())


def test_filters_that_may_not_be_read_block_and_are_not_gone(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    tenant.directory.filters.add(
        make_filter(FILTER, "Corporate", platform="windows10AndLater", rule="(x)", kind="devices")
    )
    add_policy(tenant, CATALOG, 1, filtered(1))
    world = make_world(tenant)
    world.backup()
    world.assign(CATALOG, 1)
    world.control("PUT", "settings", {"denied_types": ["assignmentFilters"]})
    assert reason_of(world, world.preview().id) is Reason.PERMISSION_DENIED


def other_tenant() -> Any:
    """A second tenant: other ids, some of the names."""
    tenant = small_tenant(0, groups=0, name="Other")
    for number in (1, 2, 4):
        tenant.directory.groups.add(make_group(group_id(100 + number), f"Group {number}"))
    tenant.directory.groups.add(make_group(group_id(204), "Group 4"))
    for number in (1, 2, 3, 4, 5):
        add_policy(tenant, CATALOG, 100 + number, name=f"Policy {number}")
    add_policy(tenant, CATALOG, 205, name="Policy 5")
    return tenant


def test_in_another_tenant_policies_and_groups_are_matched_by_name(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(6), more={"fabrikam": other_tenant()})
    world.backup()
    found = world.preview(tenant="fabrikam")
    plan = {item.source_policy_id: item for item in world.plan(found.id).values()}
    for number in (1, 2):
        item = plan[policy_id(number)]
        assert (item.state, item.policy_id) == (ItemState.WILL_CHANGE, policy_id(100 + number))
        assert [one["group_id"] for one in item.added] == [group_id(100 + number)]
    why = {number: plan[policy_id(number)].failure for number in (3, 4, 5, 6)}
    assert {number: failure.reason for number, failure in why.items() if failure} == {
        3: Reason.GROUP_NOT_FOUND,
        4: Reason.GROUP_AMBIGUOUS,
        5: Reason.POLICY_AMBIGUOUS,
        6: Reason.POLICY_NOT_FOUND,
    }
    before = world.snapshot()
    run = world.execute(found.id)
    assert (run.counters.processed, run.counters.failed) == (2, 4)
    assert world.snapshot() == before, "the tenant the backup came from is not written"
    after = world.snapshot("fabrikam")
    assert [entry["group"] for entry in after[f"{CATALOG}/{policy_id(101)}"]] == [group_id(101)]


def test_two_policies_of_one_name_in_the_backup_are_never_written_over_one(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    add_policy(tenant, CATALOG, 7, group(1), name="Policy 1")
    add_policy(tenant, CATALOG, 8, group(2), name="Policy 1")
    world = make_world(tenant, more={"fabrikam": other_tenant()})
    world.backup()
    found = world.preview(tenant="fabrikam")
    assert {item.failure.reason for item in world.plan(found.id).values() if item.failure} == {Reason.POLICY_AMBIGUOUS}
    assert found.counts["will_change"] == 0
    chosen = world.preview(tenant="fabrikam", items=refs(CATALOG, [8]))
    assert chosen.counts["will_change"] == 1, "one of them, named, is an answer"


def test_built_in_enrolment_configurations_are_skipped_and_said_to_be(make_world: MakeWorld) -> None:
    world = make_world(seeded_tenant(120, seed=4))
    world.backup([ENROLMENT])
    built_in = [policy for policy in world.tenant().shelves[ENROLMENT] if policy.built_in]
    assert built_in
    for policy in built_in:
        policy.assignments = []
    found = world.preview()
    skipped = [item for item in world.plan(found.id).values() if item.state is ItemState.SKIPPED]
    assert {item.policy_id for item in skipped} == {policy.id for policy in built_in}
    assert all(item.failure and item.failure.message.startswith("Built in") for item in skipped)
    run = world.execute(found.id)
    assert run.outcome is Outcome.SUCCEEDED
    assert run.counters.skipped == len(built_in)
    assert world.writes() == []


def test_what_a_policy_set_assigned_is_neither_compared_nor_posted(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    add_policy(tenant, CATALOG, 1, group(1), {"source": "policySets", "sourceId": "s", **group(2)})
    world = make_world(tenant)
    world.backup()
    world.assign(CATALOG, 1, group(1))
    assert world.preview().counts["unchanged"] == 1
    world.assign(CATALOG, 1, group(3))
    found = world.preview()
    world.execute(found.id)
    assert group_id(2) not in world.writes()[-1]["body"]


@pytest.mark.parametrize(
    ("key", "entry"),
    [(MANAGED_APPS, all_devices()), (AUTOPILOT, everyone()), ("windowsFeatureUpdateProfile", all_devices())],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_target_its_type_cannot_have_is_blocked(make_world: MakeWorld, key: str, entry: dict[str, Any]) -> None:
    tenant = small_tenant()
    add_policy(tenant, key, 1, entry)
    world = make_world(tenant)
    world.backup()
    world.assign(key, 1)
    assert reason_of(world, world.preview().id) is Reason.UNSUPPORTED_TARGET


def test_dangers_are_counted_and_must_be_typed(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    add_policy(tenant, CATALOG, 1)
    add_policy(tenant, CATALOG, 2, group(2))
    add_policy(tenant, CATALOG, 3, everyone(), all_devices())
    world = make_world(tenant)
    world.backup()
    world.assign(CATALOG, 1, group(1))
    world.assign(CATALOG, 2, group(2), excluded(3))
    world.assign(CATALOG, 3)
    found = world.preview()
    assert found.dangers == {"removes_all": 1, "loses_exclusion": 1, "touches_all_users": 1, "touches_all_devices": 1}
    asked = restores.confirmation(world.caller, found.id)
    assert asked.must_type == "contoso"
    assert (asked.changes, asked.added, asked.removed) == (3, 2, 2)
    assert len(asked.dangers) == 4


def test_a_harmless_plan_asks_for_no_typing(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    world.backup()
    world.assign(CATALOG, 1, group(1), group(2))
    assert restores.confirmation(world.caller, world.preview().id).must_type is None


def test_a_stored_plan_never_changes(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(2))
    world.backup()
    world.assign(CATALOG, 1)
    found = world.preview()
    for statement in (
        "UPDATE restore_runs SET plan_hash = 'x'",
        "UPDATE restore_runs SET mode = 'add'",
        "UPDATE restore_runs SET will_change = 99",
        "UPDATE restore_items SET planned = '[]'",
        "UPDATE restore_items SET live = '[]'",
        "UPDATE restore_items SET policy_id = 'x'",
        "UPDATE restore_items SET plan_state = 'unchanged'",
        "UPDATE restore_items SET added = '[]'",
    ):
        with pytest.raises(Exception) as caught, world.caller.db.write() as session:
            session.run(statement)
        assert not isinstance(caught.value, sqlite3.ProgrammingError)
    assert world.restore(found.id) == found


def test_the_plans_hash_tells_two_plans_apart_and_must_fit(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    world.backup()
    world.assign(CATALOG, 1)
    first, second = world.preview(), world.preview()
    assert first.plan_hash == second.plan_hash
    world.assign(CATALOG, 2, group(9))
    third = world.preview()
    assert third.plan_hash != first.plan_hash
    with pytest.raises(Conflict, match="hash"):
        restores.run_restore(world.caller, third.id, plan_hash=first.plan_hash)
    assert restores.run_restore(world.caller, third.id, plan_hash=third.plan_hash).created
    world.drain()


def test_only_the_named_items_are_planned(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    world.backup()
    for number in (1, 2, 3):
        world.assign(CATALOG, number)
    assert set(world.plan(world.preview(items=refs(CATALOG, [2])).id)) == {policy_id(2)}
    with pytest.raises(NotFound):
        restores.start_preview(world.caller, "latest", "contoso", items=refs(CATALOG, [77]))


def test_all_but_the_policies_that_are_left_out_are_planned(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(3))
    world.backup()
    for number in (1, 2, 3):
        world.assign(CATALOG, number)
    first = world.preview(without=refs(CATALOG, [2]))
    assert first.inputs["without"] == list(refs(CATALOG, [2]))
    planned = world.plan(first.id)
    assert policy_id(2) not in planned and {policy_id(1), policy_id(3)} <= set(planned)
    both = world.plan(world.preview(items=refs(CATALOG, [1, 2]), without=refs(CATALOG, [2])).id)
    assert set(both) == {policy_id(1)}
    with pytest.raises(NotFound):
        restores.start_preview(world.caller, "latest", "contoso", without=refs(CATALOG, [77]))


def test_a_cancelled_preview_has_no_plan_and_counters_that_add_up(make_world: MakeWorld) -> None:
    from opsconsole.service import runs

    world = make_world(small_tenant(3))
    world.backup()
    started = restores.start_preview(world.caller, "latest", "contoso")
    runs.cancel_run(world.caller, started.runs[0].id)
    assert started.restore_run is not None
    found = world.restore(started.restore_run.id)
    assert (found.status, found.plan_hash) == (RestoreStatus.CANCELLED, None)
    with pytest.raises(Conflict):
        restores.run_restore(world.caller, found.id)
    world.check_all_is_settled()


def test_a_large_tenant_is_compared_by_lists_with_the_same_result(make_world: MakeWorld) -> None:
    world = make_world(seeded_tenant(400, seed=9))
    world.backup()
    shaken = world.control("POST", "shake", {"count": 60, "seed": 2})
    found = world.preview()
    changed = {item.policy_id for item in world.plan(found.id).values() if item.state is ItemState.WILL_CHANGE}
    assert changed == {one["id"] for one in shaken}
    assert {CONFIGURATION, APP} <= {one["type"] for one in shaken}
