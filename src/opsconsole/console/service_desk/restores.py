"""Restore plans: each call is one service function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsconsole.domain.failure import Reason
    from opsconsole.domain.plan import Mode
    from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun
    from opsconsole.service import counts, restores
    from opsconsole.service.caller import Page
    from opsconsole.service.record_query import RecordQuery
    from opsconsole.service.restores import Confirmation
    from opsconsole.service.started import Started
else:
    restores = Later("opsconsole.service.restores")
    counts = Later("opsconsole.service.counts")


class RestoresAtService(AtService):
    """Restore plans: each call is one service function."""

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
    ) -> Started:
        return restores.start_preview(
            self.caller,
            set_ref,
            tenant,
            mode=mode,
            mapping=mapping,
            items=items,
            without=without,
            accept_missing=accept_missing,
        )

    def restores(
        self, limit: int, cursor: str | None, *, query: RecordQuery | None = None, backwards: bool = False
    ) -> Page[RestoreRun]:
        return restores.list_restores(self.caller, query=query, limit=limit, cursor=cursor, backwards=backwards)

    def count_restores(self, query: RecordQuery) -> int:
        return counts.count_restores(self.caller, query)

    def restore(self, ref: str) -> RestoreRun:
        return restores.show_restore(self.caller, ref)

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
    ) -> Page[RestoreItem]:
        return restores.list_restore_items(
            self.caller,
            ref,
            states=states,
            policy_type=policy_type,
            search=search,
            limit=limit,
            cursor=cursor,
            backwards=backwards,
        )

    def count_restore_items(
        self, ref: str, states: Sequence[ItemState], policy_type: str | None, search: str | None
    ) -> int:
        return counts.count_restore_items(self.caller, ref, states=states, policy_type=policy_type, search=search)

    def confirmation(self, ref: str) -> Confirmation:
        return restores.confirmation(self.caller, ref)

    def left_to_write(self, ref: str, reason: Reason | None, items: Sequence[str]) -> Confirmation:
        return restores.left_to_write(self.caller, ref, reason=reason, items=items)

    def run_restore(self, ref: str, plan_hash: str, justification: str = "") -> Started:
        return restores.run_restore(self.caller, ref, plan_hash=plan_hash, justification=justification)

    def undo_restore(self, ref: str) -> Started:
        return restores.undo_restore(self.caller, ref)
