"""An assignment in its canonical form: what two of them are compared, counted and hashed by (never by Graph's id)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ALL_DEVICES_GROUP = "adadadad-808e-44e2-905a-0b7873a8a531"
"""Pseudo group of *All devices* in assignment ids and managed-app targets; not in the directory."""

ALL_USERS_GROUP = "acacacac-9df4-4c7d-9d50-4ef0226f57a9"
"""Pseudo group of *All users*; not in the directory."""

PSEUDO_GROUPS = frozenset({ALL_DEVICES_GROUP, ALL_USERS_GROUP})
"""Never looked up, never reported as deleted."""

ZERO_GUID = "00000000-0000-0000-0000-000000000000"
"""Remediations return this for *no filter*."""

FILTER_ID_FIELD = "deviceAndAppManagementAssignmentFilterId"
FILTER_TYPE_FIELD = "deviceAndAppManagementAssignmentFilterType"

DIRECT = "direct"
"""The ``source`` of an assignment made on the policy itself; others belong to a policy set and are never posted."""

EXTRA_FIELDS = ("settings", "runSchedule", "runRemediationScript", "installIntent")
"""Fields beside target and intent that change what an assignment does."""


class TargetKind(StrEnum):
    """Whom an assignment is for."""

    GROUP = "group"
    EXCLUSION = "exclusion"
    ALL_DEVICES = "all_devices"
    ALL_USERS = "all_users"
    COLLECTION = "collection"
    OTHER = "other"


_KINDS = {
    "microsoft.graph.groupassignmenttarget": TargetKind.GROUP,
    "microsoft.graph.exclusiongroupassignmenttarget": TargetKind.EXCLUSION,
    "microsoft.graph.alldevicesassignmenttarget": TargetKind.ALL_DEVICES,
    "microsoft.graph.alllicensedusersassignmenttarget": TargetKind.ALL_USERS,
    "microsoft.graph.configurationmanagercollectionassignmenttarget": TargetKind.COLLECTION,
}

_PSEUDO_KINDS = {ALL_DEVICES_GROUP: TargetKind.ALL_DEVICES, ALL_USERS_GROUP: TargetKind.ALL_USERS}


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """Whom an assignment hits. ``object_id`` is the group's or collection's id, lower-cased, or the raw type for ``other``."""

    kind: TargetKind
    object_id: str = ""
    filter_id: str = ""
    filter_type: str = ""

    @property
    def group_id(self) -> str:
        """Return the id of the group to look up in the directory, or nothing."""
        return self.object_id if self.kind in (TargetKind.GROUP, TargetKind.EXCLUSION) else ""


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One assignment, canonical: equal values do the same thing to the same people, whatever Graph's spelling was."""

    target: Target
    intent: str = ""
    extras: str = ""

    def to_json(self, names: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the target JSON of contract.md; ``names`` maps the ids of groups and filters to their names."""
        known = names or {}
        target = self.target
        value: dict[str, Any] = {
            "kind": target.kind.value,
            "group_id": target.group_id or None,
            "group_name": known.get(target.group_id),
            "filter_id": target.filter_id or None,
            "filter_name": known.get(target.filter_id),
            "filter_type": target.filter_type or None,
        }
        if target.kind in (TargetKind.COLLECTION, TargetKind.OTHER):
            value["collection_id" if target.kind is TargetKind.COLLECTION else "target_type"] = target.object_id
        if self.intent:
            value["intent"] = self.intent
        if self.extras:
            value["settings"] = json.loads(self.extras)
        return value


def parse_target(target: Mapping[str, Any]) -> Target:
    """Return the canonical form of Graph's ``target`` object (graph.md 2.3); an unknown kind becomes ``other``."""
    type_name = str(target.get("@odata.type") or "").lstrip("#").lower()
    kind = _KINDS.get(type_name, TargetKind.OTHER)
    object_id = ""
    if kind in (TargetKind.GROUP, TargetKind.EXCLUSION):
        object_id = str(target.get("groupId") or "").lower()
        if kind is TargetKind.GROUP and object_id in _PSEUDO_KINDS:
            kind, object_id = _PSEUDO_KINDS[object_id], ""
    elif kind is TargetKind.COLLECTION:
        object_id = str(target.get("collectionId") or "").lower()
    elif kind is TargetKind.OTHER:
        rest = {
            key: value
            for key, value in target.items()
            if key not in ("@odata.type", FILTER_ID_FIELD, FILTER_TYPE_FIELD)
        }
        object_id = f"{type_name}{canonical_json(rest) if rest else ''}"
    filter_id = str(target.get(FILTER_ID_FIELD) or "").lower()
    filter_type = str(target.get(FILTER_TYPE_FIELD) or "").lower()
    if filter_id in ("", ZERO_GUID) or filter_type in ("", "none"):
        filter_id = filter_type = ""
    return Target(kind, object_id, filter_id, filter_type)


def parse_assignment(entry: Mapping[str, Any]) -> Assignment:
    """Return the canonical form of one assignment as Graph sent it."""
    extras = {name: entry[name] for name in EXTRA_FIELDS if entry.get(name) is not None}
    return Assignment(
        parse_target(entry.get("target") or {}),
        str(entry.get("intent") or ""),
        canonical_json(extras) if extras else "",
    )


def is_direct(entry: Mapping[str, Any]) -> bool:
    """Tell whether the assignment was made on the policy itself (``source`` absent, null or ``direct``)."""
    return str(entry.get("source") or DIRECT).lower() == DIRECT


def direct_assignments(entries: Iterable[Mapping[str, Any]]) -> tuple[Assignment, ...]:
    """Return the canonical set of the direct entries, sorted, each once."""
    return tuple(sorted({parse_assignment(entry) for entry in entries if is_direct(entry)}))


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no blanks, the OData control annotations beside the type left out."""
    return json.dumps(_without_annotations(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _without_annotations(value: object) -> object:
    if isinstance(value, Mapping):
        return {
            key: _without_annotations(inner)
            for key, inner in value.items()
            if not ("@odata." in key and not key.endswith("@odata.type"))
        }
    if isinstance(value, list):
        return [_without_annotations(inner) for inner in value]
    return value
