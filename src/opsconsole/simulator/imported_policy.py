"""Takes a policy as text from outside: cuts its assignments off, completes what an export left out, keeps all else."""

import json
from typing import Any
from uuid import uuid5

from .assignment import NAMESPACE, assignment_id
from .built_in import BUILT_IN_NAME, SUFFIX_OF_TYPE, is_built_in_id
from .directory import make_filter, make_group
from .jsontext import elements, members, quoted, with_first, without
from .policy import Assignment, Policy
from .policy_types import BY_KEY, PolicyType
from .seed_names import DEPARTMENTS, GROUP_KINDS
from .targets import FILTER_ID, GUID, PSEUDO_GROUPS, ZERO, read_target
from .tenant import Tenant

EXPORTED_NAMES = ("groupName", "groupType", "membershipRule")
"""What IntuneCD writes in place of a group's id."""


def import_policy(tenant: Tenant, key: str, text: str, *, origin: str, learn: bool = False) -> Policy:
    """Adds a policy to the tenant; raises ValueError for what is no JSON object, or where its id is taken.

    `origin` is what an id is derived from where the text has none. With `learn`, groups and filters that its assignments
    name are added to the directory.
    """
    policy_type = BY_KEY[key]
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("expected an object")
    body, cut = without(text.strip(), {"assignments", "assignments@odata.context"})
    policy_id = values.get("id")
    if not isinstance(policy_id, str) or not policy_id:
        policy_id = derived_id(policy_type, values, origin)
        body = with_first(body, f'"id":"{policy_id}"')
    if policy_id in tenant.shelves[key]:
        raise ValueError(f"the id {policy_id} is taken")
    name = values.get(policy_type.name_field) or values.get("displayName") or values.get("name")
    odata_type = str(values.get("@odata.type") or "").removeprefix("#")
    cast = f"/{odata_type}" if odata_type and odata_type.rpartition(".")[2] != policy_type.entity else ""
    listed = cut.get("assignments", "[]")
    assignments = import_assignments(
        tenant, policy_type, policy_id, listed if listed.startswith("[") else "[]", learn=learn
    )
    built_in = policy_type.key == "deviceEnrollmentConfiguration" and is_built_in_id(policy_id)
    return tenant.add_policy(key, policy_id, str(name or ""), body.encode(), assignments, cast=cast, built_in=built_in)


def derived_id(policy_type: PolicyType, values: dict[str, Any], origin: str) -> str:
    """An id for a policy that came without: the same for the same origin, in the type's form."""
    base = str(uuid5(NAMESPACE, f"{policy_type.key}/{origin}"))
    if policy_type.key == "deviceEnrollmentConfiguration":
        suffix = SUFFIX_OF_TYPE.get(str(values.get("@odata.type", "")).rpartition(".")[2])
        if suffix and values.get("displayName") == BUILT_IN_NAME:
            return f"{base}_{suffix}"
    return f"{policy_type.id_prefix}{base}"


def import_assignments(
    tenant: Tenant, policy_type: PolicyType, policy_id: str, text: str, *, learn: bool = False
) -> list[Assignment]:
    """The assignments of an array text; what is complete stays byte for byte. Raises ValueError for an entry that is no object."""
    found: list[Assignment] = []
    for element in elements(text):
        values = json.loads(element)
        if not isinstance(values, dict):
            raise ValueError("expected a list of assignments, each an object")
        target = values.get("target")
        if isinstance(target, dict):
            whole = _with_ids(tenant, policy_type, element, target)
            if learn:
                _learn(tenant, json.loads(whole)["target"], policy_type)
            element = whole
        entry_id = values.get("id")
        if not isinstance(entry_id, str) or not entry_id:
            read = read_target(json.loads(element).get("target") or {})
            intent = str(values.get("intent") or values.get("installIntent") or "")
            entry_id = assignment_id(policy_type, policy_id, read, intent)
            element = with_first(element, f'"id":{quoted(entry_id)}')
        found.append(Assignment(entry_id, element.encode()))
    return found


def _with_ids(tenant: Tenant, policy_type: PolicyType, element: str, target: dict[str, Any]) -> str:
    """The entry with ids where the export has names: a group's, a filter's."""
    additions: list[str] = []
    drop: set[str] = set()
    group_name = target.get("groupName")
    if isinstance(group_name, str) and not target.get("groupId"):
        group = tenant.directory.group_named(group_name, rule=_text_or_none(target.get("membershipRule")))
        additions.append(f'"groupId":"{group.id}"')
        drop |= {*EXPORTED_NAMES, "groupId"}
    filter_name = target.get(FILTER_ID)
    if isinstance(filter_name, str) and filter_name and not GUID.fullmatch(filter_name):
        kind = "apps" if policy_type.area == "managed_apps" else "devices"
        additions.append(f'"{FILTER_ID}":"{tenant.directory.filter_named(filter_name, kind=kind).id}"')
        drop.add(FILTER_ID)
    if not additions:
        return element
    place = next(member for member in members(element) if member.key == "target")
    rest, _ = without(element[place.value : place.end], drop)
    for addition in additions:
        rest = with_first(rest, addition)
    return element[: place.value] + rest + element[place.end :]


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _learn(tenant: Tenant, target: dict[str, Any], policy_type: PolicyType) -> None:
    """Adds the group and the filter of a target to the directory, under invented names, unless they are known."""
    directory = tenant.directory
    group_id, filter_id = target.get("groupId"), target.get(FILTER_ID)
    if (
        isinstance(group_id, str)
        and group_id
        and group_id.lower() not in PSEUDO_GROUPS
        and group_id not in directory.groups
    ):
        directory.groups.add(make_group(group_id, invented_name(group_id)))
    if (
        isinstance(filter_id, str)
        and GUID.fullmatch(filter_id)
        and filter_id != ZERO
        and filter_id not in directory.filters
    ):
        kind = "apps" if policy_type.area == "managed_apps" else "devices"
        directory.filters.add(make_filter(filter_id, f"Filter {invented_name(filter_id)}", kind=kind))


def invented_name(object_id: str) -> str:
    """A plausible name for an id, always the same one."""
    number = uuid5(NAMESPACE, object_id).int
    department = DEPARTMENTS[number % len(DEPARTMENTS)]
    kind = GROUP_KINDS[number // 97 % len(GROUP_KINDS)]
    return f"SG-{department}-{kind}-{number % 9000 + 1000}"
