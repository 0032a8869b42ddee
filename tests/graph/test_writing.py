"""Writing: bodies that change nothing they need not, steps in the safe order, and what came of each call, told truthfully."""

from __future__ import annotations

import base64
import itertools
import json
import random

import pytest

from opsconsole.domain.assignment import TargetKind, direct_assignments
from opsconsole.domain.failure import FailureCode, Reason
from opsconsole.domain.restore import StepKind
from opsconsole.graph.assignments import PolicyRef, read_assignments
from opsconsole.graph.policy_types import POLICY_TYPES, Write, supported_types
from opsconsole.graph.writing import build_body, plan_steps, write_step
from opsconsole.simulator import Tenant, seeded_tenant
from opsconsole.simulator.imported_policy import import_policy

from .world import fault, fixtures, on

GROUP = "#microsoft.graph.groupAssignmentTarget"
EXCLUSION = "#microsoft.graph.exclusionGroupAssignmentTarget"
DEVICES = "#microsoft.graph.allDevicesAssignmentTarget"
AUTOPILOT = "windowsAutopilotDeploymentProfile"


def entry(group: str = "", kind: str = GROUP, **more) -> str:
    target = {"@odata.type": kind} | ({"groupId": group} if group else {})
    return json.dumps({"id": f"x_{group}_{kind[-12:]}", "target": target, **more})


def array(*entries: str) -> str:
    return f"[{','.join(entries)}]"


@pytest.mark.parametrize("row", [row for row in supported_types() if row.is_written_whole], ids=lambda row: row.key)
def test_every_type_has_its_own_body_key_and_an_empty_set_is_an_empty_array(row):
    assert build_body(row.key, []) == f'{{"{row.body_key}":[]}}'.encode()


def test_only_what_answers_carry_is_left_out_and_the_rest_stays_byte_for_byte():
    kept = '"runSchedule": { "interval":1.0,"time":"01:00:00.0000000" , "x":"\\u00e9ü" },"new@odata.type":"#x","n":null'
    target = '{ "@odata.type":"#microsoft.graph.groupAssignmentTarget" ,"big":123456789012345678901234567890.10 }'
    dropped = '"id":"a","source":"direct","sourceId":"s","lastModifiedDateTime":"t","@odata.context":"c","target@odata.context":"c"'
    raw = f'{{{dropped},{kept},"target":{target}}}'
    assert build_body("deviceHealthScript", [raw]) == (
        b'{"deviceHealthScriptAssignments":[{"runSchedule":{ "interval":1.0,"time":"01:00:00.0000000" , "x":"\\u00e9\xc3\xbc" },'
        b'"new@odata.type":"#x","n":null,"target":' + target.encode() + b"}]}"
    )


def test_an_excluded_app_carries_no_settings():
    settings = {"settings": {"notifications": "showAll"}, "settings@odata.type": "#x", "intent": "required"}
    body = json.loads(build_body("mobileApp", [entry("a", EXCLUSION, **settings), entry("b", **settings)]))
    excluded, included = body["mobileAppAssignments"]
    assert set(excluded) == {"target", "intent"}
    assert set(included) == {"target", "intent", "settings", "settings@odata.type"}


def test_what_belongs_to_a_policy_set_is_never_posted():
    inherited = entry("b", source="policySets", sourceId="p")
    with pytest.raises(ValueError, match="policy set"):
        build_body("deviceConfiguration", [inherited])
    (step,) = plan_steps("deviceConfiguration", array(entry("a"), inherited), array(entry("c"), inherited))
    assert [one["target"]["groupId"] for one in json.loads(step.body)["assignments"]] == ["c"]
    assert step.after == direct_assignments([json.loads(entry("c"))])
    live = array(entry("b", source="policySets"), entry("a"))
    assert [step.assignment_id for step in plan_steps(AUTOPILOT, live, "[]")] == [json.loads(entry("a"))["id"]]


def test_a_replacing_type_takes_one_step():
    live, planned = array(entry("a")), array(entry("b"), entry("c", EXCLUSION))
    (step,) = plan_steps("settingsCatalogPolicy", live, planned)
    assert (step.kind, step.assignment_id) == (StepKind.REPLACE, "")
    assert step.body.encode() == build_body("settingsCatalogPolicy", [entry("b"), entry("c", EXCLUSION)])
    assert step.after == direct_assignments(json.loads(planned))


def describe(steps):
    return [(step.kind.value, step.assignment_id or json.loads(step.body)["target"]["groupId"]) for step in steps]


def test_single_steps_come_in_the_order_that_never_hits_more():
    live = array(entry("old"), entry("same"), entry("oldex", EXCLUSION))
    planned = array(entry("new"), entry("same"), entry("newex", EXCLUSION))
    steps = plan_steps(AUTOPILOT, live, planned)
    ids = {
        json.loads(text)["target"]["groupId"]: json.loads(text)["id"]
        for text in (entry("old"), entry("oldex", EXCLUSION))
    }
    assert describe(steps) == [("add", "newex"), ("delete", ids["old"]), ("add", "new"), ("delete", ids["oldex"])]
    assert json.loads(steps[0].body) == {"target": {"@odata.type": EXCLUSION, "groupId": "newex"}}
    assert steps[-1].after == direct_assignments(json.loads(planned))


def hit(assignments, people):
    """Return who is hit: in an included group and in no excluded one; a person is the set of their groups."""
    included = {entry.target.object_id for entry in assignments if entry.target.kind is TargetKind.GROUP}
    excluded = {entry.target.object_id for entry in assignments if entry.target.kind is TargetKind.EXCLUSION}
    return {person for person in people if person & included and not person & excluded}


def test_no_step_ever_hits_anybody_that_neither_live_nor_plan_would():
    groups = "abcd"
    people = [frozenset(some) for size in range(1, 5) for some in itertools.combinations(groups, size)]
    rng = random.Random(7)
    for _ in range(200):

        def draw():
            return [entry(group, rng.choice([GROUP, EXCLUSION])) for group in groups if rng.random() < 0.6]

        live, planned = draw(), draw()
        before, goal = direct_assignments(map(json.loads, live)), direct_assignments(map(json.loads, planned))
        allowed = hit(before, people) | hit(goal, people)
        steps = plan_steps(AUTOPILOT, array(*live), array(*planned))
        assert all(hit(step.after, people) <= allowed for step in steps)
        assert (steps[-1].after if steps else before) == goal
        assert len(steps) == len(set(before) ^ set(goal))


def test_an_entry_that_stands_there_twice_is_deleted_twice():
    twice = array(entry("a"), entry("a").replace("x_a", "y_a"))
    steps = plan_steps(AUTOPILOT, twice, "[]")
    assert [step.kind for step in steps] == [StepKind.DELETE, StepKind.DELETE]
    assert [len(step.after) for step in steps] == [1, 0]


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[null]", "null", "[", '["x"]'])
def test_what_is_no_array_of_assignments_is_refused(text):
    for key in (AUTOPILOT, "deviceConfiguration"):
        with pytest.raises(ValueError):
            plan_steps(key, "[]", text)


def tenant_of(key: str, *assignments: str) -> tuple[Tenant, PolicyRef]:
    tenant = Tenant()
    policy_id = {"androidManagedAppProtection": "T_x'y", "iosManagedAppProtection": "T_1"}.get(
        key, "00000000-0000-4000-8000-000000000001"
    )
    policy = {"id": policy_id, "name": "P", "displayName": "P", "publishingState": "published"}
    text = json.dumps(policy)[:-1] + f',"assignments":[{",".join(assignments)}]}}'
    import_policy(tenant, key, text, origin="x")
    return tenant, PolicyRef(key, policy_id)


G = [f"00000000-0000-4000-9000-{number:012}" for number in range(6)]


@pytest.mark.parametrize("row", supported_types(), ids=lambda row: row.key)
def test_every_type_is_written_over_http_and_reads_back_as_planned(row):
    intent = {"intent": "required"} if row.key == "mobileApp" else {}
    tenant, ref = tenant_of(row.key, entry(G[0], **intent), entry(G[1], EXCLUSION, **intent))
    planned = array(entry(G[2], **intent), entry(G[0], **intent), entry(G[3], EXCLUSION, **intent))

    async def use(simulator, client):
        (live,) = await read_assignments(client, [ref])
        for step in plan_steps(row.key, live.assignments, planned):
            result = await write_step(client, row.key, ref.policy_id, step)
            assert (result.accepted, result.failure, result.is_in_doubt) == (True, None, False)
            (back,) = await read_assignments(client, [ref])
            assert direct_assignments(json.loads(back.assignments)) == step.after
        return simulator.service.journal.writes()

    writes = on(tenant, use)
    assert len(writes) == (3 if row.write is Write.STEPS else 1)
    assert all(write["status"] in (200, 201, 204) for write in writes)
    assert all(not write["batch"] for write in writes)


def write(key="deviceConfiguration", rules=(), *, live=(), planned=None, tenant=None, ref=None, **options):
    """Carry out the first step of a plan; return its result, what is there then, and the writes the service saw."""
    if tenant is None or ref is None:
        tenant, ref = tenant_of(key, *live)

    async def use(simulator, client):
        (before,) = await read_assignments(client, [ref])
        (step, *_) = plan_steps(key, before.assignments, planned or array(entry(G[2])))
        result = await write_step(client, key, ref.policy_id, step, **options)
        return result, len(tenant.policy(key, ref.policy_id).assignments), simulator.service.journal.writes()

    return on(tenant, use, faults=rules)


@pytest.mark.parametrize(
    ("rule", "reason", "is_applied"),
    [
        (fault(504, {"operation": "assign"}, apply=True), Reason.TIMEOUT, True),
        (fault(504, {"operation": "assign"}), Reason.TIMEOUT, False),
        (fault(503, {"operation": "assign"}, retry_after=2), Reason.SERVICE_UNAVAILABLE, False),
        (fault(500, {"operation": "assign"}), Reason.SERVICE_UNAVAILABLE, False),
        (fault(502, {"operation": "assign"}), Reason.SERVICE_UNAVAILABLE, False),
        (
            {"match": {"operation": "assign"}, "action": {"kind": "reset", "when": "after"}},
            Reason.NETWORK_UNREACHABLE,
            True,
        ),
        (
            {"match": {"operation": "assign"}, "action": {"kind": "reset", "when": "before"}},
            Reason.NETWORK_UNREACHABLE,
            False,
        ),
        ({"match": {"operation": "assign"}, "action": {"kind": "truncate"}}, Reason.NETWORK_UNREACHABLE, True),
        ({"match": {"operation": "assign"}, "action": {"kind": "html"}}, Reason.SERVICE_UNAVAILABLE, False),
        ({"match": {"operation": "assign"}, "action": {"kind": "delay_ms", "ms": 600}}, Reason.TIMEOUT, None),
    ],
)
def test_a_write_whose_answer_is_lost_is_in_doubt_and_sent_only_once(rule, reason, is_applied):
    result, there, writes = write(rules=[rule], timeout_s=0.3)
    assert (result.accepted, result.is_in_doubt, result.failure.reason) == (False, True, reason)
    assert result.failure.code is FailureCode.RESTORE_FAILED
    assert is_applied is None or there == int(is_applied)
    assert len(writes) <= 1


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (fault(400, {"operation": "assign"}), Reason.INVALID_REQUEST),
        (fault(403, {"operation": "assign"}, code="Forbidden"), Reason.PERMISSION_DENIED),
        (fault(404, {"operation": "assign"}, code="ResourceNotFound"), Reason.POLICY_NOT_FOUND),
        (fault(409, {"operation": "assign"}, code="Conflict"), Reason.CONFLICT),
        (fault(412, {"operation": "assign"}, code="ConditionNotMet"), Reason.CONFLICT),
    ],
)
def test_a_refused_write_is_a_failure_without_doubt(rule, reason):
    result, there, _ = write(rules=[rule])
    assert (result.accepted, result.is_in_doubt, result.awaiting_approval) == (False, False, False)
    assert result.failure.reason is reason
    assert there == 0


def test_a_throttled_write_is_sent_again():
    result, there, writes = write(rules=[fault(429, {"operation": "assign"}, times=2, retry_after=4)])
    assert (result.accepted, there) == (True, 1)
    assert [one["status"] for one in writes] == [429, 429, 200]


def test_a_service_that_cannot_be_reached_leaves_no_doubt():
    tenant, ref = tenant_of("deviceConfiguration")

    async def use(simulator, client):
        (step,) = plan_steps(ref.policy_type, "[]", array(entry(G[2])))
        await simulator.stop()
        return await write_step(client, ref.policy_type, ref.policy_id, step)

    result = on(tenant, use)
    assert (result.accepted, result.is_in_doubt, result.failure.reason) == (False, False, Reason.NETWORK_UNREACHABLE)


def test_deleting_what_is_gone_is_done_and_adding_what_is_there_is_to_be_read_back():
    tenant, ref = tenant_of(AUTOPILOT, entry(G[0]))

    async def use(_, client):
        (live,) = await read_assignments(client, [ref])
        (delete,) = plan_steps(AUTOPILOT, live.assignments, "[]")
        (add,) = plan_steps(AUTOPILOT, "[]", array(entry(G[0])))
        again = await write_step(client, AUTOPILOT, ref.policy_id, add)
        return again, [await write_step(client, AUTOPILOT, ref.policy_id, delete) for _ in range(2)]

    again, deleted = on(tenant, use)
    assert (again.accepted, again.is_in_doubt) == (False, True)
    assert [result.accepted for result in deleted] == [True, True]


def test_a_write_that_needs_approval_says_so_waits_and_is_sent_again_as_it_was():
    tenant, ref = tenant_of("deviceConfiguration")
    tenant.protected_types = {"deviceConfiguration"}

    async def use(simulator, client):
        (step,) = plan_steps(ref.policy_type, "[]", array(entry(G[2])))

        async def send(**options):
            return await write_step(client, ref.policy_type, ref.policy_id, step, **options)

        bare = await send()
        filed = await send(justification="Größe: restore 42")
        again = await send(justification="restore 42")
        early = await send(approval_code=filed.approval_code)
        simulator.service.approvals.settle(filed.approval_code, "rejected")
        rejected = await send(approval_code=filed.approval_code)
        simulator.service.approvals.settle(filed.approval_code, "approved")
        done = await send(approval_code=filed.approval_code)
        return bare, filed, again, early, rejected, done, simulator.service.approvals.requests

    bare, filed, again, early, rejected, done, requests = on(tenant, use)
    assert (bare.accepted, bare.awaiting_approval, bare.failure.reason) == (False, False, Reason.APPROVAL_REQUIRED)
    assert (filed.accepted, filed.awaiting_approval, filed.failure.reason) == (False, True, Reason.APPROVAL_REQUIRED)
    assert filed.approval_code
    assert filed.approval_code not in filed.failure.message
    assert (again.accepted, again.awaiting_approval) == (False, True)
    assert (early.accepted, early.awaiting_approval, early.approval_code) == (False, True, filed.approval_code)
    assert (rejected.accepted, rejected.awaiting_approval) == (False, False)
    assert rejected.failure.reason is Reason.APPROVAL_REQUIRED
    assert done.accepted
    assert [request.justification for request in requests.values()] == ["Größe: restore 42"]
    assert not any(result.is_in_doubt for result in (bare, filed, again, early, rejected, done))


def test_a_justification_is_cut_to_what_the_service_takes():
    tenant, ref = tenant_of("deviceConfiguration")
    tenant.protected_types = {"deviceConfiguration"}
    result, _, writes = write(tenant=tenant, ref=ref, justification="é" * 3000)
    assert result.awaiting_approval
    assert any(base64.b64decode(value).decode() == "é" * 1024 for value in _strings(writes) if _is_base64(value))


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _is_base64(text):
    try:
        return len(text) > 1000 and bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def test_every_recorded_assignment_keeps_its_values_in_a_body():
    """Over all recorded exports: nothing but the answer-only fields is lost, and every kept value is the same text."""
    count = 0
    for path in sorted(fixtures().rglob("*.json")):
        try:
            value = json.loads(path.read_bytes().decode("utf-8-sig"))
        except (ValueError, UnicodeDecodeError):
            continue
        entries = value.get("assignments") if isinstance(value, dict) else None
        for one in entries if isinstance(entries, list) else []:
            if not isinstance(one, dict) or str(one.get("source") or "direct") != "direct":
                continue
            count += 1
            (body,) = (json.loads(build_body("deviceConfiguration", [json.dumps(one)]))["assignments"],)
            dropped = {"id", "source", "sourceId", "lastModifiedDateTime"}
            expected = {
                key: inner for key, inner in one.items() if key not in dropped and not key.endswith("@odata.context")
            }
            assert body == [expected]
    assert count > 50


def test_seeded_policies_of_every_replacing_type_survive_a_round_trip():
    tenant = seeded_tenant(120, seed=9)
    tenant.unknown_targets = "accept"
    policies = [
        p for p in tenant if POLICY_TYPES[p.type.key].write is Write.REPLACE and not p.built_in and p.assignments
    ]

    async def use(_, client):
        refs = [PolicyRef(policy.type.key, policy.id) for policy in policies]
        before = await read_assignments(client, refs)
        for ref, read in zip(refs, before, strict=True):
            (step,) = plan_steps(ref.policy_type, read.assignments, read.assignments)
            result = await write_step(client, ref.policy_type, ref.policy_id, step)
            assert result.accepted, (ref, result.failure)
        return before, await read_assignments(client, refs)

    before, after = on(tenant, use)
    for one, other in zip(before, after, strict=True):
        assert direct_assignments(json.loads(one.assignments)) == direct_assignments(json.loads(other.assignments))
