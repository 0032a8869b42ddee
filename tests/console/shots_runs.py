"""Golden screens of runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from opsconsole.domain.access import Role

from .conftest import settle
from .memory_desk import MemoryDesk
from .shot import Shot, each_look
from .world import busy_world, empty_world, hostile_world

RUNNING = ("down", "down", "down", "enter")
"""Opens the restore that is running."""
FAILED = ("down", "down", "down", "down", "down", "enter")


async def lose_the_store(pilot: Pilot[Any]) -> None:
    pilot.app.desk.is_lost = True
    pilot.app.desk.moment += timedelta(seconds=12)
    pilot.app.screen.store_changed()


async def ask_for_nonsense(pilot: Pilot[Any]) -> None:
    # Set in one go: typed letter by letter on a busy machine, a part of it that makes sense may be applied on the way.
    pilot.app.screen.query_one(Input).value = "outcome:great"
    await settle(pilot)
    await pilot.press("enter")


def readonly_role() -> MemoryDesk:
    return busy_world(role=Role.READONLY)


def wide_names() -> MemoryDesk:
    return hostile_world("[red]日本語ポリシー[/] \x1b[31m\u202eيسار\u200b👩\u200d💻 e\u0301")


RUN_SHOTS: dict[str, Shot] = {
    **each_look("runs", busy_world),
    "runs_empty": Shot(empty_world),
    "runs_filtered": Shot(busy_world, ("slash", *"type:restore", "enter")),
    "runs_filter_wrong": Shot(busy_world, ("slash",), then=ask_for_nonsense),
    "runs_tab_failed": Shot(busy_world, ("6",)),
    "runs_lost": Shot(busy_world, then=lose_the_store),
    "runs_read_only": Shot(busy_world, named={"is_read_only": True}),
    "runs_readonly_role": Shot(readonly_role),
    "runs_ascii": Shot(busy_world, named={"is_ascii": True}),
    "runs_wide_names": Shot(wide_names),
    "confirm_cancel": Shot(busy_world, ("down", "down", "down", "x")),
    "confirm_retry": Shot(busy_world, (*("down",) * 8, "r")),
}
