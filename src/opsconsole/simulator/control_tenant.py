"""Control requests about the tenant: policies, directory, settings."""

from typing import Any, get_args
from uuid import uuid4

from .control_body import Refused, decoded, members, number
from .directory import make_group
from .imported_policy import import_assignments, import_policy
from .messages import Answer
from .policy import Policy
from .policy_types import BY_KEY
from .service import Service
from .shake import shake
from .snapshot import snapshot
from .tenant import UnknownTargets

SETS = ("denied_types", "denied_writes", "unavailable_types", "protected_types")
"""The tenant's settings that are sets of policy type keys."""


def state(service: Service, _names: list[str], _body: Any) -> Any:
    """Counts and settings."""
    tenant = service.tenant
    return {
        "tenant": {"id": tenant.id, "name": tenant.name},
        "policies": tenant.counts(),
        "total": len(tenant),
        "groups": len(tenant.directory.groups),
        "filters": len(tenant.directory.filters),
        "requests": len(service.journal),
        "faults": service.faults.state(),
        "latency_ms": service.latency_ms,
        "settings": {
            **{name: sorted(getattr(tenant, name)) for name in SETS},
            "unknown_targets": tenant.unknown_targets,
        },
    }


def list_policies(service: Service, names: list[str], _body: Any) -> Any:
    """The policies of a type."""
    _known_type(names[0])
    return [
        {"id": policy.id, "name": policy.name, "assignments": len(policy.assignments), "built_in": policy.built_in}
        for policy in service.tenant.shelves[names[0]]
    ]


def add_policy(service: Service, names: list[str], body: bytes) -> Any:
    """A new policy, as someone would make it in the portal."""
    _known_type(names[0])
    policy = import_policy(service.tenant, names[0], body.decode(), origin=str(uuid4()))
    return {"id": policy.id}


def remove_policy(service: Service, names: list[str], _body: Any) -> Any:
    """A policy gone."""
    policy = _policy(service, names)
    service.tenant.shelves[policy.type.key].remove(policy.id)
    return {}


def read_assignments(service: Service, names: list[str], _body: Any) -> Any:
    """The assignments of a policy, byte for byte."""
    policy = _policy(service, names)
    return Answer(200, b"[" + b",".join([assignment.text for assignment in policy.assignments]) + b"]")


def put_assignments(service: Service, names: list[str], body: bytes) -> Any:
    """Other assignments, whatever the rules of the service say."""
    policy = _policy(service, names)
    if not isinstance(decoded(body), list):
        raise Refused("expected a list of assignments")
    policy.assignments = import_assignments(service.tenant, policy.type, policy.id, body.decode())
    return {"assignments": len(policy.assignments)}


def list_groups(service: Service, _names: list[str], _body: Any) -> Any:
    """All groups."""
    return [{"id": group.id, "name": group.name} for group in service.tenant.directory.groups]


def add_group(service: Service, _names: list[str], body: bytes) -> Any:
    """A new group."""
    given = members(body, {"displayName", "id", "membershipRule"})
    name = given.get("displayName")
    if not isinstance(name, str):
        raise Refused("displayName: expected text")
    group = make_group(str(given.get("id") or uuid4()), name, rule=given.get("membershipRule"))
    service.tenant.directory.groups.add(group)
    return {"id": group.id}


def remove_group(service: Service, names: list[str], _body: Any) -> Any:
    """A group gone; assignments to it stay, as they do in Intune."""
    if service.tenant.directory.groups.remove(names[0]) is None:
        raise KeyError(f"group {names[0]}")
    return {}


def list_filters(service: Service, _names: list[str], _body: Any) -> Any:
    """All assignment filters."""
    return [{"id": found.id, "name": found.name} for found in service.tenant.directory.filters]


def remove_filter(service: Service, names: list[str], _body: Any) -> Any:
    """A filter gone."""
    if service.tenant.directory.filters.remove(names[0]) is None:
        raise KeyError(f"filter {names[0]}")
    return {}


def read_snapshot(service: Service, _names: list[str], _body: Any) -> Any:
    """All assignments, comparable."""
    return snapshot(service.tenant)


def shake_policies(service: Service, _names: list[str], body: bytes) -> Any:
    """Changes at random."""
    given = members(body, {"count", "seed"})
    return shake(service.tenant, number(given, "count", 1), seed=number(given, "seed", 0))


def change_settings(service: Service, _names: list[str], body: bytes) -> Any:
    """What the tenant permits."""
    given = members(body, {*SETS, "unknown_targets"})
    for name, value in given.items():
        if name == "unknown_targets":
            if value not in get_args(UnknownTargets):
                raise Refused(f"unknown_targets: expected one of {', '.join(get_args(UnknownTargets))}")
        elif not isinstance(value, list) or not all(isinstance(key, str) for key in value):
            raise Refused(f"{name}: expected a list of policy type keys")
    for name, value in given.items():
        setattr(service.tenant, name, value if name == "unknown_targets" else set(value))
    return state(service, [], None)["settings"]


def _policy(service: Service, names: list[str]) -> Policy:
    _known_type(names[0])
    return service.tenant.policy(names[0], names[1])


def _known_type(key: str) -> None:
    if key not in BY_KEY:
        raise KeyError(f"policy type {key}")
