"""The table of policy types: where each is listed, and how its assignments are read, written and named."""

from dataclasses import dataclass
from typing import Literal

Write = Literal["assign", "steps", "update"]
Expand = Literal["yes", "no", "empty"]
IdForm = Literal["policy_group", "policy_colon_group", "autopilot", "side", "intent", "opaque"]
NoFilter = Literal["null", "zero", "absent"]
Area = Literal["configuration", "settings", "apps", "managed_apps", "intents", "enrolment", "devices", "updates"]


@dataclass(frozen=True, slots=True)
class PolicyType:
    """One row: everything the simulated service needs to know about a policy type.

    `entity` is the OData type of the collection; a policy of another `@odata.type` derives from it. `expand` says what
    `$expand=assignments` on the *list* does: inlined, refused with 400, or accepted and answered empty. `no_filter` is how
    the service spells a target without a filter. `response_only` fields appear in answers and are ignored in bodies.
    """

    key: str
    path: str
    entity: str
    assignment: str
    letter: str
    area: Area
    body_key: str = "assignments"
    write: Write = "assign"
    answer: Literal[200, 204] = 204
    expand: Expand = "yes"
    name_field: str = "displayName"
    id_form: IdForm = "policy_group"
    id_prefix: str = ""
    no_filter: NoFilter = "null"
    only_groups: bool = False
    response_only: tuple[str, ...] = ("id",)

    @property
    def collection(self) -> str:
        """Last segment of the list path, as Graph spells it."""
        return self.path.rpartition("/")[2]


PERMISSIONS = {
    "A": "DeviceManagementApps",
    "C": "DeviceManagementConfiguration",
    "R": "DeviceManagementRBAC",
    "S": "DeviceManagementServiceConfig",
    "X": "DeviceManagementScripts",
}
"""Permission letter of a type to the name before `.Read.All` and `.ReadWrite.All`."""

SOURCED = ("id", "source", "sourceId")
DATED = ("id", "lastModifiedDateTime")

DM = "deviceManagement"
DA = "deviceAppManagement"

# Where nobody recorded whether a list takes $expand, the row says "no": a client must then have its fallback.
# fmt: off
POLICY_TYPES: tuple[PolicyType, ...] = (
    PolicyType("settingsCatalogPolicy", f"{DM}/configurationPolicies",
        "deviceManagementConfigurationPolicy", "deviceManagementConfigurationPolicyAssignment", "C",
        "settings", answer=200, name_field="name", response_only=SOURCED),
    PolicyType("deviceConfiguration", f"{DM}/deviceConfigurations", "deviceConfiguration",
        "deviceConfigurationAssignment", "C", "configuration", answer=200, response_only=SOURCED),
    PolicyType("groupPolicyConfiguration", f"{DM}/groupPolicyConfigurations", "groupPolicyConfiguration",
        "groupPolicyConfigurationAssignment", "C", "configuration", answer=200, response_only=DATED),
    PolicyType("deviceCompliancePolicy", f"{DM}/deviceCompliancePolicies", "deviceCompliancePolicy",
        "deviceCompliancePolicyAssignment", "C", "configuration", answer=200, response_only=SOURCED),
    PolicyType("compliancePolicy", f"{DM}/compliancePolicies", "deviceManagementCompliancePolicy",
        "deviceManagementConfigurationPolicyAssignment", "C", "settings", answer=200, name_field="name",
        response_only=SOURCED),
    PolicyType("deviceManagementScript", f"{DM}/deviceManagementScripts", "deviceManagementScript",
        "deviceManagementScriptAssignment", "X", "devices", body_key="deviceManagementScriptAssignments",
        id_form="policy_colon_group"),
    PolicyType("deviceShellScript", f"{DM}/deviceShellScripts", "deviceShellScript",
        "deviceManagementScriptAssignment", "X", "devices", body_key="deviceManagementScriptAssignments",
        id_form="policy_colon_group"),
    PolicyType("deviceCustomAttributeShellScript", f"{DM}/deviceCustomAttributeShellScripts",
        "deviceCustomAttributeShellScript", "deviceManagementScriptAssignment", "X", "devices",
        body_key="deviceManagementScriptAssignments", id_form="policy_colon_group"),
    PolicyType("deviceHealthScript", f"{DM}/deviceHealthScripts", "deviceHealthScript",
        "deviceHealthScriptAssignment", "X", "devices", body_key="deviceHealthScriptAssignments",
        id_form="policy_colon_group", no_filter="zero"),
    PolicyType("deviceComplianceScript", f"{DM}/deviceComplianceScripts", "deviceComplianceScript",
        "deviceHealthScriptAssignment", "X", "devices", body_key="deviceHealthScriptAssignments",
        id_form="policy_colon_group", no_filter="zero"),
    PolicyType("mobileApp", f"{DA}/mobileApps", "mobileApp", "mobileAppAssignment", "A", "apps",
        body_key="mobileAppAssignments", id_form="intent", response_only=SOURCED),
    PolicyType("mobileAppConfiguration", f"{DA}/mobileAppConfigurations",
        "managedDeviceMobileAppConfiguration", "managedDeviceMobileAppConfigurationAssignment", "A",
        "apps"),
    PolicyType("targetedManagedAppConfiguration", f"{DA}/targetedManagedAppConfigurations",
        "targetedManagedAppConfiguration", "targetedManagedAppPolicyAssignment", "A", "managed_apps",
        expand="no", id_form="side", id_prefix="A_", only_groups=True, response_only=SOURCED),
    PolicyType("androidManagedAppProtection", f"{DA}/androidManagedAppProtections",
        "androidManagedAppProtection", "targetedManagedAppPolicyAssignment", "A", "managed_apps",
        id_form="side", id_prefix="T_", only_groups=True, response_only=SOURCED),
    PolicyType("iosManagedAppProtection", f"{DA}/iosManagedAppProtections", "iosManagedAppProtection",
        "targetedManagedAppPolicyAssignment", "A", "managed_apps", id_form="side", id_prefix="T_",
        only_groups=True, response_only=SOURCED),
    PolicyType("windowsManagedAppProtection", f"{DA}/windowsManagedAppProtections",
        "windowsManagedAppProtection", "targetedManagedAppPolicyAssignment", "A", "managed_apps",
        id_form="side", id_prefix="T_", only_groups=True, response_only=SOURCED),
    PolicyType("mdmWindowsInformationProtectionPolicy", f"{DA}/mdmWindowsInformationProtectionPolicies",
        "mdmWindowsInformationProtectionPolicy", "targetedManagedAppPolicyAssignment", "A", "managed_apps",
        expand="no", id_form="side", id_prefix="M_", only_groups=True, response_only=SOURCED),
    PolicyType("windowsInformationProtectionPolicy", f"{DA}/windowsInformationProtectionPolicies",
        "windowsInformationProtectionPolicy", "targetedManagedAppPolicyAssignment", "A", "managed_apps",
        expand="no", id_form="side", id_prefix="W_", only_groups=True, response_only=SOURCED),
    PolicyType("deviceEnrollmentConfiguration", f"{DM}/deviceEnrollmentConfigurations",
        "deviceEnrollmentConfiguration", "enrollmentConfigurationAssignment", "S", "enrolment",
        body_key="enrollmentConfigurationAssignments", response_only=SOURCED),
    PolicyType("windowsAutopilotDeploymentProfile", f"{DM}/windowsAutopilotDeploymentProfiles",
        "windowsAutopilotDeploymentProfile", "windowsAutopilotDeploymentProfileAssignment", "S",
        "enrolment", body_key="", write="steps", id_form="autopilot", response_only=SOURCED),
    PolicyType("windowsFeatureUpdateProfile", f"{DM}/windowsFeatureUpdateProfiles",
        "windowsFeatureUpdateProfile", "windowsFeatureUpdateProfileAssignment", "C", "updates",
        only_groups=True, no_filter="absent"),
    PolicyType("windowsQualityUpdateProfile", f"{DM}/windowsQualityUpdateProfiles",
        "windowsQualityUpdateProfile", "windowsQualityUpdateProfileAssignment", "C", "updates",
        only_groups=True, no_filter="absent"),
    PolicyType("windowsQualityUpdatePolicy", f"{DM}/windowsQualityUpdatePolicies",
        "windowsQualityUpdatePolicy", "windowsQualityUpdatePolicyAssignment", "C", "updates", expand="no",
        only_groups=True, no_filter="absent"),
    PolicyType("windowsDriverUpdateProfile", f"{DM}/windowsDriverUpdateProfiles",
        "windowsDriverUpdateProfile", "windowsDriverUpdateProfileAssignment", "C", "updates",
        only_groups=True, no_filter="absent"),
    PolicyType(
        "intent", f"{DM}/intents", "deviceManagementIntent", "deviceManagementIntentAssignment", "C", "intents"),
        PolicyType(
        "policySet", f"{DA}/policySets", "policySet", "policySetAssignment", "C",
        "apps", write="update", expand="no", no_filter="absent", response_only=DATED),
    PolicyType("termsAndConditions", f"{DM}/termsAndConditions", "termsAndConditions",
        "termsAndConditionsAssignment", "S", "enrolment", body_key="", write="steps", expand="no",
        id_form="opaque", no_filter="absent"),
    PolicyType("intuneBrandingProfile", f"{DM}/intuneBrandingProfiles", "intuneBrandingProfile",
        "intuneBrandingProfileAssignment", "A", "apps", id_form="opaque"),
    PolicyType("appleUserInitiatedEnrollmentProfile", f"{DM}/appleUserInitiatedEnrollmentProfiles",
        "appleUserInitiatedEnrollmentProfile", "appleEnrollmentProfileAssignment", "S", "enrolment",
        body_key="", write="steps", id_form="opaque"),
    PolicyType("hardwareConfiguration", f"{DM}/hardwareConfigurations", "hardwareConfiguration",
        "hardwareConfigurationAssignment", "C", "configuration",
        body_key="hardwareConfigurationAssignments", answer=200),
    PolicyType("managedEBook", f"{DA}/managedEBooks", "managedEBook", "managedEBookAssignment", "A", "apps",
        body_key="managedEBookAssignments", expand="no", id_form="intent"),
    PolicyType("iosLobAppProvisioningConfiguration", f"{DA}/iosLobAppProvisioningConfigurations",
        "iosLobAppProvisioningConfiguration", "iosLobAppProvisioningConfigurationAssignment", "A", "apps",
        body_key="iOSLobAppProvisioningConfigAssignments", expand="no"),
    PolicyType("wdacSupplementalPolicy", f"{DA}/wdacSupplementalPolicies",
        "windowsDefenderApplicationControlSupplementalPolicy",
        "windowsDefenderApplicationControlSupplementalPolicyAssignment", "A", "apps",
        body_key="wdacPolicyAssignments", expand="no"),
    PolicyType("resourceAccessProfile", f"{DM}/resourceAccessProfiles",
        "deviceManagementResourceAccessProfileBase", "deviceManagementResourceAccessProfileAssignment", "S",
        "configuration", answer=200, expand="no", response_only=("id", "sourceId")),
    PolicyType("embeddedSIMActivationCodePool", f"{DM}/embeddedSIMActivationCodePools",
        "embeddedSIMActivationCodePool", "embeddedSIMActivationCodePoolAssignment", "C", "configuration",
        answer=200, expand="no"),
    PolicyType("roleScopeTag", f"{DM}/roleScopeTags", "roleScopeTag", "roleScopeTagAutoAssignment", "R",
        "configuration", answer=200, expand="empty", id_form="opaque"),
)
# fmt: on

BY_KEY = {row.key: row for row in POLICY_TYPES}
BY_PATH = {row.path.lower(): row for row in POLICY_TYPES}
