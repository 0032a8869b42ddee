"""What the memory desk answers about the overview and about one tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsconsole.domain.clock import to_text
from opsconsole.domain.run import OperationRun, Status
from opsconsole.errors import NotFound
from opsconsole.service.access_lines import access_lines
from opsconsole.service.overview import Overview
from opsconsole.service.started import Started
from opsconsole.service.tenants import TenantReport, TenantView

if TYPE_CHECKING:
    from datetime import datetime

    from opsconsole.domain.backup import BackupSet


class MemoryOverview:
    """``the_overview`` is made by the world; without one, it is what the lists alone tell."""

    tenant_views: list[TenantView]
    all_runs: list[OperationRun]
    all_sets: list[BackupSet]
    orders: list[tuple[Any, ...]]
    moment: datetime
    the_overview: Overview | None = None

    def _look(self) -> None:
        raise NotImplementedError

    def overview(self) -> Overview:
        self._look()
        if self.the_overview is not None:
            return self.the_overview
        counts = [sum(run.status is status for run in self.all_runs) for status in (Status.RUNNING, Status.QUEUED)]
        return Overview(to_text(self.moment), *counts, tenants=tuple(self.tenant_views))

    def tenant(self, name: str) -> TenantReport:
        self._look()
        for view in self.tenant_views:
            if view.name == name:
                mark = view.newest_set
                found = [one for one in self.all_sets if mark is not None and one.id == mark.id]
                checks = view.last_check["checks"] if view.last_check else None
                return TenantReport(view, access_lines(checks), found[0] if found else None)
        raise NotFound(f"There is no tenant {name!r}.")

    def start_check(self, tenant: str) -> Started:
        self.orders.append(("start_check", tenant))
        return Started(True, self.all_runs[:1])
