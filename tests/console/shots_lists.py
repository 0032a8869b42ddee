"""Golden screens of what all lists can do: sorted, marked, filtered while typing, exported, shown beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from opsconsole.console.dialogs.export import ExportDialog

from .conftest import settle
from .shot import WIDE, Shot
from .world import busy_world

FETCH_THAT_FAILED = ("down",) * 8


async def type_half_a_word(pilot: Pilot[Any]) -> None:
    pilot.app.screen.query_one(Input).value = "outcome:failed reason:t"
    await settle(pilot)


async def name_the_file(pilot: Pilot[Any]) -> None:
    # Where an export goes unless told otherwise is a folder of this machine.
    assert isinstance(pilot.app.screen, ExportDialog)
    field = pilot.app.screen.query_one(Input)
    field.value = str(Path("/home/alice/Documents/opsconsole-runs-2026-08-20-140207.jsonl"))
    field.cursor_position = len(field.value)  # it stood where this machine's path ended
    await settle(pilot)


LIST_SHOTS: dict[str, Shot] = {
    "runs_sorted_by_took": Shot(busy_world, ("s", *"longest", "enter")),
    "runs_sort": Shot(busy_world, ("s",)),
    "runs_marked": Shot(busy_world, ("space", "space", "down", "space")),
    "runs_cancel_marked": Shot(busy_world, ("space", "space", "down", "space", "down", "space", "x")),
    "runs_filter_hints": Shot(busy_world, ("slash",), then=type_half_a_word),
    "runs_beside": Shot(busy_world, FETCH_THAT_FAILED, WIDE),
    "export": Shot(busy_world, ("e",), then=name_the_file),
    "backups_filtered": Shot(busy_world, ("7", "slash", *"state:incomplete", "enter")),
}
