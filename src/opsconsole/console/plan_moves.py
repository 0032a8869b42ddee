"""What can be done to a plan at its state, and why not: applied, retried, undone, settled."""

from __future__ import annotations

from opsconsole.domain.restore import Execution, RestoreItem, RestoreRun, RestoreStatus
from opsconsole.domain.run import Outcome, Status


def why_not_apply(restore: RestoreRun) -> str | None:
    """Return why a plan cannot be run, or None if it can."""
    if restore.status is not RestoreStatus.PREVIEWED:
        return f"This plan is {restore.status.value.replace('_', ' ')}: it cannot be applied now."
    if not restore.counts.get("will_change"):
        return "This plan changes nothing: there is nothing to apply."
    return None


def why_not_again(restore: RestoreRun) -> str | None:
    """Return why a restore cannot be run again, or None if it can."""
    if (last := _last(restore)) is None:
        return "This plan was not run yet: there is nothing to retry."
    if _is_at_work(restore):
        return "This plan is being run: wait for its end, or cancel its run."
    if last.outcome == Outcome.SUCCEEDED.value:
        return "Its last run left nothing over: there is nothing to retry."
    return None


def why_not_undo(restore: RestoreRun) -> str | None:
    """Return why there is no way back from a restore, or None if there is."""
    if _last(restore) is None:
        return "This plan was not run yet: there is nothing to undo."
    if _is_at_work(restore):
        return "This plan is being run: wait for its end, or cancel its run."
    return None


def why_not_settle(restore: RestoreRun, item: RestoreItem | None) -> str | None:
    """Return why the policy under the cursor has nothing to settle, or None if it has."""
    if item is None or not item.unresolved:
        return "This policy has no open target. What blocks it, if anything, stands with its targets."
    if restore.undo_of or not restore.set_id:
        return "An undo goes by id only: its targets cannot be mapped."
    return None


def why_not_leave_out(restore: RestoreRun, item: RestoreItem | None) -> str | None:
    """Return why the policy under the cursor cannot be left out of a new preview, or None if it can."""
    if item is None:
        return "There is no policy under the cursor."
    if restore.undo_of or not restore.set_id:
        return "An undo goes back to what was there before: no policy is left out of it."
    return None


def _last(restore: RestoreRun) -> Execution | None:
    return restore.executions[-1] if restore.executions else None


def _is_at_work(restore: RestoreRun) -> bool:
    last = _last(restore)
    active = last is not None and last.status != Status.COMPLETED.value
    return active or restore.status is RestoreStatus.EXECUTING
