"""Orders that several screens give: each asks first, saying in numbers what will happen, then goes where it can be watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.dialogs.pick import Entry, PickDialog
from opsconsole.console.figures import grouped
from opsconsole.console.pen import Pen, Span
from opsconsole.console.run_columns import progress_of, target_of
from opsconsole.console.states import TYPE_WORDS, state_of_run
from opsconsole.domain.access import CAPABILITY_OF_RUN, Capability
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import cut
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.domain.backup import BackupSet
    from opsconsole.service.started import Started
    from opsconsole.service.tenants import TenantView

JUSTIFICATION = "Justification, if somebody must approve (may stay empty)"
"""Asked with every write to a tenant; used only if Graph asks for an approval."""

WIDTH = 58
"""Columns of text in a confirmation."""


def fact(pen: Pen, name: str, value: str, ink: str = "text") -> list[Span]:
    """Return one line of a confirmation: what it is about."""
    return [*pen.cell(name, 12, "dim"), (cut(value, WIDTH - 12), pen.ink(ink))]


def said(pen: Pen, text: str, ink: str = "text") -> list[Span]:
    """Return one line of the product's own words."""
    return [(text, pen.ink(ink))]


def why_not_cancel(run: OperationRun) -> str | None:
    """Return why a run cannot be cancelled, or None if it can."""
    if not run.is_active:
        return f"Run {short_id(run.id)} has ended ({state_of_run(run).word}): there is nothing to cancel."
    if run.cancel_requested_at:
        return f"Run {short_id(run.id)} is being cancelled already."
    return None


def left_undone(run: OperationRun) -> int:
    """Return how many items a run failed, skipped, or left waiting for approval."""
    return run.counters.failed + run.counters.awaiting + run.counters.skipped


def why_not_retry(run: OperationRun) -> str | None:
    """Return why a run cannot be retried, or None if it can."""
    if run.is_active:
        return f"Run {short_id(run.id)} is {state_of_run(run).word}: wait for its end, or cancel it."
    if run.type is RunType.RECONCILE:
        return "Maintenance is not retried by hand: an engine does it again by itself."
    # Other runs may end before their first item; a restore without one has nothing that could be written.
    if not left_undone(run) and (run.outcome is Outcome.SUCCEEDED or run.type is RunType.RESTORE):
        return f"Run {short_id(run.id)} left nothing over: there is nothing to retry."
    return None


def ask_cancel(screen: LiveScreen, run: OperationRun) -> None:
    """Ask whether a run is to be cancelled."""
    app = screen.console_app
    if not app.is_allowed(CAPABILITY_OF_RUN[run.type], run.workspace):
        return
    if reason := why_not_cancel(run):
        app.say(reason)
        return
    done, total = progress_of(run)

    def lines(pen: Pen) -> list[list[Span]]:
        what = (
            "It has not started: it ends at once."
            if run.status is Status.QUEUED
            else (
                "It stops after the policy in hand; what is done stays done."
                if run.type is RunType.RESTORE
                else "It stops soon; what is done stays done."
            )
        )
        return [
            fact(pen, "Run", f"{short_id(run.id)}  {TYPE_WORDS[run.type]}", "strong"),
            fact(pen, "Target", target_of(run)),
            fact(pen, "Progress", _progress_words(done, total)),
            [],
            said(pen, what),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(screen.desk.cancel_run, run.id, then=lambda _: screen.store_changed())

    app.push_screen(ConfirmDialog(Question("Cancel this run?", lines, "Cancel the run", cancel="Keep it")), answered)


def _progress_words(done: int, total: int) -> str:
    """Return how far a run is that is about to be cancelled, and what that leaves."""
    if not total:
        return "nothing done yet" if not done else f"{grouped(done)} so far"
    return f"{grouped(done)} of {grouped(total)}; {grouped(max(0, total - done))} left out"


def ask_retry(screen: LiveScreen, run: OperationRun) -> None:
    """Ask whether what a run left undone is to be started again; a restore asks as its plan does."""
    app = screen.console_app
    if not app.is_allowed(CAPABILITY_OF_RUN[run.type], run.workspace):
        return
    if reason := why_not_retry(run):
        app.say(reason)
        return
    counters, left = run.counters, left_undone(run)
    writes = run.type is RunType.RESTORE
    # Whatever made the plan dangerous may be among what is left: a retry of a restore asks as a dangerous plan does.
    must_type = run.tenant if writes else None

    def lines(pen: Pen) -> list[list[Span]]:
        return [
            fact(pen, "Run", f"{short_id(run.id)}  {TYPE_WORDS[run.type]}  {state_of_run(run).word}", "strong"),
            fact(pen, "Target", target_of(run)),
            fact(
                pen,
                "Left undone",
                f"{grouped(counters.failed)} failed, {grouped(counters.skipped)} skipped, "
                f"{grouped(counters.awaiting)} awaiting approval",
            ),
            [],
            said(pen, "This writes to the tenant: each policy is read again first.", "danger")
            if writes
            else said(pen, "A new run does only this; nothing is written to the tenant."),
        ]

    verb = f"Retry {grouped(left)}" if left else "Start again"

    def answered(yes: bool | None) -> None:
        if yes:
            more = {"justification": dialog.noted} if writes else {}
            screen.order(screen.desk.retry_run, run.id, then=lambda started: follow(screen, started), **more)

    note = JUSTIFICATION if writes else ""
    dialog = ConfirmDialog(Question("Retry what is left?", lines, verb, must_type, is_dangerous=writes, note=note))
    screen.console_app.push_screen(dialog, answered)


def ask_backup(screen: LiveScreen, view: TenantView | None = None) -> None:
    """Ask which tenant is to be backed up, if there are several and none is named, and whether."""
    if view is not None:
        _ask_backup(screen, view)
    elif screen.console_app.is_allowed(Capability.FETCH_START):
        screen.order_read(screen.desk.tenants, then=lambda views: _choose_tenant(screen, views))


def _choose_tenant(screen: LiveScreen, views: list[TenantView]) -> None:
    app = screen.console_app
    if not views:
        app.say("There is no tenant yet: add one to the configuration file (`opsconsole init` shows where).", "warning")
        return
    if len(views) == 1:
        _ask_backup(screen, views[0])
        return

    def picked(name: str | None) -> None:
        for view in views:
            if view.name == name:
                _ask_backup(screen, view)

    app.push_screen(PickDialog("Back up which tenant?", tenant_entries(views)), picked)


def tenant_entries(views: list[TenantView]) -> list[Entry]:
    """Return tenants to pick from; one that this machine's configuration does not name cannot be reached from here."""
    return [
        Entry(
            view.name,
            view.name,
            f"{view.workspace}{' · production' if view.is_production else ''}",
            "" if view.is_configured else "not in this machine's configuration",
        )
        for view in views
    ]


def _ask_backup(screen: LiveScreen, view: TenantView) -> None:
    if not screen.console_app.is_allowed(Capability.FETCH_START, view.workspace if view.is_registered else None):
        return

    def lines(pen: Pen) -> list[list[Span]]:
        return [
            fact(pen, "Tenant", view.name, "strong"),
            fact(pen, "Workspace", view.workspace),
            [],
            said(pen, "Makes a new backup set in two runs: the first lists every"),
            said(pen, "policy, the second reads the assignments of each."),
            said(pen, "Nothing is written to the tenant.", "good"),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(screen.desk.start_backup, view.name, then=lambda started: _backup_started(screen, started))

    screen.console_app.push_screen(ConfirmDialog(Question("Back up this tenant?", lines, "Start backup")), answered)


def _backup_started(screen: LiveScreen, started: Started) -> None:
    if not started.created:
        screen.console_app.say("This backup is running already: nothing new was started.")
    screen.started()


def why_not_fetch(backup_set: BackupSet) -> str | None:
    """Return why nothing of a set can be fetched once more, or None if something can."""
    if backup_set.is_active:
        return "This set is being fetched right now."
    if not backup_set.count("failed") + backup_set.count("skipped"):
        return "Nothing can be fetched: no item failed or was left out. A type not listed needs a new backup."
    return None


def ask_fetch(screen: LiveScreen, backup_set: BackupSet) -> None:
    """Ask whether what a set lacks is to be fetched once more."""
    app = screen.console_app
    if not app.is_allowed(Capability.FETCH_START, backup_set.workspace):
        return
    failed, skipped = backup_set.count("failed"), backup_set.count("skipped")
    if reason := why_not_fetch(backup_set):
        app.say(reason)
        return

    def lines(pen: Pen) -> list[list[Span]]:
        return [
            fact(pen, "Set", f"{short_id(backup_set.id)}  {backup_set.tenant}", "strong"),
            fact(pen, "Missing", f"{grouped(failed)} failed, {grouped(skipped)} skipped"),
            [],
            said(pen, "Reads the assignments of these policies once more."),
            said(pen, "Nothing is written to the tenant.", "good"),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(screen.desk.start_fetch, backup_set.id, then=lambda started: follow(screen, started))

    question = Question("Fetch what is missing?", lines, f"Fetch {grouped(failed + skipped)}")
    app.push_screen(ConfirmDialog(question), answered)


def is_elsewhere(screen: LiveScreen, started: Started) -> bool:
    """Tell whether who gave an order has gone on since; then it is only said: a screen that comes by itself takes keys."""
    if screen.is_in_front:
        return False
    if started.created and started.runs:
        run = started.runs[0]
        screen.console_app.say(f"Run {short_id(run.id)} ({TYPE_WORDS[run.type]}) was started.")
    return True


def follow(screen: LiveScreen, started: Started) -> None:
    """Open the run that an order started, or the one that was at it already."""
    from opsconsole.console.screens.plan import PlanScreen
    from opsconsole.console.screens.run import RunScreen

    if not started.created:
        screen.console_app.say("This was running already: nothing new was started.")
    if is_elsewhere(screen, started):
        return
    if started.runs and started.runs[0].type is RunType.PREVIEW and started.restore_run is not None:
        screen.app.push_screen(PlanScreen(started.restore_run.id))
    elif started.runs:
        screen.app.push_screen(RunScreen(started.runs[0].id))
