"""The places of the console: the screens there are, which key goes to each from anywhere, and what kind each is."""

from __future__ import annotations

from msgspec import Struct


class Place(Struct, frozen=True):
    """One kind of screen. ``key`` goes there from anywhere; a place without one is opened from another.

    ``screen`` names module and class of a main screen, which is imported when it is first gone to.
    """

    name: str
    title: str
    key: str = ""
    screen: str = ""
    is_list: bool = False
    is_left_by_escape: bool = False
    in_footer: bool = False


PLACES: tuple[Place, ...] = (
    Place("dashboard", "Dashboard", "0", "dashboard:DashboardScreen", is_list=True),
    Place("runs", "Runs", "1", "runs:RunsScreen", is_list=True),
    Place("backups", "Backups", "7", "backups:BackupsScreen", is_list=True, in_footer=True),
    Place("restores", "Restores", "8", "restores:RestoresScreen", is_list=True),
    Place("drift", "Drift", "D", "drifts:DriftsScreen", is_list=True),
    Place("audit", "Audit", "9", "audit:AuditScreen", is_list=True, in_footer=True),
    Place("schedules", "Schedules", "S", "schedules:SchedulesScreen", is_list=True),
    Place("members", "Members", "M", "members:MembersScreen", is_list=True),
    Place("tenants", "Tenants", "T", "tenants:TenantsScreen", is_list=True),
    Place("tenant", "Tenant", is_list=True, is_left_by_escape=True),
    Place("run", "Run", is_left_by_escape=True),
    Place("failures", "Failures", is_list=True, is_left_by_escape=True),
    Place("log", "Run log", is_list=True, is_left_by_escape=True),
    Place("set", "Backup set", is_list=True, is_left_by_escape=True),
    Place("item", "Backup item", is_left_by_escape=True),
    Place("plan", "Restore plan", is_list=True, is_left_by_escape=True),
    Place("policy", "Policy of a plan", is_left_by_escape=True),
    Place("check", "Drift check", is_list=True, is_left_by_escape=True),
    Place("diff", "Difference of two sets", is_list=True, is_left_by_escape=True),
    Place("entry", "Audit entry", is_list=True, is_left_by_escape=True),
    Place("help", "Help", is_left_by_escape=True),
)
"""Main screens first, in the order of their keys; Runs has the digits 1 to 6 for its tabs."""

PLACE_BY_NAME: dict[str, Place] = {place.name: place for place in PLACES}

TOPS: tuple[Place, ...] = tuple(place for place in PLACES if place.screen)
"""Places reached by a key from anywhere."""

LISTS = frozenset(place.name for place in PLACES if place.is_list)
"""Places that hold a list with a row under the cursor."""

DETAILS = frozenset(place.name for place in PLACES if place.is_left_by_escape)
"""Places that Esc leaves."""

EVERYWHERE = frozenset(place.name for place in PLACES)
