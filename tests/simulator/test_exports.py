"""Tenants from folders of exports: the real ones, and made ones in every encoding."""

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from opsconsole.simulator import Tenant, tenant_from_exports
from opsconsole.simulator.assignment import target_of
from opsconsole.simulator.export_types import key_of
from opsconsole.simulator.targets import PSEUDO_GROUPS

from .conftest import GROUPS, Start

CONTEXT = "https://graph.microsoft.com/beta/$metadata#"
TARGETED = {"id": "x", "target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": GROUPS[0]}}


def put(folder: Path, name: str, content: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def only(tenant: Tenant, key: str) -> Any:
    [policy] = tenant.shelves[key]
    return policy


def test_the_real_exports(exports: Path, start: Start) -> None:
    tenant, report = tenant_from_exports(exports)
    assert report.files == 219
    assert report.policies == len(tenant) > 350
    assert report.policies + len(report.skipped) >= report.files - 5
    assert report.reasons["an error answer"] == 14
    assert report.reasons["a recorded request"] == 10
    assert report.duplicates == report.reasons["its type and id were met before"]
    assert {"settingsCatalogPolicy", "deviceConfiguration", "policySet", "windowsDriverUpdateProfile"} <= set(
        tenant.counts()
    )
    assert any(group.name == "[SWC] - Intune-Users" for group in tenant.directory.groups)
    for policy in tenant:
        for target in map(target_of, policy.assignments):
            if target.kind in ("group", "exclusion") and target.group not in PSEUDO_GROUPS:
                assert target.group in tenant.directory.groups
            assert target.filter_id is None or target.filter_id in tenant.directory.filters
    client, _ = start(tenant)
    for key in tenant.counts():
        row = only_type(tenant, key)
        listed = client.entries(f"/beta/{row.path}" + ("?$expand=assignments" if row.expand == "yes" else ""))
        assert [one["id"] for one in listed] == [policy.id for policy in tenant.shelves[key]]


def only_type(tenant: Tenant, key: str) -> Any:
    return next(iter(tenant.shelves[key])).type


def test_real_files_are_kept_byte_for_byte(exports: Path) -> None:
    tenant, _ = tenant_from_exports(exports)
    files = [path.read_bytes() for path in exports.rglob("*.json")]
    whole = 0
    for policy in tenant:
        # An entry stands in one file as it is kept, but for the id and the assignments: look for its longest line.
        line = max(policy.body.split(b"\n"), key=len).strip()
        assert any(line.rstrip(b",") in content for content in files), policy.name
        whole += any(policy.body in content for content in files)
    assert whole > 200


def test_the_same_folder_gives_the_same_tenant(exports: Path) -> None:
    first, second = (tenant_from_exports(exports)[0] for _ in range(2))
    assert [policy.body for policy in first] == [policy.body for policy in second]
    assert [one.text for policy in first for one in policy.assignments] == [
        one.text for policy in second for one in policy.assignments
    ]
    assert [group.body for group in first.directory.groups] == [group.body for group in second.directory.groups]


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
    ],
)
def test_every_encoding(tmp_path: Path, mark: bytes, encoding: str) -> None:
    text = '{\r\n  "id": "1",\r\n  "name": "é \\u00e9",\r\n  "platforms": "x",\r\n  "technologies": "mdm",\r\n  "settings": []\r\n}\r\n'
    put(tmp_path, "a.json", mark + text.encode(encoding))
    policy = only(tenant_from_exports(tmp_path)[0], "settingsCatalogPolicy")
    assert policy.body == text.strip().encode()
    assert policy.name == "é é"


def test_intunecd_names_become_ids(tmp_path: Path) -> None:
    target = {
        "@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget",
        "deviceAndAppManagementAssignmentFilterId": "Corporate | Windows",
        "deviceAndAppManagementAssignmentFilterType": "include",
        "groupName": "[SWC] Users",
        "groupType": "DynamicMembership",
        "membershipRule": "(user.x)",
    }
    exported = {
        "@odata.type": "#microsoft.graph.iosCompliancePolicy",
        "displayName": "A",
        "assignments": [{"target": target}],
    }
    put(tmp_path, "Compliance/a.json", exported)
    put(tmp_path, "Compliance/b.json", {**exported, "displayName": "B"})
    del exported["assignments"]
    put(tmp_path, "Compliance/c.json", exported)
    tenant, report = tenant_from_exports(tmp_path)
    assert report.policies == 3
    first, second, third = tenant.shelves["deviceCompliancePolicy"]
    [group], [found] = tenant.directory.groups, tenant.directory.filters
    assert (group.name, found.name) == ("[SWC] Users", "Corporate | Windows")
    assert json.loads(group.body)["membershipRule"] == "(user.x)"
    for policy in (first, second):
        [one] = policy.assignments
        kept = json.loads(one.text)
        assert kept["id"] == one.id == f"{policy.id}_{group.id}"
        assert kept["target"] == {
            "@odata.type": target["@odata.type"],
            "deviceAndAppManagementAssignmentFilterId": found.id,
            "deviceAndAppManagementAssignmentFilterType": "include",
            "groupId": group.id,
        }
    assert third.assignments == []
    assert len({first.id, second.id, third.id}) == 3


def test_answers_lists_and_directory_objects(tmp_path: Path) -> None:
    entries = [{"id": "1", "name": "a", "assignments": [TARGETED]}, {"id": "2", "name": "b"}, 7]
    put(
        tmp_path, "1.json", {"@odata.context": f"{CONTEXT}deviceManagement/configurationPolicies(id)", "value": entries}
    )
    put(
        tmp_path, "2.json", {"@odata.context": f"{CONTEXT}deviceManagement/configurationPolicies", "value": entries[:1]}
    )
    put(
        tmp_path, "3.json", {"@odata.context": f"{CONTEXT}groups", "value": [{"id": GROUPS[0], "displayName": "Known"}]}
    )
    put(
        tmp_path,
        "4.json",
        {
            "@odata.context": f"{CONTEXT}deviceManagement/assignmentFilters",
            "value": [{"id": GROUPS[1], "displayName": "F"}],
        },
    )
    put(tmp_path, "5.json", [{"@odata.type": "#microsoft.graph.win32LobApp", "id": "3", "displayName": "app"}])
    put(
        tmp_path,
        "6.json",
        {"@odata.context": f"{CONTEXT}deviceManagement/intents('1')/assignments", "value": [TARGETED]},
    )
    put(tmp_path, "7.json", {"value": []})
    tenant, report = tenant_from_exports(tmp_path)
    assert tenant.counts() == {"settingsCatalogPolicy": 2, "mobileApp": 1}
    assert (report.policies, report.duplicates) == (3, 1)
    assert report.reasons == {
        "not an object": 1,
        "its type and id were met before": 1,
        "not a policy of a known type": 1,
        "an empty answer": 1,
    }
    assert [group.id for group in tenant.directory.groups] == [GROUPS[0]]
    assert [found.name for found in tenant.directory.filters] == ["F"]


def test_what_is_no_policy_is_counted_with_its_reason(tmp_path: Path) -> None:
    put(tmp_path, "readme.md", b"hello")
    put(tmp_path, "broken.json", b"{")
    put(tmp_path, "binary.json", b"\xff\xfe\xfa")
    put(tmp_path, "latin.json", b'{"name":"\xe9"}')
    put(tmp_path, "error.json", {"error": {"code": "x"}})
    put(tmp_path, "create_request.json", {"name": "x", "platforms": "", "technologies": "", "settings": []})
    put(tmp_path, "number.json", 3)
    put(tmp_path, "other.json", {"displayName": "x"})
    put(
        tmp_path,
        "role.json",
        {"@odata.type": "#microsoft.graph.deviceAndAppManagementRoleDefinition", "displayName": "x"},
    )
    tenant, report = tenant_from_exports(tmp_path)
    assert (len(tenant), report.files, len(report.skipped)) == (0, 9, 9)
    assert report.summary.startswith("Took 0 policies from 9 files.\nPassed over 9 files or entries:\n  ")
    assert "  once: " in report.summary
    assert report.reasons == {
        "not a .json file": 1,
        "not JSON": 1,
        "not UTF-16-LE text": 1,
        "not UTF-8 text": 1,
        "an error answer": 1,
        "a recorded request": 1,
        "not an object": 1,
        "not a policy of a known type": 2,
    }


def test_built_in_configurations_are_known_by_name_and_type(tmp_path: Path) -> None:
    exported = {
        "@odata.type": "#microsoft.graph.deviceEnrollmentLimitConfiguration",
        "displayName": "All users and all devices",
    }
    put(tmp_path, "a.json", {**exported, "priority": 0})
    policy = only(tenant_from_exports(tmp_path)[0], "deviceEnrollmentConfiguration")
    assert policy.built_in
    assert policy.id.endswith("_DefaultLimit")


@pytest.mark.parametrize(
    ("values", "folder", "key"),
    [
        ({"name": "x"}, "Settings Catalog", "settingsCatalogPolicy"),
        ({"displayName": "x"}, "Message Templates", None),
        ({"displayName": "x", "policyConfigurationIngestionType": "x"}, "", "groupPolicyConfiguration"),
        (
            {"displayName": "x", "@odata.type": "#microsoft.graph.macOSScepCertificateProfile"},
            "",
            "deviceConfiguration",
        ),
        ({"displayName": "x", "@odata.type": "#microsoft.graph.windowsMobileMSI"}, "", "mobileApp"),
        (
            {"displayName": "x", "@odata.type": "#microsoft.graph.iosMobileAppConfiguration"},
            "",
            "mobileAppConfiguration",
        ),
        ({"displayName": "x", "@odata.type": "#microsoft.graph.deviceManagementScript"}, "", "deviceManagementScript"),
        ({"displayName": "x", "@odata.type": "#microsoft.graph.defaultManagedAppProtection"}, "", None),
        ({"displayName": "x", "@odata.context": f"{CONTEXT}deviceManagement/intents/$entity"}, "", "intent"),
        ({"id": "x"}, "Settings Catalog", None),
    ],
)
def test_the_type_is_told_by_what_there_is(values: dict[str, Any], folder: str, key: str | None) -> None:
    assert key_of(values, folder) == key


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        tenant_from_exports(tmp_path / "none")
