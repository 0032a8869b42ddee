"""Kinds that look like policy assignments and are none, each with the reason why it is left out."""

from __future__ import annotations

from opsconsole.graph.policy_type import Area, PolicyType, Write

_CLOUD_PC = "/deviceManagement/virtualEndpoint"

LEFT_OUT = (
    PolicyType(
        "roleAssignment",
        "Role assignment",
        "/deviceManagement/roleAssignments",
        "DeviceManagementRBAC",
        Area.CONFIGURATION,
        write=Write.NONE,
        why_not="Administrators' rights, not policy targeting: never part of a restore of assignments.",
    ),
    PolicyType(
        "cloudPcProvisioningPolicy",
        "Cloud PC provisioning policy",
        f"{_CLOUD_PC}/provisioningPolicies",
        "CloudPC",
        Area.CONFIGURATION,
        write=Write.NONE,
        why_not="Cloud PC policies have another kind of target, with licences counted per group.",
    ),
    PolicyType(
        "cloudPcUserSetting",
        "Cloud PC user setting",
        f"{_CLOUD_PC}/userSettings",
        "CloudPC",
        Area.CONFIGURATION,
        write=Write.NONE,
        why_not="Cloud PC settings have another kind of target, with licences counted per group.",
    ),
)
"""Named, so that nobody takes their absence for an oversight."""
