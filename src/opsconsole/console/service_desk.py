"""The desk over the service room: each call is one service function, asked as the caller who sits at this console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from opsconsole.console.desk import AuditJson, Identity, RunReport
from opsconsole.domain.audit import Verdict
from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus
from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.plan import Mode
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun
from opsconsole.domain.run import OperationRun
from opsconsole.errors import NotFound
from opsconsole.service import audit, backups, kept_heads, members, restores, runs, tenants
from opsconsole.service.caller import Caller, Page
from opsconsole.service.changes import ChangeFeed, change_feed
from opsconsole.service.restores import Confirmation
from opsconsole.service.runs import RunQuery
from opsconsole.service.started import Started
from opsconsole.service.tenants import TenantView


@dataclass(slots=True)
class ServiceDesk:
    """Screens meet the service here and nowhere else."""

    caller: Caller
    _feed: ChangeFeed | None = field(default=None, init=False)

    def now(self) -> datetime:
        return self.caller.clock()

    def changed(self) -> bool:
        if self._feed is None:  # made by the thread that asks: a connection belongs to one
            self._feed = change_feed(self.caller)
        return self._feed.changed()

    def identity(self) -> Identity:
        roles = members.my_roles(self.caller)
        if self.caller.workspace is not None:
            roles = {name: role for name, role in roles.items() if name == self.caller.workspace}
        return Identity(self.caller.actor.name, roles)

    def tenants(self) -> list[TenantView]:
        return tenants.list_tenants(self.caller)

    def runs(self, query: RunQuery, limit: int, cursor: str | None) -> Page[OperationRun]:
        return runs.list_runs(self.caller, query, limit=limit, cursor=cursor)

    def count_runs(self, query: RunQuery) -> int:
        return runs.count_runs(self.caller, query)

    def state_counts(self) -> Mapping[tuple[str, str], int]:
        return runs.state_counts(self.caller)

    def run(self, ref: str) -> OperationRun:
        return runs.show_run(self.caller, ref)

    def run_report(self, ref: str) -> RunReport:
        run = runs.show_run(self.caller, ref)
        groups = runs.failure_groups(self.caller, run.id) if run.failures else []
        related = runs.related(self.caller, run.id)
        backup_set = None
        if set_id := related.get("backup_set"):
            try:
                backup_set = backups.show_set(self.caller, str(set_id))
            except NotFound:
                backup_set = None
        return RunReport(run, groups, related, backup_set)

    def failures(self, ref: str, reason: Reason | None, limit: int, cursor: str | None) -> Page[tuple[int, Failure]]:
        after = int(cursor or 0)
        found = runs.list_failures(self.caller, ref, reason=reason, limit=limit, after_seq=after)
        return Page(found, str(found[-1][0]) if len(found) == limit else None)

    def cancel_run(self, ref: str) -> OperationRun:
        return runs.cancel_run(self.caller, ref)

    def retry_run(self, ref: str) -> Started:
        return runs.retry_run(self.caller, ref)

    def start_backup(self, tenant: str) -> Started:
        return backups.start_backup(self.caller, tenant)

    def start_fetch(self, set_ref: str) -> Started:
        return backups.start_fetch(self.caller, set_ref, failed=True)

    def sets(self, limit: int, cursor: str | None) -> Page[BackupSet]:
        return backups.list_sets(self.caller, limit=limit, cursor=cursor)

    def backup_set(self, ref: str) -> BackupSet:
        return backups.show_set(self.caller, ref)

    def items(
        self, set_ref: str, search: str | None, statuses: Sequence[ItemStatus], limit: int, cursor: str | None
    ) -> Page[BackupItem]:
        return backups.list_items(self.caller, set_ref, search=search, statuses=statuses, limit=limit, cursor=cursor)

    def item(self, set_ref: str, ref: str) -> BackupItem:
        return backups.show_item(self.caller, set_ref, ref)

    def names(self, set_ref: str) -> Mapping[str, str]:
        return backups.set_names(self.caller, set_ref)

    def start_preview(
        self,
        set_ref: str,
        tenant: str,
        *,
        mode: Mode,
        mapping: str | None = None,
        items: Sequence[str] = (),
        accept_missing: int = 0,
    ) -> Started:
        return restores.start_preview(
            self.caller, set_ref, tenant, mode=mode, mapping=mapping, items=items, accept_missing=accept_missing
        )

    def restores(self, limit: int, cursor: str | None) -> Page[RestoreRun]:
        return restores.list_restores(self.caller, limit=limit, cursor=cursor)

    def restore(self, ref: str) -> RestoreRun:
        return restores.show_restore(self.caller, ref)

    def restore_items(self, ref: str, states: Sequence[ItemState], limit: int, cursor: str | None) -> Page[RestoreItem]:
        return restores.list_restore_items(self.caller, ref, states=states, limit=limit, cursor=cursor)

    def confirmation(self, ref: str) -> Confirmation:
        return restores.confirmation(self.caller, ref)

    def run_restore(self, ref: str, plan_hash: str) -> Started:
        return restores.run_restore(self.caller, ref, plan_hash=plan_hash)

    def undo_restore(self, ref: str) -> Started:
        return restores.undo_restore(self.caller, ref)

    def entries(self, search: str | None, limit: int, cursor: str | None) -> Page[AuditJson]:
        return audit.list_entries(self.caller, search=search, limit=limit, cursor=cursor)

    def entry(self, ref: str) -> AuditJson:
        return audit.show_entry(self.caller, ref)

    def verify(self) -> Verdict:
        return kept_heads.verify_and_keep(self.caller).verdict

    def close(self) -> None:
        """Close the change feed; the store is closed by who opened it."""
        if self._feed is not None:
            self._feed.close()
