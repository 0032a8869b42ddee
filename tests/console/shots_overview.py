"""Golden screens of the dashboard and of tenants."""

from __future__ import annotations

from opsconsole.domain.access import Role

from .memory_desk import MemoryDesk
from .shot import Shot, each_look
from .world_overview import bad_morning, good_morning, no_backup, no_tenant


def readonly_morning() -> MemoryDesk:
    return bad_morning(role=Role.READONLY)


OVERVIEW_SHOTS: dict[str, Shot] = {
    **each_look("dashboard", bad_morning, "0"),
    "dashboard_well": Shot(good_morning, ("0",)),
    "dashboard_no_backup": Shot(no_backup, ("0",)),
    "dashboard_no_tenant": Shot(no_tenant, ("0",)),
    **each_look("tenants", bad_morning, "T"),
    **each_look("tenant", bad_morning, "T", "enter"),
    "tenant_never_checked": Shot(no_backup, ("T", "enter")),
}
