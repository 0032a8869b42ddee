"""Lists, pages, options and addresses, over real HTTP."""

import urllib.parse

from opsconsole.simulator import Tenant, seeded_tenant

from .conftest import GROUPS, Start, entries_for, id_of, path_of, small_tenant, targeted

CATALOG = "/beta/deviceManagement/configurationPolicies"


def crowd(count: int) -> Tenant:
    tenant = small_tenant()
    for number in range(count):
        policy_id = f"99999999-0000-4000-8000-{number:012}"
        body = f'{{"id":"{policy_id}","name":"P{number}"}}'
        tenant.add_policy("settingsCatalogPolicy", policy_id, f"P{number}", body.encode())
    return tenant


def test_pages_of_a_hundred_by_default_with_absolute_opaque_links(start: Start) -> None:
    client, sim = start(crowd(203))
    replies = client.pages(f"{CATALOG}?$expand=assignments&$count=true")
    assert [len(reply.json["value"]) for reply in replies] == [100, 100, 5]
    assert replies[0].json["@odata.count"] == 205
    link = replies[0].json["@odata.nextLink"]
    assert link.startswith(f"{sim.base_url}{CATALOG}?")
    assert "$skiptoken=" in link
    assert "$expand=assignments" in link
    assert all("assignments" in one for reply in replies for one in reply.json["value"])


def test_top_sets_the_page_up_to_999(start: Start) -> None:
    client, _ = start(crowd(1100))
    assert len(client.get(f"{CATALOG}?$top=7").json["value"]) == 7
    assert len(client.get(f"{CATALOG}?$top=5000").json["value"]) == 999
    assert len(client.get(f"{CATALOG}?top=5").json["value"]) == 100
    assert client.get(f"{CATALOG}?$top=0").status == 400
    assert client.get(f"{CATALOG}?$top=many").status == 400
    assert client.get(f"{CATALOG}?$skiptoken=bogus").status == 400


def test_no_entry_is_lost_or_doubled_when_one_is_deleted_between_two_pages(start: Start) -> None:
    client, _ = start(crowd(20), page_size=5)
    first = client.get(CATALOG).json
    client.control("DELETE", f"policies/settingsCatalogPolicy/{first['value'][1]['id']}")
    ids = [one["id"] for one in first["value"]] + [one["id"] for one in client.entries(first["@odata.nextLink"])]
    assert len(ids) == len(set(ids)) == 22
    assert len(client.entries(CATALOG)) == 21


def test_select_keeps_values_and_names_them_in_the_context(start: Start) -> None:
    client, _ = start()
    reply = client.get(f"{CATALOG}?$select=id,version&$expand=assignments&$top=1")
    assert b'{"id":"' in reply.body
    assert b'"version":1.0' in reply.body
    assert set(reply.json["value"][0]) == {"id", "version", "assignments", "assignments@odata.context"}
    assert reply.json["@odata.context"].endswith("configurationPolicies(id,version,assignments())")


def test_one_policy_by_segment_by_key_and_through_a_cast(start: Start) -> None:
    client, _ = start()
    policy_id = id_of("androidManagedAppProtection")
    collection = "/beta/deviceAppManagement/androidManagedAppProtections"
    for address in (
        f"{collection}/{policy_id}",
        f"{collection}('{policy_id}')",
        f"{collection}(%27{policy_id.upper()}%27)",
        f"{collection.replace('device', 'Device')}/{policy_id}/microsoft.graph.androidManagedAppProtection",
    ):
        reply = client.get(address)
        assert (reply.status, reply.json["id"]) == (200, policy_id)
    assert reply.json["@odata.context"].endswith("androidManagedAppProtections/$entity")
    assert client.get(f"{collection}('{policy_id}')/assignments").json["value"] == []
    configuration = f"{path_of('mobileAppConfiguration')}/microsoft.graph.managedDeviceMobileAppConfiguration/assign"
    assert client.post(configuration, {"assignments": entries_for("mobileAppConfiguration", GROUPS[0])}).status == 204


def test_five_hundred_assignments_come_in_pages(start: Start) -> None:
    client, sim = start(seeded_tenant(30))
    crowded = max(sim.tenant, key=lambda policy: len(policy.assignments))
    assert len(crowded.assignments) == 500
    path = f"/beta/{crowded.type.path}/{crowded.id}/assignments"
    replies = client.pages(path)
    assert [len(reply.json["value"]) for reply in replies] == [100] * 5
    assert len(set(targeted([one for reply in replies for one in reply.json["value"]]))) == 500
    assert len(client.get(f"/beta/{crowded.type.path}/{crowded.id}?$expand=assignments").json["assignments"]) == 500
    assert len(client.get(f"{path}?$top=999").json["value"]) == 500


def test_one_assignment_by_its_id(start: Start) -> None:
    client, _ = start()
    path = path_of("deviceConfiguration")
    client.post(f"{path}/assign", {"assignments": entries_for("deviceConfiguration", *GROUPS[:2])})
    for one in client.get(f"{path}/assignments").json["value"]:
        assert client.get(f"{path}/assignments/{one['id']}").json["target"] == one["target"]
    assert client.get(f"{path}/assignments/none").status == 404


def test_filter_by_name_and_id(start: Start) -> None:
    client, _ = start()
    wanted = urllib.parse.quote("name eq 'settingsCatalogPolicy 2'")
    assert [one["id"] for one in client.get(f"{CATALOG}?$filter={wanted}").json["value"]] == [
        id_of("settingsCatalogPolicy", 2)
    ]
    assert client.get(f"{CATALOG}?$filter=contains(name,'x')").status == 400
    assert client.get("/beta/deviceManagement/deviceHealthScripts?$filter=id%20eq%20'x'").status == 400


def test_scope_tags_take_expand_and_answer_nothing(start: Start) -> None:
    client, _ = start()
    client.post(f"{path_of('roleScopeTag')}/assign", {"assignments": entries_for("roleScopeTag", GROUPS[0])})
    assert client.get("/beta/deviceManagement/roleScopeTags?$expand=assignments").json["value"][0]["assignments"] == []
    assert len(client.get(f"{path_of('roleScopeTag')}/assignments").json["value"]) == 1


def test_the_organization(start: Start) -> None:
    client, sim = start()
    assert client.get("/v1.0/organization").json["value"][0]["id"] == sim.tenant.id
