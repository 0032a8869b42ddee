"""Multi Admin Approval: writes to protected types wait for a second person."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from .call import Call
from .errors import GraphError, bad_request, not_found
from .messages import Answer, GraphRequest
from .policy import METADATA

JUSTIFICATION = "x-msft-approval-justification"
CODE = "x-msft-approval-code"
MAX_JUSTIFICATION = 1024
"""Longest justification, in characters after decoding."""
LIFETIME = timedelta(days=30)
"""How long a request waits before it expires."""

ApprovalStatus = Literal["needsApproval", "approved", "rejected", "cancelled", "completed", "expired"]
STATUSES: tuple[str, ...] = get_args(ApprovalStatus)


@dataclass(slots=True)
class Approval:
    """One request for approval; its id is the code that the client got."""

    id: str
    method: str
    url: str
    body: bytes
    justification: str
    filed: datetime
    status: ApprovalStatus = "needsApproval"

    def shown(self) -> dict[str, Any]:
        """The request as Graph lists it."""
        return {
            "id": self.id,
            "requestDateTime": f"{self.filed:%Y-%m-%dT%H:%M:%SZ}",
            "expirationDateTime": f"{self.filed + LIFETIME:%Y-%m-%dT%H:%M:%SZ}",
            "lastModifiedDateTime": f"{self.filed:%Y-%m-%dT%H:%M:%SZ}",
            "status": self.status,
            "requestJustification": self.justification,
            "approvalJustification": None,
        }


class Approvals:
    """All requests for approval of one tenant, the oldest first."""

    def __init__(self) -> None:
        self.requests: dict[str, Approval] = {}

    def admit(self, call: Call, new_id: UUID) -> None:
        """Lets a write through, or refuses it: 400 without a reason given, 412 once filed, 409 while one waits."""
        request, now = call.request, call.tenant.clock.now()
        self.expire(now)
        code = request.headers.get(CODE)
        if code is not None:
            self._redeem(code, request)
            return
        reason = request.headers.get(JUSTIFICATION)
        if reason is None:
            raise bad_request(f"Header '{JUSTIFICATION}' is required to request approval")
        justification = _decoded(reason)
        if any(known.url == request.target and known.method == request.method for known in self._active()):
            raise GraphError(409, "Conflict", "An active Approval Request already exists")
        filed = Approval(str(new_id), request.method, request.target, request.body, justification, now)
        self.requests[filed.id] = filed
        raise GraphError(
            412,
            "ApprovalRequired",
            f"Approval Required. Request Approval using the request ID returned as part of the {CODE} header.",
            headers={CODE: filed.id},
        )

    def settle(self, approval_id: str, status: str) -> Approval:
        """What the second person, or time, decides; raises KeyError for an unknown request, ValueError for a status."""
        approval = self.requests[approval_id]
        if status not in STATUSES:
            raise ValueError(f"status: expected one of {', '.join(STATUSES)}, got {status!r}")
        approval.status = status  # type: ignore[assignment]
        return approval

    def _active(self) -> list[Approval]:
        return [known for known in self.requests.values() if known.status in ("needsApproval", "approved")]

    def expire(self, now: datetime) -> None:
        """Ends what waited too long."""
        for known in self._active():
            if now > known.filed + LIFETIME:
                known.status = "expired"

    def _redeem(self, code: str, request: GraphRequest) -> None:
        """Uses up an approval; refuses one that is not given, or given for something else."""
        approval = self.requests.get(code)
        if approval is None or approval.status != "approved":
            state = approval.status if approval else "unknown"
            raise bad_request(f"The Approval Request is not approved (status: {state}).")
        if (approval.method, approval.url, approval.body) != (request.method, request.target, request.body):
            raise bad_request("The request does not match the approved request.")
        approval.status = "completed"


def _decoded(reason: str) -> str:
    """The justification in clear; refuses what is not base64 text of the right length."""
    try:
        text = base64.b64decode(reason, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    if not 1 <= len(text) <= MAX_JUSTIFICATION:
        raise bad_request(f"Header '{JUSTIFICATION}' is not valid.")
    return text


def list_approvals(call: Call, approvals: Approvals) -> Answer:
    """All requests and where they stand."""
    approvals.expire(call.tenant.clock.now())
    value = [approval.shown() for approval in approvals.requests.values()]
    context = f"{METADATA}deviceManagement/operationApprovalRequests"
    return Answer(200, json.dumps({"@odata.context": context, "value": value}).encode())


def read_approval(call: Call, approvals: Approvals) -> Answer:
    """One request; 404 where there is none."""
    approvals.expire(call.tenant.clock.now())
    approval = approvals.requests.get(call.route.object_id)
    if approval is None:
        raise not_found()
    context = f"{METADATA}deviceManagement/operationApprovalRequests/$entity"
    return Answer(200, json.dumps({"@odata.context": context, **approval.shown()}).encode())
