"""Backup sets and items: each call is one service function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus
    from opsconsole.service import backups, counts
    from opsconsole.service.caller import Page
    from opsconsole.service.record_query import RecordQuery
    from opsconsole.service.started import Started
else:
    backups = Later("opsconsole.service.backups")
    counts = Later("opsconsole.service.counts")


class BackupsAtService(AtService):
    """Backup sets and items: each call is one service function."""

    def start_backup(self, tenant: str) -> Started:
        return backups.start_backup(self.caller, tenant)

    def start_fetch(self, set_ref: str) -> Started:
        return backups.start_fetch(self.caller, set_ref, failed=True)

    def sets(
        self, limit: int, cursor: str | None, *, query: RecordQuery | None = None, backwards: bool = False
    ) -> Page[BackupSet]:
        return backups.list_sets(self.caller, query=query, limit=limit, cursor=cursor, backwards=backwards)

    def count_sets(self, query: RecordQuery) -> int:
        return counts.count_sets(self.caller, query)

    def backup_set(self, ref: str) -> BackupSet:
        return backups.show_set(self.caller, ref)

    def items(
        self,
        set_ref: str,
        search: str | None,
        statuses: Sequence[ItemStatus],
        limit: int,
        cursor: str | None,
        *,
        policy_type: str | None = None,
        backwards: bool = False,
    ) -> Page[BackupItem]:
        return backups.list_items(
            self.caller,
            set_ref,
            search=search,
            statuses=statuses,
            policy_type=policy_type,
            limit=limit,
            cursor=cursor,
            backwards=backwards,
        )

    def count_items(
        self, set_ref: str, search: str | None, statuses: Sequence[ItemStatus], policy_type: str | None
    ) -> int:
        return counts.count_items(self.caller, set_ref, statuses=statuses, policy_type=policy_type, search=search)

    def item(self, set_ref: str, ref: str) -> BackupItem:
        return backups.show_item(self.caller, set_ref, ref)

    def names(self, set_ref: str) -> Mapping[str, str]:
        return backups.set_names(self.caller, set_ref)
