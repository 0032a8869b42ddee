"""The list pass against a service over HTTP: every policy once, nothing lost unseen, assignments only where they came whole."""

from __future__ import annotations

import asyncio
import json

import pytest

from opsconsole.domain.backup import TypeStatus
from opsconsole.domain.failure import FailureCode, Reason
from opsconsole.graph.listing import list_policies
from opsconsole.graph.policy_types import supported_types
from opsconsole.simulator import Tenant, seeded_tenant
from opsconsole.simulator.imported_policy import import_policy
from opsconsole.simulator.seed import WEIGHTS

from .world import Scripted, Time, answer, fault, on, throttled

KEY = "settingsCatalogPolicy"


def tenant_of(count: int, key: str = KEY) -> Tenant:
    """Return a tenant with that many policies of one type, each assigned to one group."""
    tenant = Tenant()
    group = tenant.directory.group_named("SG-All").id
    for number in range(count):
        import_policy(
            tenant,
            key,
            f'{{"id":"00000000-0000-4000-8000-{number:012}","name":"P{number}","displayName":"P{number}","assignments":'
            f'[{{"target":{{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{group}"}}}}]}}',
            origin=str(number),
        )
    return tenant


async def collect(client, key=KEY):
    """List a type; return the result and the policies in the order they came."""
    found = {}

    async def keep(page):
        for policy in page:
            found.setdefault(policy.policy_id, policy)

    return await list_policies(client, key, on_page=keep), [*found.values()]


def listed(tenant, key=KEY, faults=(), **options):
    """List a type of a served tenant; return the result, the policies and the counts."""

    async def use(_, client):
        view = client.for_run()
        result, found = await collect(view, key)
        return result, found, view.use

    return on(tenant, use, faults=faults, **options)


def test_every_page_is_followed_and_every_policy_listed_once_with_its_assignments():
    tenant = tenant_of(250)
    result, found, use = listed(tenant)
    assert (result.status, result.failure, len(found)) == (TypeStatus.LISTED, None, 250)
    assert [policy.policy_id for policy in found] == [policy.id for policy in tenant]
    assert use.requests == 3
    for policy in found:
        assert policy.policy.encode() == tenant.served_entry(KEY, policy.policy_id)
        assert policy.assignments == f"[{tenant.assignment_texts(KEY, policy.policy_id)[0].decode()}]"
        assert policy.policy_name == f"P{int(policy.policy_id[-12:])}"


def test_a_whole_tenant_of_a_thousand_takes_at_most_twenty_calls():
    tenant = seeded_tenant(1000, seed=3)

    async def use(_, client):
        view, total, names = client.for_run(), 0, {}
        for row in filter(lambda one: one.key in WEIGHTS, supported_types()):
            result, found = await collect(view, row.key)
            assert result.status is TypeStatus.LISTED
            total += len(found)
            names |= {(row.key, policy.policy_id): policy.policy_name for policy in found}
            assert all((policy.assignments is None) is (not row.expands) for policy in found)
        return total, names, view.use.requests

    total, names, requests = on(tenant, use)
    assert total == 1000
    assert requests <= 20
    assert names == {(policy.type.key, policy.id): policy.name for policy in tenant}


def test_built_in_enrolment_configurations_are_marked():
    tenant = seeded_tenant(200, seed=5)
    _, found, _ = listed(tenant, "deviceEnrollmentConfiguration")
    marked = {policy.policy_id for policy in found if policy.skip_reason.startswith("Built in")}
    assert marked == {policy.id for policy in tenant.shelves["deviceEnrollmentConfiguration"] if policy.built_in}
    assert marked


def test_a_tenant_without_policies_is_listed():
    result, found, _ = listed(Tenant())
    assert (result.status, found) == (TypeStatus.LISTED, [])


@pytest.mark.parametrize("status", [400, 500, 504])
def test_a_refused_or_slow_expansion_is_asked_for_in_another_way(status):
    expands = {"path_regex": r"expand=assignments"}
    result, found, _ = listed(tenant_of(120), faults=[fault(status, expands, times="forever")])
    assert (result.status, len(found)) == (TypeStatus.LISTED, 120)
    assert all(policy.assignments is None for policy in found)


def test_a_slow_expansion_goes_on_in_smaller_pages_and_that_is_remembered():
    slow = [fault(504, {"path_regex": r"configurationPolicies\?\$expand=assignments$"}, times="forever")]

    async def use(_, client):
        first = await collect(client)
        view = client.for_run()
        second = await collect(view)
        return first, second, view.use

    (first, found), (second, _), use = on(tenant_of(60), use, faults=slow)
    assert first.status is second.status is TypeStatus.LISTED
    assert all(policy.assignments is not None for policy in found)
    assert (use.requests, use.retried) == (3, 0)


def test_an_expansion_that_fails_in_the_middle_keeps_what_came_and_lists_each_policy_once():
    middle = [fault(504, {"path_regex": "expand.*skiptoken"}, times="forever")]
    result, found, _ = listed(tenant_of(250), faults=middle)
    assert (result.status, len(found)) == (TypeStatus.LISTED, 250)
    assert len({policy.policy_id for policy in found}) == len(found) == 250
    assert sum(policy.assignments is not None for policy in found) == 100


def test_a_page_that_fails_for_good_leaves_a_partial_list_with_its_failure():
    faults = [fault(403, {"path_regex": "skiptoken"}, times="forever", code="Forbidden", message="no more")]
    result, found, _ = listed(tenant_of(250), faults=faults)
    assert (result.status, len(found)) == (TypeStatus.PARTIAL, 100)
    assert result.failure is not None
    assert result.failure.reason is Reason.PERMISSION_DENIED
    assert result.failure.code is FailureCode.CAPTURE_FAILED
    assert result.failure.subject.policy_type == KEY


def test_a_type_that_may_not_be_read_fails_and_one_that_is_not_there_is_not_available():
    tenant = tenant_of(3)
    tenant.denied_types = {KEY}
    result, found, _ = listed(tenant)
    assert (result.status, found) == (TypeStatus.FAILED, [])
    assert result.failure.reason is Reason.PERMISSION_DENIED
    assert "DeviceManagementConfiguration.Read.All" in result.failure.message
    tenant = tenant_of(3)
    tenant.unavailable_types = {KEY}
    result, found, _ = listed(tenant)
    assert (result.status, found) == (TypeStatus.NOT_AVAILABLE, [])
    assert result.failure.reason is Reason.UNSUPPORTED_POLICY_TYPE


def test_a_short_outage_and_throttling_are_waited_out():
    faults = [
        fault(503, {"method": "GET"}, times=2),
        fault(429, {"path_regex": "skiptoken"}, times=2, retry_after=3),
        {"match": {"path_regex": "skiptoken"}, "action": {"kind": "reset"}, "times": 1},
        {"match": {"path_regex": "skiptoken"}, "action": {"kind": "truncate"}, "times": 1},
        {"match": {"path_regex": "skiptoken"}, "action": {"kind": "html"}, "times": 1},
    ]
    result, found, use = listed(tenant_of(250), faults=faults)
    assert (result.status, len(found)) == (TypeStatus.LISTED, 250)
    assert use.throttled == 2
    assert use.retried == 7
    assert use.waited_ms >= 6000


def test_a_page_cut_off_is_partial_and_malformed():
    faults = [{"match": {"path_regex": "skiptoken"}, "action": {"kind": "malformed"}, "times": "forever"}]
    result, found, _ = listed(tenant_of(250), faults=faults)
    assert (result.status, len(found)) == (TypeStatus.PARTIAL, 100)
    assert result.failure.reason is Reason.MALFORMED_RESPONSE


def test_policies_without_the_assignments_key_are_unknown_not_empty():
    faults = [{"action": {"kind": "missing_assignments_key"}, "times": 1}]
    result, found, _ = listed(tenant_of(150), faults=faults)
    assert result.status is TypeStatus.LISTED
    assert [policy.assignments is None for policy in found] == [True] * 100 + [False] * 50


def test_a_page_that_comes_twice_is_merged():
    faults = [{"match": {"operation": "list"}, "action": {"kind": "duplicate_page"}, "times": 1}]
    result, found, _ = listed(tenant_of(250), faults=faults)
    assert (result.status, len(found)) == (TypeStatus.LISTED, 250)


@pytest.mark.parametrize("kind", ["looping_nextlink", "foreign_nextlink"])
def test_links_in_a_circle_or_to_elsewhere_are_not_followed(kind):
    faults = [{"match": {"operation": "list"}, "action": {"kind": kind}, "times": "forever"}]
    result, found, use = listed(tenant_of(250), faults=faults)
    assert result.status is TypeStatus.PARTIAL
    assert len(found) == 100
    assert result.failure.reason is Reason.MALFORMED_RESPONSE
    assert "example.net" not in result.failure.message
    assert use.requests <= 2


def page(*entries: str, link: str = "") -> bytes:
    more = f',"@odata.nextLink":{json.dumps(link)}' if link else ""
    return f'{{"value":[{",".join(entries)}]{more}}}'.encode()


def scripted(*bodies: bytes, key=KEY):
    service = Scripted([answer(200, body) for body in bodies])
    return asyncio.run(collect(throttled(service, Time()), key)), service


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.example.evil/beta/x",
        "https://graph.example@evil/beta/x",
        "https://user:pass@graph.example/beta/x",
        "http://graph.example/beta/x",
        "https://graph.example:8443/beta/x",
        "https://graph.example/v1.0/x",
        "https://graph.example/beta/../v1.0/x",
        "https://graph.example",
        "//evil/beta/x",
        "/deviceManagement/x",
        "file:///beta/x",
        "https://graph.example/beta/x\n",
        "https://graph.example\\@evil/beta/x",
        "https://[bad/beta/x",
    ],
)
def test_links_that_leave_scheme_host_port_or_version_are_refused_unsent(link):
    (result, found), service = scripted(page('{"id":"a","name":"A"}', link=link), page('{"id":"b"}'))
    assert (result.status, [policy.policy_id for policy in found]) == (TypeStatus.PARTIAL, ["a"])
    assert result.failure.reason is Reason.MALFORMED_RESPONSE
    assert len(service.requests) == 1


def test_a_link_is_followed_whole_and_an_empty_page_may_have_one():
    link = "https://GRAPH.example:443/beta/deviceManagement/x?$skiptoken=a%2Bb%27%20c&%24top=5"
    (result, found), service = scripted(page(link=link), page('{"id":"b"}'))
    assert (result.status, len(found)) == (TypeStatus.LISTED, 1)
    assert service.requests[1].path == link


@pytest.mark.parametrize("entry", ['{"name":"x"}', '{"id":null}', '{"id":5}', '"text"', "null", "[]", '{"id":""}'])
def test_a_policy_without_an_id_makes_the_list_partial(entry):
    (result, found), _ = scripted(page('{"id":"a"}', entry, '{"id":"b"}'))
    assert (result.status, len(found)) == (TypeStatus.PARTIAL, 2)
    assert result.failure.reason is Reason.MALFORMED_RESPONSE
    assert "1 policy without an id" in result.failure.message


@pytest.mark.parametrize(
    ("entry", "assignments"),
    [
        ('{"id":"a","assignments":[]}', "[]"),
        ('{"id":"a","assignments": [ {"x":1.0} ,2 ] }', '[ {"x":1.0} ,2 ]'),
        ('{"id":"a"}', None),
        ('{"id":"a","assignments":null}', None),
        ('{"id":"a","assignments":{}}', None),
        ('{"id":"a","assignments":[],"assignments@odata.nextLink":"https://graph.example/beta/x"}', None),
        ('{"assignments@odata.nextLink":"x","assignments":[{}],"id":"a"}', None),
    ],
)
def test_assignments_are_known_only_where_they_came_whole(entry, assignments):
    (_, found), _ = scripted(page(entry))
    assert found[0].assignments == assignments
    assert found[0].policy == entry


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"value":{}}',
        b'{"value":null}',
        b'{"value":[{"id":"a"}]',
        b'{"value":[{"id":"\xff"}]}',
        b"<html>",
        b"\x00",
    ],
)
def test_what_is_no_list_is_malformed(body):
    (result, found), _service = scripted(body)
    assert (result.status, found) == (TypeStatus.FAILED, [])
    assert result.failure.reason is Reason.MALFORMED_RESPONSE


def test_names_that_no_database_keeps_are_made_visible_and_stay_in_the_policy():
    entry = '{"id":"a","name":"x\\u0000y\\ud83d\\ude00"}'
    (_, found), _ = scripted(page(entry))
    assert found[0].policy_name == "x\ufffdy😀"
    assert found[0].policy == entry


def test_the_name_of_a_type_is_read_from_its_own_field():
    (_, found), _ = scripted(page('{"id":"a","name":"N","displayName":"D"}'))
    assert found[0].policy_name == "N"
    (_, found), _ = scripted(page('{"id":"a","name":"N","displayName":"D"}'), key="deviceConfiguration")
    assert found[0].policy_name == "D"
