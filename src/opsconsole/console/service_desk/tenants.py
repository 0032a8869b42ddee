"""One tenant: each call is one service function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later

if TYPE_CHECKING:
    from opsconsole.service import tenants
    from opsconsole.service.started import Started
    from opsconsole.service.tenants import TenantReport
else:
    tenants = Later("opsconsole.service.tenants")


class TenantsAtService(AtService):
    """One tenant: each call is one service function."""

    def tenant(self, name: str) -> TenantReport:
        return tenants.show_tenant(self.caller, name)

    def start_check(self, tenant: str) -> Started:
        return tenants.start_check(self.caller, tenant)
