"""A new schedule, asked for step by step: what it starts, of which tenant, when, and of what; nothing is kept before the last yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from opsconsole.console.dialogs.ask_rule import AskRule, fire_lines
from opsconsole.console.dialogs.choose import ChooseDialog
from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.dialogs.pick import NARROW, Entry, PickDialog
from opsconsole.console.orders import fact, said, tenant_entries
from opsconsole.console.pen import Pen, Span
from opsconsole.console.restore_pick import SETS_LISTED, set_entries
from opsconsole.console.rule_words import rule_words
from opsconsole.console.schedule_facts import set_words, types_words
from opsconsole.domain.access import Capability
from opsconsole.domain.schedule import Rule, ScheduleKind
from opsconsole.graph.policy_types import supported_types
from opsconsole.service.caller import Page
from opsconsole.service.record_query import RecordQuery

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.domain.backup import BackupSet
    from opsconsole.service.tenants import TenantView

KINDS: tuple[Entry, ...] = (
    Entry(ScheduleKind.BACKUP.value, "backup", "makes a new set each time"),
    Entry(ScheduleKind.DRIFT.value, "drift check", "compares a set with the tenant as it is"),
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was answered so far."""

    kind: ScheduleKind
    tenant: str
    rule: Rule
    fires: tuple[datetime, ...]


def ask_new(screen: LiveScreen) -> None:
    """Ask for everything that a schedule needs, then whether it is to be added."""
    if screen.console_app.is_allowed(Capability.SCHEDULE_MANAGE):
        screen.order_read(screen.desk.tenants, then=lambda views: _choose_kind(screen, views))


def _choose_kind(screen: LiveScreen, views: list[TenantView]) -> None:
    if not views:
        screen.console_app.say(
            "There is no tenant yet: add one to the configuration file (`opsconsole init` shows where).", "warning"
        )
        return

    def picked(kind: str | None) -> None:
        if kind is not None:
            _choose_tenant(screen, ScheduleKind(kind), views)

    screen.app.push_screen(PickDialog("What does it start?", KINDS), picked)


def _choose_tenant(screen: LiveScreen, kind: ScheduleKind, views: list[TenantView]) -> None:
    def picked(name: str | None) -> None:
        view = next((view for view in views if view.name == name), None)
        if view is None:
            return
        workspace = view.workspace if view.is_registered else None
        if screen.console_app.is_allowed(Capability.SCHEDULE_MANAGE, workspace):
            _choose_rule(screen, kind, view)

    if len(views) == 1:
        picked(views[0].name)
    else:
        screen.app.push_screen(PickDialog("Of which tenant?", tenant_entries(views)), picked)


def _choose_rule(screen: LiveScreen, kind: ScheduleKind, view: TenantView) -> None:
    def answered(found: tuple[Rule, tuple[datetime, ...]] | None) -> None:
        if found is None:
            return
        asked = _Asked(kind, view.name, *found)
        if kind is ScheduleKind.BACKUP:
            _choose_types(screen, asked)
        elif not view.is_registered:
            _choose_set(screen, asked, Page([]))  # it was never backed up
        else:
            sets = partial(screen.desk.sets, query=RecordQuery(tenant=view.name))
            screen.order_read(sets, SETS_LISTED, None, then=lambda page: _choose_set(screen, asked, page))

    screen.app.push_screen(AskRule(), answered)


def _choose_types(screen: LiveScreen, asked: _Asked) -> None:
    types = supported_types()

    def chosen(entries: tuple[Entry, ...] | None) -> None:
        if entries:
            _ask(screen, asked, types=tuple(entry.id for entry in entries))

    def picked(answer: str | None) -> None:
        if answer == "all":
            _ask(screen, asked)
        elif answer == "some":
            rows = [Entry(one.key, one.label, one.key) for one in types]
            screen.app.push_screen(ChooseDialog("Back up which policy types?", rows, noun="types"), chosen)

    entries = (
        Entry("all", "All policy types", f"all {len(types)}, and those of later versions"),
        Entry("some", "Only some types…", "mark them in a list"),
    )
    screen.app.push_screen(PickDialog("Back up what?", entries), picked)


def _choose_set(screen: LiveScreen, asked: _Asked, page: Page[BackupSet]) -> None:
    def picked(set_ref: str | None) -> None:
        if set_ref is not None:
            _ask(screen, asked, set_ref=set_ref)

    latest = Entry("latest", "The latest set", "whichever is newest when it fires")
    rows = [latest, *set_entries(page.items, screen.console_app.pen)]
    hint = NARROW if page.next_cursor is None else f"The newest {len(page.items)} sets of the tenant, and the latest"
    screen.app.push_screen(PickDialog("Compare which set with the tenant?", rows, hint=hint), picked)


def _ask(screen: LiveScreen, asked: _Asked, *, types: tuple[str, ...] = (), set_ref: str = "latest") -> None:
    what = types_words(types) if asked.kind is ScheduleKind.BACKUP else set_words(set_ref)

    def lines(pen: Pen) -> list[list[Span]]:
        return [
            fact(pen, "Starts", what, "strong"),
            fact(pen, "Tenant", asked.tenant, "strong"),
            fact(pen, "Rule", rule_words(asked.rule)),
            *fire_lines(asked.fires, pen, asked.rule),
            [],
            said(pen, "Fires while a console or an engine runs, with your rights."),
            said(pen, "Writes nothing to the tenant.", "good"),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(
                screen.desk.add_schedule,
                asked.kind,
                asked.tenant,
                asked.rule,
                types=types,
                set_ref=set_ref,
                then=lambda _: screen.store_changed(),
            )

    screen.app.push_screen(ConfirmDialog(Question("Add this schedule?", lines, "Add the schedule")), answered)
