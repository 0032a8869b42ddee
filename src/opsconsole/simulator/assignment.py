"""Composes the text of an assignment the way the service would show it: from a posted body, or from an invention."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from .jsontext import quoted
from .policy import Assignment
from .policy_types import NoFilter, PolicyType
from .targets import FILTER_ID, FILTER_TYPE, ODATA_TYPES, ZERO, Target, read_target

NAMESPACE = UUID("6b1f0f5e-5f3c-4f0a-9d55-0c6f6a0e7a11")
"""Root of every id that is derived rather than invented, so that one input always gives one id."""

INTENT_NUMBERS = {"available": 0, "required": 1, "uninstall": 2, "availablewithoutenrollment": 3}

NO_FILTER: dict[NoFilter, str] = {
    "null": f'"{FILTER_ID}":null,"{FILTER_TYPE}":"none"',
    "zero": f'"{FILTER_ID}":"{ZERO}","{FILTER_TYPE}":"none"',
    "absent": "",
}


def assignment_id(policy_type: PolicyType, policy_id: str, target: Target, intent: str = "", part: str = "") -> str:
    """The id that the service gives; `part` tells apart two entries that share a target."""
    group = target.group if len(target.group) <= 40 else str(uuid5(NAMESPACE, target.group))
    match policy_type.id_form:
        case "policy_group":
            built = f"{policy_id}_{group}"
        case "policy_colon_group":
            built = f"{policy_id}:{group}"
        case "autopilot":
            built = f"{policy_id}_{group}_0"
        case "side":
            return f"{group}_{'excl' if target.kind == 'exclusion' else 'incl'}{part and '_' + part}"
        case "intent":
            return f"{group}_{INTENT_NUMBERS.get(intent.lower(), 9)}_{part or 0}"
        case _:
            return str(uuid5(NAMESPACE, f"{policy_type.key}/{policy_id}/{target.kind}/{group}/{part}"))
    return f"{built}_{part}" if part else built


def source_id(policy_type: PolicyType, policy_id: str) -> str:
    """What `sourceId` says of a direct assignment: managed-app types give the zero id."""
    return ZERO if policy_type.id_form == "side" else policy_id


def response_fields(policy_type: PolicyType, policy_id: str, entry_id: str, now: datetime) -> str:
    """The members that only answers have, as text."""
    values = {
        "id": entry_id,
        "source": "direct",
        "sourceId": source_id(policy_type, policy_id),
        "lastModifiedDateTime": f"{now:%Y-%m-%dT%H:%M:%S.%f}Z",
    }
    return ",".join(f'"{name}":{quoted(values[name])}' for name in policy_type.response_only)


def invented(
    policy_type: PolicyType,
    policy_id: str,
    target: Target,
    when: str,
    *,
    extra: str = "",
    intent: str = "",
    policy_set: str = "",
) -> Assignment:
    """An assignment as the portal would have made it; `extra` are further members as text, each with a comma before.

    With `policy_set` it belongs to that policy set and not to the policy itself.
    """
    entry_id = assignment_id(policy_type, policy_id, target, intent, part=policy_set)
    values = {
        "id": entry_id,
        "source": "policySets" if policy_set else "direct",
        "sourceId": policy_set or source_id(policy_type, policy_id),
        "lastModifiedDateTime": when,
    }
    fields = ",".join([f'"{name}":"{values[name]}"' for name in policy_type.response_only])
    if target.filter_id is None:
        chosen = NO_FILTER[policy_type.no_filter]
    else:
        chosen = f'"{FILTER_ID}":"{target.filter_id}","{FILTER_TYPE}":"{target.filter_type}"'
    parts = [f'"@odata.type":"{ODATA_TYPES[target.kind]}"', chosen]
    if target.kind in ("group", "exclusion"):
        parts.append(f'"groupId":"{target.group}"')
    shown = ",".join([part for part in parts if part])
    return Assignment(entry_id, f'{{{fields}{extra},"target":{{{shown}}}}}'.encode())


def target_text(policy_type: PolicyType, members: Mapping[str, msgspec.Raw], target: Target) -> str:
    """The target as shown: type first, then the filter in this type's spelling, then what else was posted, untouched."""
    parts = [f'"@odata.type":{_canonical_type(members, target)}']
    if target.filter_id is None:
        parts.append(NO_FILTER[policy_type.no_filter])
    else:
        parts.append(f'"{FILTER_ID}":"{target.filter_id}","{FILTER_TYPE}":"{target.filter_type}"')
    parts += [
        f"{quoted(name)}:{bytes(raw).decode()}"
        for name, raw in members.items()
        if name not in ("@odata.type", FILTER_ID, FILTER_TYPE)
    ]
    return "{" + ",".join(part for part in parts if part) + "}"


def _canonical_type(members: Mapping[str, msgspec.Raw], target: Target) -> str:
    """A known type in Microsoft's spelling, an unknown one as posted."""
    known = ODATA_TYPES.get(target.kind)
    return quoted(known) if known else bytes(members["@odata.type"]).decode()


def composed(
    policy_type: PolicyType, policy_id: str, entry: Mapping[str, msgspec.Raw], target: Target, now: datetime
) -> Assignment:
    """The assignment that a posted entry becomes: values stay as posted, response-only ones are the service's own."""
    intent = _text_of(entry.get("intent")) or _text_of(entry.get("installIntent"))
    entry_id = assignment_id(policy_type, policy_id, target, intent)
    parts = [response_fields(policy_type, policy_id, entry_id, now)]
    parts += [
        f"{quoted(name)}:{bytes(raw).decode()}"
        for name, raw in entry.items()
        if name not in ("target", "id", "source", "sourceId", "lastModifiedDateTime") and "@odata." not in name
    ]
    members = msgspec.json.decode(entry["target"], type=dict[str, msgspec.Raw])
    parts.append(f'"target":{target_text(policy_type, members, target)}')
    return Assignment(entry_id, ("{" + ",".join(parts) + "}").encode())


def _text_of(raw: msgspec.Raw | None) -> str:
    value = None if raw is None else json.loads(bytes(raw))
    return value if isinstance(value, str) else ""


def parsed(assignment: Assignment) -> dict[str, Any]:
    """The assignment as plain values."""
    value = json.loads(assignment.text)
    return value if isinstance(value, dict) else {}


def target_of(assignment: Assignment) -> Target:
    """What a kept assignment is aimed at."""
    target = parsed(assignment).get("target")
    return read_target(target if isinstance(target, dict) else {})


def is_direct(assignment: Assignment) -> bool:
    """Whether it was set on the policy itself; others belong to a policy set."""
    return b'"source"' not in assignment.text or parsed(assignment).get("source") in (None, "direct")
