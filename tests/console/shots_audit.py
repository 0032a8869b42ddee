"""Golden screens of audit."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from textual.pilot import Pilot

from opsconsole.domain.audit import BadEntry, ChainHead, Verdict

from .conftest import drawn
from .driving import until
from .memory_audit import KEPT
from .memory_desk import MemoryDesk
from .shot import WIDE, Shot, each_look
from .world import busy_world, empty_world
from .world_drift import written_world


def broken_chain() -> MemoryDesk:
    desk = busy_world(more_runs=0)
    desk.verdict = Verdict(False, 4_711, ChainHead(4_711, "ab12" * 16), BadEntry(4_712, "changed"))
    return desk


def never_verified() -> MemoryDesk:
    desk = empty_world()
    desk.chain_known = replace(KEPT, kept=None, head=ChainHead())
    return desk


def being_verified() -> MemoryDesk:
    desk = busy_world(more_runs=0)
    desk.goes_on = threading.Event()
    return desk


async def look_at_the_walk(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: "34 %" in "".join(strip.text for strip in drawn(pilot.app)))


AUDIT_SHOTS: dict[str, Shot] = {
    **each_look("audit", busy_world, "9"),
    "audit_verifying": Shot(being_verified, ("9", "v"), then=look_at_the_walk),
    "audit_filtered": Shot(busy_world, ("9", "slash", *"actor:bob outcome:failed", "enter")),
    "audit_empty": Shot(never_verified, ("9",)),
    "audit_broken": Shot(broken_chain, ("9", "v")),
    "audit_entry": Shot(busy_world, ("9", "down", "enter")),
    "audit_entry_written": Shot(written_world, ("9", "enter", "pagedown", "pagedown")),
    "audit_entry_written_wide": Shot(written_world, ("9", "enter"), WIDE),
}
