"""A failure: what failed, why in one of a closed set of reasons, and what the operator can do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FailureCode(StrEnum):
    """What failed, by operation."""

    CAPTURE_FAILED = "backup.capture_failed"
    FETCH_FAILED = "assignments.fetch_failed"
    PREVIEW_FAILED = "assignments.preview_failed"
    RESTORE_FAILED = "assignments.restore_failed"
    RESTORE_BLOCKED = "assignments.restore_blocked"
    VERIFY_FAILED = "assignments.verify_failed"
    DRIFT_FAILED = "assignments.drift_failed"
    CHECK_FAILED = "tenant.check_failed"
    INTERRUPTED = "operation.interrupted"
    INTERNAL_ERROR = "operation.internal_error"


class Reason(StrEnum):
    """Why it failed, normalised. Closed: ``REASONS`` explains each one."""

    PERMISSION_DENIED = "permission_denied"
    AUTHENTICATION_FAILED = "authentication_failed"
    LICENSE_REQUIRED = "license_required"
    POLICY_NOT_FOUND = "policy_not_found"
    POLICY_AMBIGUOUS = "policy_ambiguous"
    GROUP_NOT_FOUND = "group_not_found"
    GROUP_AMBIGUOUS = "group_ambiguous"
    FILTER_NOT_FOUND = "filter_not_found"
    UNSUPPORTED_TARGET = "unsupported_target"
    UNSUPPORTED_POLICY_TYPE = "unsupported_policy_type"
    INVALID_REQUEST = "invalid_request"
    CONFLICT = "conflict"
    CHANGED_SINCE_PREVIEW = "changed_since_preview"
    VERIFICATION_MISMATCH = "verification_mismatch"
    BACKUP_INCOMPLETE = "backup_incomplete"
    THROTTLED = "throttled"
    SERVICE_UNAVAILABLE = "service_unavailable"
    TIMEOUT = "timeout"
    NETWORK_UNREACHABLE = "network_unreachable"
    MALFORMED_RESPONSE = "malformed_response"
    APPROVAL_REQUIRED = "approval_required"
    STORE_UNAVAILABLE = "store_unavailable"
    CANCELLED = "cancelled"
    WORKER_LOST = "worker_lost"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class ReasonInfo:
    """What a screen says about a reason: one sentence of explanation, one of advice, and whether a retry alone can help."""

    explanation: str
    next_step: str
    is_transient: bool = False


REASONS: dict[Reason, ReasonInfo] = {
    Reason.PERMISSION_DENIED: ReasonInfo(
        "Graph refused: the sign-in lacks a permission or an Intune role for this.",
        "Run `opsconsole tenants check` to see which permission is missing, grant it with admin consent, then retry.",
    ),
    Reason.AUTHENTICATION_FAILED: ReasonInfo(
        "Signing in to the tenant failed, or Graph did not accept the token.",
        "Check the secret or certificate, its expiry and the tenant id with `opsconsole doctor`, then retry.",
    ),
    Reason.LICENSE_REQUIRED: ReasonInfo(
        "The tenant or the signed-in account has no licence for this feature.",
        "Assign the licence, or leave this policy type out with `--types`.",
    ),
    Reason.POLICY_NOT_FOUND: ReasonInfo(
        "The policy does not exist any more, or is outside the sign-in's scope tags.",
        "If it was deleted, a new backup does not list it; a restore cannot bring it back: leave it out (`--without`).",
    ),
    Reason.POLICY_AMBIGUOUS: ReasonInfo(
        "Several policies in the tenant have this type and name, so none was chosen.",
        "Rename all but one of them, then preview again.",
    ),
    Reason.GROUP_NOT_FOUND: ReasonInfo(
        "A group of the backup does not exist in the tenant, neither by its id nor by its name.",
        "Map it to another group or drop it with a mapping file (`--map`), then preview again.",
    ),
    Reason.GROUP_AMBIGUOUS: ReasonInfo(
        "Several groups in the tenant have this name, so none was chosen.",
        "Name the right one by id in a mapping file (`--map`), then preview again.",
    ),
    Reason.FILTER_NOT_FOUND: ReasonInfo(
        "An assignment filter of the backup does not exist in the tenant, neither by its id nor by its name.",
        "Map it to another filter or drop it with a mapping file (`--map`), then preview again.",
    ),
    Reason.UNSUPPORTED_TARGET: ReasonInfo(
        "This kind of target cannot be assigned to this kind of policy.",
        "Leave the policy out with `--without`, or drop the target with a mapping file (`--map`).",
    ),
    Reason.UNSUPPORTED_POLICY_TYPE: ReasonInfo(
        "This policy type, or this built-in policy, cannot be read or assigned here.",
        "Nothing to do: it is listed so that you know it was left out.",
    ),
    Reason.INVALID_REQUEST: ReasonInfo(
        "Graph rejected the request as invalid.",
        "Look at the message; support can follow the request id. Leave the policy out with `--without` to restore the others.",
    ),
    Reason.CONFLICT: ReasonInfo(
        "The policy was changed by somebody else while this ran.",
        "Preview again to see what is there now, then decide.",
    ),
    Reason.CHANGED_SINCE_PREVIEW: ReasonInfo(
        "The live assignments are not what the preview saw, so nothing was written for this policy.",
        "Preview again, look at the new plan, then run it.",
    ),
    Reason.VERIFICATION_MISMATCH: ReasonInfo(
        "The write was accepted, but reading back did not show what was planned.",
        "Look at the policy in Intune, then preview again; `opsconsole restore undo ID --items TYPE:ID` brings back what was "
        "there before.",
    ),
    Reason.BACKUP_INCOMPLETE: ReasonInfo(
        "The backup set does not hold this policy's assignments.",
        "Run `opsconsole backups fetch SET --failed`, or accept the gap with `--accept-missing N`.",
    ),
    Reason.THROTTLED: ReasonInfo(
        "Graph asked to slow down for longer than a run may wait.",
        "Retry later; the run will do only what is left.",
        is_transient=True,
    ),
    Reason.SERVICE_UNAVAILABLE: ReasonInfo(
        "Graph or Intune had an internal fault.",
        "Retry later; the run will do only what is left.",
        is_transient=True,
    ),
    Reason.TIMEOUT: ReasonInfo(
        "Graph did not answer in time.",
        "Retry; the run will do only what is left.",
        is_transient=True,
    ),
    Reason.NETWORK_UNREACHABLE: ReasonInfo(
        "Graph could not be reached from this machine.",
        "Check the network, proxy and `base_url` with `opsconsole doctor`, then retry.",
        is_transient=True,
    ),
    Reason.MALFORMED_RESPONSE: ReasonInfo(
        "Graph's answer was cut off, was no JSON, or lacked what it must hold.",
        "Retry; if it stays, support can follow the request id.",
        is_transient=True,
    ),
    Reason.APPROVAL_REQUIRED: ReasonInfo(
        "The tenant wants a second administrator to approve this change (Multi Admin Approval).",
        "Run with `--justification TEXT`, have the request approved in Intune, then run `opsconsole restore retry`.",
    ),
    Reason.STORE_UNAVAILABLE: ReasonInfo(
        "The store could not be read or written.",
        "Run `opsconsole doctor`; once the store is back, the run goes on where it stood.",
        is_transient=True,
    ),
    Reason.CANCELLED: ReasonInfo(
        "The run was cancelled before it came to this.",
        "Retry it if it was cancelled by mistake.",
        is_transient=True,
    ),
    Reason.WORKER_LOST: ReasonInfo(
        "The engine that ran this was lost several times.",
        "Look into the log for why it ended, then retry.",
        is_transient=True,
    ),
    Reason.INTERNAL_ERROR: ReasonInfo(
        "opsconsole itself made a mistake here.",
        "Please report it with the log; retrying does no harm.",
        is_transient=True,
    ),
}
"""Every reason, explained. A test holds that none is missing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Which policy (or policy type) a failure is about; empty fields are unknown or not applicable."""

    policy_type: str = ""
    policy_id: str = ""
    policy_name: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the fields that are known."""
        pairs = (
            ("policy_type", self.policy_type),
            ("policy_id", self.policy_id),
            ("policy_name", self.policy_name),
        )
        return {key: value for key, value in pairs if value}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Subject:
        """Return the subject that ``to_json`` wrote; unknown keys are ignored."""
        return cls(
            str(value.get("policy_type", "")),
            str(value.get("policy_id", "")),
            str(value.get("policy_name", "")),
        )


@dataclass(frozen=True, slots=True)
class GraphTrace:
    """What support needs to follow a Graph answer; none of it is secret."""

    http_status: int | None = None
    graph_code: str = ""
    request_id: str = ""
    client_request_id: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the fields that are known."""
        pairs = (
            ("http_status", self.http_status),
            ("graph_code", self.graph_code),
            ("request_id", self.request_id),
            ("client_request_id", self.client_request_id),
        )
        return {key: value for key, value in pairs if value}


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure record. ``message`` is clean text already (promise 13)."""

    code: FailureCode
    reason: Reason
    message: str
    subject: Subject = field(default_factory=Subject)
    trace: GraphTrace = field(default_factory=GraphTrace)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md, with the Graph trace added where there is one."""
        value: dict[str, Any] = {
            "code": self.code.value,
            "reason_code": self.reason.value,
            "message": self.message,
            "subject": self.subject.to_json(),
        }
        if trace := self.trace.to_json():
            value["graph"] = trace
        return value

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Failure:
        """Return the failure that ``to_json`` wrote."""
        trace = value.get("graph") or {}
        return cls(
            FailureCode(value["code"]),
            Reason(value["reason_code"]),
            str(value["message"]),
            Subject.from_json(value.get("subject") or {}),
            GraphTrace(
                trace.get("http_status"),
                str(trace.get("graph_code", "")),
                str(trace.get("request_id", "")),
                str(trace.get("client_request_id", "")),
            ),
        )
