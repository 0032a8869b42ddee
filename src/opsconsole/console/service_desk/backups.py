"""Backup sets and items: each call is one service function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus
    from opsconsole.service import backups
    from opsconsole.service.caller import Page
    from opsconsole.service.started import Started
else:
    backups = Later("opsconsole.service.backups")


class BackupsAtService(AtService):
    """Backup sets and items: each call is one service function."""

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
