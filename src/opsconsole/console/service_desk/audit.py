"""The audit trail: each call is one service function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later

if TYPE_CHECKING:
    from opsconsole.console.desk.audit import AuditJson
    from opsconsole.domain.audit import ChainWatch, Verdict
    from opsconsole.service import audit, kept_heads, written
    from opsconsole.service.audit import AuditQuery
    from opsconsole.service.caller import Page
    from opsconsole.service.kept_heads import ChainState
    from opsconsole.service.list_export import ListExport
    from opsconsole.service.written import WrittenPolicy
else:
    audit = Later("opsconsole.service.audit")
    kept_heads = Later("opsconsole.service.kept_heads")
    written = Later("opsconsole.service.written")


class AuditAtService(AtService):
    """The audit trail: each call is one service function."""

    _broken: Verdict | None = None

    def entries(self, query: AuditQuery, limit: int, cursor: str | None, *, backwards: bool = False) -> Page[AuditJson]:
        found = audit.list_entries(self.caller, query, limit=limit, cursor=cursor, is_oldest_first=backwards)
        return Page(found.items[::-1], found.next_cursor) if backwards else found

    def count_entries(self, query: AuditQuery, after_seq: int) -> tuple[int, int]:
        return audit.count_entries(self.caller, query, after_seq=after_seq)

    def entry(self, ref: str) -> AuditJson:
        return audit.show_entry(self.caller, ref)

    def written(self, run_ref: str, limit: int, cursor: str | None) -> Page[WrittenPolicy]:
        return written.list_written(self.caller, run_ref, limit=limit, cursor=cursor)

    def count_written(self, run_ref: str) -> int:
        return written.count_written(self.caller, run_ref)

    def chain(self) -> ChainState:
        return kept_heads.chain_state(self.caller)

    def broken_verdict(self) -> Verdict | None:
        return self._broken

    def verify(self, watch: ChainWatch) -> Verdict:
        verdict = kept_heads.verify_and_keep(self.caller, watch=watch).verdict
        self._broken = None if verdict.ok else verdict
        return verdict

    def trail(self, query: AuditQuery) -> ListExport[AuditJson]:
        return audit.trail(self.caller, query)
