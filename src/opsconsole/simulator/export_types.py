"""Decides which policy type an exported object is of: by its OData type, its context, its folder, its shape."""

import re
from collections.abc import Mapping
from typing import Any

from .policy_types import BY_PATH, POLICY_TYPES

_BY_ENTITY = {row.entity: row.key for row in POLICY_TYPES}

_DERIVED = {
    "deviceManagementConfigurationPolicy": "settingsCatalogPolicy",
    "deviceManagementIntent": "intent",
    "androidManagedStoreAppConfiguration": "mobileAppConfiguration",
    "androidForWorkMobileAppConfiguration": "mobileAppConfiguration",
    "iosMobileAppConfiguration": "mobileAppConfiguration",
    "azureADWindowsAutopilotDeploymentProfile": "windowsAutopilotDeploymentProfile",
    "activeDirectoryWindowsAutopilotDeploymentProfile": "windowsAutopilotDeploymentProfile",
    "deviceEnrollmentLimitConfiguration": "deviceEnrollmentConfiguration",
    "deviceEnrollmentPlatformRestrictionConfiguration": "deviceEnrollmentConfiguration",
    "deviceEnrollmentPlatformRestrictionsConfiguration": "deviceEnrollmentConfiguration",
    "deviceEnrollmentWindowsHelloForBusinessConfiguration": "deviceEnrollmentConfiguration",
    "deviceEnrollmentNotificationConfiguration": "deviceEnrollmentConfiguration",
    "windows10EnrollmentCompletionPageConfiguration": "deviceEnrollmentConfiguration",
    "deviceComanagementAuthorityConfiguration": "deviceEnrollmentConfiguration",
    "windowsRestoreDeviceEnrollmentConfiguration": "deviceEnrollmentConfiguration",
    "iosVppEBook": "managedEBook",
    "windowsMobileMSI": "mobileApp",
    "officeSuiteApp": "mobileApp",
}

_NOT_POLICIES = re.compile(r"(RoleDefinition|Assignment|Target|Item|SettingInstance|defaultManagedAppProtection)$")

# After the exact names: what the rest of a family is called.
_ENDINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"CompliancePolicy$"), "deviceCompliancePolicy"),
    (re.compile(r"(App|Bundle|WebClip)$"), "mobileApp"),
    (
        re.compile(r"(Configuration|CertificateProfile|TrustedRootCertificate|EmailProfile|Base)$"),
        "deviceConfiguration",
    ),
)

_FOLDERS = {
    "settings catalog": "settingsCatalogPolicy",
    "settingscatalog": "settingsCatalogPolicy",
    "nativeimport": "settingsCatalogPolicy",
    "device configurations": "deviceConfiguration",
    "deviceconfiguration": "deviceConfiguration",
    "administrative templates": "groupPolicyConfiguration",
    "administrativetemplates": "groupPolicyConfiguration",
    "group policy configurations": "groupPolicyConfiguration",
    "compliancepolicies": "deviceCompliancePolicy",
    "powershell scripts": "deviceManagementScript",
    "powershellscripts": "deviceManagementScript",
    "shell scripts": "deviceShellScript",
    "shellscripts": "deviceShellScript",
    "custom attributes": "deviceCustomAttributeShellScript",
    "proactive remediations": "deviceHealthScript",
    "healthscripts": "deviceHealthScript",
    "applications": "mobileApp",
    "app configuration": "mobileAppConfiguration",
    "driverupdateprofiles": "windowsDriverUpdateProfile",
    "driver updates": "windowsDriverUpdateProfile",
    "featureupdates": "windowsFeatureUpdateProfile",
    "feature updates": "windowsFeatureUpdateProfile",
    "qualityupdates": "windowsQualityUpdateProfile",
    "quality updates": "windowsQualityUpdateProfile",
    "autopilot": "windowsAutopilotDeploymentProfile",
    "termsandconditions": "termsAndConditions",
    "policysets": "policySet",
    "endpointsecurity": "intent",
}
"""Names of the folders that IntuneCD and IntuneManagement write, in lower case."""

# (keys that must all be there, type): for exports that say nothing else about themselves.
_SHAPES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"name", "platforms", "technologies", "settingCount"}), "settingsCatalogPolicy"),
    (frozenset({"name", "platforms", "technologies", "settings"}), "settingsCatalogPolicy"),
    (frozenset({"displayName", "policyConfigurationIngestionType"}), "groupPolicyConfiguration"),
    (frozenset({"displayName", "detectionScriptContent"}), "deviceHealthScript"),
    (frozenset({"displayName", "enforceSignatureCheck", "fileName"}), "deviceManagementScript"),
    (frozenset({"displayName", "featureUpdateVersion"}), "windowsFeatureUpdateProfile"),
    (
        frozenset({"displayName", "targetedAppManagementLevels", "appGroupType", "customSettings"}),
        "targetedManagedAppConfiguration",
    ),
)

_CONTEXT = re.compile(r"\$metadata#(?P<path>\w+/\w+)(?P<rest>.*)$", re.DOTALL)


def key_of_context(context: object) -> str | None:
    """The type whose collection, or an entry of it, an `@odata.context` names."""
    found = _CONTEXT.search(context) if isinstance(context, str) else None
    if found is None or "/assignments" in found["rest"]:
        return None
    row = BY_PATH.get(found["path"].lower())
    return row.key if row else None


def key_of_odata_type(odata_type: object) -> str | None:
    """The type that an `@odata.type` belongs to."""
    if not isinstance(odata_type, str):
        return None
    name = odata_type.rpartition(".")[2].removeprefix("#")
    exact = _DERIVED.get(name) or _BY_ENTITY.get(name)
    if exact or _NOT_POLICIES.search(name):
        return exact
    return next((key for ending, key in _ENDINGS if ending.search(name)), None)


def key_of(values: Mapping[str, Any], folder: str, context: object = None) -> str | None:
    """The type of one exported object, or None; `context` is that of the answer it stood in."""
    if not isinstance(values.get("displayName") or values.get("name"), str):
        return None
    odata_type = values.get("@odata.type")
    found = key_of_context(values.get("@odata.context")) or key_of_context(context) or key_of_odata_type(odata_type)
    if found or isinstance(odata_type, str):
        return found
    by_shape = next((key for keys, key in _SHAPES if keys <= set(values)), None)
    return by_shape or _FOLDERS.get(folder.lower())
