"""Golden screens of restores."""

from __future__ import annotations

from .memory_desk import MemoryDesk
from .shot import Shot, each_look
from .world import busy_world, empty_world, hostile_world

PLAN = ("8", "enter")


def production() -> MemoryDesk:
    return busy_world(production=True, more_runs=0)


def wide_names() -> MemoryDesk:
    return hostile_world("[red]日本語ポリシー[/] \x1b[31m\u202eيسار\u200b👩\u200d💻 e\u0301")


RESTORE_SHOTS: dict[str, Shot] = {
    **each_look("plan", busy_world, *PLAN),
    "restores": Shot(busy_world, ("8",)),
    "restores_empty": Shot(empty_world, ("8",)),
    "plan_blocked": Shot(busy_world, (*PLAN, "G")),
    "plan_apply": Shot(busy_world, (*PLAN, "a")),
    "plan_apply_production": Shot(production, (*PLAN, "a", *"contoso")),
    "plan_apply_no_color": Shot(busy_world, (*PLAN, "a"), look="no_color"),
    "plan_settle": Shot(busy_world, (*PLAN, "G", "s")),
    "plan_wide_names": Shot(wide_names, PLAN),
    "preview_mode": Shot(busy_world, ("7", "p")),
    "preview_confirm": Shot(busy_world, ("7", "p", "enter", "enter")),
}
