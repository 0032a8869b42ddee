"""Checking a tenant: asked first, then followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.orders import fact, follow, said
from opsconsole.console.pen import Pen, Span
from opsconsole.domain.access import Capability
from opsconsole.graph.policy_types import supported_types

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.service.tenants import TenantView


def ask_check(screen: LiveScreen, view: TenantView) -> None:
    """Ask whether a tenant is to be checked, then open the run that does it."""
    app = screen.console_app
    if not app.is_allowed(Capability.CHECK_START, view.workspace if view.is_registered else None):
        return
    types = len(supported_types())

    def lines(pen: Pen) -> list[list[Span]]:
        return [
            fact(pen, "Tenant", view.name, "strong"),
            fact(pen, "Workspace", view.workspace),
            fact(pen, "Asks for", f"one policy of {types} types, a group, a filter"),
            [],
            said(pen, f"Sends some {types + 2} requests to Graph, and says for each type"),
            said(pen, "whether it can be read and which permission is missing."),
            said(pen, "Nothing is written to the tenant.", "good"),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(screen.desk.start_check, view.name, then=lambda started: follow(screen, started))

    app.push_screen(ConfirmDialog(Question("Check this tenant?", lines, "Start check")), answered)


def why_not_here(view: TenantView | None) -> str | None:
    """Return why nothing can be started for a tenant from here, or None if it can."""
    if view is None:
        return "There is no tenant here yet."
    if not view.is_configured and not view.engines:
        return f"{view.name} is not in this machine's configuration, and no live engine serves it: start an engine where it is."
    return None
