"""Where a need is looked at: each kind leads to the screen that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.places import PLACE_BY_NAME
from opsconsole.domain.attention import Need

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen


def open_need(screen: LiveScreen, need: Need) -> None:
    """Go where a need is looked at; a main screen is gone to, a thing is opened above this one."""
    place = need.info.place
    if place in PLACE_BY_NAME and PLACE_BY_NAME[place].screen:
        screen.console_app.action_go(place)
        return
    if detail := _detail(place, need):
        screen.app.push_screen(detail)


def _detail(place: str, need: Need) -> LiveScreen | None:
    from opsconsole.console.screens.backup_set import BackupSetScreen
    from opsconsole.console.screens.plan import PlanScreen
    from opsconsole.console.screens.run import RunScreen
    from opsconsole.console.screens.tenant import TenantScreen

    match place:
        case "set":
            return BackupSetScreen(need.ref)
        case "run":
            return RunScreen(need.ref)
        case "plan":
            return PlanScreen(need.ref)
        case _:
            return TenantScreen(need.tenant) if need.tenant else None
