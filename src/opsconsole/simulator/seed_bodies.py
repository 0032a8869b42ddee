"""The entries of invented policies: what Graph's list would show of each type, down to the fields nobody asked for."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from .jsontext import quoted
from .policy_types import PolicyType


@dataclass(frozen=True, slots=True)
class Draft:
    """What a body is written from: id and name, two moments, whether it is assigned, and chance."""

    type: PolicyType
    id: str
    name: str
    created: str
    modified: str
    assigned: bool
    rng: random.Random

    @property
    def named(self) -> str:
        """The name as JSON."""
        return quoted(self.name)


APP_TYPES = (
    "win32LobApp",
    "winGetApp",
    "iosStoreApp",
    "iosVppApp",
    "macOSPkgApp",
    "androidManagedStoreApp",
    "officeSuiteApp",
)
CONFIGURATION_TYPES = (
    "windows10CustomConfiguration",
    "windowsUpdateForBusinessConfiguration",
    "windows10GeneralConfiguration",
    "iosGeneralDeviceConfiguration",
    "macOSCustomConfiguration",
    "androidDeviceOwnerGeneralDeviceConfiguration",
)
COMPLIANCE_TYPES = (
    "windows10CompliancePolicy",
    "iosCompliancePolicy",
    "macOSCompliancePolicy",
    "androidDeviceOwnerCompliancePolicy",
)
PLATFORMS = ("windows10", "macOS", "iOS", "android", "linux")
FAMILIES = ("none", "none", "none", "endpointSecurityAntivirus", "endpointSecurityFirewall", "baseline")

# Members that a careless copy would lose or change: a decimal that is whole, a number past 64 bits, escapes that need not
# be there, an unknown object, nulls. They go into some of the bodies.
ODD_MEMBERS = (
    '"x_ratio":1.0',
    '"x_serial":123456789012345678901234567890',
    '"x_note":"caf\\u00e9 \\ud83d\\ude00 \\/ \\u0022"',
    '"x_unknown":{"b":1,"a":[null,true,1e3]}',
    '"x_null":null,"x_empty":""',
)


def policy_body(draft: Draft) -> str:
    """The entry, without assignments, as text."""
    body = BODIES[draft.type.key](draft)
    odd = draft.rng.random()
    if odd < 0.1:
        return f"{body[:-1]},{ODD_MEMBERS[int(odd * 50)]}}}"
    return body


def _settings_catalog(draft: Draft) -> str:
    platform, family = draft.rng.choice(PLATFORMS), draft.rng.choice(FAMILIES)
    return (
        f'{{"createdDateTime":"{draft.created}","creationSource":null,"description":"",'
        f'"lastModifiedDateTime":"{draft.modified}","name":{draft.named},"platforms":"{platform}",'
        f'"priorityMetaData":null,"roleScopeTagIds":["0"],"settingCount":{draft.rng.randrange(1, 60)},"technologies":"mdm",'
        f'"id":"{draft.id}","templateReference":{{"templateId":"","templateFamily":"{family}","templateDisplayName":null,'
        f'"templateDisplayVersion":null}},"isAssigned":{_bool(draft.assigned)}}}'
    )


def _device_configuration(draft: Draft) -> str:
    return (
        f'{{"@odata.type":"#microsoft.graph.{draft.rng.choice(CONFIGURATION_TYPES)}","id":"{draft.id}",'
        f'"lastModifiedDateTime":"{draft.modified}","roleScopeTagIds":["0"],"supportsScopeTags":true,'
        f'"deviceManagementApplicabilityRuleOsEdition":null,"deviceManagementApplicabilityRuleOsVersion":null,'
        f'"createdDateTime":"{draft.created}","description":null,"displayName":{draft.named},"version":{draft.rng.randrange(1, 30)}}}'
    )


def _group_policy(draft: Draft) -> str:
    return (
        f'{{"createdDateTime":"{draft.created}","displayName":{draft.named},"description":"","roleScopeTagIds":["0"],'
        f'"policyConfigurationIngestionType":"builtIn","id":"{draft.id}","lastModifiedDateTime":"{draft.modified}"}}'
    )


def _compliance(draft: Draft) -> str:
    return (
        f'{{"@odata.type":"#microsoft.graph.{draft.rng.choice(COMPLIANCE_TYPES)}","roleScopeTagIds":["0"],"id":"{draft.id}",'
        f'"createdDateTime":"{draft.created}","description":null,"lastModifiedDateTime":"{draft.modified}",'
        f'"displayName":{draft.named},"version":{draft.rng.randrange(1, 12)},"passwordRequired":true,"osMinimumVersion":"10.0.19045",'
        f'"deviceThreatProtectionEnabled":false,"deviceThreatProtectionRequiredSecurityLevel":"unavailable"}}'
    )


def _script(draft: Draft) -> str:
    return (
        f'{{"enforceSignatureCheck":false,"runAs32Bit":false,"id":"{draft.id}","displayName":{draft.named},"description":"",'
        f'"scriptContent":null,"createdDateTime":"{draft.created}","lastModifiedDateTime":"{draft.modified}",'
        f'"runAsAccount":"system","fileName":"script.ps1","roleScopeTagIds":["0"]}}'
    )


def _health_script(draft: Draft) -> str:
    return (
        f'{{"id":"{draft.id}","publisher":"Northwind","version":"1","displayName":{draft.named},"description":"",'
        f'"detectionScriptContent":null,"remediationScriptContent":null,"createdDateTime":"{draft.created}",'
        f'"lastModifiedDateTime":"{draft.modified}","runAsAccount":"system","enforceSignatureCheck":false,"runAs32Bit":false,'
        f'"roleScopeTagIds":["0"],"isGlobalScript":false,"highestAvailableVersion":null,"deviceHealthScriptType":'
        f'"deviceHealthScript","detectionScriptParameters":[],"remediationScriptParameters":[]}}'
    )


def _mobile_app(draft: Draft) -> str:
    return (
        f'{{"@odata.type":"#microsoft.graph.{draft.rng.choice(APP_TYPES)}","id":"{draft.id}","displayName":{draft.named},'
        f'"description":{draft.named},"publisher":"Northwind","largeIcon":null,"createdDateTime":"{draft.created}",'
        f'"lastModifiedDateTime":"{draft.modified}","isFeatured":false,"privacyInformationUrl":null,"informationUrl":null,'
        f'"owner":"","developer":"","notes":"","uploadState":1,"publishingState":"published","isAssigned":{_bool(draft.assigned)},'
        f'"roleScopeTagIds":["0"],"dependentAppCount":0,"supersedingAppCount":0,"supersededAppCount":0,'
        f'"committedContentVersion":"1","fileName":"setup.intunewin","size":{draft.rng.randrange(10**5, 10**10)}}}'
    )


def _managed_app(draft: Draft) -> str:
    groups = f'"targetedAppManagementLevels":"unspecified","deployedAppCount":{draft.rng.randrange(1, 40)}'
    return (
        f'{{"displayName":{draft.named},"description":"","createdDateTime":"{draft.created}",'
        f'"lastModifiedDateTime":"{draft.modified}","roleScopeTagIds":["0"],"id":"{draft.id}",'
        f'"version":"\\"{draft.id[2:10]}-0000-0d00-0000-650a30050000\\"","isAssigned":{_bool(draft.assigned)},{groups},'
        f'"periodOfflineBeforeAccessCheck":"PT12H","pinRequired":true}}'
    )


def _enrolment(draft: Draft) -> str:
    return (
        f'{{"@odata.type":"#microsoft.graph.windows10EnrollmentCompletionPageConfiguration","id":"{draft.id}",'
        f'"displayName":{draft.named},"description":"","priority":{draft.rng.randrange(1, 9)},"createdDateTime":"{draft.created}",'
        f'"lastModifiedDateTime":"{draft.modified}","version":1,"roleScopeTagIds":["0"],'
        f'"deviceEnrollmentConfigurationType":"windows10EnrollmentCompletionPageConfiguration",'
        f'"showInstallationProgress":true,"installProgressTimeoutInMinutes":60,"selectedMobileAppIds":[]}}'
    )


def _autopilot(draft: Draft) -> str:
    return (
        f'{{"@odata.type":"#microsoft.graph.azureADWindowsAutopilotDeploymentProfile","id":"{draft.id}",'
        f'"displayName":{draft.named},"description":"","language":"os-default","locale":"os-default",'
        f'"createdDateTime":"{draft.created}","lastModifiedDateTime":"{draft.modified}","enrollmentStatusScreenSettings":null,'
        f'"extractHardwareHash":false,"deviceNameTemplate":"NW-%SERIAL%","deviceType":"windowsPc","enableWhiteGlove":true,'
        f'"preprovisioningAllowed":true,"roleScopeTagIds":["0"],"managementServiceAppId":null}}'
    )


def _feature_update(draft: Draft) -> str:
    return (
        f'{{"id":"{draft.id}","displayName":{draft.named},"description":"","featureUpdateVersion":"Windows 11, version 24H2",'
        f'"installLatestWindows10OnWindows11IneligibleDevice":false,"createdDateTime":"{draft.created}",'
        f'"lastModifiedDateTime":"{draft.modified}","roleScopeTagIds":["0"],"deployableContentDisplayName":'
        f'"Windows 11, version 24H2","endOfSupportDate":"2026-10-13T00:00:00Z","installFeatureUpdatesOptional":false}}'
    )


def _bool(value: bool) -> str:
    return "true" if value else "false"


BODIES: dict[str, Callable[[Draft], str]] = {
    "settingsCatalogPolicy": _settings_catalog,
    "deviceConfiguration": _device_configuration,
    "groupPolicyConfiguration": _group_policy,
    "deviceCompliancePolicy": _compliance,
    "deviceManagementScript": _script,
    "deviceHealthScript": _health_script,
    "mobileApp": _mobile_app,
    "androidManagedAppProtection": _managed_app,
    "iosManagedAppProtection": _managed_app,
    "targetedManagedAppConfiguration": _managed_app,
    "deviceEnrollmentConfiguration": _enrolment,
    "windowsAutopilotDeploymentProfile": _autopilot,
    "windowsFeatureUpdateProfile": _feature_update,
}
