"""What ``tenant.check`` asks: one cheap call per policy type and per part of the directory, and the permission it takes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import msgspec

from opsconsole.domain.failure import Failure, FailureCode, Subject
from opsconsole.graph.client import GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.errors import classify
from opsconsole.graph.pages import parse_page
from opsconsole.graph.policy_types import POLICY_TYPES
from opsconsole.graph.throttle import ThrottledClient

GROUP_PERMISSION = "GroupMember.Read.All"
"""Reads the names of groups; Group.ReadBasic.All and Directory.Read.All do too."""

FILTER_PERMISSION = "DeviceManagementConfiguration.Read.All"


@dataclass(frozen=True, slots=True)
class AccessCheck:
    """Whether one thing can be read: a policy type's key, ``groups`` or ``filters``; ``failure`` None means yes."""

    name: str
    permission: str
    failure: Failure | None


async def check_type(
    client: ThrottledClient, policy_type: str, *, code: FailureCode = FailureCode.CHECK_FAILED
) -> AccessCheck:
    """Ask for one policy of a type."""
    row = POLICY_TYPES[policy_type]
    request = GraphRequest("GET", f"{row.path}?$top=1", max_tries=2)
    failure = await _ask(client, request, code, Subject(policy_type=policy_type))
    return AccessCheck(policy_type, row.permission_read, failure)


async def check_directory(
    client: ThrottledClient, *, code: FailureCode = FailureCode.CHECK_FAILED
) -> tuple[AccessCheck, ...]:
    """Ask for a group that does not exist, and for one assignment filter."""
    body = msgspec.json.encode({"ids": [str(uuid.uuid4())], "types": ["group"]})
    groups = await _ask(client, GraphRequest("POST", "/directoryObjects/getByIds", body, max_tries=2), code, Subject())
    if groups is not None and groups.trace.http_status == 403:
        groups = await _ask(client, GraphRequest("GET", "/groups?$top=1&$select=id", max_tries=2), code, Subject())
    filters = await _ask(
        client, GraphRequest("GET", "/deviceManagement/assignmentFilters?$top=1", max_tries=2), code, Subject()
    )
    return (
        AccessCheck("groups", GROUP_PERMISSION, groups),
        AccessCheck("filters", FILTER_PERMISSION, filters),
    )


async def _ask(client: ThrottledClient, request: GraphRequest, code: FailureCode, subject: Subject) -> Failure | None:
    outcome: GraphAnswer | GraphFault
    try:
        outcome = await client.send(request)
        if outcome.is_success:
            parse_page(outcome.body)
            return None
    except GraphFault as fault:
        outcome = fault
    return classify(outcome, code, subject)
