"""Every policy type through the whole of it: read, replaced, brought back, undone, cleared, on the path and with the key it has."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any

import pytest

from opsconsole.domain.backup import ItemStatus
from opsconsole.domain.restore import ItemState, RestoreRun
from opsconsole.domain.run import Outcome
from opsconsole.graph.policy_types import POLICY_TYPES, PolicyType, Read, Write, supported_types
from opsconsole.service import restores
from opsconsole.simulator import Tenant
from world import World, add_policy, excluded, group, policy_id, small_tenant, status_fault

from .conftest import MakeWorld

EXTRA: dict[str, dict[str, Any]] = {
    "mobileApp": {"intent": "required", "settings": None},
    "deviceHealthScript": {"runRemediationScript": True, "runSchedule": None},
    "deviceComplianceScript": {"runRemediationScript": False, "runSchedule": None},
    "managedEBook": {"installIntent": "required"},
    "deviceConfiguration": {"intent": "apply"},
    "resourceAccessProfile": {"intent": "apply"},
}
"""What an assignment of a type holds beside its target."""

KEYS = [row.key for row in supported_types()]


def entries_of(key: str, *plain: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**EXTRA.get(key, {}), **entry} for entry in plain]


def tenant_of_all_types() -> Tenant:
    """One policy of each type, to one group but not another; and one that is assigned to nobody."""
    tenant = small_tenant()
    for key in KEYS:
        add_policy(tenant, key, 1, *entries_of(key, group(1), excluded(2)))
        add_policy(tenant, key, 2)
    return tenant


def assign_all(world: World, *plain: dict[str, Any]) -> None:
    for key in KEYS:
        world.assign(key, 1, *entries_of(key, *plain))


def executed(world: World, plan: RestoreRun) -> None:
    """Execute a plan that changes policy 1 of every type, and nothing else."""
    items = {(item.policy_type, item.policy_id): item for item in restores.all_restore_items(world.caller, plan.id)}
    changed = {key for (key, found), item in items.items() if item.state is ItemState.WILL_CHANGE}
    assert changed == set(KEYS)
    run = world.execute(plan.id)
    assert (run.outcome, run.counters.processed, run.failures) == (Outcome.SUCCEEDED, len(KEYS), ())


def check_writes(world: World, *, is_empty: bool = False) -> None:
    """Every write went where the table says, with the key that the table says."""
    by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in world.writes():
        (key,) = [
            row.key for row in supported_types() if re.match(re.escape(f"/beta{row.path}") + r"[/(]", line["path"])
        ]
        by_type[key].append(line)
        assert line["applied"]
    assert set(by_type) == set(KEYS)
    for key, lines in by_type.items():
        check_lines(POLICY_TYPES[key], lines, is_empty=is_empty)
    world.forget_log()


def check_lines(row: PolicyType, lines: list[dict[str, Any]], *, is_empty: bool) -> None:
    place = row.assign_path.replace("{id}", policy_id(1))
    if row.write is Write.STEPS:
        assert all(line["path"].startswith(f"/beta{place}") for line in lines)
        assert {line["method"] for line in lines} <= {"POST", "DELETE"}
        assert {line["status"] for line in lines} <= {201, 204}
        assert all(set(json.loads(line["body"])) == {"target"} for line in lines if line["method"] == "POST")
        return
    (line,) = lines
    assert line["path"] == f"/beta{place}"
    assert (line["method"], line["status"]) == ("POST", row.answer)
    body = json.loads(line["body"])
    assert list(body) == [row.body_key]
    assert (body[row.body_key] == []) is is_empty
    for entry in body[row.body_key]:
        dropped = {"settings"} if "exclusion" in entry["target"]["@odata.type"] else set()
        assert set(entry) == {"target", *EXTRA.get(row.key, {})} - dropped


def test_every_type_is_read_replaced_brought_back_undone_and_cleared(make_world: MakeWorld) -> None:
    world = make_world(tenant_of_all_types())
    start = world.snapshot()
    full = world.backup()
    assert full.is_complete
    for item in world.items(full.id).values():
        assert item.status is ItemStatus.FETCHED
        assert len(json.loads(item.assignments or "")) == (2 if item.policy_id == policy_id(1) else 0)
    world.forget_log()

    assign_all(world, group(3))
    changed = world.snapshot()
    plan = world.preview(full.id)
    executed(world, plan)
    check_writes(world)
    assert world.snapshot() == start

    back = world.undo(plan.id)
    executed(world, back)
    assert world.snapshot() == changed
    world.forget_log()

    assign_all(world)
    empty = world.snapshot()
    nobody = world.backup()
    executed(world, world.preview(full.id))
    assert world.snapshot() == start
    world.forget_log()
    executed(world, world.preview(nobody.id))
    check_writes(world, is_empty=True)
    assert world.snapshot() == empty
    world.check_all_is_settled()


def test_how_each_type_is_read_is_what_the_table_says(make_world: MakeWorld) -> None:
    world = make_world(tenant_of_all_types())
    world.backup()
    lines = world.log()
    for row in supported_types():
        place = f"/beta{row.path}"
        listed = [line["path"] for line in lines if line["path"].partition("?")[0] == place]
        single = [line["path"] for line in lines if line["path"].startswith(f"{place}/")]
        with_list, plain = f"{place}?$expand=assignments", place
        if row.read is Read.WITH_LIST:
            assert (listed, single) == ([with_list], []), row.key
        elif row.read is Read.BY_ITEM:
            assert listed == [plain]
            assert sorted(single) == [f"{place}/{policy_id(number)}/assignments" for number in (1, 2)], row.key
        else:
            assert listed == [plain]
            assert sorted(single) == [f"{place}/{policy_id(number)}?$expand=assignments" for number in (1, 2)], row.key


def test_types_that_this_cloud_does_not_offer_are_skipped_and_no_gap(make_world: MakeWorld) -> None:
    tenant = tenant_of_all_types()
    tenant.unavailable_types = set(KEYS)
    found = make_world(tenant).backup()
    assert found.is_complete
    assert {counts.status.value for counts in found.by_type.values()} == {"not_available"}


@pytest.mark.parametrize("key", ["policySet", "roleScopeTag", "managedEBook", "termsAndConditions"])
def test_assignments_that_cannot_be_read_one_by_one_are_a_failure_and_never_none(
    make_world: MakeWorld, key: str
) -> None:
    tenant = small_tenant()
    add_policy(tenant, key, 1, *entries_of(key, group(1)))
    world = make_world(tenant)
    world.break_with(status_fault(403, policy_id=policy_id(1), times="forever"))
    found = world.backup([key])
    (item,) = world.items(found.id).values()
    assert (item.status, item.assignments) == (ItemStatus.FAILED, None)
