"""What screens may ask and order about one tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsconsole.service.started import Started
    from opsconsole.service.tenants import TenantReport


class TenantsDesk(Protocol):
    """A tenant with what is known of its health, and checking it anew."""

    def tenant(self, name: str) -> TenantReport: ...
    def start_check(self, tenant: str) -> Started: ...
