"""The desk: everything the screens may look at or order, as plain calls that run in worker threads, never on the screen's loop.

One file a subject; ``service_desk`` answers each over the service room.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from opsconsole.console.desk.audit import AuditDesk, AuditJson
from opsconsole.console.desk.backups import BackupsDesk
from opsconsole.console.desk.drift import DriftDesk
from opsconsole.console.desk.engine import EngineHandle
from opsconsole.console.desk.identity import Identity, is_example, refusal
from opsconsole.console.desk.members import MembersDesk
from opsconsole.console.desk.overview import OverviewDesk
from opsconsole.console.desk.restores import RestoresDesk
from opsconsole.console.desk.runs import RunReport, RunsDesk
from opsconsole.console.desk.schedules import SchedulesDesk
from opsconsole.console.desk.tenants import TenantsDesk

if TYPE_CHECKING:
    from opsconsole.service.tenants import TenantView

__all__ = ["AuditJson", "Desk", "EngineHandle", "Identity", "RunReport", "is_example", "refusal"]


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

    def identity(self) -> Identity: ...
    def tenants(self) -> list[TenantView]: ...
