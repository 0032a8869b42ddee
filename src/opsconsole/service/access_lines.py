"""What the last check of a tenant found, policy type by policy type, with what to grant where something is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from opsconsole.domain.failure import REASONS, Reason
from opsconsole.graph.policy_types import POLICY_TYPES, supported_types

DIRECTORY = {"groups": "Groups", "filters": "Assignment filters"}
"""What a check asks for beside the policy types."""


class AccessState(StrEnum):
    """Whether something can be read."""

    OK = "ok"
    MISSING = "missing"
    NOT_AVAILABLE = "not_available"
    FAILED = "failed"
    UNKNOWN = "unknown"


NOT_OFFERED = frozenset({Reason.LICENSE_REQUIRED, Reason.UNSUPPORTED_POLICY_TYPE})
"""Reasons that no permission would change: this cloud or licence does not have the type."""


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One policy type, or part of the directory: ``permission`` is the least that reads it."""

    subject: str
    label: str
    permission: str
    state: AccessState
    message: str = ""
    next_step: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return {
            "subject": self.subject,
            "label": self.label,
            "permission": self.permission or None,
            "state": self.state.value,
            "message": self.message or None,
            "next_step": self.next_step or None,
        }


def access_lines(checks: Sequence[Mapping[str, Any]] | None) -> tuple[AccessLine, ...]:
    """Return a line for each policy type and each part of the directory; what was never checked is unknown."""
    found = {str(check.get("subject")): check for check in checks or ()}
    names = {**{row.key: row.label for row in supported_types()}, **DIRECTORY}
    names |= {subject: subject for subject in found if subject not in names}
    return tuple(_line(subject, label, found.get(subject)) for subject, label in names.items())


def _line(subject: str, label: str, check: Mapping[str, Any] | None) -> AccessLine:
    row = POLICY_TYPES.get(subject)
    permission = str((check or {}).get("permission") or (row.permission_read if row else ""))
    if check is None:
        return AccessLine(subject, label, permission, AccessState.UNKNOWN)
    if check.get("ok"):
        return AccessLine(subject, label, permission, AccessState.OK)
    message = str(check.get("message") or "")
    try:
        reason = Reason(str(check.get("reason_code")))
    except ValueError:
        return AccessLine(subject, label, permission, AccessState.FAILED, message)
    if reason is Reason.PERMISSION_DENIED:
        step = f"Grant {permission} with admin consent, then check."
        return AccessLine(subject, label, permission, AccessState.MISSING, message, step)
    state = AccessState.NOT_AVAILABLE if reason in NOT_OFFERED else AccessState.FAILED
    return AccessLine(subject, label, permission, state, message, REASONS[reason].next_step)
