"""The desk over the service room: each call is one service function, asked as the caller who sits at this console."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from opsconsole.console.desk.identity import Identity
from opsconsole.console.service_desk.audit import AuditAtService
from opsconsole.console.service_desk.backups import BackupsAtService
from opsconsole.console.service_desk.drift import DriftAtService
from opsconsole.console.service_desk.later import Later
from opsconsole.console.service_desk.members import MembersAtService
from opsconsole.console.service_desk.overview import OverviewAtService
from opsconsole.console.service_desk.restores import RestoresAtService
from opsconsole.console.service_desk.runs import RunsAtService
from opsconsole.console.service_desk.schedules import SchedulesAtService
from opsconsole.console.service_desk.tenants import TenantsAtService
from opsconsole.service.caller import Caller
from opsconsole.service.changes import ChangeFeed, change_feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsconsole.service import members, tenants
    from opsconsole.service.tenants import TenantView
else:
    members = Later("opsconsole.service.members")
    tenants = Later("opsconsole.service.tenants")


class ServiceDesk(
    RunsAtService,
    BackupsAtService,
    RestoresAtService,
    AuditAtService,
    DriftAtService,
    OverviewAtService,
    TenantsAtService,
    SchedulesAtService,
    MembersAtService,
):
    """Screens meet the service here and nowhere else."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller)
        self._feed: ChangeFeed | None = None
        self._push: Callable[[], None] | None = None

    def now(self) -> datetime:
        return self.caller.clock()

    def changed(self) -> bool:
        if self._feed is None:  # made by the thread that asks: a connection belongs to one
            self._feed = change_feed(self.caller)
        return self._feed.changed()

    def listen(self, push: Callable[[], None]) -> None:
        self._push = self.caller.db.on_commit = push

    def identity(self) -> Identity:
        roles = members.my_roles(self.caller)
        if self.caller.workspace is not None:
            roles = {name: role for name, role in roles.items() if name == self.caller.workspace}
        return Identity(self.caller.actor.name, roles, self.caller.actor.key)

    def tenants(self) -> list[TenantView]:
        return tenants.list_tenants(self.caller)

    def close(self) -> None:
        """Close the change feed, and listen no more; the store is closed by who opened it."""
        if self._push is not None and self.caller.db.on_commit == self._push:
            self.caller.db.on_commit = None
        if self._feed is not None:
            self._feed.close()
