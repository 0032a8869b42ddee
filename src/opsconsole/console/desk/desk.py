"""The whole desk: every subject's part, and what belongs to none. A type: whoever only needs it to be checked loads nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from opsconsole.console.desk.audit import AuditDesk
from opsconsole.console.desk.backups import BackupsDesk
from opsconsole.console.desk.drift import DriftDesk
from opsconsole.console.desk.members import MembersDesk
from opsconsole.console.desk.overview import OverviewDesk
from opsconsole.console.desk.restores import RestoresDesk
from opsconsole.console.desk.runs import RunsDesk
from opsconsole.console.desk.schedules import SchedulesDesk
from opsconsole.console.desk.tenants import TenantsDesk

if TYPE_CHECKING:
    from opsconsole.console.desk.identity import Identity
    from opsconsole.service.tenants import TenantView


class Desk(
    RunsDesk,
    BackupsDesk,
    RestoresDesk,
    AuditDesk,
    DriftDesk,
    OverviewDesk,
    TenantsDesk,
    SchedulesDesk,
    MembersDesk,
    Protocol,
):
    """What screens may ask and order. Every call may raise OpsError; orders are guarded and audited behind it."""

    def now(self) -> datetime: ...
    def changed(self) -> bool:
        """Tell whether the store changed since the last call: cheap enough to ask five times a second."""
        ...

    def listen(self, push: Callable[[], None]) -> None:
        """Call ``push`` as soon as this process has changed the store, in whatever thread did."""
        ...

    def identity(self) -> Identity: ...
    def tenants(self) -> list[TenantView]: ...
