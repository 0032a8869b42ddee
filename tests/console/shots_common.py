"""Golden screens of common."""

from __future__ import annotations

from opsconsole.domain.access import Role

from .driving import Engine
from .memory_desk import MemoryDesk
from .shot import Shot
from .world import busy_world


def readonly_role() -> MemoryDesk:
    return busy_world(role=Role.READONLY)


COMMON_SHOTS: dict[str, Shot] = {
    "help": Shot(busy_world, ("question_mark",)),
    "palette": Shot(busy_world, ("ctrl+p",)),
    "palette_narrowed": Shot(readonly_role, ("ctrl+p", *"ba")),
    "quit": Shot(busy_world, ("q",), named={"engine": Engine(["0199-run-8c41d2", "0199-run-7be03f"])}),
}
