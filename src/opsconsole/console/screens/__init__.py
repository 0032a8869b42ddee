"""One file a screen; each reads in one order: bindings, compose, mount, what it fetches, what it shows, handlers, actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen


def top_screen(place: str, tab: str = "1") -> LiveScreen:
    """Return a fresh main screen: those that digits and the palette go to; ``tab`` is for Runs."""
    match place:
        case "backups":
            from opsconsole.console.screens.backups import BackupsScreen

            return BackupsScreen()
        case "restores":
            from opsconsole.console.screens.restores import RestoresScreen

            return RestoresScreen()
        case "audit":
            from opsconsole.console.screens.audit import AuditScreen

            return AuditScreen()
        case _:
            from opsconsole.console.screens.runs import RunsScreen

            return RunsScreen(tab)
