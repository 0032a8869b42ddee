"""The enrolment configurations that every tenant has, made by the service itself: they list, and refuse to be assigned."""

BUILT_IN_NAME = "All users and all devices"
"""All of them carry it, so that five policies of a tenant share one name."""

# (suffix of the id, derived type, value of deviceEnrollmentConfigurationType, further members as text)
BUILT_INS: tuple[tuple[str, str, str, str], ...] = (
    ("DefaultLimit", "deviceEnrollmentLimitConfiguration", "limit", '"limit":5'),
    (
        "DefaultPlatformRestrictions",
        "deviceEnrollmentPlatformRestrictionsConfiguration",
        "platformRestrictions",
        '"iosRestriction":{"platformBlocked":false,"personalDeviceEnrollmentBlocked":false,"osMinimumVersion":"",'
        '"osMaximumVersion":"","blockedManufacturers":[],"blockedSkus":[]}',
    ),
    (
        "DefaultWindowsHelloForBusiness",
        "deviceEnrollmentWindowsHelloForBusinessConfiguration",
        "windowsHelloForBusiness",
        '"pinMinimumLength":6,"pinMaximumLength":127,"state":"notConfigured","enhancedSignInSecurity":0',
    ),
    (
        "DefaultWindows10EnrollmentCompletionPageConfiguration",
        "windows10EnrollmentCompletionPageConfiguration",
        "windows10EnrollmentCompletionPageConfiguration",
        '"showInstallationProgress":false,"installProgressTimeoutInMinutes":60,"selectedMobileAppIds":[]',
    ),
    ("WindowsRestore", "windowsRestoreDeviceEnrollmentConfiguration", "windowsRestore", '"state":"enabled"'),
)

SUFFIX_OF_TYPE = {odata_type: suffix for suffix, odata_type, _, _ in BUILT_INS}


def is_built_in_id(policy_id: str) -> bool:
    """Whether an id is of the form that only built-in configurations have."""
    return policy_id.rpartition("_")[2] in SUFFIX_OF_TYPE.values()
