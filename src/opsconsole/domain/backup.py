"""A backup set and its items: one capture of a tenant, and whether it adds up (promise 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from opsconsole.domain.failure import Failure


class ItemStatus(StrEnum):
    """What became of one listed policy."""

    PENDING = "pending"
    FETCHED = "fetched"
    FAILED = "failed"
    SKIPPED = "skipped"


class TypeStatus(StrEnum):
    """How far the list of one policy type came."""

    PENDING = "pending"
    LISTED = "listed"
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_AVAILABLE = "not_available"


@dataclass(frozen=True, slots=True)
class TypeCounts:
    """What a set holds of one policy type."""

    status: TypeStatus
    listed: int = 0
    fetched: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def missing(self) -> int:
        """Return what is not there: policies without assignments, and one for a list that is not whole."""
        gap = 1 if self.status in (TypeStatus.FAILED, TypeStatus.PARTIAL, TypeStatus.PENDING) else 0
        return self.listed - self.fetched + gap

    @property
    def pending(self) -> int:
        """Return how many policies a fetch that is still active has to settle."""
        return self.listed - self.fetched - self.failed - self.skipped

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md."""
        return {
            "status": self.status.value,
            "listed": self.listed,
            "fetched": self.fetched,
            "failed": self.failed,
            "skipped": self.skipped,
        }


@dataclass(frozen=True, slots=True)
class BackupSet:
    """One capture of a tenant. ``is_active`` until its fetch completed."""

    id: str
    workspace_id: str
    workspace: str
    tenant_id: str
    tenant: str
    created_at: str
    initiator: str
    initiator_name: str
    capture_run_id: str
    fetch_run_id: str
    is_active: bool
    by_type: dict[str, TypeCounts] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()

    def count(self, name: str) -> int:
        """Return the sum of one counter (listed, fetched, failed, skipped, missing, pending) over the types."""
        return sum(int(getattr(counts, name)) for counts in self.by_type.values())

    @property
    def missing(self) -> int:
        """Return what ``--accept-missing`` must say: policies without assignments, plus types not listed in full."""
        return self.count("missing")

    @property
    def is_complete(self) -> bool:
        """Tell whether every policy of every available type is there with its assignments."""
        return not self.is_active and self.missing == 0

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md, with ``missing`` and the ids of the two runs added."""
        return {
            "id": self.id,
            "workspace": self.workspace,
            "tenant": self.tenant,
            "created_at": self.created_at,
            "initiator": self.initiator_name,
            "complete": self.is_complete,
            "missing": self.missing,
            "counts": {name: self.count(name) for name in ("listed", "fetched", "failed", "skipped")},
            "by_type": {key: counts.to_json() for key, counts in sorted(self.by_type.items())},
            "failures": [failure.to_json() for failure in self.failures],
            "capture_run": self.capture_run_id,
            "fetch_run": self.fetch_run_id,
        }


@dataclass(frozen=True, slots=True)
class BackupItem:
    """One policy of a set. ``policy`` and ``assignments`` are Graph's JSON as text, byte for byte; None: not kept or not known."""

    id: str
    set_id: str
    policy_type: str
    policy_id: str
    policy_name: str
    status: ItemStatus
    policy: str | None
    assignments: str | None
    failure: Failure | None
    fetch_run_id: str | None


@dataclass(frozen=True, slots=True)
class DirectoryName:
    """A group or filter as the directory knew it when the set was made; ``is_gone`` where it did not know it any more."""

    kind: str
    id: str
    name: str
    is_gone: bool = False
    details: str = "{}"
