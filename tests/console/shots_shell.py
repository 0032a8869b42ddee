"""Golden screens of what stands around the screens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from textual.pilot import Pilot

from opsconsole.console.first_run import FirstRunApp
from opsconsole.console.theme import DARK
from opsconsole.domain.clock import to_text
from opsconsole.domain.run import RunType, Status
from opsconsole.errors import NotFound

from .driving import Engine
from .memory_desk import MemoryDesk
from .shot import Shot
from .world import busy_world, empty_world


def stranger() -> MemoryDesk:
    return MemoryDesk(is_member=False, actor="eve")


def no_tenant() -> MemoryDesk:
    desk = empty_world()
    desk.tenant_views = []
    return desk


def graph_lost() -> MemoryDesk:
    desk = busy_world()
    run = next(run for run in desk.all_runs if run.status is Status.RUNNING and run.type is RunType.RESTORE)
    lost = {
        "graph_lost": {"reason": "network_unreachable", "since": to_text(desk.moment - timedelta(seconds=40))},
        "waiting_until": to_text(desk.moment + timedelta(seconds=8)),
    }
    desk.replace_run(replace(run, context=run.context | lost))
    return desk


def broken_engine() -> Engine:
    engine = Engine()
    engine.start = lambda: setattr(engine, "is_broken", True)  # type: ignore[method-assign]
    return engine


async def ended(pilot: Pilot[Any]) -> None:
    pilot.app.screen.query_one("Banner").look()
    pilot.app.screen.query_one("HeaderLine").refresh()


async def vanish(pilot: Pilot[Any]) -> None:
    def refuse(*_: Any) -> Any:
        raise NotFound("There is no run 'd87fd9'.")

    pilot.app.desk.run_report = refuse
    pilot.app.screen.store_changed()


def card() -> FirstRunApp:
    app = FirstRunApp("/home/alice/.config/opsconsole/config.toml", is_configured=False, theme=DARK)
    app.animation_level = "none"
    return app


SHELL_SHOTS: dict[str, Shot] = {
    "first_run": Shot(busy_world, app=card),
    "too_small": Shot(busy_world, size=(40, 10)),
    "stranger": Shot(stranger),
    "runs_no_tenant": Shot(no_tenant, named={"config_place": "/home/alice/.config/opsconsole/config.toml"}),
    "run_not_found": Shot(busy_world, (*("down",) * 3, "enter"), then=vanish),
    "run_graph_lost": Shot(graph_lost, (*("down",) * 3, "enter")),
    "runs_engine_ended": Shot(busy_world, named={"engine": broken_engine()}, then=ended),
    "runs_sixteen": Shot(busy_world, ("down", "down", "down", "w"), look="sixteen"),
}
