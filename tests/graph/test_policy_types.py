"""The table of policy types, walked whole and held against what is known."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from opsconsole.domain.assignment import Assignment, Target, TargetKind
from opsconsole.graph.policy_types import POLICY_TYPES, Write, supported_types, target_problem
from opsconsole.simulator import BY_KEY

LEFT_OUT = {"roleAssignment", "cloudPcProvisioningPolicy", "cloudPcUserSetting"}

SDK = Path(next(iter(importlib.util.find_spec("msgraph").submodule_search_locations))) / "generated"


def test_every_type_that_carries_policy_assignments_is_supported():
    assert {row.key for row in supported_types()} == set(BY_KEY)
    assert {key for key, row in POLICY_TYPES.items() if not row.is_supported} == LEFT_OUT
    assert len(supported_types()) == 36


@pytest.mark.parametrize("key", sorted(BY_KEY))
def test_every_row_is_whole(key):
    row = POLICY_TYPES[key]
    assert row.key == key
    assert row.label
    assert row.path.startswith(("/deviceManagement/", "/deviceAppManagement/"))
    assert row.permission
    assert row.is_supported
    assert TargetKind.OTHER not in row.legal_targets
    assert {TargetKind.GROUP, TargetKind.EXCLUSION} <= row.legal_targets
    assert ("{id}" in row.assign_path) is True
    assert bool(row.body_key) is (row.write is not Write.STEPS)


@pytest.mark.parametrize("key", sorted(BY_KEY))
def test_every_row_agrees_with_the_simulators_own_reading(key):
    """Two people read the same facts; where the tables differ, one of them slipped."""
    ours, theirs = POLICY_TYPES[key], BY_KEY[key]
    assert ours.path == f"/{theirs.path}"
    assert ours.name_field == theirs.name_field
    assert ours.assignment_type == theirs.assignment
    assert ours.body_key == theirs.body_key
    assert (ours.write is Write.STEPS) is (theirs.write == "steps")
    assert (ours.write is Write.UPDATE) is (theirs.write == "update")
    assert ours.expands is (theirs.expand == "yes")
    if ours.is_written_whole:
        assert ours.answer == theirs.answer


def test_kinds_that_are_no_policy_assignments_are_named_with_a_reason():
    assert all(POLICY_TYPES[key].why_not.endswith(".") for key in LEFT_OUT)


def segments(path: str) -> Path:
    """Where the SDK keeps what it knows of a path."""
    return SDK.joinpath(*(re.sub(r"(?<!^)([A-Z])", r"_\1", part).lower() for part in path.split("/")[1:]))


def test_paths_and_body_keys_are_those_of_microsofts_own_sdk():
    """Read as text: importing the modules would take minutes, and they are generated from Microsoft's description."""
    compared = set()
    for row in supported_types():
        body = segments(row.path) / "item" / "assign" / "assign_post_request_body.py"
        if not body.is_file():
            continue
        compared.add(row.key)
        text = body.read_text()
        assert re.findall(r'write_collection_of_object_values\("([^"]+)"', text) == [row.body_key], row.key
        (model,) = re.findall(r"models\.\w+ import (\w+)$", text.split("class ")[0], re.M)[:1]
        assert model.lower() == row.assignment_type.lower()
        (template,) = re.findall(r'"\{\+baseurl\}([^"]+)"', (body.parent / "assign_request_builder.py").read_text())
        assert template.partition("{")[0] == f"{row.path}/"
        assert template.endswith("/assign")
    assert compared == {
        "deviceConfiguration", "deviceCompliancePolicy", "deviceEnrollmentConfiguration", "mobileApp",
        "mobileAppConfiguration", "managedEBook", "targetedManagedAppConfiguration",
    }  # fmt: skip


def test_what_the_sdk_cannot_assign_is_written_as_the_table_says():
    for row in supported_types():
        folder = segments(row.path) / "item"
        if row.write is Write.STEPS and folder.is_dir():
            assert (folder / "assignments").is_dir(), row.key
            assert not (folder / "assign").exists(), row.key
        if row.has_quoted_key:
            assert (folder / "assignments").is_dir(), row.key


@pytest.mark.parametrize(
    ("policy_id", "priority", "is_builtin"),
    [
        ("54fac284-7866-43e5-860a-9c8e10fa3d7d_WindowsRestore", None, True),
        ("54fac284-7866-43e5-860a-9c8e10fa3d7d_DefaultLimit", None, True),
        ("54fac284-7866-43e5-860a-9c8e10fa3d7d_defaultplatformrestrictions", 0, True),
        ("54fac284-7866-43e5-860a-9c8e10fa3d7d_DefaultWindows10EnrollmentCompletionPageConfiguration", 0, True),
        ("54fac284-7866-43e5-860a-9c8e10fa3d7d_DefaultSomethingNew", 0, True),
        ("54fac284-7866-43e5-860a-9c8e10fa3d7d_EnrollmentNotificationsConfiguration", 1, False),
        ("54fac284-7866-43e5-860a-9c8e10fa3d7d_Windows10EnrollmentCompletionPageConfiguration", 2, False),
    ],
)
def test_built_in_enrolment_configurations_are_known(policy_id, priority, is_builtin):
    row = POLICY_TYPES["deviceEnrollmentConfiguration"]
    assert bool(row.why_unassignable(policy_id, priority=priority)) is is_builtin
    assert POLICY_TYPES["deviceConfiguration"].why_unassignable(policy_id, priority=0) == ""


@pytest.mark.parametrize(
    ("key", "kind", "state", "is_left_out"),
    [
        ("mobileApp", "#microsoft.graph.winGetApp", "notPublished", True),
        ("mobileApp", "#microsoft.graph.winGetApp", "processing", True),
        ("mobileApp", "#microsoft.graph.winGetApp", "published", False),
        ("mobileApp", "#microsoft.graph.winGetApp", "", False),
        ("mobileApp", "#microsoft.graph.win32LobApp", "notPublished", False),
        ("managedEBook", "#microsoft.graph.winGetApp", "notPublished", False),
    ],
)
def test_a_winget_app_cannot_be_assigned_before_it_is_published(key, kind, state, is_left_out):
    assert bool(POLICY_TYPES[key].why_unassignable("x", kind=kind, state=state)) is is_left_out


def target(kind: TargetKind) -> Assignment:
    return Assignment(Target(kind, "x"))


@pytest.mark.parametrize(
    ("key", "kinds", "said"),
    [
        ("settingsCatalogPolicy", [TargetKind.GROUP, TargetKind.ALL_DEVICES, TargetKind.ALL_USERS], ""),
        ("settingsCatalogPolicy", [TargetKind.OTHER], "'other'"),
        ("windowsFeatureUpdateProfile", [TargetKind.ALL_DEVICES], "'all devices'"),
        ("androidManagedAppProtection", [TargetKind.ALL_USERS], ""),
        ("androidManagedAppProtection", [TargetKind.ALL_DEVICES], "'all devices'"),
        ("windowsAutopilotDeploymentProfile", [TargetKind.ALL_DEVICES], ""),
        ("windowsAutopilotDeploymentProfile", [TargetKind.ALL_USERS], "'all users'"),
        (
            "windowsAutopilotDeploymentProfile",
            [TargetKind.ALL_DEVICES, TargetKind.EXCLUSION],
            "combined with exclusions",
        ),
    ],
)
def test_targets_that_a_type_cannot_have_are_refused_in_words(key, kinds, said):
    problem = target_problem(POLICY_TYPES[key], map(target, kinds))
    assert said in problem
    assert bool(said) is bool(problem)


def test_the_table_loads_without_the_sdk():
    code = (
        "import sys; import opsconsole.graph.policy_types, opsconsole.graph.assignments, opsconsole.graph.connect;"
        "print([m for m in ('msgraph', 'msgraph_core', 'kiota_abstractions', 'azure', 'httpx', 'aiohttp') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
