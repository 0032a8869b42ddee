"""Golden screens of drift and of the difference of two sets."""

from __future__ import annotations

from .memory_desk import MemoryDesk
from .shot import WIDE, Shot, each_look
from .world import empty_world
from .world_drift import drift_world, hostile_drift_world

FOUND = ("D", "down", "enter")
NONE = ("D", *("down",) * 2, "enter")
PARTLY = ("D", *("down",) * 3, "enter")
FAILED = ("D", *("down",) * 4, "enter")
DIFF = ("7", "equals_sign", "enter")


def wide_names() -> MemoryDesk:
    return hostile_drift_world("[red]日本語ポリシー[/] \x1b[31m\u202eيسار\u200b👩\u200d💻 e\u0301")


DRIFT_SHOTS: dict[str, Shot] = {
    **each_look("drift_check", drift_world, *FOUND),
    "drift": Shot(drift_world, ("D",)),
    "drift_wide": Shot(drift_world, ("D",), WIDE),
    "drift_empty": Shot(empty_world, ("D",)),
    "drift_confirm": Shot(drift_world, ("7", "down", "d")),
    "drift_running": Shot(drift_world, ("D", "enter")),
    "drift_none": Shot(drift_world, NONE),
    "drift_in_part": Shot(drift_world, PARTLY),
    "drift_failed": Shot(drift_world, FAILED),
    "drift_filtered": Shot(drift_world, (*FOUND, "slash", *"kind:gone kiosk", "enter")),
    "drift_wide_names": Shot(wide_names, FOUND),
    "diff": Shot(drift_world, (*DIFF, *("down",) * 4)),
    "diff_wide": Shot(drift_world, DIFF, WIDE),
}
