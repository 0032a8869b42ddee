"""An operation run: one observable operation, its status, outcome, counters and identity."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from opsconsole.domain.failure import Failure


class RunType(StrEnum):
    """What a run does."""

    CAPTURE = "backup.capture"
    FETCH = "assignments.fetch"
    PREVIEW = "assignments.preview"
    RESTORE = "assignments.restore"
    DRIFT = "assignments.drift"
    CHECK = "tenant.check"
    RECONCILE = "maintenance.reconcile"


class Status(StrEnum):
    """How far a run is. Moves only forward."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"


class Outcome(StrEnum):
    """How a run ended; ``pending`` until it did, then set once."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    PARTIALLY_SUCCEEDED = "partially_succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


LEGAL_MOVES: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.COMPLETED}),
    Status.RUNNING: frozenset({Status.COMPLETED}),
    Status.COMPLETED: frozenset(),
}
"""A queued run may complete at once (cancelled, refused); a running one that loses its worker stays running."""

ACTIVE = frozenset({Status.QUEUED, Status.RUNNING})
"""The statuses in which a run blocks another one of the same identity."""

MAX_ATTEMPTS = 5
"""A run whose worker was lost this many times is ended as ``worker_lost``: it may be what kills the workers."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What became of the items a run set out to handle; ``total`` is their sum once the run completed."""

    total: int = 0
    processed: int = 0
    failed: int = 0
    skipped: int = 0
    unchanged: int = 0
    awaiting: int = 0

    @property
    def done(self) -> int:
        """Return how many items have been settled."""
        return self.processed + self.failed + self.skipped + self.unchanged + self.awaiting

    @property
    def adds_up(self) -> bool:
        """Tell whether every item is accounted for."""
        return self.total == self.done

    def plus(self, **deltas: int) -> Counters:
        """Return the counters with ``deltas`` added, field by field."""
        return replace(self, **{name: getattr(self, name) + delta for name, delta in deltas.items()})

    def to_json(self) -> dict[str, int]:
        """Return the JSON of contract.md."""
        return {
            "total": self.total,
            "processed": self.processed,
            "failed": self.failed,
            "skipped": self.skipped,
            "unchanged": self.unchanged,
            "awaiting": self.awaiting,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Counters:
        """Return the counters that ``to_json`` wrote; missing ones are 0."""
        return cls(**{name: int(value.get(name, 0)) for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class GraphUse:
    """What a run asked of Graph: HTTP calls as they left the machine, requests inside batches, throttling, waiting."""

    requests: int = 0
    subrequests: int = 0
    throttled: int = 0
    waited_ms: int = 0
    retried: int = 0
    paced_ms: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the JSON of contract.md."""
        return {
            "requests": self.requests,
            "subrequests": self.subrequests,
            "throttled": self.throttled,
            "waited_ms": self.waited_ms,
            "retried": self.retried,
            "paced_ms": self.paced_ms,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> GraphUse:
        """Return what ``to_json`` wrote; missing fields are 0."""
        return cls(**{name: int(value.get(name, 0)) for name in cls.__dataclass_fields__})

    def plus(self, other: GraphUse) -> GraphUse:
        """Return the sum, field by field: a run taken over goes on counting where the lost worker stood."""
        return GraphUse(
            self.requests + other.requests,
            self.subrequests + other.subrequests,
            self.throttled + other.throttled,
            self.waited_ms + other.waited_ms,
            self.retried + other.retried,
            self.paced_ms + other.paced_ms,
        )


@dataclass(frozen=True, slots=True)
class OperationRun:
    """One row of ``operation_runs``, with the names of its workspace and tenant. Times are texts as ``clock.to_text`` writes them."""

    id: str
    workspace_id: str
    workspace: str
    tenant_id: str | None
    tenant: str | None
    type: RunType
    status: Status
    outcome: Outcome
    run_identity_hash: str
    context: dict[str, Any]
    initiator: str
    initiator_name: str
    created_at: str
    started_at: str | None = None
    completed_at: str | None = None
    updated_at: str = ""
    attempt: int = 0
    lease_owner: str | None = None
    lease_epoch: int = 0
    lease_expires_at: str | None = None
    cancel_requested_at: str | None = None
    retry_of: str | None = None
    after_run_id: str | None = None
    failures: tuple[Failure, ...] = field(default=())

    @property
    def is_active(self) -> bool:
        """Tell whether the run is queued or running."""
        return self.status in ACTIVE

    @property
    def counters(self) -> Counters:
        """Return the run's counters."""
        return Counters.from_json(self.context.get("counters") or {})

    @property
    def failed_count(self) -> int:
        """Return how much failed: items, or failure records where those are more (a policy type is none of the items)."""
        return failed_count(self.context)

    @property
    def inputs(self) -> dict[str, Any]:
        """Return what the run was asked for."""
        return dict(self.context.get("inputs") or {})

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md."""
        return {
            "id": self.id,
            "workspace": self.workspace,
            "tenant": self.tenant,
            "type": self.type.value,
            "status": self.status.value,
            "outcome": self.outcome.value,
            "run_identity_hash": self.run_identity_hash,
            "initiator": self.initiator_name,
            "created_at": self.created_at,
            "started_at": self.started_at,
            "completed_at": self.completed_at,
            "attempt": self.attempt,
            "retry_of": self.retry_of,
            "after_run_id": self.after_run_id,
            "cancel_requested_at": self.cancel_requested_at,
            "context": self.context,
            "failures": [failure.to_json() for failure in self.failures],
        }


def empty_context(inputs: dict[str, Any], total: int = 0) -> dict[str, Any]:
    """Return the context of a run that has not started: every key of contract.md is there from the first moment."""
    return {
        "inputs": inputs,
        "progress": {"done": 0, "total": total},
        "counters": Counters(total=total).to_json(),
        "graph": GraphUse().to_json(),
    }


def failed_count(context: dict[str, Any]) -> int:
    """Return how much failed by a run's context: failed items, or its failure records if those are more."""
    counters = Counters.from_json(context.get("counters") or {})
    return max(counters.failed, int(context.get("failure_count") or 0))


def settle_outcome(counters: Counters, *, failure_count: int, is_cancelled: bool = False) -> Outcome:
    """Return how a run ended, by the rule of product.md.

    ``failure_count`` counts failure records, of types and of items alike: a type that could not be listed is a
    record without an item.
    """
    if is_cancelled:
        return Outcome.CANCELLED
    if failure_count == 0 and counters.failed == 0 and counters.awaiting == 0:
        return Outcome.SUCCEEDED
    if failure_count and counters.processed + counters.unchanged + counters.awaiting == 0:
        return Outcome.FAILED
    return Outcome.PARTIALLY_SUCCEEDED
