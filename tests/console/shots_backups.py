"""Golden screens of backups."""

from __future__ import annotations

from .shot import Shot, each_look
from .world import busy_world, empty_world

BACKUP_SHOTS: dict[str, Shot] = {
    **each_look("backups", busy_world, "7"),
    **each_look("set", busy_world, "7", "enter"),
    "backups_empty": Shot(empty_world, ("7",)),
    "set_missing_only": Shot(busy_world, ("7", "enter", "m")),
    "item": Shot(busy_world, ("7", "enter", *("down",) * 7, "enter")),
    "item_raw": Shot(busy_world, ("7", "enter", *("down",) * 7, "enter", "v")),
    "item_failed": Shot(busy_world, ("7", "enter", *("down",) * 3, "enter")),
    "confirm_backup": Shot(busy_world, ("b",)),
}
