"""What golden screens are taken of: a world, keys pressed in it, a terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from .memory_desk import MemoryDesk

SMALL, WIDE = (80, 24), (120, 40)


@dataclass(frozen=True)
class Shot:
    """One golden screen; ``app`` where it is not of the console itself."""

    world: Callable[[], MemoryDesk]
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = SMALL
    look: str = "dark"
    named: dict[str, Any] = field(default_factory=dict)
    then: Callable[[Pilot[Any]], Awaitable[None]] | None = None
    app: Callable[[], App[Any]] | None = None


def each_look(name: str, world: Callable[[], MemoryDesk], *keys: str) -> dict[str, Shot]:
    """Return the four pictures of a screen with data: small, wide, light, without colour."""
    return {
        name: Shot(world, keys),
        f"{name}_wide": Shot(world, keys, WIDE),
        f"{name}_light": Shot(world, keys, look="light"),
        f"{name}_no_color": Shot(world, keys, look="no_color"),
    }
