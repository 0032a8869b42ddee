"""A desk over lists in memory: the data, the clock and the ids of a test stand still until the test moves them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from opsconsole.console.desk.identity import Identity
from opsconsole.domain.access import Role
from opsconsole.domain.backup import BackupItem, BackupSet
from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Failure
from opsconsole.domain.restore import RestoreItem, RestoreRun
from opsconsole.domain.run import OperationRun, Outcome, Status
from opsconsole.errors import NotFound, StoreUnavailable
from opsconsole.service.restores import Confirmation
from opsconsole.service.started import Started
from opsconsole.service.tenants import TenantView

from .memory_audit import MemoryAudit
from .memory_drift import MemoryDrift
from .memory_lists import ListsInMemory
from .memory_overview import MemoryOverview
from .memory_people import MemoryPeople
from .memory_runs import RunsInMemory

T = TypeVar("T")

NOW = datetime(2026, 8, 20, 14, 2, 7, tzinfo=UTC)


@dataclass
class MemoryDesk(ListsInMemory, RunsInMemory, MemoryDrift, MemoryAudit, MemoryOverview, MemoryPeople):
    """Everything a screen asks for; ``orders`` keeps what was ordered."""

    actor: str = "alice"
    role: Role = Role.OWNER
    tenant_views: list[TenantView] = field(default_factory=list)
    all_runs: list[OperationRun] = field(default_factory=list)
    failures_of: dict[str, list[Failure]] = field(default_factory=dict)
    related_of: dict[str, dict[str, Any]] = field(default_factory=dict)
    all_sets: list[BackupSet] = field(default_factory=list)
    items_of: dict[str, list[BackupItem]] = field(default_factory=dict)
    all_names: dict[str, str] = field(default_factory=dict)
    all_restores: list[RestoreRun] = field(default_factory=list)
    restore_items_of: dict[str, list[RestoreItem]] = field(default_factory=dict)
    confirmations: dict[str, Confirmation] = field(default_factory=dict)
    orders: list[tuple[Any, ...]] = field(default_factory=list)
    is_member: bool = True
    moment: datetime = NOW
    is_lost: bool = False
    has_changed: bool = False
    pushes: list[Callable[[], None]] = field(default_factory=list)

    def _look(self) -> None:
        if self.is_lost:
            raise StoreUnavailable("The store at /var/lib/opsconsole.db cannot be read.", "Is the disk there?")

    def now(self) -> datetime:
        return self.moment

    def changed(self) -> bool:
        has_changed, self.has_changed = self.has_changed, False
        return has_changed

    def listen(self, push: Callable[[], None]) -> None:
        self.pushes.append(push)

    def identity(self) -> Identity:
        self._look()
        return Identity(self.actor, {"main": self.role} if self.is_member else {}, "uid:1000")

    def tenants(self) -> list[TenantView]:
        self._look()
        return self.tenant_views

    def state_counts(self) -> Mapping[tuple[str, str], int]:
        self._look()
        return Counter((run.status.value, run.outcome.value) for run in self.all_runs)

    def run(self, ref: str) -> OperationRun:
        self._look()
        return _one(self.all_runs, ref)

    def cancel_run(self, ref: str) -> OperationRun:
        self.orders.append(("cancel_run", ref))
        run = self.run(ref)
        ended = replace(run, status=Status.COMPLETED, outcome=Outcome.CANCELLED, completed_at=to_text(self.moment))
        self.replace_run(ended)
        return ended

    def start_backup(self, tenant: str) -> Started:
        self.orders.append(("start_backup", tenant))
        return Started(True, [])

    def start_fetch(self, set_ref: str) -> Started:
        self.orders.append(("start_fetch", set_ref))
        return Started(True, [self.all_runs[0]])

    def backup_set(self, ref: str) -> BackupSet:
        self._look()
        return _one(self.all_sets, ref)

    def item(self, set_ref: str, ref: str) -> BackupItem:
        return _one(self.items_of[set_ref], ref)

    def names(self, set_ref: str) -> Mapping[str, str]:
        return self.all_names

    def start_preview(self, set_ref: str, tenant: str, **named: Any) -> Started:
        self.orders.append(("start_preview", set_ref, tenant, named))
        return Started(True, [], None, self.all_restores[0] if self.all_restores else None)

    def restore(self, ref: str) -> RestoreRun:
        self._look()
        return _one(self.all_restores, ref)

    def confirmation(self, ref: str) -> Confirmation:
        return self.confirmations[ref]

    def undo_restore(self, ref: str) -> Started:
        self.orders.append(("undo_restore", ref))
        return Started(True, [], None, self.all_restores[0])

    # What a test does to the world

    def replace_run(self, run: OperationRun) -> None:
        """Put another state of a run in place of the one there is."""
        self.all_runs = [run if one.id == run.id else one for one in self.all_runs]
        self.has_changed = True

    def add_run(self, run: OperationRun) -> None:
        """Let another process start a run."""
        self.all_runs.append(run)
        self.has_changed = True


def _one(rows: Sequence[T], ref: str) -> T:
    for row in rows:
        if str(getattr(row, "id", "")).endswith(ref):
            return row
    raise NotFound(f"There is no such thing as {ref!r}.")
