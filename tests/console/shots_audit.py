"""Golden screens of audit."""

from __future__ import annotations

from opsconsole.domain.audit import BadEntry, ChainHead, Verdict

from .memory_desk import MemoryDesk
from .shot import Shot, each_look
from .world import busy_world, empty_world


def broken_chain() -> MemoryDesk:
    desk = busy_world(more_runs=0)
    desk.verdict = Verdict(False, 4_711, ChainHead(4_711, "ab12" * 16), BadEntry(4_712, "changed"))
    return desk


AUDIT_SHOTS: dict[str, Shot] = {
    **each_look("audit", busy_world, "9", "v"),
    "audit_empty": Shot(empty_world, ("9",)),
    "audit_broken": Shot(broken_chain, ("9", "v")),
    "audit_entry": Shot(busy_world, ("9", "enter")),
}
