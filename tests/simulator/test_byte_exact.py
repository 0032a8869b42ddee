"""What is served is the text that is kept: no value is decoded and written anew on the way."""

import pytest

from opsconsole.simulator import Tenant, seeded_tenant
from opsconsole.simulator.imported_policy import import_policy
from opsconsole.simulator.jsontext import elements, members, with_first, without

from .conftest import GROUPS, Start, entry, path_of

HARD = (
    '{ "@odata.type" : "#microsoft.graph.iosCompliancePolicy",\r\n\t"id":"11111111-2222-4333-8444-555555555555",'
    '"displayName":"caf\\u00e9 \\ud83d\\ude00 \\/ }],{ \\" \\\\","x":1.0,"big":123456789012345678901234567890,'
    '"e":1E+2,"n":null,"nested":{"assignments":[1],"b":[ {"assignments":2} ]},"z":"\u00a0é😀"}'
)
ASSIGNMENT = (
    '{ "id" : "a_1", "source":"direct","odd":1.50,"target":{"groupId":"00000000-0000-4000-8000-000000000001",'
    '"@odata.type":"#microsoft.graph.groupAssignmentTarget","later":"\\u00e9"} }'
)


def test_an_entry_is_its_text_plus_its_assignments(start: Start) -> None:
    client, sim = start()
    given = (
        HARD[:-1]
        + f', "assignments@odata.context":"x",\n "assignments" : [ {ASSIGNMENT} , {ASSIGNMENT[:-1]},"k":2}} ]}}'
    )
    policy_id = client.control("POST", "policies/deviceCompliancePolicy", given.encode())["id"]
    plain = sim.tenant.served_entry("deviceCompliancePolicy", policy_id, expand=False)
    assert plain == HARD.encode()
    listed = client.get("/beta/deviceManagement/deviceCompliancePolicies").body
    assert listed.endswith(b"," + plain + b"]}")
    expanded = sim.tenant.served_entry("deviceCompliancePolicy", policy_id)
    assert expanded.startswith(plain[:-1])
    assert f'"assignments":[{ASSIGNMENT},{ASSIGNMENT[:-1]},"k":2}}]}}'.encode() in expanded
    assert b"/microsoft.graph.iosCompliancePolicy/assignments" in expanded
    listed = client.get("/beta/deviceManagement/deviceCompliancePolicies?$expand=assignments").body
    assert listed.endswith(b"," + expanded + b"]}")
    one = client.get(f"/beta/deviceManagement/deviceCompliancePolicies/{policy_id}?$expand=assignments").body
    assert one.endswith(expanded[1:])
    alone = client.get(f"/beta/deviceManagement/deviceCompliancePolicies/{policy_id}/assignments").body
    assert b",".join(sim.tenant.assignment_texts("deviceCompliancePolicy", policy_id)) in alone


def test_every_seeded_entry_is_served_as_kept(start: Start) -> None:
    client, sim = start(seeded_tenant(150, seed=7))
    for key in sim.tenant.counts():
        row = next(iter(sim.tenant.shelves[key])).type
        if row.expand != "yes":
            continue
        body = b"".join(reply.body for reply in client.pages(f"/beta/{row.path}?$expand=assignments"))
        for policy in sim.tenant.shelves[key]:
            assert sim.tenant.served_entry(key, policy.id) in body


def test_posted_values_stay_as_posted(start: Start) -> None:
    client, _ = start()
    body = (
        b'{"deviceHealthScriptAssignments":[{"id":"theirs","source":"policySets","runRemediationScript":true,'
        b'"runSchedule":{"interval":1.0,"useUtc":false,"time":"01:00:00.0000000","x":"\\u00e9"},'
        b'"target":{"@odata.type":"microsoft.graph.GROUPassignmentTarget","groupId":"' + GROUPS[0].encode() + b'"}}]}'
    )
    assert client.post(f"{path_of('deviceHealthScript')}/assign", body).status == 204
    reply = client.get(f"{path_of('deviceHealthScript')}/assignments")
    assert b'"runSchedule":{"interval":1.0,"useUtc":false,"time":"01:00:00.0000000","x":"\\u00e9"}' in reply.body
    one = reply.json["value"][0]
    assert one["id"] != "theirs"
    assert "source" not in one
    assert one["target"]["@odata.type"] == "#microsoft.graph.groupAssignmentTarget"


def test_unknown_targets_and_fields_are_kept_raw(start: Start) -> None:
    client, _ = start()
    odd = entry("", "somethingNewAssignmentTarget", filter={"deviceAndAppManagementAssignmentFilterId": None, "k": 1})
    path = path_of("settingsCatalogPolicy")
    assert client.post(f"{path}/assign", {"assignments": [odd, {**entry(GROUPS[0]), "future": {"a": 1}}]}).status == 200
    kept = client.get(f"{path}/assignments").json["value"]
    assert kept[0]["target"]["@odata.type"] == "#microsoft.graph.somethingNewAssignmentTarget"
    assert kept[0]["target"]["k"] == 1
    assert kept[1]["future"] == {"a": 1}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"a":1,"assignments":[],"b":2}', '{"a":1,"b":2}'),
        ('{"assignments":[],"b":2}', '{"b":2}'),
        ('{"a":1,\n "assignments" : [] }', '{"a":1 }'),
        ('{"assignments":[]}', "{}"),
        ('{"a":{"assignments":1}}', '{"a":{"assignments":1}}'),
        ('{ "a" : "}," , "assignments":[{"x":"]"}], "b":[1,2] }', '{ "a" : "}," , "b":[1,2] }'),
    ],
)
def test_cutting_a_member_leaves_the_rest_as_it_was(text: str, left: str) -> None:
    assert without(text, {"assignments"})[0] == left


def test_the_places_of_members_and_elements() -> None:
    text = '{ "a" : [ {"b":","} , 2,"]" ] , "\\u0063":null }'
    found = members(text)
    assert [(one.key, text[one.value : one.end]) for one in found] == [("a", '[ {"b":","} , 2,"]" ]'), ("c", "null")]
    assert elements(text[found[0].value : found[0].end]) == ['{"b":","}', "2", '"]"']
    assert elements("[ ]") == []
    assert with_first("{ }", '"a":1') == '{"a":1 }'
    assert with_first('{"b":2}', '"a":1') == '{"a":1,"b":2}'


def test_a_policy_without_an_id_gets_one_that_does_not_change() -> None:
    made = [import_policy(Tenant(), "settingsCatalogPolicy", '{"name":"x"}', origin="folder/x.json") for _ in range(2)]
    assert made[0].id == made[1].id
    assert made[0].body == f'{{"id":"{made[0].id}","name":"x"}}'.encode()
