"""The desk: everything the screens may look at or order, as plain calls that run in worker threads, never on the screen's loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from opsconsole.domain.access import CAPABILITY_FROM, Capability, Role, allows
from opsconsole.domain.failure import Failure, Reason

if TYPE_CHECKING:
    from opsconsole.domain.audit import Verdict
    from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus
    from opsconsole.domain.plan import Mode
    from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun
    from opsconsole.domain.run import OperationRun
    from opsconsole.service.caller import Page
    from opsconsole.service.restores import Confirmation
    from opsconsole.service.runs import FailureGroup, RunQuery
    from opsconsole.service.started import Started
    from opsconsole.service.tenants import TenantView

AuditJson = dict[str, Any]
"""An audit entry as contract.md names its fields, workspace and tenant by name."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sits at this console, and with which role in each workspace they are a member of."""

    actor: str
    roles: Mapping[str, Role] = field(default_factory=dict)

    def may(self, capability: Capability, workspace: str | None = None) -> bool:
        """Tell whether a role allows ``capability``: in ``workspace``, or in any where none is named."""
        roles = [self.roles.get(workspace)] if workspace else list(self.roles.values())
        return any(allows(role, capability) for role in roles)

    @property
    def role_words(self) -> str:
        """Return the role, or that it differs by workspace."""
        roles = sorted({role.value for role in self.roles.values()})
        return roles[0] if len(roles) == 1 else ("no role" if not roles else "several roles")


def refusal(capability: Capability) -> str:
    """Return what a dimmed key says when it is pressed."""
    return (
        f"This needs the capability {capability.value} (role {CAPABILITY_FROM[capability].value} or higher). "
        "Ask an owner of the workspace."
    )


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run with what its screen shows around it."""

    run: OperationRun
    groups: Sequence[FailureGroup]
    related: Mapping[str, Any]
    backup_set: BackupSet | None = None


class Desk(Protocol):
    """What screens may ask and order. Every call may raise OpsError; orders are guarded and audited behind it."""

    def now(self) -> datetime: ...
    def changed(self) -> bool:
        """Tell whether the store changed since the last call: cheap enough to ask five times a second."""
        ...

    def identity(self) -> Identity: ...
    def tenants(self) -> list[TenantView]: ...

    def runs(self, query: RunQuery, limit: int, cursor: str | None) -> Page[OperationRun]: ...
    def count_runs(self, query: RunQuery) -> int: ...
    def state_counts(self) -> Mapping[tuple[str, str], int]: ...
    def run(self, ref: str) -> OperationRun: ...
    def run_report(self, ref: str) -> RunReport: ...
    def failures(
        self, ref: str, reason: Reason | None, limit: int, cursor: str | None
    ) -> Page[tuple[int, Failure]]: ...
    def cancel_run(self, ref: str) -> OperationRun: ...
    def retry_run(self, ref: str) -> Started: ...

    def start_backup(self, tenant: str) -> Started: ...
    def start_fetch(self, set_ref: str) -> Started: ...
    def sets(self, limit: int, cursor: str | None) -> Page[BackupSet]: ...
    def backup_set(self, ref: str) -> BackupSet: ...
    def items(
        self, set_ref: str, search: str | None, statuses: Sequence[ItemStatus], limit: int, cursor: str | None
    ) -> Page[BackupItem]: ...
    def item(self, set_ref: str, ref: str) -> BackupItem: ...
    def names(self, set_ref: str) -> Mapping[str, str]: ...

    def start_preview(
        self,
        set_ref: str,
        tenant: str,
        *,
        mode: Mode,
        mapping: str | None = None,
        items: Sequence[str] = (),
        accept_missing: int = 0,
    ) -> Started: ...
    def restores(self, limit: int, cursor: str | None) -> Page[RestoreRun]: ...
    def restore(self, ref: str) -> RestoreRun: ...
    def restore_items(
        self, ref: str, states: Sequence[ItemState], limit: int, cursor: str | None
    ) -> Page[RestoreItem]: ...
    def confirmation(self, ref: str) -> Confirmation: ...
    def run_restore(self, ref: str, plan_hash: str) -> Started: ...
    def undo_restore(self, ref: str) -> Started: ...

    def entries(self, search: str | None, limit: int, cursor: str | None) -> Page[AuditJson]: ...
    def entry(self, ref: str) -> AuditJson: ...
    def verify(self) -> Verdict: ...


class EngineHandle(Protocol):
    """The engine that works behind this console; with ``--attach`` there is none."""

    def start(self) -> None:
        """Load and start it, in a worker thread."""
        ...

    def runs_in_hand(self) -> Sequence[str]:
        """Return the ids of the runs it is working on."""
        ...

    def has_failed(self) -> bool:
        """Tell whether it ended by itself."""
        ...

    def stop(self) -> None:
        """Stop it; runs in hand are left to another engine."""
        ...
