"""Groups and filters in bulk: names by id, ids by exact name, gone ones known as gone, a refusal never taken for none."""

from __future__ import annotations

import asyncio
import json
import uuid
from urllib.parse import unquote

import pytest

from opsconsole.domain.assignment import ALL_DEVICES_GROUP, ALL_USERS_GROUP
from opsconsole.domain.failure import Reason
from opsconsole.graph.directory import MAX_CLAUSES, GraphProblem, find_groups_by_name, list_filters, resolve_groups
from opsconsole.simulator import Tenant, seeded_tenant
from opsconsole.simulator.directory import make_group

from .world import Scripted, Time, answer, fault, on, throttled


def tenant_with(*names: str) -> Tenant:
    tenant = Tenant()
    for number, name in enumerate(names):
        tenant.directory.groups.add(make_group(f"00000000-0000-4000-8000-{number:012}", name))
    return tenant


def ask(tenant, function, argument=None, faults=()):
    async def use(_, client):
        view = client.for_run()
        outcome = await (function(view) if argument is None else function(view, argument))
        return outcome, view.use

    return on(tenant, use, faults=faults)


def test_more_than_a_thousand_groups_are_resolved_in_few_calls():
    tenant = tenant_with(*(f"G{number}" for number in range(2300)))
    gone = [str(uuid.uuid4()) for _ in range(50)]
    ids = [group.id.upper() for group in tenant.directory.groups] + gone
    found, use = ask(tenant, resolve_groups, ids)
    assert use.requests == 3
    assert len(found) == 2350
    assert {group_id for group_id, name in found.items() if name.is_gone} == set(gone)
    assert found["00000000-0000-4000-8000-000000000042"].name == "G42"


def test_a_group_keeps_what_a_restore_elsewhere_needs():
    tenant = Tenant()
    group = tenant.directory.group_named("Dynamic", rule="(user.accountEnabled -eq true)")
    found, _ = ask(tenant, resolve_groups, [group.id])
    details = json.loads(found[group.id].details)
    assert details["membershipRule"] == "(user.accountEnabled -eq true)"
    assert {"groupTypes", "securityEnabled", "mailNickname"} <= set(details)


def test_pseudo_groups_are_never_looked_up_and_never_gone():
    found, use = ask(Tenant(), resolve_groups, [ALL_USERS_GROUP, ALL_DEVICES_GROUP.upper()])
    assert use.requests == 0
    assert {name.name for name in found.values()} == {"All users", "All devices"}
    assert not any(name.is_gone for name in found.values())


@pytest.mark.parametrize("status", [400, 404])
def test_what_is_no_id_does_not_spoil_the_others_and_is_gone(status):
    tenant = tenant_with("A")
    odd = ["Sales team", "1')/members?$x=1#y"]
    refusal = fault(status, {"path_regex": r"groups/(?!0000)"}, times="forever", code="Request_BadRequest")
    found, use = ask(tenant, resolve_groups, [*odd, "00000000-0000-4000-8000-000000000000"], [refusal])
    assert [found[one.lower()].is_gone for one in odd] == [True, True]
    assert found["00000000-0000-4000-8000-000000000000"].name == "A"
    assert use.requests == 2


REFUSED = fault(403, {"path_regex": "getByIds"}, times="forever", code="Authorization_RequestDenied")


def test_without_the_wide_permission_groups_are_listed_by_their_ids():
    tenant = tenant_with(*(f"G{number}" for number in range(400)))
    gone = str(uuid.uuid4())
    ids = [*(group.id for group in tenant.directory.groups), gone]
    found, use = ask(tenant, resolve_groups, ids, [REFUSED])
    assert [found[group_id].name for group_id in ids] == [*(f"G{number}" for number in range(400)), ""]
    assert [group_id for group_id, name in found.items() if name.is_gone] == [gone]
    assert (use.requests, use.subrequests) == (3, 27)


@pytest.mark.parametrize("status", [400, 403])
def test_where_lists_are_refused_too_groups_are_asked_for_one_by_one(status):
    tenant = tenant_with("A", "B")
    lists = fault(status, {"path_regex": r"groups\?\$filter"}, times="forever")
    ids = ["00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000001", str(uuid.uuid4())]
    found, use = ask(tenant, resolve_groups, ids, [REFUSED, lists])
    assert [found[group_id].name for group_id in ids] == ["A", "B", ""]
    assert [found[group_id].is_gone for group_id in ids] == [False, False, True]
    assert use.requests == 3


def test_groups_that_come_without_names_are_asked_for_again():
    group_id = str(uuid.uuid4())

    def script(request, _):
        if request.path.endswith("getByIds"):
            return answer(200, json.dumps({"value": [{"id": group_id}]}).encode())
        inner = {"id": "1", "status": 200, "body": {"id": group_id, "displayName": "Named"}}
        return answer(200, json.dumps({"responses": [inner]}).encode())

    found = asyncio.run(resolve_groups(throttled(Scripted(script), Time()), [group_id]))
    assert found[group_id].name == "Named"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, Reason.PERMISSION_DENIED),
        (503, Reason.SERVICE_UNAVAILABLE),
        (400, Reason.INVALID_REQUEST),
    ],
)
def test_a_refusal_is_a_problem_not_an_empty_directory(status, reason):
    tenant = tenant_with("A")
    rules = [fault(status, times="forever")]
    for function, argument in (
        (resolve_groups, ["00000000-0000-4000-8000-000000000000"]),
        (find_groups_by_name, ["A"]),
        (list_filters, None),
    ):
        with pytest.raises(GraphProblem) as caught:
            ask(tenant, function, argument, rules)
        assert caught.value.failure.reason is reason


ODD = [
    "O'Brien's team",
    "50% & more | [x]",
    "Größe \u00a0x",
    "a+b=c#d?e",
    "trailing ",
    "日本語",
    '"quoted"',
    "\\back\\",
]


def test_groups_are_found_by_exact_name_whatever_it_holds():
    names = [*ODD, *(f"SG-{number:03}" for number in range(40)), "Twice", "Twice"]
    tenant = tenant_with(*names)
    found, use = ask(tenant, find_groups_by_name, [*names, "Nobody", "sg-001"])
    assert {name: len(groups) for name, groups in found.items()} == {
        **dict.fromkeys(names, 1),
        "Twice": 2,
        "Nobody": 0,
        "sg-001": 0,
    }
    assert found["O'Brien's team"][0].id == "00000000-0000-4000-8000-000000000000"
    assert use.requests == 1


def test_names_are_asked_for_within_graphs_limits():
    asked = []

    def script(request, _):
        inner = json.loads(request.body)["requests"]
        asked.extend(one["url"] for one in inner)
        return answer(
            200,
            json.dumps(
                {"responses": [{"id": one["id"], "status": 200, "body": {"value": []}} for one in inner]}
            ).encode(),
        )

    names = [f"{'Ä' * 40}{number}" for number in range(100)] + [f"G{number}" for number in range(100)]
    asyncio.run(find_groups_by_name(throttled(Scripted(script), Time()), names))
    assert sum(unquote(url).count("displayName eq ") for url in asked) == 200
    for url in asked:
        assert len(url) < 1900
        assert unquote(url).count("displayName eq ") <= MAX_CLAUSES


def test_filters_are_listed_by_id_with_what_they_do():
    tenant = seeded_tenant(30)
    found, _ = ask(tenant, list_filters)
    assert {(name.id, name.name) for name in found.values()} == {(one.id, one.name) for one in tenant.directory.filters}
    assert all(
        {"platform", "assignmentFilterManagementType", "rule"} <= set(json.loads(name.details))
        for name in found.values()
    )
