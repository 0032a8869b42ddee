"""A restore begun from Restores: pick the set first; the rest is asked as on Backups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsconsole.console.dialogs.pick import Entry, PickDialog
from opsconsole.console.figures import age, grouped
from opsconsole.console.pen import Pen
from opsconsole.console.restore_orders import ask_preview
from opsconsole.console.states import state_of_set
from opsconsole.domain.access import Capability
from opsconsole.domain.ids import short_id

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.domain.backup import BackupSet
    from opsconsole.service.caller import Page

SETS_LISTED = 200
"""Newest sets to pick from: half a year of daily ones. Older ones are restored from Backups, and the list says so."""


def ask_restore(screen: LiveScreen) -> None:
    """Ask for a set, then as Backups does: for tenant, mode and policies, and whether to preview."""
    if screen.console_app.is_allowed(Capability.PREVIEW_CREATE):
        screen.order_read(screen.desk.sets, SETS_LISTED, None, then=lambda page: _choose(screen, page))


def _choose(screen: LiveScreen, page: Page[BackupSet]) -> None:
    app, sets = screen.console_app, list(page.items)
    if not sets:
        app.say("There is no backup set to restore from yet: go to Backups (7), b makes the first.", "warning")
        return

    def picked(set_id: str | None) -> None:
        found = next((one for one in sets if one.id == set_id), None)
        if found is not None:
            ask_preview(screen, found)

    hint = "Type to narrow the list: a tenant, complete, incomplete"
    if page.next_cursor is not None:
        hint = f"The newest {grouped(len(sets))}; older ones: Backups (7), then p"
    app.push_screen(PickDialog("Restore from which set?", set_entries(sets, app.pen), hint=hint), picked)


def set_entries(sets: Sequence[BackupSet], pen: Pen) -> list[Entry]:
    """Return sets to pick from: whole ones first, then those that lack something, each newest first; one at work cannot be picked."""
    ordered = sorted(sets, key=lambda one: one.id, reverse=True)
    ordered.sort(key=lambda one: (one.is_active, not one.is_complete))
    return [_entry(one, pen) for one in ordered]


def _entry(found: BackupSet, pen: Pen) -> Entry:
    holds = f"{grouped(found.count('fetched'))} of {grouped(found.count('listed'))}"
    counts = f"lacks {grouped(found.missing)}" if found.missing and not found.is_active else holds
    made = age(found.created_at, pen.now)
    return Entry(
        found.id,
        f"{short_id(found.id)}  {found.tenant}",
        f"{pen.state(state_of_set(found))}  {counts} · {made}{'' if made == 'just now' else ' ago'}",
        "this set is still being fetched" if found.is_active else "",
    )
