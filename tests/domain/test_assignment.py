"""The canonical form: assignments that do the same to the same people are equal, whatever Graph's spelling; others are not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opsconsole.domain.assignment import (
    ALL_DEVICES_GROUP,
    ALL_USERS_GROUP,
    ZERO_GUID,
    TargetKind,
    direct_assignments,
    is_direct,
    parse_assignment,
    parse_target,
)

GROUP = "0A0B0C0D-1111-4222-8333-444455556666"
FILTER = "FFFFFFFF-1111-4222-8333-444455556666"
ID, TYPE = "deviceAndAppManagementAssignmentFilterId", "deviceAndAppManagementAssignmentFilterType"


def target(kind: str = "groupAssignmentTarget", **more: Any) -> dict[str, Any]:
    """A target as Graph sends it."""
    base: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{kind}"}
    return base | ({"groupId": GROUP} if "roup" in kind else {}) | more


NO_FILTER = [
    {},
    {ID: None, TYPE: "none"},
    {ID: ZERO_GUID, TYPE: "none"},
    {ID: "", TYPE: "none"},
    {ID: None, TYPE: None},
    {ID: ZERO_GUID, TYPE: "include"},
    {ID: FILTER, TYPE: "none"},
    {ID: None, TYPE: "None"},
]


@pytest.mark.parametrize("spelling", NO_FILTER, ids=json.dumps)
def test_no_filter_is_one_thing_in_every_spelling(spelling: dict[str, Any]) -> None:
    assert parse_target(target(**spelling)) == parse_target(target())


def test_a_filter_and_its_type_count_whatever_the_case_of_the_id() -> None:
    include = parse_target(target(**{ID: FILTER, TYPE: "include"}))
    assert include == parse_target(target(**{ID: FILTER.lower(), TYPE: "Include"}))
    assert include != parse_target(target(**{ID: FILTER, TYPE: "exclude"}))
    assert include != parse_target(target())
    assert include != parse_target(target(**{ID: FILTER.replace("F", "E"), TYPE: "include"}))


@pytest.mark.parametrize(
    ("pseudo", "built_in", "kind"),
    [
        (ALL_DEVICES_GROUP, "allDevicesAssignmentTarget", TargetKind.ALL_DEVICES),
        (ALL_USERS_GROUP.upper(), "allLicensedUsersAssignmentTarget", TargetKind.ALL_USERS),
    ],
)
def test_a_pseudo_group_is_its_built_in_kind(pseudo: str, built_in: str, kind: TargetKind) -> None:
    parsed = parse_target(target(groupId=pseudo))
    assert parsed == parse_target(target(built_in))
    assert parsed.kind is kind
    assert parsed.group_id == "", "nobody may look it up in the directory"


def test_excluding_a_pseudo_group_is_not_including_everyone() -> None:
    excluded = parse_target(target("exclusionGroupAssignmentTarget", groupId=ALL_USERS_GROUP))
    assert excluded.kind is TargetKind.EXCLUSION


@pytest.mark.parametrize(
    "spelling",
    [
        "#microsoft.graph.groupAssignmentTarget",
        "microsoft.graph.groupAssignmentTarget",
        "#Microsoft.Graph.GROUPAssignmentTarget",
    ],
)
def test_an_odata_type_is_compared_without_case_or_hash(spelling: str) -> None:
    assert parse_target(target() | {"@odata.type": spelling}) == parse_target(target())


def test_group_ids_are_compared_without_case() -> None:
    assert parse_target(target(groupId=GROUP.lower())) == parse_target(target(groupId=GROUP))


def test_every_kind_of_target_is_told_apart() -> None:
    kinds = [
        target(),
        target("exclusionGroupAssignmentTarget"),
        target("allDevicesAssignmentTarget"),
        target("allLicensedUsersAssignmentTarget"),
        target("configurationManagerCollectionAssignmentTarget", collectionId="SMS00001"),
        target("configurationManagerCollectionAssignmentTarget", collectionId="SMS00002"),
        target("scopeTagGroupAssignmentTarget", entraObjectId="a"),
        target("scopeTagGroupAssignmentTarget", entraObjectId="b"),
        {},
    ]
    assert len({parse_target(one) for one in kinds}) == len(kinds)


def test_settings_are_compared_by_content_not_by_the_order_of_their_keys() -> None:
    one = json.loads('{"target":{},"settings":{"@odata.type":"#x","a":1,"b":{"c":[1,2],"d":null}}}')
    two = json.loads('{"settings":{"b":{"d":null,"c":[1,2]},"a":1,"@odata.type":"#x"},"target":{}}')
    assert parse_assignment(one) == parse_assignment(two)
    assert parse_assignment(one) != parse_assignment(json.loads('{"target":{},"settings":{"a":2}}'))
    three = json.loads('{"target":{},"settings":{"@odata.type":"#x","a":1,"b":{"c":[2,1],"d":null}}}')
    assert parse_assignment(one) != parse_assignment(three), "the order of a list may mean something"


@pytest.mark.parametrize(
    "field",
    [
        {"intent": "required"},
        {"settings": {"notifications": "showAll"}},
        {"runSchedule": {"interval": 1}},
        {"runRemediationScript": False},
        {"installIntent": "available"},
    ],
    ids=lambda field: next(iter(field)),
)
def test_every_field_that_changes_what_an_assignment_does_counts(field: dict[str, Any]) -> None:
    assert parse_assignment({"target": target(), **field}) != parse_assignment({"target": target()})
    null = dict.fromkeys(field)
    assert parse_assignment({"target": target(), **null}) == parse_assignment({"target": target()})


def test_ids_dates_and_sources_are_no_part_of_it() -> None:
    dressed = {"id": "x", "source": "direct", "sourceId": "y", "lastModifiedDateTime": "z", "target": target()}
    assert parse_assignment(dressed) == parse_assignment({"target": target()})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, True),
        ({"source": None}, True),
        ({"source": "direct"}, True),
        ({"source": "Direct"}, True),
        ({"source": "policySets"}, False),
        ({"source": "somethingNew"}, False),
    ],
)
def test_only_direct_entries_are_a_restores_business(entry: dict[str, Any], expected: bool) -> None:
    assert is_direct(entry) is expected
    assert len(direct_assignments([{"target": target(), **entry}])) == int(expected)


def test_a_canonical_set_is_sorted_and_without_duplicates() -> None:
    entries = [{"target": target()}, {"target": target("allDevicesAssignmentTarget")}, {"target": target(), "id": "2"}]
    found = direct_assignments(entries)
    assert found == direct_assignments(reversed(entries))
    assert len(found) == 2
