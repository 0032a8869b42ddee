"""Reading given policies: in batches, paged inside, each array as it was sent, and never empty where it is unknown."""

from __future__ import annotations

import asyncio
import json

import pytest

from opsconsole.domain.failure import FailureCode, Reason
from opsconsole.graph.assignments import PolicyRef, policy_path, read_assignments, read_policies
from opsconsole.graph.client import GraphAnswer
from opsconsole.simulator import Tenant, seeded_tenant
from opsconsole.simulator.imported_policy import import_policy

from .world import Scripted, Time, answer, fault, on, throttled

KEY = "deviceConfiguration"


def ref(policy):
    return PolicyRef(policy.type.key, policy.id)


def read(tenant, refs, faults=(), function=read_assignments, **options):
    """Read policies of a served tenant; return the results and the counts."""

    async def use(_, client):
        view = client.for_run()
        return await function(view, refs), view.use

    return on(tenant, use, faults=faults, **options)


def texts(policy, tenant):
    return [text.decode() for text in tenant.assignment_texts(policy.type.key, policy.id)]


@pytest.mark.parametrize("function", [read_assignments, read_policies])
def test_every_type_is_read_in_batches_of_twenty_as_it_was_sent(function):
    tenant = seeded_tenant(130, seed=2)
    policies = [policy for policy in tenant if len(policy.assignments) < 100]
    results, use = read(tenant, [ref(policy) for policy in policies], function=function)
    for policy, result in zip(policies, results, strict=True):
        assert result.ref == ref(policy)
        assert result.failure is None
        assert result.exists
        assert result.assignments == f"[{','.join(texts(policy, tenant))}]"
        if function is read_policies:
            assert result.name == policy.name
    if function is read_assignments:
        assert use.requests == -(-len(policies) // 20)
        assert use.subrequests == len(policies)


@pytest.mark.parametrize("function", [read_assignments, read_policies])
def test_five_hundred_assignments_come_whole_over_pages(function):
    tenant = seeded_tenant(100, seed=4)
    crowded = max(tenant, key=lambda policy: len(policy.assignments))
    assert len(crowded.assignments) == 500
    (result,), use = read(tenant, [ref(crowded)], function=function, page_size=100)
    assert json.loads(result.assignments) == [json.loads(text) for text in texts(crowded, tenant)]
    assert result.assignments == f"[{','.join(texts(crowded, tenant))}]"
    if function is read_assignments:
        assert use.requests == 5


def few(count=45, key=KEY):
    tenant = Tenant()
    group = tenant.directory.group_named("SG").id
    for number in range(count):
        listed = f'[{{"target":{{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{group}"}}}}]'
        import_policy(
            tenant,
            key,
            f'{{"id":"00000000-0000-4000-8000-{number:012}","displayName":"P{number}","assignments":{listed}}}',
            origin=str(number),
        )
    return tenant, list(tenant)


@pytest.mark.parametrize(
    ("status", "code", "reason", "exists"),
    [(403, "Forbidden", Reason.PERMISSION_DENIED, True), (404, "ResourceNotFound", Reason.POLICY_NOT_FOUND, False)],
)
def test_one_policy_that_is_refused_fails_alone_with_its_reason(status, code, reason, exists):
    tenant, policies = few()
    rule = fault(status, {"policy_id": policies[7].id, "batch_inner": True}, times="forever", code=code)
    results, _ = read(tenant, [ref(policy) for policy in policies], [rule])
    bad = results[7]
    assert (bad.assignments, bad.exists, bad.failure.reason) == (None, exists, reason)
    assert bad.failure.code is FailureCode.FETCH_FAILED
    assert bad.failure.subject.policy_id == policies[7].id
    assert policies[7].id not in bad.failure.message
    assert all(result.assignments for index, result in enumerate(results) if index != 7)


def test_a_policy_that_does_not_exist_is_told_apart():
    tenant, policies = few(3)
    refs = [ref(policies[0]), PolicyRef(KEY, "00000000-0000-4000-8000-999999999999"), ref(policies[1])]
    for function in (read_assignments, read_policies):
        results, _ = read(tenant, refs, function=function)
        assert [result.exists for result in results] == [True, False, True]
        assert results[1].failure.reason is Reason.POLICY_NOT_FOUND


def test_inner_throttling_is_waited_out_and_only_those_are_asked_again():
    tenant, policies = few()
    rules = [
        fault(429, {"policy_id": policies[index].id, "batch_inner": True}, times=2, retry_after=5) for index in (1, 30)
    ]
    results, use = read(tenant, [ref(policy) for policy in policies], rules)
    assert all(result.assignments for result in results)
    assert use.throttled == 4
    assert use.subrequests == 49
    assert use.waited_ms >= 10_000


def test_a_damaged_answer_inside_a_batch_is_asked_for_again_alone():
    tenant, policies = few(5)
    rules = [{"match": {"policy_id": policies[2].id}, "action": {"kind": "malformed"}, "times": 1}]
    results, use = read(tenant, [ref(policy) for policy in policies], rules)
    assert all(result.assignments for result in results)
    assert use.requests == 2


@pytest.mark.parametrize("kind", ["looping_nextlink", "foreign_nextlink"])
def test_links_in_a_circle_or_to_elsewhere_make_the_assignments_unknown(kind):
    tenant = seeded_tenant(100, seed=4)
    crowded = max(tenant, key=lambda policy: len(policy.assignments))
    rules = [{"match": {"operation": "assignments"}, "action": {"kind": kind}, "times": "forever"}]
    (result,), _ = read(tenant, [ref(crowded)], rules, page_size=100)
    assert result.assignments is None
    assert result.failure.reason is Reason.MALFORMED_RESPONSE


def test_where_assignments_have_no_path_they_are_read_through_the_policy():
    tenant, policies = few(3, "androidManagedAppProtection")
    missing = fault(
        400,
        {"operation": "assignments"},
        times="forever",
        code="No method match route template",
        message="No OData route exists that match template",
        shape="plain",
    )
    results, _ = read(tenant, [ref(policy) for policy in policies], [missing])
    assert [result.assignments for result in results] == [f"[{','.join(texts(policy, tenant))}]" for policy in policies]


def test_a_policy_without_the_assignments_key_is_asked_for_its_list():
    tenant, policies = few(4)
    rules = [{"match": {"operation": "read"}, "action": {"kind": "missing_assignments_key"}, "times": "forever"}]
    results, use = read(tenant, [ref(policy) for policy in policies], rules, function=read_policies)
    assert all(result.assignments and result.name for result in results)
    assert use.requests == 2


@pytest.mark.parametrize(
    "body", [b'{"id":"a","name":"N"}', b'{"id":"a","assignments":null}', b"[]", b"", b'{"id":"a\xff"}']
)
def test_assignments_that_never_come_are_a_failure_not_an_empty_set(body):
    def script(request, _):
        if request.path == "/$batch":
            inner = json.loads(request.body)["requests"][0]
            text = body.decode(errors="replace") if body.startswith(b"{") else '""'
            status, content = (200, text) if "expand" in inner["url"] else (400, '{"error":{"code":"x","message":"y"}}')
            return answer(200, f'{{"responses":[{{"id":"1","status":{status},"body":{content}}}]}}'.encode())
        return answer(400, b"")

    (result,) = asyncio.run(read_policies(throttled(Scripted(script), Time()), [PolicyRef(KEY, "a")]))
    assert result.assignments is None
    assert result.failure is not None


@pytest.mark.parametrize(
    ("policy_id", "path"),
    [
        ("T_1b2c", "/deviceManagement/deviceConfigurations/T_1b2c"),
        ("../groups", "/deviceManagement/deviceConfigurations/..%2Fgroups"),
        ("a?b#c&d", "/deviceManagement/deviceConfigurations/a%3Fb%23c%26d"),
        ("x y'z", "/deviceManagement/deviceConfigurations/x%20y%27z"),
    ],
)
def test_an_id_is_never_part_of_a_paths_grammar(policy_id, path):
    assert policy_path(PolicyRef(KEY, policy_id)) == path


def test_nothing_is_read_for_nothing():
    service = Scripted([GraphAnswer(500, {}, b"")])
    assert asyncio.run(read_assignments(throttled(service, Time()), [])) == []
    assert asyncio.run(read_policies(throttled(service, Time()), [])) == []
    assert service.requests == []
