"""Previews and drift checks of large tenants: taken a portion at a time, with the result they would have as a whole."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from opsconsole.domain.backup import BackupItem
from opsconsole.domain.plan import PlannedItem
from opsconsole.domain.restore import ItemState, RestoreItem
from opsconsole.domain.run import Outcome
from opsconsole.graph.policy_types import supported_types
from opsconsole.operations import portions as portions_module
from opsconsole.operations.live import LivePolicy
from opsconsole.operations.planning import Source
from opsconsole.operations.portions import portions
from opsconsole.service import drift, restores
from opsconsole.simulator import Tenant
from opsconsole.store import drift as drift_store
from opsconsole.store import restores as restore_store
from world import World, add_policy, group, policy_id, small_tenant

from .conftest import MakeWorld

TYPES = sorted(row.key for row in supported_types() if row.expands and row.is_written_whole and row.key != "mobileApp")[
    :16
]

freeze = gc.freeze

HELD = (LivePolicy, Source, BackupItem, RestoreItem, PlannedItem)
"""What is held of each policy, on both sides."""

PER_TYPE = 30

OF_A_PORTION = 4 * 2 * PER_TYPE
"""What a portion of two types may hold: each policy as it is, as it was, as it is planned and as it is stored."""


def many_types(types: int) -> Tenant:
    tenant = small_tenant()
    for key in TYPES[:types]:
        for number in range(1, PER_TYPE + 1):
            add_policy(tenant, key, number, group(1 + number % 12))
    return tenant


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions_module, "PORTION_POLICIES", 2 * PER_TYPE)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many policies were in memory each time that something was stored of them."""
    seen: list[int] = []
    gc.collect()
    freeze()  # what other tests left is not looked through each time

    def watch(module: Any, name: str) -> None:
        function = getattr(module, name)

        def counted(*args: Any, **options: Any) -> Any:
            gc.collect()
            seen.append(sum(isinstance(one, HELD) for one in gc.get_objects()))
            return function(*args, **options)

        monkeypatch.setattr(module, name, counted)

    watch(restore_store, "add_plan_items")
    watch(drift_store, "add_drift_items")
    yield seen
    gc.unfreeze()


def changed(world: World, types: int) -> set[tuple[str, str]]:
    """Change a policy of each type, and return which."""
    for key in TYPES[:types]:
        world.assign(key, 3, group(11))
    return {(key, policy_id(3)) for key in TYPES[:types]}


def check_plan(world: World, restore_id: str, types: int, expected: set[tuple[str, str]]) -> None:
    """Every policy is in the plan, in its order, and those that were changed are to be changed back."""
    plan = restores.all_restore_items(world.caller, restore_id)
    assert len(plan) == types * PER_TYPE
    assert {(one.policy_type, one.policy_id) for one in plan if one.state is ItemState.WILL_CHANGE} == expected
    assert [one.seq for one in plan] == [*range(1, len(plan) + 1)]
    assert [one.policy_type for one in plan] == sorted(one.policy_type for one in plan)


def test_types_are_taken_in_order_and_never_more_at_a_time_than_fit(small_portions: None) -> None:
    assert [*portions({})] == []
    assert [*portions({"a": 500})] == [["a"]], "a type is never cut: what is compared is matched within it"
    found = [*portions({"a": 30, "b": 30, "c": 1, "d": 90, "e": 0, "f": 60})]
    assert found == [["a", "b"], ["c"], ["d"], ["e", "f"]]


def test_memory_is_bounded_by_a_portion_not_by_the_tenant(
    make_each_world: MakeWorld, small_portions: None, held: list[int]
) -> None:
    world = make_each_world(many_types(16))
    peaks = {}
    for types in (4, 16):
        world.backup(TYPES[:types])
        expected = changed(world, types)
        held.clear()
        found = world.preview()
        peaks["preview", types] = max(held)
        check_plan(world, found.id, types, expected)
        held.clear()
        run = world.ended(drift.start_drift(world.caller, "latest"))
        peaks["drift", types] = max(held)
        differences = drift.drift_result(world.caller, run.id)
        assert {(one.policy_type, one.policy_id) for one in differences.items} == expected
        assert (differences.same, run.counters.adds_up) == (types * (PER_TYPE - 1), True)
        for key in TYPES[:types]:
            world.assign(key, 3, group(4))
    assert min(peaks.values()) >= 2 * PER_TYPE, "the count sees what is held"
    assert max(peaks.values()) <= OF_A_PORTION, peaks


def test_portions_make_the_plan_that_the_whole_makes(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(many_types(6))
    world.backup(TYPES[:6])
    changed(world, 6)
    whole = world.preview()
    monkeypatch.setattr(portions_module, "PORTION_POLICIES", PER_TYPE)
    in_portions = world.preview()
    assert in_portions.plan_hash == whole.plan_hash
    assert in_portions.counts == whole.counts
    first, second = (
        [
            (one.seq, one.policy_type, one.policy_id, one.state, one.added, one.removed)
            for one in world.plan(ref).values()
        ]
        for ref in (whole.id, in_portions.id)
    )
    assert first == second
    assert world.execute(in_portions.id).outcome is Outcome.SUCCEEDED
    undo = world.undo(in_portions.id)
    assert undo.counts["will_change"] == 6
    world.check_all_is_settled()


def test_a_preview_that_breaks_off_leaves_no_part_of_a_plan(make_world: MakeWorld, small_portions: None) -> None:
    world = make_world(many_types(4))
    world.backup(TYPES[:4])
    changed(world, 4)
    started = restores.start_preview(world.caller, "latest", "contoso")
    assert started.restore_run is not None
    portion = restore_store.add_plan_items

    def fails_at_the_second(session: Any, restore_id: str, items: Any) -> None:
        if items and items[0].seq > 1:
            raise RuntimeError("broken")
        portion(session, restore_id, items)

    restore_store.add_plan_items = fails_at_the_second
    try:
        world.drain()
    finally:
        restore_store.add_plan_items = portion
    assert world.run(started.runs[0].id).outcome is Outcome.FAILED
    assert world.plan(started.restore_run.id) == {}
    assert world.restore(started.restore_run.id).plan_hash is None
    world.check_all_is_settled()
