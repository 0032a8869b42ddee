"""What screens may ask and order about backups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus
    from opsconsole.service.caller import Page
    from opsconsole.service.record_query import RecordQuery
    from opsconsole.service.started import Started


class BackupsDesk(Protocol):
    """Backup sets and their items: looking at them, making and completing them."""

    def start_backup(self, tenant: str) -> Started: ...
    def start_fetch(self, set_ref: str) -> Started: ...
    def sets(
        self, limit: int, cursor: str | None, *, query: RecordQuery | None = None, backwards: bool = False
    ) -> Page[BackupSet]: ...
    def count_sets(self, query: RecordQuery) -> int: ...
    def backup_set(self, ref: str) -> BackupSet: ...
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
    ) -> Page[BackupItem]: ...
    def count_items(
        self, set_ref: str, search: str | None, statuses: Sequence[ItemStatus], policy_type: str | None
    ) -> int: ...
    def item(self, set_ref: str, ref: str) -> BackupItem: ...
    def names(self, set_ref: str) -> Mapping[str, str]: ...
