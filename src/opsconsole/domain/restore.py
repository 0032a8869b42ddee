"""A restore: its request, its items, its executions and the record of each write."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from opsconsole.domain.failure import Failure
from opsconsole.domain.plan import Mode


class RestoreStatus(StrEnum):
    """How far a restore run is."""

    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    PREVIEW_FAILED = "preview_failed"
    EXECUTING = "executing"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    """What a restore means, then does, for one policy. The first three are the plan's, the others an execution's."""

    UNCHANGED = "unchanged"
    WILL_CHANGE = "will_change"
    BLOCKED = "blocked"
    APPLIED = "applied"
    FAILED = "failed"
    AWAITING_APPROVAL = "awaiting_approval"
    SKIPPED = "skipped"


RETRIABLE = frozenset({ItemState.FAILED, ItemState.AWAITING_APPROVAL, ItemState.SKIPPED})
"""What a retry takes up: failed and awaiting items, and those that a cancellation left out."""


class WriteState(StrEnum):
    """What is known of one write: committed as an intent before it is sent, then settled by what was read back."""

    INTENT = "intent"
    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    AWAITING_APPROVAL = "awaiting_approval"
    UNKNOWN = "unknown"


class StepKind(StrEnum):
    """How a write changes the set: all at once, or one entry of a type that knows no other way."""

    REPLACE = "replace"
    ADD = "add"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class RestoreItem:
    """One policy of a restore run.

    ``live`` is the array of assignments the preview saw, ``planned`` the array that is to be there afterwards (direct
    entries only), both JSON text as Graph would send them. The plan fields never change once the plan is made.
    """

    id: str
    restore_run_id: str
    seq: int
    policy_type: str
    policy_id: str
    policy_name: str
    plan_state: ItemState
    state: ItemState
    live: str | None
    planned: str | None
    added: tuple[dict[str, Any], ...]
    removed: tuple[dict[str, Any], ...]
    dangers: tuple[str, ...]
    failure: Failure | None
    backup_item_id: str | None = None
    source_policy_id: str = ""
    unresolved: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md, with the plan's own state and its dangers added."""
        return {
            "id": self.id,
            "policy_type": self.policy_type,
            "policy_id": self.policy_id,
            "policy_name": self.policy_name,
            "state": self.state.value,
            "plan_state": self.plan_state.value,
            "added": list(self.added),
            "removed": list(self.removed),
            "dangers": list(self.dangers),
            "unresolved": list(self.unresolved),
            "failure": self.failure.to_json() if self.failure else None,
        }


@dataclass(frozen=True, slots=True)
class RestoreWrite:
    """The record of one step: what was there, what was to be sent, and what is known of it (promises 8 and 11).

    ``approval_code`` is the handle of a request that waits for a second administrator: as good as a key, so never shown.
    """

    run_id: str
    restore_item_id: str
    step: int
    kind: StepKind
    before_image: str
    body: str
    state: WriteState
    lease_epoch: int
    created_at: str
    settled_at: str | None = None
    assignment_id: str = ""
    after_fingerprint: str = ""
    approval_code: str = ""


@dataclass(frozen=True, slots=True)
class Execution:
    """One ``assignments.restore`` run of a restore run."""

    run_id: str
    outcome: str
    status: str
    retry_of: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md."""
        return {"run": self.run_id, "outcome": self.outcome, "status": self.status, "retry_of": self.retry_of}


UNDONE = "undone"
"""How a restore stands that another plan took back."""


@dataclass(frozen=True, slots=True)
class RestoreRun:
    """A request to restore assignments: its plan, which never changes once made, and its executions.

    ``undone_by`` is the newest plan that took back all of what this one wrote.
    """

    id: str
    workspace_id: str
    workspace: str
    tenant_id: str
    tenant: str
    set_id: str | None
    mode: Mode
    plan_hash: str | None
    status: RestoreStatus
    undo_of: str | None
    preview_run_id: str
    initiator: str
    initiator_name: str
    created_at: str
    inputs: dict[str, Any]
    counts: dict[str, int] = field(default_factory=dict)
    dangers: dict[str, int] = field(default_factory=dict)
    executions: tuple[Execution, ...] = ()
    undone_by: str | None = None

    @property
    def standing(self) -> str:
        """Return how it stands: its status, or ``undone`` where another plan took it back; in the store it stays completed."""
        return UNDONE if self.undone_by else self.status.value

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the policies that were left out by hand, as ``type:id``."""
        return tuple(self.inputs.get("without") or ())

    @property
    def is_dangerous(self) -> bool:
        """Tell whether the plan must be confirmed by typing."""
        return any(self.dangers.values())

    def to_json(self, items: tuple[RestoreItem, ...] | None = None) -> dict[str, Any]:
        """Return the JSON of contract.md; without ``items`` the key is left out (lists)."""
        value: dict[str, Any] = {
            "id": self.id,
            "workspace": self.workspace,
            "tenant": self.tenant,
            "backup_set": self.set_id,
            "mode": self.mode.value,
            "plan_hash": self.plan_hash,
            "status": self.status.value,
            "undo_of": self.undo_of,
            "undone_by": self.undone_by,
            "left_out": list(self.left_out),
            "created_at": self.created_at,
            "initiator": self.initiator_name,
            "preview_run": self.preview_run_id,
            "counts": {name: self.counts.get(name, 0) for name in ("unchanged", "will_change", "blocked")},
            "dangers": self.dangers,
            "executions": [execution.to_json() for execution in self.executions],
        }
        if items is not None:
            value["items"] = [item.to_json() for item in items]
        return value
