"""What an assignment is aimed at: reading a target, its identity within a set, and the rules that refuse it."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .errors import bad_request
from .policy_types import PolicyType

ALL_DEVICES = "adadadad-808e-44e2-905a-0b7873a8a531"
ALL_USERS = "acacacac-9df4-4c7d-9d50-4ef0226f57a9"
ZERO = "00000000-0000-0000-0000-000000000000"
PSEUDO_GROUPS = frozenset({ALL_DEVICES, ALL_USERS})
"""Groups that stand for everyone; the directory does not know them."""

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

FILTER_ID = "deviceAndAppManagementAssignmentFilterId"
FILTER_TYPE = "deviceAndAppManagementAssignmentFilterType"

KINDS = {
    "groupassignmenttarget": "group",
    "exclusiongroupassignmenttarget": "exclusion",
    "alldevicesassignmenttarget": "all_devices",
    "alllicensedusersassignmenttarget": "all_users",
    "configurationmanagercollectionassignmenttarget": "collection",
}

ODATA_TYPES = {
    "group": "#microsoft.graph.groupAssignmentTarget",
    "exclusion": "#microsoft.graph.exclusionGroupAssignmentTarget",
    "all_devices": "#microsoft.graph.allDevicesAssignmentTarget",
    "all_users": "#microsoft.graph.allLicensedUsersAssignmentTarget",
    "collection": "#microsoft.graph.configurationManagerCollectionAssignmentTarget",
}


class Target(NamedTuple):
    """A target read: `group` is the id that makes it unique (a pseudo group's for the built-in kinds)."""

    kind: str
    group: str
    filter_id: str | None
    filter_type: str


def read_target(target: Mapping[str, Any]) -> Target:
    """The target in that JSON object; an unknown `@odata.type` is of the kind `other`."""
    odata_type = str(target.get("@odata.type", "")).removeprefix("#").removeprefix("microsoft.graph.").lower()
    kind = KINDS.get(odata_type, "other")
    if kind == "all_devices":
        group = ALL_DEVICES
    elif kind == "all_users":
        group = ALL_USERS
    elif kind == "collection":
        group = str(target.get("collectionId") or "")
    elif kind == "other":
        group = json.dumps(target, sort_keys=True)
    else:
        group = str(target.get("groupId") or "").lower()
    filter_id = str(target.get(FILTER_ID) or "").lower()
    filter_type = str(target.get(FILTER_TYPE) or "none").lower()
    if filter_id in ("", ZERO) or filter_type == "none":
        return Target(kind, group, None, "none")
    return Target(kind, group, filter_id, filter_type)


def check_target(policy_type: PolicyType, entry: Mapping[str, Any], target: Target) -> None:
    """Refuses, with GraphError, a target that the type cannot have or that is not complete."""
    invalid = bad_request("Invalid property values")
    if target.kind in ("group", "exclusion"):
        # Graph's ids are GUIDs; exports at hand also hold invented ones, and what is served must be writable again.
        if not target.group.strip():
            raise invalid
    elif not target.group or "@odata.type" not in entry["target"]:
        raise invalid
    elif policy_type.only_groups:
        raise bad_request()
    if target.filter_id is not None and not (
        GUID.fullmatch(target.filter_id) and target.filter_type in ("include", "exclude")
    ):
        raise invalid
    if policy_type.key == "mobileApp":
        if target.kind == "exclusion" and entry.get("settings") is not None:
            raise bad_request("Exclusion assignment does not support MobileAppAssignment Settings.")
        if entry.get("intent") is None:
            raise invalid


def place_in_set(policy_type: PolicyType, entry: Mapping[str, Any], target: Target) -> tuple[str, str]:
    """What may stand only once in a set: a group, or for apps a group with an intent."""
    intent = str(entry.get("intent") or entry.get("installIntent") or "") if policy_type.id_form == "intent" else ""
    return target.group, intent.lower()
