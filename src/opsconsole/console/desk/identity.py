"""Who sits at this console, and what their roles allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from opsconsole.domain.access import CAPABILITY_FROM, Capability, Role, allows
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.service.tenants import TenantView


class Identity(Struct, frozen=True):
    """Who sits at this console, and with which role in each workspace they are a member of.

    ``key`` names the account for good: ``uid:1000``, ``sid:S-1-5-…``, ``pg:alice``.
    """

    actor: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    key: str = ""

    @property
    def named(self) -> str:
        """Return name and key."""
        return plain(f"{self.actor} ({self.key})" if self.key else self.actor)

    def may(self, capability: Capability, workspace: str | None = None) -> bool:
        """Tell whether a role allows ``capability``: in ``workspace``, or in any where none is named."""
        roles = [self.roles.get(workspace)] if workspace else list(self.roles.values())
        return any(allows(role, capability) for role in roles)

    @property
    def role_words(self) -> str:
        """Return the role, or that it differs by workspace."""
        roles = sorted({role.value for role in self.roles.values()})
        return roles[0] if len(roles) == 1 else ("no role" if not roles else "several roles")


def is_example(view: TenantView) -> bool:
    """Tell whether a tenant is the one of the example configuration, which nobody has filled in yet."""
    from opsconsole.domain.assignment import ZERO_GUID

    return not view.is_registered and view.entra_tenant_id == ZERO_GUID


def refusal(capability: Capability) -> str:
    """Return what a dimmed key says when it is pressed."""
    return (
        f"This needs the capability {capability.value} (role {CAPABILITY_FROM[capability].value} or higher). "
        "Ask an owner of the workspace."
    )
