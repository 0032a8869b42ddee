"""The audit trail: each call is one service function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later

if TYPE_CHECKING:
    from opsconsole.console.desk.audit import AuditJson
    from opsconsole.domain.audit import Verdict
    from opsconsole.service import audit, kept_heads
    from opsconsole.service.caller import Page
else:
    audit = Later("opsconsole.service.audit")
    kept_heads = Later("opsconsole.service.kept_heads")


class AuditAtService(AtService):
    """The audit trail: each call is one service function."""

    def entries(
        self, search: str | None, limit: int, cursor: str | None, *, backwards: bool = False
    ) -> Page[AuditJson]:
        found = audit.list_entries(self.caller, search=search, limit=limit, cursor=cursor, is_oldest_first=backwards)
        return Page(found.items[::-1], found.next_cursor) if backwards else found

    def entry(self, ref: str) -> AuditJson:
        return audit.show_entry(self.caller, ref)

    def verify(self) -> Verdict:
        return kept_heads.verify_and_keep(self.caller).verdict
