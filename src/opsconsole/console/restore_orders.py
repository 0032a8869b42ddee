"""Orders around a restore: its preview, its run, its undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.dialogs.choose import ChooseDialog
from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.dialogs.pick import Entry, PickDialog
from opsconsole.console.figures import grouped
from opsconsole.console.orders import JUSTIFICATION, fact, follow, said, tenant_entries
from opsconsole.console.pen import Pen, Span
from opsconsole.console.policy_words import type_words
from opsconsole.domain.access import Capability
from opsconsole.domain.backup import ItemStatus
from opsconsole.domain.ids import short_id
from opsconsole.domain.plan import Mode

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.domain.backup import BackupItem, BackupSet
    from opsconsole.domain.restore import RestoreRun
    from opsconsole.service.restores import Confirmation
    from opsconsole.service.tenants import TenantView

POLICIES_LISTED = 100
"""Policies of a set listed to mark: more are found by typing, which searches the whole set."""

MODES: tuple[Entry, ...] = (
    Entry(Mode.EXACT.value, "exact", "live becomes the backup: adds and removes"),
    Entry(Mode.ADD.value, "add", "only what the backup has and live lacks"),
    Entry(Mode.REMOVE.value, "remove", "only takes away what the backup has not"),
)


def ask_preview(screen: LiveScreen, backup_set: BackupSet, items: tuple[str, ...] = ()) -> None:
    """Ask for tenant and mode, then whether a preview is to be made, of the whole set or of ``items`` (``TYPE:ID``)."""
    app = screen.console_app
    if not app.is_allowed(Capability.PREVIEW_CREATE, backup_set.workspace):
        return
    if backup_set.is_active:
        app.say("This set is still being fetched: preview it when it is whole.")
        return
    screen.order_read(screen.desk.tenants, then=lambda views: _choose_tenant(screen, backup_set, views, items))


def _choose_tenant(screen: LiveScreen, backup_set: BackupSet, views: list[TenantView], items: tuple[str, ...]) -> None:
    # Restores stay within one workspace; the set's own tenant stands first.
    fitting = [view for view in views if view.workspace == backup_set.workspace]
    fitting.sort(key=lambda view: view.name != backup_set.tenant)

    def picked(name: str | None) -> None:
        if name is not None:
            _choose_mode(screen, backup_set, name, items)

    if len(fitting) == 1:
        picked(fitting[0].name)
    elif fitting:
        screen.app.push_screen(PickDialog("Restore into which tenant?", tenant_entries(fitting)), picked)
    else:
        screen.console_app.say("No tenant of this workspace is configured here.", "warning")


def _choose_mode(screen: LiveScreen, backup_set: BackupSet, tenant: str, items: tuple[str, ...]) -> None:
    def picked(mode: str | None) -> None:
        if mode is not None:
            if items:
                _ask_preview(screen, backup_set, tenant, Mode(mode), items)
            else:
                _choose_policies(screen, backup_set, tenant, Mode(mode))

    screen.app.push_screen(PickDialog("Restore in which way?", MODES), picked)


def _choose_policies(screen: LiveScreen, backup_set: BackupSet, tenant: str, mode: Mode) -> None:
    desk, fetched = screen.desk, backup_set.count("fetched")

    def find(text: str) -> list[Entry]:
        page = desk.items(backup_set.id, text or None, (ItemStatus.FETCHED,), POLICIES_LISTED, None)
        return [_policy_entry(item) for item in page.items]

    def chosen(entries: tuple[Entry, ...] | None) -> None:
        if entries:
            _ask_preview(screen, backup_set, tenant, mode, tuple(entry.id for entry in entries))

    def found(rows: list[Entry]) -> None:
        more = "typing finds the others" if fetched > len(rows) else ""
        screen.app.push_screen(
            ChooseDialog("Restore which policies?", rows, noun="policies", find=find, more=more), chosen
        )

    def picked(answer: str | None) -> None:
        if answer == "all":
            _ask_preview(screen, backup_set, tenant, mode)
        elif answer == "some":
            screen.order_read(find, "", then=found)

    lacks = f"; it lacks {grouped(backup_set.missing)}" if backup_set.missing else ""
    entries = (
        Entry("all", "All policies", f"the {grouped(fetched)} that the set holds{lacks}"),
        Entry("some", "Only some policies…", "mark them in a list"),
    )
    screen.app.push_screen(PickDialog("Restore what of it?", entries), picked)


def _policy_entry(item: BackupItem) -> Entry:
    return Entry(
        f"{item.policy_type}:{item.policy_id}", item.policy_name or item.policy_id, type_words(item.policy_type)
    )


def _ask_preview(
    screen: LiveScreen, backup_set: BackupSet, tenant: str, mode: Mode, items: tuple[str, ...] = ()
) -> None:
    # Policies that were chosen are all there: only a restore of everything has to reckon with what the set lacks.
    missing = 0 if items else backup_set.missing
    fetched = len(items) or backup_set.count("fetched")

    def lines(pen: Pen) -> list[list[Span]]:
        text = [
            fact(pen, "Set", f"{short_id(backup_set.id)}  {backup_set.tenant}", "strong"),
            fact(pen, "Into", tenant, "strong"),
            fact(pen, "Mode", mode.value),
            fact(pen, "Policies", f"{grouped(fetched)} of {grouped(backup_set.count('listed'))}"),
        ]
        if missing:
            text += [
                [],
                said(pen, pen.drawn(f"⚠ The set lacks {missing}: they will not be restored."), "danger"),
            ]
        return [*text, [], said(pen, "Compares the set with the tenant. Nothing is written to it.", "good")]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(
                screen.desk.start_preview,
                backup_set.id,
                tenant,
                mode=mode,
                items=items,
                accept_missing=missing,
                then=lambda started: follow(screen, started),
            )

    verb = f"Preview without {grouped(missing)}" if missing else "Preview"
    must_type = str(missing) if missing else None
    question = Question("Preview this restore?", lines, verb, must_type, typed_is="number")
    screen.console_app.push_screen(ConfirmDialog(question), answered)


def ask_apply(screen: LiveScreen, asked: Confirmation) -> None:
    """Ask whether a plan is to be run: the last thing before a tenant is written to."""
    app = screen.console_app
    if not app.is_allowed(Capability.RESTORE_EXECUTE, asked.restore_run.workspace):
        return
    if not asked.changes:
        app.say("This plan changes nothing: there is nothing to apply.")
        return
    left_out = len(asked.restore_run.left_out)
    by_hand = f", {grouped(left_out)} left out by hand" if left_out else ""

    def lines(pen: Pen) -> list[list[Span]]:
        text = [
            fact(pen, "Tenant", f"{asked.tenant}{'  (production)' if asked.is_production else ''}", "strong"),
            fact(pen, "Policies", f"{grouped(asked.changes)} will change{by_hand}"),
            fact(pen, "Targets", f"{grouped(asked.added)} added, {grouped(asked.removed)} removed"),
            fact(pen, "Blocked", f"{grouped(asked.blocked)} will not be touched", "text" if asked.blocked else "dim"),
            fact(pen, "Plan", f"{short_id(asked.restore_run.id)}  its hash begins with {asked.plan_hash[:12]}", "dim"),
        ]
        if asked.dangers:
            text += [[], *(said(pen, pen.drawn(f"⚠ {words}"), "danger") for words in asked.dangers)]
        return [
            *text,
            [],
            said(pen, "Each policy is read again right before it is written; one"),
            said(pen, "that changed since this preview is left alone."),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(
                screen.desk.run_restore,
                asked.restore_run.id,
                asked.plan_hash,
                justification=dialog.noted,
                then=lambda started: follow(screen, started),
            )

    noun = "policy" if asked.changes == 1 else "policies"
    question = Question(
        "Write these changes to the tenant?",
        lines,
        f"Apply to {grouped(asked.changes)} {noun}",
        asked.must_type,
        is_dangerous=asked.must_type is not None,
        note=JUSTIFICATION,
    )
    dialog = ConfirmDialog(question)
    app.push_screen(dialog, answered)


def ask_undo(screen: LiveScreen, restore: RestoreRun) -> None:
    """Ask whether the way back is to be previewed."""
    if not screen.console_app.is_allowed(Capability.RESTORE_EXECUTE, restore.workspace):
        return

    def lines(pen: Pen) -> list[list[Span]]:
        by = restore.undone_by
        again = [said(pen, f"The plan {short_id(by)} took all of it back already.", "partial")] if by else []
        return [
            fact(pen, "Plan", short_id(restore.id), "strong"),
            fact(pen, "Tenant", restore.tenant),
            [],
            *again,
            said(pen, "Makes a new plan from what was there before this restore,"),
            said(pen, "over all its runs. It is shown before anything is written."),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(screen.desk.undo_restore, restore.id, then=lambda started: follow(screen, started))

    screen.console_app.push_screen(ConfirmDialog(Question("Preview the way back?", lines, "Preview undo")), answered)
