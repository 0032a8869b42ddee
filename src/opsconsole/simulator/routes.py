"""Reads a request's address: which operation it asks for, on which policy or object."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from .messages import GraphRequest
from .policy_types import BY_PATH, PolicyType

Operation = Literal[
    "list",
    "read",
    "assignments",
    "assignment",
    "assign",
    "update",
    "append",
    "remove",
    "batch",
    "get_by_ids",
    "groups",
    "group",
    "filters",
    "filter",
    "organization",
    "approvals",
    "approval",
    "unknown",
]

WRITES: frozenset[Operation] = frozenset({"assign", "update", "append", "remove"})
"""Operations that change a policy's assignments."""

_KEYED = re.compile(r"(?P<name>[^()]+)\('(?P<key>.*)'\)")


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request leads; `segment` is what could not be understood when the operation is `unknown`."""

    operation: Operation
    version: str = "beta"
    type: PolicyType | None = None
    object_id: str = ""
    assignment_id: str = ""
    segment: str = ""

    @property
    def scope(self) -> str:
        """The policy type's key, or the name that permissions and faults know the rest by."""
        if self.type is not None:
            return self.type.key
        return OBJECT_SCOPES.get(self.operation, "")


OBJECT_SCOPES: dict[Operation, str] = {
    "get_by_ids": "groups",
    "groups": "groups",
    "group": "groups",
    "filters": "assignmentFilters",
    "filter": "assignmentFilters",
    "approvals": "operationApprovalRequests",
    "approval": "operationApprovalRequests",
}

# (method, collection, has a key): the addresses outside the policy types, and the versions that have them.
_OBJECTS: dict[tuple[str, str, bool], tuple[Operation, tuple[str, ...]]] = {
    ("POST", "$batch", False): ("batch", ("beta", "v1.0")),
    ("POST", "directoryobjects/getbyids", False): ("get_by_ids", ("beta", "v1.0")),
    ("GET", "groups", False): ("groups", ("beta", "v1.0")),
    ("GET", "groups", True): ("group", ("beta", "v1.0")),
    ("GET", "organization", False): ("organization", ("beta", "v1.0")),
    ("GET", "devicemanagement/assignmentfilters", False): ("filters", ("beta",)),
    ("GET", "devicemanagement/assignmentfilters", True): ("filter", ("beta",)),
    ("GET", "devicemanagement/operationapprovalrequests", False): ("approvals", ("beta",)),
    ("GET", "devicemanagement/operationapprovalrequests", True): ("approval", ("beta",)),
}

# (method, what follows the key): the addresses of a policy.
_POLICY: dict[tuple[str, str], Operation] = {
    ("GET", ""): "read",
    ("GET", "assignments"): "assignments",
    ("POST", "assignments"): "append",
    ("POST", "assign"): "assign",
    ("POST", "update"): "update",
    ("GET", "assignments/*"): "assignment",
    ("DELETE", "assignments/*"): "remove",
}


def segments(path: str) -> list[str]:
    """The path's segments, decoded; the key form `name('id')` becomes two, and casts to a derived type vanish."""
    found: list[str] = []
    for raw in path.strip("/").split("/"):
        part = unquote(raw)
        keyed = _KEYED.fullmatch(part)
        if keyed:
            found += [keyed["name"], keyed["key"].replace("''", "'")]
        elif part.lower() in ("microsoft.graph.assign", "microsoft.graph.update"):
            found.append(part.lower().removeprefix("microsoft.graph."))
        elif not part.startswith("microsoft.graph."):
            found.append(part)
    return found


def resolve(request: GraphRequest) -> Route:
    """The route of a request; never raises: what leads nowhere is `unknown`."""
    parts = segments(urlsplit(request.target).path)
    version, rest = parts[0] if parts else "", parts[1:]
    if version not in ("beta", "v1.0"):
        return Route("unknown", version, segment=version)
    for length in (2, 1):
        collection = "/".join(rest[:length]).lower()
        policy_type = BY_PATH.get(collection) if version == "beta" else None
        if policy_type is not None:
            return _policy_route(request.method, version, policy_type, rest[2:])
        keyed = len(rest) == length + 1
        known = _OBJECTS.get((request.method, collection, keyed)) if len(rest) in (length, length + 1) else None
        if known and version in known[1]:
            return Route(known[0], version, object_id=rest[length] if keyed else "")
    return Route("unknown", version, segment=rest[1] if len(rest) > 1 else "".join(rest[:1]))


def _policy_route(method: str, version: str, policy_type: PolicyType, rest: list[str]) -> Route:
    """The route below a policy collection; `rest` is what follows it."""
    if not rest:
        if method == "GET":
            return Route("list", version, policy_type)
        return Route("unknown", version, policy_type, segment=policy_type.collection)
    policy_id, *tail = rest
    name = tail[0].lower() if tail else ""
    operation = _POLICY.get((method, "/".join([name, *["*"] * (len(tail) - 1)])))
    if operation is None or not _offers(policy_type, operation):
        return Route("unknown", version, policy_type, policy_id, segment=tail[0] if tail else policy_type.collection)
    return Route(operation, version, policy_type, policy_id, tail[1] if len(tail) > 1 else "")


def _offers(policy_type: PolicyType, operation: Operation) -> bool:
    """Whether the type has the action; Autopilot has an `assign` too, but for devices, which the writer refuses."""
    if operation == "update":
        return policy_type.write == "update"
    if operation == "assign":
        return policy_type.write == "assign" or policy_type.key == "windowsAutopilotDeploymentProfile"
    return True
