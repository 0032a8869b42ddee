"""Golden screens of schedules, members and the pick of a restore."""

from __future__ import annotations

from .shot import WIDE, Shot
from .world import empty_world
from .world_people import operator_world, people_world, two_tenants

RULE = ("S", "n", "enter", *"30 22 * * 1-5", "enter")
"""To the rule of a new schedule, typed, with the focus on the zone."""

PEOPLE_SHOTS: dict[str, Shot] = {
    "schedules": Shot(people_world, ("S",)),
    "schedules_wide": Shot(people_world, ("S", "down", "down", "down"), WIDE),
    "schedules_light": Shot(people_world, ("S", "down"), look="light"),
    "schedules_no_color": Shot(people_world, ("S", "down", "down", "down"), look="no_color"),
    "schedules_empty": Shot(empty_world, ("S",)),
    "schedule_rule": Shot(people_world, RULE),
    "schedule_types": Shot(people_world, (*RULE, "enter", "enter", "down", "enter", "enter", "down", "enter")),
    "schedule_confirm": Shot(two_tenants, ("S", "n", "enter", "enter", *"6h", "enter", "enter", "enter", "enter")),
    "schedule_remove": Shot(people_world, ("S", "x")),
    "members": Shot(people_world, ("M",)),
    "members_wide": Shot(people_world, ("M", "down"), WIDE),
    "members_operator": Shot(operator_world, ("M", "down"), look="no_color"),
    "member_role": Shot(people_world, ("M", "down", "r")),
    "restore_pick": Shot(people_world, ("8", "n")),
    "restore_policies": Shot(
        people_world, ("8", "n", "enter", "enter", "down", "enter", "enter", "down", "down", "enter")
    ),
    "restore_missing": Shot(people_world, ("8", "n", *"incomplete", "enter", "enter", "enter")),
}
