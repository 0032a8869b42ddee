"""Golden screens: every screen in its states at 80×24, with data also wide, light and without colour."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from opsconsole.domain.access import Role
from opsconsole.domain.audit import BadEntry, ChainHead, Verdict

from .conftest import after, make_app
from .driving import Engine
from .memory_desk import MemoryDesk
from .world import busy_world, empty_world, hostile_world

SMALL, WIDE = (80, 24), (120, 40)

RUNNING = ("down", "down", "down", "enter")
"""Opens the restore that is running."""

FAILED = ("down", "down", "down", "down", "down", "enter")
PLAN = ("8", "enter")


@dataclass(frozen=True)
class Shot:
    """One golden screen: the world, the keys pressed in it, the terminal."""

    world: Callable[[], MemoryDesk]
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = SMALL
    look: str = "dark"
    named: dict[str, Any] = field(default_factory=dict)
    then: Callable[[Pilot[Any]], Awaitable[None]] | None = None


async def lose_the_store(pilot: Pilot[Any]) -> None:
    pilot.app.desk.is_lost = True
    pilot.app.desk.moment += timedelta(seconds=12)
    pilot.app.screen.store_changed()


def readonly_role() -> MemoryDesk:
    return busy_world(role=Role.READONLY)


def broken_chain() -> MemoryDesk:
    desk = busy_world(more_runs=0)
    desk.verdict = Verdict(False, 4_711, ChainHead(4_711, "ab12" * 16), BadEntry(4_712, "changed"))
    return desk


def production() -> MemoryDesk:
    return busy_world(production=True, more_runs=0)


def wide_names() -> MemoryDesk:
    return hostile_world("[red]日本語ポリシー[/] \x1b[31m\u202eيسار\u200b👩\u200d💻 e\u0301")


DATA: dict[str, tuple[str, ...]] = {
    "runs": (),
    "run": RUNNING,
    "backups": ("7",),
    "set": ("7", "enter"),
    "plan": PLAN,
    "audit": ("9", "v"),
}
"""The screens whose data is looked at on every kind of terminal."""

SHOTS: dict[str, Shot] = {
    **{name: Shot(busy_world, keys) for name, keys in DATA.items()},
    **{f"{name}_wide": Shot(busy_world, keys, WIDE) for name, keys in DATA.items()},
    **{f"{name}_light": Shot(busy_world, keys, look="light") for name, keys in DATA.items()},
    **{f"{name}_no_color": Shot(busy_world, keys, look="no_color") for name, keys in DATA.items()},
    "runs_empty": Shot(empty_world),
    "runs_filtered": Shot(busy_world, ("slash", *"type:restore", "enter")),
    "runs_filter_wrong": Shot(busy_world, ("slash", *"outcome:great", "enter")),
    "runs_tab_failed": Shot(busy_world, ("6",)),
    "runs_lost": Shot(busy_world, then=lose_the_store),
    "runs_read_only": Shot(busy_world, named={"is_read_only": True}),
    "runs_readonly_role": Shot(readonly_role),
    "runs_ascii": Shot(busy_world, named={"is_ascii": True}),
    "runs_wide_names": Shot(wide_names),
    "run_failed": Shot(busy_world, FAILED),
    "failures": Shot(busy_world, (*RUNNING, "enter")),
    "backups_empty": Shot(empty_world, ("7",)),
    "set_missing_only": Shot(busy_world, ("7", "enter", "m")),
    "item": Shot(busy_world, ("7", "enter", *("down",) * 7, "enter")),
    "item_raw": Shot(busy_world, ("7", "enter", *("down",) * 7, "enter", "v")),
    "item_failed": Shot(busy_world, ("7", "enter", *("down",) * 3, "enter")),
    "restores": Shot(busy_world, ("8",)),
    "restores_empty": Shot(empty_world, ("8",)),
    "plan_blocked": Shot(busy_world, (*PLAN, "G")),
    "plan_apply": Shot(busy_world, (*PLAN, "a")),
    "plan_apply_production": Shot(production, (*PLAN, "a", *"contoso")),
    "plan_apply_no_color": Shot(busy_world, (*PLAN, "a"), look="no_color"),
    "plan_settle": Shot(busy_world, (*PLAN, "G", "s")),
    "plan_wide_names": Shot(wide_names, PLAN),
    "audit_empty": Shot(empty_world, ("9",)),
    "audit_broken": Shot(broken_chain, ("9", "v")),
    "audit_entry": Shot(busy_world, ("9", "enter")),
    "confirm_backup": Shot(busy_world, ("b",)),
    "confirm_cancel": Shot(busy_world, ("down", "down", "down", "x")),
    "confirm_retry": Shot(busy_world, (*("down",) * 8, "r")),
    "preview_mode": Shot(busy_world, ("7", "p")),
    "preview_confirm": Shot(busy_world, ("7", "p", "enter")),
    "help": Shot(busy_world, ("question_mark",)),
    "palette": Shot(busy_world, ("ctrl+p",)),
    "palette_narrowed": Shot(readonly_role, ("ctrl+p", *"ba")),
    "quit": Shot(busy_world, ("q",), named={"engine": Engine(["0199-run-8c41d2", "0199-run-7be03f"])}),
}


@pytest.mark.parametrize("name", SHOTS)
def test_screen(name: str, snap_compare: Callable[..., bool]) -> None:
    shot = SHOTS[name]
    app = make_app(shot.world(), look=shot.look, **shot.named)
    assert snap_compare(app, terminal_size=shot.size, run_before=after(*shot.keys, then=shot.then))
