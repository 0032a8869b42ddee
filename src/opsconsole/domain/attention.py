"""What needs an operator: a closed table of kinds, each with its urgency, where it is looked at, and the next step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Urgency(StrEnum):
    """How much it matters, most first."""

    URGENT = "urgent"
    SOON = "soon"
    NOTE = "note"


class NeedKind(StrEnum):
    """What it is that needs somebody."""

    AUDIT_BROKEN = "audit_broken"
    NO_ENGINE = "no_engine"
    NO_BACKUP = "no_backup"
    STALE_BACKUP = "stale_backup"
    INCOMPLETE_BACKUP = "incomplete_backup"
    RUN_FAILED = "run_failed"
    MORE_FAILED = "more_failed"
    CHECK_FAILED = "check_failed"
    CREDENTIAL_EXPIRED = "credential_expired"
    SCHEDULE_FAILED = "schedule_failed"
    SCHEDULE_MISSED = "schedule_missed"
    APPROVAL_AWAITED = "approval_awaited"
    DRIFT_FOUND = "drift_found"
    CREDENTIAL_EXPIRES = "credential_expires"
    SCHEDULE_PAUSED = "schedule_paused"
    NEVER_CHECKED = "never_checked"
    AUDIT_UNVERIFIED = "audit_unverified"


@dataclass(frozen=True, slots=True)
class NeedInfo:
    """How a kind is told. ``word`` in at most ten columns; ``place`` is where it is looked at; ``command`` takes a ``{ref}``."""

    urgency: Urgency
    word: str
    place: str
    next_step: str
    command: str


NEEDS: dict[NeedKind, NeedInfo] = {
    NeedKind.AUDIT_BROKEN: NeedInfo(
        Urgency.URGENT,
        "audit",
        "audit",
        "Verify the trail, and keep a copy of the store before anything else is done.",
        "opsconsole audit verify",
    ),
    NeedKind.NO_ENGINE: NeedInfo(
        Urgency.URGENT,
        "engine",
        "runs",
        "Start an engine where the tenant is configured.",
        "opsconsole engine",
    ),
    NeedKind.NO_BACKUP: NeedInfo(
        Urgency.URGENT, "no backup", "tenant", "Back the tenant up.", "opsconsole backup {ref}"
    ),
    NeedKind.STALE_BACKUP: NeedInfo(
        Urgency.URGENT,
        "stale",
        "tenant",
        "Back the tenant up, and look why no backup was completed since.",
        "opsconsole backup {ref}",
    ),
    NeedKind.INCOMPLETE_BACKUP: NeedInfo(
        Urgency.URGENT,
        "incomplete",
        "set",
        "See what is missing and why, then fetch it once more.",
        "opsconsole backups show {ref}",
    ),
    NeedKind.RUN_FAILED: NeedInfo(
        Urgency.URGENT,
        "failed",
        "run",
        "See the failures by reason, then retry what is left.",
        "opsconsole runs show {ref}",
    ),
    NeedKind.MORE_FAILED: NeedInfo(
        Urgency.URGENT, "failed", "runs", "See them among the runs.", "opsconsole runs list --type assignments.restore"
    ),
    NeedKind.CHECK_FAILED: NeedInfo(
        Urgency.URGENT,
        "check",
        "tenant",
        "See which permission is missing, grant it with admin consent, then check again.",
        "opsconsole tenants show {ref}",
    ),
    NeedKind.CREDENTIAL_EXPIRED: NeedInfo(
        Urgency.URGENT,
        "credential",
        "tenant",
        "Register a new certificate with the application and name it in the configuration.",
        "opsconsole doctor",
    ),
    NeedKind.SCHEDULE_FAILED: NeedInfo(
        Urgency.URGENT,
        "schedule",
        "schedules",
        "See why it started nothing, mend that, then run it now.",
        "opsconsole schedules list",
    ),
    NeedKind.SCHEDULE_MISSED: NeedInfo(
        Urgency.SOON,
        "schedule",
        "schedules",
        "Start an engine that serves the tenant: it makes up for the missed time.",
        "opsconsole schedules list",
    ),
    NeedKind.APPROVAL_AWAITED: NeedInfo(
        Urgency.SOON,
        "approval",
        "plan",
        "Have the request approved in Intune, then retry the restore.",
        "opsconsole restore show {ref}",
    ),
    NeedKind.DRIFT_FOUND: NeedInfo(
        Urgency.SOON,
        "drift",
        "run",
        "See what differs: restore it, or back up what is there now.",
        "opsconsole runs show {ref}",
    ),
    NeedKind.CREDENTIAL_EXPIRES: NeedInfo(
        Urgency.SOON,
        "credential",
        "tenant",
        "Register a new certificate with the application before then.",
        "opsconsole doctor",
    ),
    NeedKind.SCHEDULE_PAUSED: NeedInfo(
        Urgency.NOTE, "schedule", "schedules", "Resume it, or remove it.", "opsconsole schedules list"
    ),
    NeedKind.NEVER_CHECKED: NeedInfo(
        Urgency.NOTE,
        "check",
        "tenant",
        "Check it: the permissions per policy type are known then.",
        "opsconsole tenants check {ref}",
    ),
    NeedKind.AUDIT_UNVERIFIED: NeedInfo(
        Urgency.NOTE,
        "audit",
        "audit",
        "Verify the trail: the next verification is held against this one.",
        "opsconsole audit verify",
    ),
}
"""Every kind, most urgent first. A test holds that none is missing."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs somebody. ``ref`` is what its place shows: an id or a tenant's name; ``since`` is a text time."""

    kind: NeedKind
    text: str
    tenant: str | None = None
    ref: str = ""
    since: str | None = None

    @property
    def info(self) -> NeedInfo:
        """Return how its kind is told."""
        return NEEDS[self.kind]

    @property
    def id(self) -> str:
        """Return what tells it from the others, so that a cursor stays on it."""
        return f"{self.kind.value}:{self.tenant or ''}:{self.ref}"

    def to_json(self) -> dict[str, Any]:
        """Return the need as JSON."""
        info = self.info
        return {
            "kind": self.kind.value,
            "urgency": info.urgency.value,
            "tenant": self.tenant,
            "text": self.text,
            "since": self.since,
            "ref": self.ref or None,
            "next_step": info.next_step,
            "command": info.command.format(ref=self.ref),
        }


_ORDER = {kind: place for place, kind in enumerate(NEEDS)}


def sorted_needs(needs: list[Need]) -> tuple[Need, ...]:
    """Return needs in the order in which they are told: by the table, then by tenant, then newest first."""
    newest_first = sorted(needs, key=lambda need: need.since or "", reverse=True)
    return tuple(sorted(newest_first, key=lambda need: (_ORDER[need.kind], need.tenant or "")))
