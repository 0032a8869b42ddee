"""The table of policy types: where each is listed, how its assignments are read and written, whom it can be assigned to.

Facts from graph.md 1.1 and 2.2, which were read out of Microsoft's SDKs and permissions.json. Loads nothing but the domain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from opsconsole.domain.assignment import Assignment, TargetKind


class Write(StrEnum):
    """How the set of assignments of a type is written."""

    REPLACE = "replace"
    STEPS = "steps"
    NONE = "none"


class Area(StrEnum):
    """The part of Intune whose request budget a type draws on (graph.md 4)."""

    CONFIGURATION = "configuration"
    SETTINGS = "settings"
    APPS = "apps"
    MANAGED_APPS = "managed_apps"
    ENROLMENT = "enrolment"
    DEVICES = "devices"
    UPDATES = "updates"
    INTENTS = "intents"


ANYONE = frozenset(
    {
        TargetKind.GROUP,
        TargetKind.EXCLUSION,
        TargetKind.ALL_DEVICES,
        TargetKind.ALL_USERS,
        TargetKind.COLLECTION,
    }
)
"""Targets of an ordinary type. ``other`` belongs to features beside assignments and is never restored."""

GROUPS_ONLY = frozenset({TargetKind.GROUP, TargetKind.EXCLUSION})
"""Update profiles: a real driver assignment with others was answered 400 (terraprovider #12)."""

GROUPS_AND_ALL_USERS = GROUPS_ONLY | {TargetKind.ALL_USERS}
"""Managed apps: *All users* is a group target with the pseudo group's id, *All devices* cannot be expressed."""

GROUPS_AND_ALL_DEVICES = GROUPS_ONLY | {TargetKind.ALL_DEVICES}
"""Autopilot profiles are for devices."""

BUILT_IN_SUFFIXES = (
    "_defaultlimit",
    "_defaultplatformrestrictions",
    "_defaultwindowshelloforbusiness",
    "_defaultwindows10enrollmentcompletionpageconfiguration",
    "_windowsrestore",
)
"""Ends of the ids of enrolment configurations that every tenant has, listed as assigned to all and not assignable."""


@dataclass(frozen=True, slots=True)
class PolicyType:
    """One row. ``path`` is relative to the Graph root and version; ``answer`` is what a successful write answers.

    ``why_not`` says why a type is left out; empty for the supported ones.
    """

    key: str
    label: str
    path: str
    assignment_type: str
    permission: str
    area: Area
    name_field: str = "displayName"
    expands: bool = True
    write: Write = Write.REPLACE
    body_key: str = "assignments"
    answer: int = 204
    legal_targets: frozenset[TargetKind] = ANYONE
    has_quoted_key: bool = False
    why_not: str = ""

    @property
    def is_supported(self) -> bool:
        """Tell whether this version backs the type up and restores it."""
        return not self.why_not

    @property
    def permission_read(self) -> str:
        """Return the least permission that reads policies and assignments of this type."""
        return f"{self.permission}.Read.All" if self.permission else ""

    @property
    def permission_write(self) -> str:
        """Return the least permission that writes assignments of this type."""
        return f"{self.permission}.ReadWrite.All" if self.permission else ""

    @property
    def assign_path(self) -> str:
        """Return the path of a write, with ``{id}`` where the policy's id goes."""
        if self.write is Write.STEPS:
            return f"{self.path}/{{id}}/assignments"
        return f"{self.path}('{{id}}')/assign" if self.has_quoted_key else f"{self.path}/{{id}}/assign"

    def is_builtin(self, policy_id: str, entry: Mapping[str, Any] | None = None) -> str:
        """Return why a policy cannot be assigned although its type can, or nothing; ``entry`` is the listed policy."""
        if self.key == "deviceEnrollmentConfiguration":
            if policy_id.lower().endswith(BUILT_IN_SUFFIXES):
                return "Built in: every tenant has it, and its assignment cannot be changed."
            if entry is not None and entry.get("priority") == 0 and "_" in policy_id:
                return "Built in: it has the priority 0, and its assignment cannot be changed."
        return ""


_CONFIGURATION = "DeviceManagementConfiguration"
_APPS = "DeviceManagementApps"
_SERVICE = "DeviceManagementServiceConfig"
_SCRIPTS = "DeviceManagementScripts"
_RBAC = "DeviceManagementRBAC"

_UNTESTED = "Left out of this version: nobody has recorded how Graph answers for it, and a restore must not guess."
_RARE = "Left out of this version: the first thirteen types cover what most tenants assign."
_RETIRED = "Left out of this version: Microsoft has retired this product."

_ROWS = (
    PolicyType(
        "settingsCatalogPolicy",
        "Settings catalog",
        "/deviceManagement/configurationPolicies",
        "deviceManagementConfigurationPolicyAssignment",
        _CONFIGURATION,
        Area.SETTINGS,
        name_field="name",
        answer=200,
    ),
    PolicyType(
        "deviceConfiguration",
        "Device configuration",
        "/deviceManagement/deviceConfigurations",
        "deviceConfigurationAssignment",
        _CONFIGURATION,
        Area.CONFIGURATION,
        answer=200,
    ),
    PolicyType(
        "groupPolicyConfiguration",
        "Administrative template",
        "/deviceManagement/groupPolicyConfigurations",
        "groupPolicyConfigurationAssignment",
        _CONFIGURATION,
        Area.CONFIGURATION,
        answer=200,
    ),
    PolicyType(
        "deviceCompliancePolicy",
        "Compliance policy",
        "/deviceManagement/deviceCompliancePolicies",
        "deviceCompliancePolicyAssignment",
        _CONFIGURATION,
        Area.CONFIGURATION,
        answer=200,
    ),
    PolicyType(
        "compliancePolicy",
        "Compliance policy (Linux)",
        "/deviceManagement/compliancePolicies",
        "deviceManagementConfigurationPolicyAssignment",
        _CONFIGURATION,
        Area.SETTINGS,
        name_field="name",
        answer=200,
        why_not=_RARE,
    ),
    PolicyType(
        "deviceManagementScript",
        "PowerShell script",
        "/deviceManagement/deviceManagementScripts",
        "deviceManagementScriptAssignment",
        _SCRIPTS,
        Area.DEVICES,
        body_key="deviceManagementScriptAssignments",
    ),
    PolicyType(
        "deviceShellScript",
        "Shell script (macOS)",
        "/deviceManagement/deviceShellScripts",
        "deviceManagementScriptAssignment",
        _SCRIPTS,
        Area.DEVICES,
        body_key="deviceManagementScriptAssignments",
        why_not=_RARE,
    ),
    PolicyType(
        "deviceCustomAttributeShellScript",
        "Custom attribute script (macOS)",
        "/deviceManagement/deviceCustomAttributeShellScripts",
        "deviceManagementScriptAssignment",
        _SCRIPTS,
        Area.DEVICES,
        body_key="deviceManagementScriptAssignments",
        why_not=_RARE,
    ),
    PolicyType(
        "deviceHealthScript",
        "Remediation",
        "/deviceManagement/deviceHealthScripts",
        "deviceHealthScriptAssignment",
        _SCRIPTS,
        Area.DEVICES,
        body_key="deviceHealthScriptAssignments",
    ),
    PolicyType(
        "deviceComplianceScript",
        "Compliance script",
        "/deviceManagement/deviceComplianceScripts",
        "deviceHealthScriptAssignment",
        _SCRIPTS,
        Area.DEVICES,
        body_key="deviceHealthScriptAssignments",
        why_not="Left out of this version: it takes effect through a compliance policy, not through assignments of its own.",
    ),
    PolicyType(
        "mobileApp",
        "App",
        "/deviceAppManagement/mobileApps",
        "mobileAppAssignment",
        _APPS,
        Area.APPS,
        body_key="mobileAppAssignments",
    ),
    PolicyType(
        "mobileAppConfiguration",
        "App configuration (managed devices)",
        "/deviceAppManagement/mobileAppConfigurations",
        "managedDeviceMobileAppConfigurationAssignment",
        _APPS,
        Area.APPS,
        why_not="Left out of this version: tools disagree about the path that writes it.",
    ),
    PolicyType(
        "targetedManagedAppConfiguration",
        "App configuration (managed apps)",
        "/deviceAppManagement/targetedManagedAppConfigurations",
        "targetedManagedAppPolicyAssignment",
        _APPS,
        Area.MANAGED_APPS,
        expands=False,
        legal_targets=GROUPS_AND_ALL_USERS,
    ),
    PolicyType(
        "androidManagedAppProtection",
        "App protection (Android)",
        "/deviceAppManagement/androidManagedAppProtections",
        "targetedManagedAppPolicyAssignment",
        _APPS,
        Area.MANAGED_APPS,
        legal_targets=GROUPS_AND_ALL_USERS,
        has_quoted_key=True,
    ),
    PolicyType(
        "iosManagedAppProtection",
        "App protection (iOS)",
        "/deviceAppManagement/iosManagedAppProtections",
        "targetedManagedAppPolicyAssignment",
        _APPS,
        Area.MANAGED_APPS,
        legal_targets=GROUPS_AND_ALL_USERS,
        has_quoted_key=True,
    ),
    PolicyType(
        "windowsManagedAppProtection",
        "App protection (Windows)",
        "/deviceAppManagement/windowsManagedAppProtections",
        "targetedManagedAppPolicyAssignment",
        _CONFIGURATION,
        Area.MANAGED_APPS,
        legal_targets=GROUPS_AND_ALL_USERS,
        why_not=_RARE,
    ),
    PolicyType(
        "mdmWindowsInformationProtectionPolicy",
        "Windows Information Protection (enrolled)",
        "/deviceAppManagement/mdmWindowsInformationProtectionPolicies",
        "targetedManagedAppPolicyAssignment",
        _APPS,
        Area.MANAGED_APPS,
        expands=False,
        legal_targets=GROUPS_AND_ALL_USERS,
        why_not=_RETIRED,
    ),
    PolicyType(
        "windowsInformationProtectionPolicy",
        "Windows Information Protection (not enrolled)",
        "/deviceAppManagement/windowsInformationProtectionPolicies",
        "targetedManagedAppPolicyAssignment",
        _APPS,
        Area.MANAGED_APPS,
        expands=False,
        legal_targets=GROUPS_AND_ALL_USERS,
        why_not=_RETIRED,
    ),
    PolicyType(
        "deviceEnrollmentConfiguration",
        "Enrolment configuration",
        "/deviceManagement/deviceEnrollmentConfigurations",
        "enrollmentConfigurationAssignment",
        _SERVICE,
        Area.ENROLMENT,
        body_key="enrollmentConfigurationAssignments",
    ),
    PolicyType(
        "windowsAutopilotDeploymentProfile",
        "Autopilot profile",
        "/deviceManagement/windowsAutopilotDeploymentProfiles",
        "windowsAutopilotDeploymentProfileAssignment",
        _SERVICE,
        Area.ENROLMENT,
        write=Write.STEPS,
        body_key="",
        answer=201,
        legal_targets=GROUPS_AND_ALL_DEVICES,
    ),
    PolicyType(
        "windowsFeatureUpdateProfile",
        "Feature update profile",
        "/deviceManagement/windowsFeatureUpdateProfiles",
        "windowsFeatureUpdateProfileAssignment",
        _CONFIGURATION,
        Area.UPDATES,
        legal_targets=GROUPS_ONLY,
    ),
    PolicyType(
        "windowsQualityUpdateProfile",
        "Quality update profile (expedite)",
        "/deviceManagement/windowsQualityUpdateProfiles",
        "windowsQualityUpdateProfileAssignment",
        _CONFIGURATION,
        Area.UPDATES,
        legal_targets=GROUPS_ONLY,
        why_not=_RARE,
    ),
    PolicyType(
        "windowsQualityUpdatePolicy",
        "Quality update policy",
        "/deviceManagement/windowsQualityUpdatePolicies",
        "windowsQualityUpdatePolicyAssignment",
        _CONFIGURATION,
        Area.UPDATES,
        expands=False,
        legal_targets=GROUPS_ONLY,
        why_not=_UNTESTED,
    ),
    PolicyType(
        "windowsDriverUpdateProfile",
        "Driver update profile",
        "/deviceManagement/windowsDriverUpdateProfiles",
        "windowsDriverUpdateProfileAssignment",
        _CONFIGURATION,
        Area.UPDATES,
        legal_targets=GROUPS_ONLY,
        why_not="Left out of this version: it needs a licence of its own, without which Graph answers 403.",
    ),
    PolicyType(
        "intent",
        "Endpoint security (older)",
        "/deviceManagement/intents",
        "deviceManagementIntentAssignment",
        _CONFIGURATION,
        Area.INTENTS,
        why_not="Left out of this version: Microsoft has replaced it by settings catalog policies, which are covered.",
    ),
    PolicyType(
        "policySet",
        "Policy set",
        "/deviceAppManagement/policySets",
        "policySetAssignment",
        _CONFIGURATION,
        Area.APPS,
        expands=False,
        write=Write.NONE,
        why_not="Left out of this version: its assignments are written together with its members, by another call.",
    ),
    PolicyType(
        "termsAndConditions",
        "Terms and conditions",
        "/deviceManagement/termsAndConditions",
        "termsAndConditionsAssignment",
        _SERVICE,
        Area.ENROLMENT,
        expands=False,
        write=Write.STEPS,
        body_key="",
        answer=201,
        why_not=_RARE,
    ),
    PolicyType(
        "intuneBrandingProfile",
        "Company portal branding",
        "/deviceManagement/intuneBrandingProfiles",
        "intuneBrandingProfileAssignment",
        _APPS,
        Area.APPS,
        why_not=_RARE,
    ),
    PolicyType(
        "appleUserInitiatedEnrollmentProfile",
        "Apple enrolment profile",
        "/deviceManagement/appleUserInitiatedEnrollmentProfiles",
        "appleEnrollmentProfileAssignment",
        _SERVICE,
        Area.ENROLMENT,
        write=Write.STEPS,
        body_key="",
        answer=201,
        why_not=_RARE,
    ),
    PolicyType(
        "hardwareConfiguration",
        "BIOS configuration",
        "/deviceManagement/hardwareConfigurations",
        "hardwareConfigurationAssignment",
        _CONFIGURATION,
        Area.CONFIGURATION,
        body_key="hardwareConfigurationAssignments",
        answer=200,
        why_not=_RARE,
    ),
    PolicyType(
        "managedEBook",
        "eBook",
        "/deviceAppManagement/managedEBooks",
        "managedEBookAssignment",
        _APPS,
        Area.APPS,
        expands=False,
        body_key="managedEBookAssignments",
        why_not=_UNTESTED,
    ),
    PolicyType(
        "iosLobAppProvisioningConfiguration",
        "iOS app provisioning profile",
        "/deviceAppManagement/iosLobAppProvisioningConfigurations",
        "iosLobAppProvisioningConfigurationAssignment",
        _APPS,
        Area.APPS,
        expands=False,
        body_key="iOSLobAppProvisioningConfigAssignments",
        why_not=_UNTESTED,
    ),
    PolicyType(
        "wdacSupplementalPolicy",
        "S mode supplemental policy",
        "/deviceAppManagement/wdacSupplementalPolicies",
        "windowsDefenderApplicationControlSupplementalPolicyAssignment",
        _APPS,
        Area.APPS,
        expands=False,
        body_key="wdacPolicyAssignments",
        why_not=_UNTESTED,
    ),
    PolicyType(
        "resourceAccessProfile",
        "Resource access profile",
        "/deviceManagement/resourceAccessProfiles",
        "deviceManagementResourceAccessProfileAssignment",
        _SERVICE,
        Area.CONFIGURATION,
        expands=False,
        answer=200,
        why_not=_UNTESTED,
    ),
    PolicyType(
        "embeddedSIMActivationCodePool",
        "eSIM activation code pool",
        "/deviceManagement/embeddedSIMActivationCodePools",
        "embeddedSIMActivationCodePoolAssignment",
        "",
        Area.CONFIGURATION,
        expands=False,
        answer=200,
        why_not="Left out of this version: which permission it needs is not documented.",
    ),
    PolicyType(
        "roleScopeTag",
        "Scope tag",
        "/deviceManagement/roleScopeTags",
        "roleScopeTagAutoAssignment",
        _RBAC,
        Area.CONFIGURATION,
        expands=False,
        answer=200,
        why_not="Left out of this version: it decides who may administer what, which is no policy targeting.",
    ),
)

POLICY_TYPES: dict[str, PolicyType] = {row.key: row for row in _ROWS}
"""Every type that carries policy assignments, by its key."""

UNSUPPORTED: dict[str, str] = {
    "roleAssignment": "Administrators' rights, not policy targeting: never part of a restore of assignments.",
    "cloudPcProvisioningPolicy": "Cloud PC policies have another kind of target, with licences counted per group.",
    "cloudPcUserSetting": "Cloud PC settings have another kind of target, with licences counted per group.",
}
"""Kinds that look like assignments and are none, each with the reason."""

_SUPPORTED = tuple(row for row in _ROWS if row.is_supported)


def supported_types() -> tuple[PolicyType, ...]:
    """Return the types that are backed up and restored, in the order in which they are listed."""
    return _SUPPORTED


def target_problem(row: PolicyType, planned: Iterable[Assignment]) -> str:
    """Return in a sentence why ``planned`` cannot be the set of a policy of this type, or nothing (graph.md 2.2)."""
    kinds = set()
    for entry in planned:
        if entry.target.kind not in row.legal_targets:
            word = entry.target.kind.value.replace("_", " ")
            return f"{row.label}: a target of the kind '{word}' cannot be assigned."
        kinds.add(entry.target.kind)
    if row.key == "windowsAutopilotDeploymentProfile" and kinds >= {TargetKind.ALL_DEVICES, TargetKind.EXCLUSION}:
        return f"{row.label}: 'all devices' cannot be combined with exclusions."
    return ""
