"""Who may what: roles, capabilities, and the one decision over them (promise 14)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsconsole.domain.run import RunType


class Role(StrEnum):
    """A member's role in a workspace, weakest first."""

    READONLY = "readonly"
    OPERATOR = "operator"
    MANAGER = "manager"
    OWNER = "owner"


ROLE_ORDER: tuple[Role, ...] = (Role.READONLY, Role.OPERATOR, Role.MANAGER, Role.OWNER)
"""Each role may do what the ones before it may."""


class Capability(StrEnum):
    """What an actor may be allowed to do."""

    VIEW = "view"
    FETCH_START = "fetch.start"
    PREVIEW_CREATE = "preview.create"
    DRIFT_START = "drift.start"
    CHECK_START = "check.start"
    RESTORE_EXECUTE = "restore.execute"
    SCHEDULE_MANAGE = "schedule.manage"
    EXPORT_PAYLOAD = "export.payload"
    MEMBER_MANAGE = "member.manage"
    TENANT_MANAGE = "tenant.manage"


CAPABILITY_FROM: dict[Capability, Role] = {
    Capability.VIEW: Role.READONLY,
    Capability.FETCH_START: Role.OPERATOR,
    Capability.PREVIEW_CREATE: Role.OPERATOR,
    Capability.DRIFT_START: Role.OPERATOR,
    Capability.CHECK_START: Role.OPERATOR,
    Capability.RESTORE_EXECUTE: Role.MANAGER,
    Capability.SCHEDULE_MANAGE: Role.MANAGER,
    Capability.EXPORT_PAYLOAD: Role.MANAGER,
    Capability.MEMBER_MANAGE: Role.OWNER,
    Capability.TENANT_MANAGE: Role.OWNER,
}
"""The weakest role that has each capability."""

CAPABILITY_OF_RUN: dict[RunType, Capability] = {
    RunType.CAPTURE: Capability.FETCH_START,
    RunType.FETCH: Capability.FETCH_START,
    RunType.PREVIEW: Capability.PREVIEW_CREATE,
    RunType.RESTORE: Capability.RESTORE_EXECUTE,
    RunType.DRIFT: Capability.DRIFT_START,
    RunType.CHECK: Capability.CHECK_START,
    RunType.RECONCILE: Capability.FETCH_START,
}
"""What it takes to start, retry or cancel a run of each type; checked when asked for, when claimed, before a first write."""


def allows(role: Role | None, capability: Capability) -> bool:
    """Tell whether ``role`` has ``capability``; no role (not a member) has none."""
    return role is not None and ROLE_ORDER.index(role) >= ROLE_ORDER.index(CAPABILITY_FROM[capability])


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: ``key`` is unforgeable within the store's boundary (``uid:1000``, ``sid:S-1-5-…``, ``pg:alice``).

    ``name`` is for people only.
    """

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """An actor with a role in a workspace."""

    workspace: str
    actor: Actor
    role: Role
    created_at: str
