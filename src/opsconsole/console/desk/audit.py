"""What screens may ask about the audit trail. Nothing can be ordered here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from opsconsole.domain.audit import Verdict
    from opsconsole.service.caller import Page

AuditJson = dict[str, Any]
"""An audit entry as contract.md names its fields, workspace and tenant by name."""


class AuditDesk(Protocol):
    """The trail and its chain."""

    def entries(
        self, search: str | None, limit: int, cursor: str | None, *, backwards: bool = False
    ) -> Page[AuditJson]: ...
    def entry(self, ref: str) -> AuditJson: ...
    def verify(self) -> Verdict: ...
