"""The palette: every key of the screen in front, and the places to go, found by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.desk.identity import refusal
from opsconsole.console.dialogs.pick import Entry, PickDialog
from opsconsole.console.keys import Key, keys_of
from opsconsole.console.places import TOPS
from opsconsole.console.run_tabs import RUN_TABS
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.theme import DARK, LIGHT

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

_NOT_LISTED = frozenset({"palette", "tabs", "back", "clear"} | {f"go_{place.name}" for place in TOPS})


def palette_entries(app: OpsConsoleApp, place: str) -> list[Entry]:
    """Return what can be done now; the entry's id is the action to run."""
    entries = [
        Entry(key.action, key.label.rstrip("…").capitalize(), key.help.split(".")[0], _refusal(app, key), key.shown)
        for key in keys_of(place)
        if key.id not in _NOT_LISTED and app.is_key_there(key) and (key.id != "start_engine" or app.has_engine_failed)
    ]
    entries += [Entry(f"app.tab({tab.digit})", f"Go to runs: {tab.title.lower()}", key=tab.digit) for tab in RUN_TABS]
    entries += [
        Entry(f"app.go('{place.name}')", f"Go to {place.title.lower()}", key=place.key)
        for place in TOPS
        if place.name != "runs"
    ]
    note = "for watched runs only" if app.bells.is_on else "when a run ends that you started or have open"
    entries.append(Entry("app.toggle_bell", f"Bell {'off' if app.bells.is_on else 'on'}", note))
    if app.theme in (DARK, LIGHT):
        entries += [
            Entry(f"app.look('{DARK}')", "Dark theme", "for dark terminals"),
            Entry(f"app.look('{LIGHT}')", "Light theme", "for light terminals"),
        ]
    return entries


def _refusal(app: OpsConsoleApp, key: Key) -> str:
    if key.capability is not None and not app.may_press(key):
        return refusal(key.capability)
    screen = app.screen
    return (screen.why_not(key.id) or "") if isinstance(screen, LiveScreen) else ""


def open_palette(app: OpsConsoleApp) -> None:
    """Open the palette over the screen in front; what is picked runs there."""
    screen = app.screen
    if screen.is_modal:
        return

    async def picked(action: str | None) -> None:
        if action is not None:
            await screen.run_action(action)

    place = getattr(screen, "place", "runs")
    app.push_screen(PickDialog("What to do?", palette_entries(app, place)), picked)
