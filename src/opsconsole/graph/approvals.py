"""Requests for Multi Admin Approval: where each of those that a restore filed stands (graph.md 3.4)."""

from __future__ import annotations

from enum import StrEnum

from opsconsole.domain.failure import Failure, FailureCode
from opsconsole.graph.client import GraphFault, GraphRequest
from opsconsole.graph.errors import classify
from opsconsole.graph.jsontext import NoJson, object_parts, value_of
from opsconsole.graph.pages import RefusedAnswer, follow
from opsconsole.graph.throttle import ThrottledClient

PATH = "/deviceManagement/operationApprovalRequests"
"""Read with the permission that reads configuration, or the one that reads roles."""


class ApprovalStatus(StrEnum):
    """Where a request stands; anything else that Graph may say is ``UNKNOWN``."""

    WAITING = "needsapproval"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    COMPLETED = "completed"
    UNKNOWN = "unknown"


async def read_approvals(client: ThrottledClient) -> dict[str, ApprovalStatus] | Failure:
    """Return where each request stands, by its lower-case code, or why that cannot be read."""
    found: dict[str, ApprovalStatus] = {}
    try:
        async for page in follow(client, GraphRequest("GET", PATH, max_tries=2)):
            for raw in page.entries:
                code, status = _parts(raw)
                if code:
                    found[code] = status
    except RefusedAnswer as refused:
        return classify(refused.answer, FailureCode.RESTORE_FAILED)
    except GraphFault as fault:
        return classify(fault, FailureCode.RESTORE_FAILED)
    return found


def _parts(raw: bytes) -> tuple[str, ApprovalStatus]:
    try:
        parts = object_parts(raw)
    except NoJson:
        return "", ApprovalStatus.UNKNOWN
    text = str(value_of(parts.get("status")) or "").lower()
    status = ApprovalStatus(text) if text in {one.value for one in ApprovalStatus} else ApprovalStatus.UNKNOWN
    return str(value_of(parts.get("id")) or "").lower(), status
