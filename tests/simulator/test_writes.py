"""Replace, append, remove: what the service takes, what it ignores, what it refuses."""

import pytest

from opsconsole.simulator import seeded_tenant
from opsconsole.simulator.built_in import is_built_in_id

from .conftest import GROUPS, Start, entries_for, entry, id_of, path_of, small_tenant, targeted

DEVICES = "/beta/deviceManagement/deviceConfigurations"
UNKNOWN = "77777777-0000-4000-8000-000000000000"


def test_assign_replaces_the_set_and_an_empty_list_clears_it(start: Start) -> None:
    client, _ = start()
    path = path_of("deviceConfiguration")
    for groups in (GROUPS[:3], GROUPS[2:4], []):
        reply = client.post(f"{path}/assign", {"assignments": entries_for("deviceConfiguration", *groups)})
        assert reply.status == 200
        assert targeted(reply.json["value"]) == groups
        assert targeted(client.get(f"{path}?$expand=assignments").json["assignments"]) == groups


def test_of_a_group_named_twice_the_first_counts(start: Start) -> None:
    client, _ = start()
    body = {"assignments": [entry(GROUPS[0]), entry(GROUPS[1]), entry(GROUPS[0].upper(), "exclusion")]}
    kept = client.post(f"{path_of('deviceConfiguration')}/assign", body).json["value"]
    assert targeted(kept) == GROUPS[:2]
    assert kept[0]["target"]["@odata.type"].endswith(".groupAssignmentTarget")


def test_an_app_takes_a_group_once_per_intent(start: Start) -> None:
    client, _ = start()
    entries = [entry(GROUPS[0], intent=intent) for intent in ("required", "available", "required")]
    assert client.post(f"{path_of('mobileApp')}/assign", {"mobileAppAssignments": entries}).status == 204
    kept = client.get(f"{path_of('mobileApp')}/assignments").json["value"]
    assert [one["id"] for one in kept] == [f"{GROUPS[0]}_1_0", f"{GROUPS[0]}_0_0"]


def test_an_apps_exclusion_takes_no_settings(start: Start) -> None:
    client, _ = start()
    bad = entry(GROUPS[0], "exclusion", intent="required", settings={"@odata.type": "#x"})
    reply = client.post(f"{path_of('mobileApp')}/assign", {"mobileAppAssignments": [bad]})
    assert reply.innermost == "Exclusion assignment does not support MobileAppAssignment Settings."
    bad["settings"] = None
    assert client.post(f"{path_of('mobileApp')}/assign", {"mobileAppAssignments": [bad]}).status == 204


def test_an_app_that_is_not_published_cannot_be_assigned(start: Start) -> None:
    client, _ = start()
    app = {"@odata.type": "#microsoft.graph.winGetApp", "displayName": "x", "publishingState": "processing"}
    policy_id = client.control("POST", "policies/mobileApp", app)["id"]
    body = {"mobileAppAssignments": entries_for("mobileApp", GROUPS[0])}
    assert client.post(f"/beta/deviceAppManagement/mobileApps/{policy_id}/assign", body).status == 400


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"target": None},
        {"target": {}},
        {"target": {"groupId": GROUPS[0]}},
        entry(""),
        entry(" "),
        entry(GROUPS[0], filter={"groupId": None}),
        entry(GROUPS[0], **{"@odata.type": "#microsoft.graph.mobileAppAssignment"}),
        entry(
            GROUPS[0],
            filter={
                "deviceAndAppManagementAssignmentFilterId": "Corporate",
                "deviceAndAppManagementAssignmentFilterType": "include",
            },
        ),
    ],
)
def test_one_bad_entry_refuses_the_whole_set(start: Start, bad: dict) -> None:
    client, _ = start()
    path = path_of("deviceConfiguration")
    client.post(f"{path}/assign", {"assignments": [entry(GROUPS[5])]})
    assert client.post(f"{path}/assign", {"assignments": [entry(GROUPS[0]), bad]}).status == 400
    assert targeted(client.get(f"{path}/assignments").json["value"]) == [GROUPS[5]]


def test_what_a_policy_set_assigned_stays(start: Start) -> None:
    client, _ = start()
    path = path_of("deviceConfiguration")
    theirs = {"id": "x", "source": "policySets", "sourceId": UNKNOWN, **entry(GROUPS[9])}
    client.control("PUT", f"policies/deviceConfiguration/{id_of('deviceConfiguration')}/assignments", [theirs])
    kept = client.post(f"{path}/assign", {"assignments": [entry(GROUPS[0])]}).json["value"]
    assert [(one["source"], one["target"]["groupId"]) for one in kept] == [
        ("direct", GROUPS[0]),
        ("policySets", GROUPS[9]),
    ]


def test_append_refuses_what_is_there(start: Start) -> None:
    client, _ = start()
    path = path_of("termsAndConditions")
    added = client.post(f"{path}/assignments", entry(GROUPS[0]))
    again = client.post(f"{path}/assignments", entry(GROUPS[0], "exclusion"))
    assert (again.status, again.error["code"]) == (400, "BadRequest")
    assert f"already exists, for AppId: {id_of('termsAndConditions')}" in again.innermost
    assert client.delete(f"{path}/assignments/{added.json['id']}").status == 204
    assert client.post(f"{path}/assignments", entry(GROUPS[0])).status == 201
    assert (
        client.post(f"{path}/assign", {"assignments": []}).innermost == "Resource not found for the segment 'assign'."
    )


def test_only_one_autopilot_profile_for_all_devices(start: Start) -> None:
    client, _ = start()
    first, second = (f"{path_of('windowsAutopilotDeploymentProfile', number)}/assignments" for number in (1, 2))
    everyone = entry("", "allDevicesAssignmentTarget")
    assert client.post(first, everyone).status == 201
    reply = client.post(second, everyone)
    assert reply.status == 400
    assert "is already assigned to All Devices." in reply.innermost


def test_a_policy_set_is_written_through_update(start: Start) -> None:
    client, _ = start()
    path = path_of("policySet")
    assert client.post(f"{path}/update", {"assignments": [entry(GROUPS[0])]}).status == 204
    assert client.post(f"{path}/update", {"addedPolicySetItems": []}).status == 204
    assert targeted(client.get(f"{path}?$expand=assignments,items").json["assignments"]) == [GROUPS[0]]
    assert client.post(f"{path}/update", {"other": []}).status == 400
    assert client.post(f"{path}/assign", {"assignments": []}).status == 400
    assert client.post(f"{path_of('deviceConfiguration')}/update", {"assignments": []}).status == 400


def test_built_in_enrolment_configurations_list_and_refuse(start: Start) -> None:
    client, sim = start(seeded_tenant(300))
    listed = client.entries("/beta/deviceManagement/deviceEnrollmentConfigurations?$expand=assignments")
    built_in = [one for one in listed if is_built_in_id(one["id"])]
    assert {one["id"].partition("_")[2] for one in built_in} == {
        "DefaultLimit",
        "DefaultPlatformRestrictions",
        "DefaultWindowsHelloForBusiness",
        "DefaultWindows10EnrollmentCompletionPageConfiguration",
        "WindowsRestore",
    }
    for one in built_in:
        assert one["priority"] == 0
        assert one["assignments"][0]["target"]["@odata.type"] == "#microsoft.graph.allDevicesAssignmentTarget"
        path = f"/beta/deviceManagement/deviceEnrollmentConfigurations/{one['id']}"
        assert client.post(f"{path}/assign", {"enrollmentConfigurationAssignments": []}).status == 400
    assert all(len(policy.assignments) == 1 for policy in sim.tenant if policy.built_in)


@pytest.mark.parametrize(("mode", "new", "kept"), [("accept", 200, 200), ("existing", 400, 200), ("refuse", 400, 400)])
def test_groups_that_the_directory_does_not_have(start: Start, mode: str, new: int, kept: int) -> None:
    client, _ = start()
    client.control("PUT", "settings", {"unknown_targets": mode})
    client.control(
        "PUT", f"policies/deviceConfiguration/{id_of('deviceConfiguration', 2)}/assignments", [entry(UNKNOWN)]
    )
    body = {"assignments": [entry(GROUPS[0]), entry(UNKNOWN)]}
    assert client.post(f"{path_of('deviceConfiguration', 1)}/assign", body).status == new
    assert client.post(f"{path_of('deviceConfiguration', 2)}/assign", body).status == kept
    everyone = entry("acacacac-9df4-4c7d-9d50-4ef0226f57a9")
    assert client.post(f"{path_of('deviceConfiguration', 1)}/assign", {"assignments": [everyone]}).status == 200


def test_filters_stay_on_the_target(start: Start) -> None:
    client, _ = start()
    chosen = {
        "deviceAndAppManagementAssignmentFilterId": UNKNOWN.upper(),
        "deviceAndAppManagementAssignmentFilterType": "Exclude",
    }
    kept = client.post(f"{path_of('deviceConfiguration')}/assign", {"assignments": [entry(GROUPS[0], filter=chosen)]})
    target = kept.json["value"][0]["target"]
    assert target["deviceAndAppManagementAssignmentFilterId"] == UNKNOWN
    assert target["deviceAndAppManagementAssignmentFilterType"] == "exclude"


def test_writes_to_what_is_gone(start: Start) -> None:
    tenant = small_tenant()
    client, _ = start(tenant)
    client.control("DELETE", f"policies/deviceConfiguration/{id_of('deviceConfiguration')}")
    reply = client.post(f"{path_of('deviceConfiguration')}/assign", {"assignments": []})
    assert (reply.status, reply.error["code"]) == (404, "ResourceNotFound")
    assert client.get(f"{path_of('deviceConfiguration')}/assignments").status == 404
    assert len(client.get(DEVICES).json["value"]) == 1
