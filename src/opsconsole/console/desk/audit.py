"""What screens may ask about the audit trail. Nothing can be ordered here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from opsconsole.domain.audit import ChainWatch, Verdict
    from opsconsole.service.audit import AuditQuery
    from opsconsole.service.caller import Page
    from opsconsole.service.kept_heads import ChainState
    from opsconsole.service.list_export import ListExport
    from opsconsole.service.written import WrittenPolicy

AuditJson = dict[str, Any]
"""An audit entry as contract.md names its fields, workspace and tenant by name."""


class AuditDesk(Protocol):
    """The trail and its chain."""

    def entries(
        self, query: AuditQuery, limit: int, cursor: str | None, *, backwards: bool = False
    ) -> Page[AuditJson]: ...
    def count_entries(self, query: AuditQuery, after_seq: int) -> tuple[int, int]: ...
    def entry(self, ref: str) -> AuditJson: ...
    def written(self, run_ref: str, limit: int, cursor: str | None) -> Page[WrittenPolicy]: ...
    def count_written(self, run_ref: str) -> int: ...
    def chain(self) -> ChainState:
        """Return what is known of the chain without walking it."""
        ...

    def broken_verdict(self) -> Verdict | None:
        """Return what the last walk of this console found, if that was a break: no head is kept of it."""
        ...

    def verify(self, watch: ChainWatch) -> Verdict:
        """Walk the whole chain, in a thread of its own: minutes, among millions. Raises WalkStopped."""
        ...

    def trail(self, query: AuditQuery) -> ListExport[AuditJson]:
        """Return what a query finds as a list that can be written, oldest entry first."""
        ...
