"""One file a screen; each reads in one order: bindings, compose, mount, what it fetches, what it shows, handlers, actions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from opsconsole.console.places import PLACE_BY_NAME

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen


def top_screen(place: str, tab: str = "1") -> LiveScreen:
    """Return a fresh main screen: those that keys and the palette go to; ``tab`` is for Runs."""
    module, _, name = PLACE_BY_NAME[place].screen.partition(":")
    screen: type[LiveScreen] = getattr(import_module(f"{__name__}.{module}"), name)
    return screen(tab) if place == "runs" else screen()  # type: ignore[call-arg]
