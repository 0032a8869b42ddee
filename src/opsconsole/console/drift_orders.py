"""Orders around differences: a drift check, the other set to compare with, and a restore of what differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.dialogs.pick import NARROW, Entry, PickDialog
from opsconsole.console.figures import age, at_length, grouped
from opsconsole.console.orders import fact, is_elsewhere, said
from opsconsole.console.pen import Pen, Span
from opsconsole.console.restore_orders import ask_preview
from opsconsole.domain.access import Capability
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.domain.backup import BackupSet
    from opsconsole.service.caller import Page
    from opsconsole.service.started import Started

PICKED_FROM = 200
"""Newest sets that one may be picked from; older ones are marked on Backups, and the list says so."""

WHOLE, CHOSEN = "whole", "chosen"


def why_not_drift(found: BackupSet | None) -> str | None:
    """Return why a set cannot be compared with its tenant, or None if it can."""
    if found is not None and (found.is_active or found.count("pending")):
        return "This set is still being fetched: compare it when its fetch is done."
    return None


def ask_drift(screen: LiveScreen, found: BackupSet) -> None:
    """Ask whether a set is to be compared with its tenant as it is."""
    app = screen.console_app
    if not app.is_allowed(Capability.DRIFT_START, found.workspace):
        return
    if reason := why_not_drift(found):
        app.say(reason)
        return
    gaps = found.missing

    def lines(pen: Pen) -> list[list[Span]]:
        text = [
            fact(pen, "Set", f"{short_id(found.id)}  {at_length(found.created_at, pen.zone)}", "strong"),
            fact(pen, "Tenant", found.tenant, "strong"),
            fact(pen, "Policies", f"{grouped(found.count('fetched'))} of {grouped(found.count('listed'))}"),
        ]
        if gaps:
            words = f"⚠ The set lacks {grouped(gaps)}: they cannot be compared."
            text += [[], said(pen, pen.drawn(words), "danger")]
        return [
            *text,
            [],
            said(pen, "Lists the tenant's policies of the same types and compares"),
            said(pen, "whom they are assigned to."),
            said(pen, "Nothing is written to the tenant.", "good"),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(screen.desk.start_drift, found.id, then=lambda started: _follow(screen, started))

    app.push_screen(ConfirmDialog(Question("Compare with the tenant?", lines, "Check drift")), answered)


def ask_drift_of(screen: LiveScreen, set_ref: str) -> None:
    """Ask the same for a set that is known by its id, or as ``latest``."""
    screen.order_read(screen.desk.backup_set, set_ref, then=lambda found: ask_drift(screen, found))


def _follow(screen: LiveScreen, started: Started) -> None:
    from opsconsole.console.screens.drift_check import DriftCheckScreen

    if not started.created:
        screen.console_app.say("This set is being compared already: nothing new was started.")
    if started.runs and not is_elsewhere(screen, started):
        screen.app.push_screen(DriftCheckScreen(started.runs[0].id))


def open_difference(screen: LiveScreen, first: str, second: str) -> None:
    """Open the difference of two sets, the older one first: ids sort by time."""
    from opsconsole.console.screens.set_difference import SetDifferenceScreen

    screen.app.push_screen(SetDifferenceScreen(*sorted((first, second))))


def pick_other(screen: LiveScreen, set_id: str) -> None:
    """Ask for the set to compare with, the newest first, and open the difference."""
    screen.order_read(screen.desk.sets, PICKED_FROM, None, then=lambda page: _pick(screen, set_id, page))


def _pick(screen: LiveScreen, set_id: str, page: Page[BackupSet]) -> None:
    now = screen.desk.now()
    this = next((one for one in page.items if one.id == set_id), None)
    others = [one for one in page.items if one.id != set_id]
    if this is not None:  # sets of one tenant first: those of another have other policies
        others.sort(key=lambda one: one.tenant_id != this.tenant_id)
    if not others:
        screen.console_app.say("There is no other set to compare with: b backs the tenant up once more.")
        return
    entries = [
        Entry(
            one.id,
            f"{short_id(one.id)} {plain(one.tenant)}",
            f"{age(one.created_at, now)} · {grouped(one.count('fetched'))} of {grouped(one.count('listed'))}",
            "still being fetched" if one.is_active else "",
        )
        for one in others
    ]

    def picked(other: str | None) -> None:
        if other is not None:
            open_difference(screen, set_id, other)

    hint = NARROW
    if page.next_cursor is not None:
        hint = f"The newest {grouped(len(page.items))}; older ones: mark two on Backups (7), then ="
    screen.app.push_screen(PickDialog(f"Compare {short_id(set_id)} with which set?", entries, hint=hint), picked)


def ask_restore(screen: LiveScreen, found: BackupSet, chosen: tuple[str, ...], named: str) -> None:
    """Ask whether the whole set or only ``chosen`` (``TYPE:ID``) is to be restored, then as any preview does."""
    if not screen.console_app.is_allowed(Capability.PREVIEW_CREATE, found.workspace):
        return
    if not chosen:
        ask_preview(screen, found)
        return
    what = named if len(chosen) == 1 else f"the {grouped(len(chosen))} marked policies"
    entries = [
        Entry(CHOSEN, "only this" if len(chosen) == 1 else "only the marked", what),
        Entry(WHOLE, "the whole set", f"{grouped(found.count('fetched'))} policies"),
    ]

    def picked(scope: str | None) -> None:
        steps: dict[str, Callable[[], None]] = {
            CHOSEN: lambda: ask_preview(screen, found, items=chosen),
            WHOLE: lambda: ask_preview(screen, found),
        }
        if scope is not None:
            steps[scope]()

    screen.app.push_screen(PickDialog("Restore how much?", entries), picked)
