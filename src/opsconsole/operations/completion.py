"""The one way a run ends: its outcome, what depends on it, and its audit entry, in a single transaction (promise 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opsconsole.domain.audit import Action, AuditOutcome
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.ids import NewId
from opsconsole.domain.restore import ItemState, RestoreStatus
from opsconsole.domain.run import Counters, OperationRun, Outcome, RunType, Status
from opsconsole.domain.run_event import EventKind
from opsconsole.store import audit, backups, restores, run_events, runs
from opsconsole.store.database import Session

CANCELLED_MESSAGE = "The run was cancelled before it came to this policy."
"""What stands on an item that a cancellation left out."""

ENDING_WORDS = {
    Outcome.SUCCEEDED: "The run succeeded.",
    Outcome.PARTIALLY_SUCCEEDED: "The run ended; not all of it succeeded.",
    Outcome.FAILED: "The run failed.",
    Outcome.CANCELLED: "The run was cancelled.",
}
"""The last line of a run's log."""

_FAILURE_CODES: dict[RunType, FailureCode] = {
    RunType.CAPTURE: FailureCode.CAPTURE_FAILED,
    RunType.FETCH: FailureCode.FETCH_FAILED,
    RunType.PREVIEW: FailureCode.PREVIEW_FAILED,
    RunType.RESTORE: FailureCode.RESTORE_FAILED,
    RunType.DRIFT: FailureCode.DRIFT_FAILED,
    RunType.CHECK: FailureCode.CHECK_FAILED,
    RunType.RECONCILE: FailureCode.INTERNAL_ERROR,
}
"""The code of a failure that concerns a whole run."""


def failure_code(run_type: RunType) -> FailureCode:
    """Return the code for a failure that concerns a whole run of this type."""
    return _FAILURE_CODES[run_type]


def complete_run(
    session: Session,
    run: OperationRun,
    outcome: Outcome,
    *,
    now: str,
    new_id: NewId,
    context: dict[str, Any] | None = None,
    failures: Sequence[Failure] = (),
    by: str | None = None,
) -> bool:
    """End a run and whatever hangs on it; return False, having changed nothing, if it had ended already.

    The caller holds the transaction, and for a running run has locked its row by lease. ``by`` names who cancelled it.
    """
    final = dict(context if context is not None else run.context)
    final.pop("waiting_until", None)
    unproven, skipped = _settle_rest(session, run, outcome, failures)
    failures = [*failures, *unproven]
    counters = Counters.from_json(final.get("counters") or {}).plus(failed=len(unproven), skipped=skipped)
    final["counters"] = _balanced(counters).to_json()
    final["progress"] = {"done": final["counters"]["total"], "total": final["counters"]["total"]}
    if failures:
        runs.add_failures(session, run.id, failures)
    final["failure_count"] = runs.count_failures(session, run.id)
    if not runs.set_completed(session, run.id, outcome, final, now):
        return False
    run_events.append_event(session, run.id, now, EventKind.COMPLETED, ENDING_WORDS[outcome])
    if run.type is RunType.PREVIEW and outcome in (Outcome.FAILED, Outcome.CANCELLED):
        status = RestoreStatus.CANCELLED if outcome is Outcome.CANCELLED else RestoreStatus.PREVIEW_FAILED
        restores.clear_plan(session, str(run.inputs["restore"]))
        restores.set_restore_status(session, str(run.inputs["restore"]), status)
    if run.type is RunType.CAPTURE and outcome in (Outcome.FAILED, Outcome.CANCELLED):
        _complete_followers(session, run, outcome, now=now, new_id=new_id)
    if run.type is RunType.RESTORE:
        _complete_execution(session, run, outcome, final, now=now, new_id=new_id, by=by)
    return True


def cancel_queued(session: Session, run_id: str, *, now: str, new_id: NewId, by: str) -> bool:
    """End a run as cancelled if it is still queued; return False for one that an engine has claimed."""
    run = runs.get_run(session, run_id, with_failures=False, lock=True)
    if run is None or run.status is not Status.QUEUED:
        return False
    return complete_run(session, run, Outcome.CANCELLED, now=now, new_id=new_id, by=by)


def _balanced(counters: Counters) -> Counters:
    """Return counters that add up: whatever a run set out to handle and did not come to was skipped."""
    rest = counters.total - counters.done
    return counters.plus(skipped=rest) if rest > 0 else counters.plus(total=-rest)


def _settle_rest(
    session: Session, run: OperationRun, outcome: Outcome, failures: Sequence[Failure]
) -> tuple[list[Failure], int]:
    """Mark the items that the run did not come to as skipped, with why it ended before; return how many.

    A policy whose write was sent and never read back is no skipped one: it is failed, and its failure is returned.
    """
    if outcome is Outcome.CANCELLED:
        reason, text = Reason.CANCELLED, CANCELLED_MESSAGE
    else:
        reason = failures[0].reason if failures else Reason.INTERNAL_ERROR
        text = "The run ended before it came to this policy."
    failure = Failure(failure_code(run.type), reason, text)
    chosen = run.inputs.get("items")
    if run.type is RunType.FETCH:
        return [], backups.skip_pending(session, str(run.inputs["set"]), run.id, failure, ids=chosen)
    if run.type is not RunType.RESTORE:
        return [], 0
    unproven = _fail_unproven(session, run, reason)
    return unproven, restores.skip_rest(session, str(run.inputs["restore"]), failure, ids=chosen)


def _fail_unproven(session: Session, run: OperationRun, reason: Reason) -> list[Failure]:
    failures = []
    for item_id in dict.fromkeys(write.restore_item_id for write in restores.unsettled_writes(session, run.id)):
        item = restores.get_restore_item(session, item_id)
        if item is not None and item.state is ItemState.WILL_CHANGE:
            subject = Subject(item.policy_type, item.policy_id, item.policy_name)
            message = "The run ended while a write was under way, and nobody has read back whether it took."
            failure = Failure(FailureCode.VERIFY_FAILED, reason, message, subject)
            restores.set_item_state(session, item.id, ItemState.FAILED, failure)
            failures.append(failure)
    return failures


def _complete_followers(session: Session, run: OperationRun, outcome: Outcome, *, now: str, new_id: NewId) -> None:
    for follower in runs.following_runs(session, run.id):
        if follower.is_active:
            failure = Failure(
                FailureCode.FETCH_FAILED,
                Reason.CANCELLED if outcome is Outcome.CANCELLED else Reason.BACKUP_INCOMPLETE,
                f"The capture this fetch waited for was {'cancelled' if outcome is Outcome.CANCELLED else 'not done'}.",
            )
            failures = [failure] if outcome is Outcome.FAILED else []
            complete_run(session, follower, outcome, now=now, new_id=new_id, failures=failures)


def _complete_execution(
    session: Session,
    run: OperationRun,
    outcome: Outcome,
    context: dict[str, Any],
    *,
    now: str,
    new_id: NewId,
    by: str | None,
) -> None:
    restore_id = str(run.inputs["restore"])
    restores.set_restore_status(session, restore_id, RestoreStatus.COMPLETED)
    restore = restores.get_restore(session, restore_id)
    audit.append_entry(
        session,
        id=new_id(),
        workspace_id=run.workspace_id,
        tenant_id=run.tenant_id,
        actor=run.initiator_name,
        action=Action.RESTORE_EXECUTED,
        resource_type="run",
        resource_id=run.id,
        outcome=AuditOutcome(outcome.value),
        details={
            "restore_run": restore_id,
            "plan_hash": restore.plan_hash if restore else None,
            "backup_set": restore.set_id if restore else None,
            "mode": restore.mode.value if restore else None,
            "undo_of": restore.undo_of if restore else None,
            "retry_of": run.retry_of,
            "attempt": run.attempt,
            "counters": context.get("counters"),
            "cancelled_by": by if outcome is Outcome.CANCELLED else None,
        },
        created_at=now,
    )
