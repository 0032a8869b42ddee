"""The table of policy types, walked whole and held against what is known."""

from __future__ import annotations

import subprocess
import sys

import pytest

from opsconsole.domain.assignment import Assignment, Target, TargetKind
from opsconsole.graph.policy_types import POLICY_TYPES, UNSUPPORTED, Write, supported_types, target_problem
from opsconsole.simulator import BY_KEY

SUPPORTED = {
    "settingsCatalogPolicy": ("assignments", 200),
    "deviceConfiguration": ("assignments", 200),
    "groupPolicyConfiguration": ("assignments", 200),
    "deviceCompliancePolicy": ("assignments", 200),
    "deviceManagementScript": ("deviceManagementScriptAssignments", 204),
    "deviceHealthScript": ("deviceHealthScriptAssignments", 204),
    "mobileApp": ("mobileAppAssignments", 204),
    "androidManagedAppProtection": ("assignments", 204),
    "iosManagedAppProtection": ("assignments", 204),
    "targetedManagedAppConfiguration": ("assignments", 204),
    "deviceEnrollmentConfiguration": ("enrollmentConfigurationAssignments", 204),
    "windowsAutopilotDeploymentProfile": ("", 201),
    "windowsFeatureUpdateProfile": ("assignments", 204),
}


def test_the_thirteen_types_are_supported_with_their_body_keys_and_answers():
    assert {row.key: (row.body_key, row.answer) for row in supported_types()} == SUPPORTED


@pytest.mark.parametrize("key", sorted(POLICY_TYPES))
def test_every_row_is_whole(key):
    row = POLICY_TYPES[key]
    assert row.key == key
    assert row.label
    assert row.path.startswith(("/deviceManagement/", "/deviceAppManagement/"))
    assert row.permission or row.why_not
    assert row.is_supported is not bool(row.why_not)
    assert "not yet" not in row.why_not
    assert row.why_not == "" or (row.why_not.startswith("Left out of this version: ") and row.why_not.endswith("."))
    assert TargetKind.OTHER not in row.legal_targets
    assert {TargetKind.GROUP, TargetKind.EXCLUSION} <= row.legal_targets
    assert ("{id}" in row.assign_path) is True
    assert bool(row.body_key) is (row.write is not Write.STEPS)


@pytest.mark.parametrize("key", sorted(POLICY_TYPES))
def test_every_row_agrees_with_the_simulators_own_reading(key):
    """Two people read the same facts; where the tables differ, one of them slipped."""
    ours, theirs = POLICY_TYPES[key], BY_KEY[key]
    assert ours.path == f"/{theirs.path}"
    assert ours.name_field == theirs.name_field
    assert ours.assignment_type == theirs.assignment
    assert ours.body_key == theirs.body_key
    assert (ours.write is Write.STEPS) is (theirs.write == "steps")
    assert ours.expands is (theirs.expand == "yes")
    if ours.write is Write.REPLACE:
        assert ours.answer == theirs.answer


def test_no_type_of_the_simulator_is_missing():
    assert set(POLICY_TYPES) == set(BY_KEY)


def test_kinds_that_are_no_policy_assignments_are_named_with_a_reason():
    assert {"roleAssignment", "cloudPcProvisioningPolicy"} <= set(UNSUPPORTED)
    assert all(reason.endswith(".") for reason in UNSUPPORTED.values())


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
    assert bool(row.is_builtin(policy_id, {"priority": priority})) is is_builtin
    assert POLICY_TYPES["deviceConfiguration"].is_builtin(policy_id, {"priority": 0}) == ""


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
