"""The table walked whole: every type lists, reads, writes and refuses as its row says."""

import pytest

from opsconsole.simulator import BY_KEY, POLICY_TYPES, PolicyType

from .conftest import GROUPS, Start, entries_for, entry, id_of, path_of, targeted


@pytest.fixture(params=POLICY_TYPES, ids=lambda row: row.key)
def row(request: pytest.FixtureRequest) -> PolicyType:
    return request.param


def test_lists_with_assignments_only_where_the_row_says_so(start: Start, row: PolicyType) -> None:
    client, sim = start()
    plain = client.get(f"/beta/{row.path}")
    assert [one["id"] for one in plain.json["value"]] == [id_of(row.key, 1), id_of(row.key, 2)]
    assert "assignments" not in plain.json["value"][0]
    reply = client.get(f"/beta/{row.path}?$expand=assignments")
    if row.expand == "no":
        assert (reply.status, reply.error["code"]) == (400, "BadRequest")
        assert "manage.microsoft.com" in reply.error["message"]
        assert sim.tenant.account_id in reply.error["message"]
    else:
        first = reply.json["value"][0]
        assert first["assignments"] == []
        assert f"{row.path}('{first['id']}')/assignments" in first["assignments@odata.context"]
    one = client.get(f"{path_of(row.key)}?$expand=assignments")
    assert one.json["assignments"] == []


def test_writes_in_the_way_of_the_row(start: Start, row: PolicyType) -> None:
    client, _ = start()
    posted = entries_for(row.key, GROUPS[0], GROUPS[1])
    if row.write == "steps":
        replies = [client.post(f"{path_of(row.key)}/assignments", one) for one in posted]
        assert [reply.status for reply in replies] == [201, 201]
        assert targeted([replies[0].json]) == [GROUPS[0]]
    else:
        action = "assign" if row.write == "assign" else "update"
        reply = client.post(f"{path_of(row.key)}/{action}", {row.body_key: posted})
        assert reply.status == row.answer
        if row.answer == 200:
            assert targeted(reply.json["value"]) == GROUPS[:2]
        else:
            assert reply.body == b""
    kept = client.get(f"{path_of(row.key)}/assignments").json["value"]
    assert targeted(kept) == GROUPS[:2]
    assert set(row.response_only) <= set(kept[0])
    assert client.get(f"{path_of(row.key, 2)}/assignments").json["value"] == []


@pytest.mark.parametrize("row", [row for row in POLICY_TYPES if row.write == "assign"], ids=lambda row: row.key)
def test_refuses_a_wrong_or_missing_body_key(start: Start, row: PolicyType) -> None:
    client, _ = start()
    client.post(f"{path_of(row.key)}/assign", {row.body_key: entries_for(row.key, GROUPS[0])})
    for body in ({}, {"wrongKey": []}, {row.body_key.upper(): []}, [], {row.body_key: None}):
        reply = client.post(f"{path_of(row.key)}/assign", body)
        assert (reply.status, reply.innermost) == (400, "Invalid property values")
    assert client.post(f"{path_of(row.key)}/assign", b"{").status == 400
    assert targeted(client.get(f"{path_of(row.key)}/assignments").json["value"]) == [GROUPS[0]]


@pytest.mark.parametrize("row", [row for row in POLICY_TYPES if row.only_groups], ids=lambda row: row.key)
def test_types_for_groups_only_refuse_everyone(start: Start, row: PolicyType) -> None:
    client, _ = start()
    for kind in ("allDevicesAssignmentTarget", "allLicensedUsersAssignmentTarget"):
        assert client.post(f"{path_of(row.key)}/assign", {row.body_key: [entry("", kind)]}).status == 400
    body = {row.body_key: [entry("acacacac-9df4-4c7d-9d50-4ef0226f57a9"), entry(GROUPS[2], "exclusion")]}
    assert client.post(f"{path_of(row.key)}/assign", body).status == row.answer


IDS = {
    "settingsCatalogPolicy": f"{id_of('settingsCatalogPolicy')}_{GROUPS[0]}",
    "deviceManagementScript": f"{id_of('deviceManagementScript')}:{GROUPS[0]}",
    "androidManagedAppProtection": f"{GROUPS[0]}_incl",
    "mobileApp": f"{GROUPS[0]}_1_0",
}


@pytest.mark.parametrize("key", IDS)
def test_assignment_ids_have_the_form_of_the_type(start: Start, key: str) -> None:
    client, _ = start()
    client.post(f"{path_of(key)}/assign", {BY_KEY[key].body_key: entries_for(key, GROUPS[0])})
    assert [one["id"] for one in client.get(f"{path_of(key)}/assignments").json["value"]] == [IDS[key]]


def test_managed_app_exclusions_and_built_in_targets_have_their_own_ids(start: Start) -> None:
    client, _ = start()
    client.post(f"{path_of('iosManagedAppProtection')}/assign", {"assignments": [entry(GROUPS[0], "exclusion")]})
    one = client.get(f"{path_of('iosManagedAppProtection')}/assignments").json["value"][0]
    assert (one["id"], one["sourceId"]) == (f"{GROUPS[0]}_excl", "00000000-0000-0000-0000-000000000000")
    everyone = [entry("", "allDevicesAssignmentTarget"), entry("", "allLicensedUsersAssignmentTarget")]
    reply = client.post(f"{path_of('deviceConfiguration')}/assign", {"assignments": everyone})
    assert [one["id"].partition("_")[2][:8] for one in reply.json["value"]] == ["adadadad", "acacacac"]


def test_autopilot_ids_and_order_of_steps(start: Start) -> None:
    client, _ = start()
    path = path_of("windowsAutopilotDeploymentProfile")
    added = client.post(f"{path}/assignments", entry(GROUPS[0]))
    assert added.json["id"] == f"{id_of('windowsAutopilotDeploymentProfile')}_{GROUPS[0]}_0"
    assert client.post(f"{path}/assign", {"assignments": [entry(GROUPS[1])]}).status == 400
    assert client.delete(f"{path}/assignments/{added.json['id']}").status == 204
    assert client.delete(f"{path}/assignments/{added.json['id']}").status == 404


def test_no_filter_is_spelled_in_three_ways(start: Start) -> None:
    client, _ = start()
    shown = {}
    for key in ("deviceConfiguration", "deviceHealthScript", "windowsFeatureUpdateProfile"):
        client.post(f"{path_of(key)}/assign", {BY_KEY[key].body_key: entries_for(key, GROUPS[0])})
        target = client.get(f"{path_of(key)}/assignments").json["value"][0]["target"]
        shown[key] = target.get("deviceAndAppManagementAssignmentFilterId", "absent")
    assert list(shown.values()) == [None, "00000000-0000-0000-0000-000000000000", "absent"]
