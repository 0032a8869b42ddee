"""Retrying part of a run: what failed for one reason, or chosen policies. Asks first, in numbers, as the whole does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.figures import grouped
from opsconsole.console.orders import JUSTIFICATION, fact, follow, said, why_not_retry
from opsconsole.console.pen import Pen, Span
from opsconsole.console.run_columns import target_of
from opsconsole.console.states import TYPE_WORDS, state_of_run
from opsconsole.domain.access import CAPABILITY_OF_RUN
from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import OperationRun, RunType
from opsconsole.service.parts import WHOLE_ONLY

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.service.restores import Confirmation


def why_not_retry_part(run: OperationRun) -> str | None:
    """Return why no part of a run can be retried, or None if one can."""
    return why_not_retry(run) or WHOLE_ONLY.get(run.type)


def item_name(failure: Failure) -> str:
    """Return the policy that a failure is about as ``TYPE:ID``; nothing for one about no single policy."""
    subject = failure.subject
    return f"{subject.policy_type}:{subject.policy_id}" if subject.policy_type and subject.policy_id else ""


def ask_retry_part(
    screen: LiveScreen,
    run: OperationRun,
    *,
    reason: Reason | None = None,
    items: Sequence[str] = (),
    failed: int = 0,
) -> None:
    """Ask whether what failed for ``reason``, or ``items``, is to be started again. ``failed``: failures it is about."""
    app = screen.console_app
    if not app.is_allowed(CAPABILITY_OF_RUN[run.type], run.workspace):
        return
    if why := why_not_retry_part(run):
        app.say(why)
        return
    if run.type is RunType.RESTORE:
        # How many there are to write only the plan's items say: what was blocked needs a new preview.
        screen.order_read(
            screen.desk.left_to_write,
            str(run.inputs["restore"]),
            reason,
            tuple(items),
            then=lambda left: _ask(screen, run, reason, items, left.changes, left),
        )
    else:
        _ask(screen, run, reason, items, failed or len(items), None)


def _ask(
    screen: LiveScreen,
    run: OperationRun,
    reason: Reason | None,
    items: Sequence[str],
    count: int,
    left: Confirmation | None,
) -> None:
    app, writes = screen.console_app, left is not None
    if writes and not count:
        app.say("Nothing of this is left to write: policies that the plan blocked need a new preview.")
        return
    policies = f"{grouped(count)} {'policy' if count == 1 else 'policies'}" if count else "those of this reason"

    def lines(pen: Pen) -> list[list[Span]]:
        text = [
            fact(pen, "Run", f"{short_id(run.id)}  {TYPE_WORDS[run.type]}  {state_of_run(run).word}", "strong"),
            fact(pen, "Target", target_of(run)),
            fact(pen, "Only", policies if writes or items else f"{policies}, where still missing"),
        ]
        if reason is not None:
            text.append(fact(pen, "Reason", reason.value.replace("_", " "), "bad"))
        if left is not None:
            text.append(fact(pen, "Plan", left.plan_hash[:12], "dim"))
        return [
            *text,
            [],
            said(pen, "This writes to the tenant: each policy is read again first.", "danger")
            if writes
            else said(pen, "A new run does only this; nothing is written to the tenant."),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            more = {"justification": dialog.noted} if writes else {}
            screen.order(
                screen.desk.retry_run,
                run.id,
                reason=reason,
                items=tuple(items),
                then=lambda started: follow(screen, started),
                **more,
            )

    question = Question(
        "Retry these policies?" if items else "Retry this reason?",
        lines,
        f"Retry {grouped(count)}" if count else "Retry",
        run.tenant if writes else None,
        is_dangerous=writes,
        note=JUSTIFICATION if writes else "",
    )
    dialog = ConfirmDialog(question)
    app.push_screen(dialog, answered)
