"""Plans: differences by mode, dangers that must be said, and a hash that covers every field and no order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsconsole.domain.assignment import Assignment, Target, TargetKind
from opsconsole.domain.plan import (
    DANGER_WORDS,
    Danger,
    Mode,
    PlannedItem,
    dangers,
    difference,
    duplicate_targets,
    fingerprint,
    plan_hash,
)


def group(name: str, *, intent: str = "", extras: str = "", filter_id: str = "") -> Assignment:
    """An include of a group."""
    return Assignment(Target(TargetKind.GROUP, name, filter_id, "include" if filter_id else ""), intent, extras)


def excluded(name: str) -> Assignment:
    """An exclusion of a group."""
    return Assignment(Target(TargetKind.EXCLUSION, name))


EVERYONE = Assignment(Target(TargetKind.ALL_USERS))
DEVICES = Assignment(Target(TargetKind.ALL_DEVICES))
A, B, C = group("a"), group("b"), group("c")


@pytest.mark.parametrize(
    ("mode", "planned", "added", "removed"),
    [(Mode.EXACT, (B, C), (C,), (A,)), (Mode.ADD, (A, B, C), (C,), ()), (Mode.REMOVE, (B,), (), (A,))],
)
def test_each_mode_applies_its_part_of_the_difference(
    mode: Mode, planned: tuple[Assignment, ...], added: tuple[Assignment, ...], removed: tuple[Assignment, ...]
) -> None:
    change = difference([A, B], [B, C], mode)
    assert (change.planned, change.added, change.removed) == (planned, added, removed)


@pytest.mark.parametrize("mode", list(Mode))
def test_equal_sets_change_nothing_in_any_mode(mode: Mode) -> None:
    assert difference([A, B, A], [B, A], mode).is_empty


@pytest.mark.parametrize(
    "other", [group("a", intent="required"), group("a", extras="{}"), group("a", filter_id="f"), excluded("a")]
)
def test_the_same_group_otherwise_is_a_removal_and_an_addition(other: Assignment) -> None:
    change = difference([A], [other])
    assert (change.added, change.removed) == ((other,), (A,))


@pytest.mark.parametrize(
    ("live", "backup", "mode", "found"),
    [
        ([A], [], Mode.EXACT, [Danger.REMOVES_ALL]),
        ([], [], Mode.EXACT, []),
        ([], [A], Mode.EXACT, []),
        ([A, excluded("x")], [A], Mode.EXACT, [Danger.LOSES_EXCLUSION]),
        ([A, excluded("x")], [A], Mode.ADD, []),
        ([A], [A, excluded("x")], Mode.EXACT, []),
        ([A, excluded("x")], [A, group("x")], Mode.EXACT, [Danger.LOSES_EXCLUSION]),
        ([A], [A, EVERYONE], Mode.EXACT, [Danger.TOUCHES_ALL_USERS]),
        ([A, EVERYONE], [A], Mode.EXACT, [Danger.TOUCHES_ALL_USERS]),
        ([A, EVERYONE], [B, EVERYONE], Mode.EXACT, []),
        ([A, DEVICES], [A], Mode.EXACT, [Danger.TOUCHES_ALL_DEVICES]),
        ([DEVICES, EVERYONE, excluded("x")], [], Mode.EXACT, list(Danger)),
    ],
)
def test_dangers_are_called_out(
    live: list[Assignment], backup: list[Assignment], mode: Mode, found: list[Danger]
) -> None:
    assert list(dangers(live, difference(live, backup, mode))) == found


def test_an_exclusion_that_only_changes_its_filter_is_not_lost() -> None:
    with_filter = Assignment(Target(TargetKind.EXCLUSION, "x", "f", "include"))
    assert Danger.LOSES_EXCLUSION not in dangers([excluded("x")], difference([excluded("x")], [with_filter]))


def test_every_danger_has_words() -> None:
    assert set(DANGER_WORDS) == set(Danger)
    assert all(DANGER_WORDS.values())


def test_a_group_twice_under_one_intent_is_found_also_as_include_and_exclusion() -> None:
    assert duplicate_targets([A, excluded("a")])
    assert duplicate_targets([group("a", filter_id="f"), A])
    assert duplicate_targets([EVERYONE, Assignment(Target(TargetKind.ALL_USERS, "", "f", "include"))])
    assert not duplicate_targets([A, B, EVERYONE, DEVICES, excluded("c")])
    assert not duplicate_targets([group("a", intent="required"), group("a", intent="uninstall")])


ITEM = PlannedItem("deviceConfiguration", "p1", "will_change", (A,), (A, B))
OTHER = PlannedItem("mobileApp", "p2", "unchanged", (), ())


def test_the_order_of_items_is_no_part_of_a_plans_hash() -> None:
    assert plan_hash("t", Mode.EXACT, [ITEM, OTHER]) == plan_hash("t", Mode.EXACT, [OTHER, ITEM])


VARIANTS = {
    "policy_type": replace(ITEM, policy_type="mobileApp"),
    "policy_id": replace(ITEM, policy_id="p2"),
    "state": replace(ITEM, state="blocked"),
    "live": replace(ITEM, live=()),
    "planned": replace(ITEM, planned=(A,)),
    "a planned target's kind": replace(ITEM, planned=(A, excluded("b"))),
    "a planned target's filter": replace(ITEM, planned=(A, group("b", filter_id="f"))),
    "a planned target's filter type": replace(
        ITEM, planned=(A, Assignment(Target(TargetKind.GROUP, "b", "f", "exclude")))
    ),
    "a planned target's intent": replace(ITEM, planned=(A, group("b", intent="required"))),
    "a planned target's settings": replace(ITEM, planned=(A, group("b", extras='{"settings":{}}'))),
}


def test_every_field_of_an_item_is_part_of_a_plans_hash() -> None:
    hashes = {plan_hash("t", Mode.EXACT, [one]) for one in (ITEM, *VARIANTS.values())}
    assert len(hashes) == len(VARIANTS) + 1


def test_tenant_mode_and_number_of_items_are_part_of_a_plans_hash() -> None:
    plans = [
        plan_hash("t", Mode.EXACT, [ITEM]),
        plan_hash("u", Mode.EXACT, [ITEM]),
        plan_hash("t", Mode.ADD, [ITEM]),
        plan_hash("t", Mode.EXACT, [ITEM, ITEM]),
        plan_hash("t", Mode.EXACT, []),
    ]
    assert len(set(plans)) == len(plans)


def test_a_fingerprint_is_of_the_set() -> None:
    assert fingerprint([A, B]) == fingerprint([B, A, A])
    assert len({fingerprint(one) for one in ([], [A], [B], [A, B], [group("a", extras="x")])}) == 5
