"""The state of all assignments in a form made for comparing."""

import json
from typing import Any

from .assignment import parsed
from .policy import Assignment
from .targets import FILTER_ID, FILTER_TYPE, read_target
from .tenant import Tenant

NOT_COMPARED = frozenset({"id", "source", "sourceId", "lastModifiedDateTime", "target"})
NOT_COMPARED_IN_TARGET = frozenset({"@odata.type", "groupId", "collectionId", FILTER_ID, FILTER_TYPE})


def snapshot(tenant: Tenant) -> dict[str, list[dict[str, Any]]]:
    """`{type/id: [assignments]}` of everything: without ids and source, spellings evened out, sorted."""
    return {f"{policy.type.key}/{policy.id}": canonical(policy.assignments) for policy in tenant}


def canonical(assignments: list[Assignment]) -> list[dict[str, Any]]:
    """Assignments as comparable values, sorted."""
    return sorted((_canonical(assignment) for assignment in assignments), key=_text)


def _canonical(assignment: Assignment) -> dict[str, Any]:
    entry = parsed(assignment)
    raw_target = entry.get("target")
    raw_target = raw_target if isinstance(raw_target, dict) else {}
    target = read_target(raw_target)
    shown: dict[str, Any] = {
        "kind": target.kind,
        "group": target.group,
        "filter": target.filter_id,
        "filter_type": target.filter_type,
    }
    rest = {
        name: value for name, value in raw_target.items() if name not in NOT_COMPARED_IN_TARGET and value is not None
    }
    if rest:
        shown["target"] = rest
    for name, value in entry.items():
        if name not in NOT_COMPARED and "@odata." not in name and value is not None:
            shown[name] = value
    return shown


def _text(entry: dict[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True)
