"""What screens may ask and order about restores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsconsole.domain.failure import Reason
    from opsconsole.domain.plan import Mode
    from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun
    from opsconsole.service.caller import Page
    from opsconsole.service.record_query import RecordQuery
    from opsconsole.service.restores import Confirmation
    from opsconsole.service.started import Started


class RestoresDesk(Protocol):
    """Restore plans: making, looking at, running and undoing them."""

    def start_preview(
        self,
        set_ref: str,
        tenant: str,
        *,
        mode: Mode,
        mapping: str | None = None,
        items: Sequence[str] = (),
        without: Sequence[str] = (),
        accept_missing: int = 0,
    ) -> Started: ...
    def restores(
        self, limit: int, cursor: str | None, *, query: RecordQuery | None = None, backwards: bool = False
    ) -> Page[RestoreRun]: ...
    def count_restores(self, query: RecordQuery) -> int: ...
    def restore(self, ref: str) -> RestoreRun: ...
    def restore_items(
        self,
        ref: str,
        states: Sequence[ItemState],
        limit: int,
        cursor: str | None,
        *,
        policy_type: str | None = None,
        search: str | None = None,
        backwards: bool = False,
    ) -> Page[RestoreItem]: ...
    def count_restore_items(
        self, ref: str, states: Sequence[ItemState], policy_type: str | None, search: str | None
    ) -> int: ...
    def confirmation(self, ref: str) -> Confirmation: ...
    def left_to_write(self, ref: str, reason: Reason | None, items: Sequence[str]) -> Confirmation: ...
    def run_restore(self, ref: str, plan_hash: str, justification: str = "") -> Started: ...
    def undo_restore(self, ref: str) -> Started: ...
