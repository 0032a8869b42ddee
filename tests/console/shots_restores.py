"""Golden screens of restores."""

from __future__ import annotations

from dataclasses import replace

from opsconsole.domain.restore import Execution, ItemState, RestoreStatus
from opsconsole.domain.run import RunType

from .memory_desk import MemoryDesk
from .shot import Shot, each_look
from .world import at, busy_world, empty_world, hostile_world, make_restore

PLAN = ("8", "enter")


def production() -> MemoryDesk:
    return busy_world(production=True, more_runs=0)


def undone() -> MemoryDesk:
    """Return a store in which a restore was taken back by another."""
    desk = busy_world(more_runs=0)
    restore = next(run for run in desk.all_runs if run.type is RunType.RESTORE)
    ran = (Execution(restore.id, "succeeded", "completed", None),)
    old = desk.all_restores[1]
    undo = make_restore(8450, RestoreStatus.COMPLETED, "", executions=ran)
    undo = replace(undo, set_id=None, undo_of=old.id, created_at=at(minutes=4), dangers={}, counts={"will_change": 42})
    old = replace(old, executions=ran, undone_by=undo.id, created_at=at(minutes=35))
    desk.all_restores = [desk.all_restores[0], undo, old, desk.all_restores[2]]
    desk.restore_items_of[old.id] = [
        replace(item, state=ItemState.APPLIED) if item.state is ItemState.WILL_CHANGE else item
        for item in desk.restore_items_of[desk.all_restores[0].id]
    ]
    return desk


def wide_names() -> MemoryDesk:
    return hostile_world("[red]日本語ポリシー[/] \x1b[31m\u202eيسار\u200b👩\u200d💻 e\u0301")


RESTORE_SHOTS: dict[str, Shot] = {
    **each_look("plan", busy_world, *PLAN),
    "restores": Shot(undone, ("8",)),
    "plan_undone": Shot(undone, ("8", "j", "j", "enter")),
    "restores_empty": Shot(empty_world, ("8",)),
    "plan_blocked": Shot(busy_world, (*PLAN, "G")),
    "plan_apply": Shot(busy_world, (*PLAN, "a")),
    "plan_apply_production": Shot(production, (*PLAN, "a", *"contoso")),
    "plan_apply_low": Shot(production, (*PLAN, "a"), (60, 15)),
    "plan_apply_no_color": Shot(busy_world, (*PLAN, "a"), look="no_color"),
    "plan_settle": Shot(busy_world, (*PLAN, "G", "s")),
    "plan_wide_names": Shot(wide_names, PLAN),
    "preview_mode": Shot(busy_world, ("7", "p")),
    "preview_confirm": Shot(busy_world, ("7", "p", "enter", "enter")),
}
