"""Retries: what a completed run left undone is started again, by whichever order had started that run."""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.domain.failure import Reason
from opsconsole.domain.plan import Mode
from opsconsole.domain.run import OperationRun, RunType
from opsconsole.errors import Conflict
from opsconsole.service import backups as backup_service
from opsconsole.service import drift as drift_service
from opsconsole.service import restores as restore_service
from opsconsole.service import tenants as tenant_service
from opsconsole.service.caller import Caller
from opsconsole.service.guard import ordering
from opsconsole.service.parts import WHOLE_ONLY, Part
from opsconsole.service.runs import run_of
from opsconsole.service.started import Started
from opsconsole.store import restores


def run_to_retry(caller: Caller, ref: str) -> OperationRun:
    """Return the run that is about to be retried, before anybody is asked whether it shall be.

    Raises what the order itself would raise, and a refusal is audited as the order's.
    """
    with ordering(caller, f"retry run {ref}") as session:
        return run_of(caller, session, ref, is_order=True)


def retry_run(
    caller: Caller, ref: str, *, reason: Reason | None = None, items: Sequence[str] = (), justification: str = ""
) -> Started:
    """Start again what a completed run left undone; the new run names the old one in ``retry_of``.

    Of a fetch or restore only what failed for ``reason``, and of ``items`` (``TYPE:ID``), where they are given; Conflict
    for other runs, which are retried whole. ``justification`` is for a restore under Multi Admin Approval.
    """
    part = Part(reason, tuple(items))
    with ordering(caller, f"retry run {ref}") as session:
        run = run_of(caller, session, ref, is_order=True)
        restore = restores.get_restore(session, str(run.inputs.get("restore"))) if run.inputs.get("restore") else None
    if run.is_active:
        return Started(False, [run])
    if not part.is_whole and run.type in WHOLE_ONLY:
        raise Conflict(WHOLE_ONLY[run.type], "Retry the run without narrowing it.")
    tenant = run.tenant or ""
    match run.type:
        case RunType.RESTORE:
            return restore_service.retry_restore(
                caller, str(run.inputs["restore"]), justification=justification, reason=reason, items=items
            )
        case RunType.PREVIEW if restore is not None and restore.undo_of:
            return restore_service.undo_restore(
                caller, restore.undo_of, items=restore.inputs.get("items", ()), retry_of=run.id
            )
        case RunType.PREVIEW if restore is not None and restore.set_id:
            return restore_service.preview_from(
                caller, restore.set_id, tenant, restore.inputs, Mode(restore.mode), retry_of=run.id
            )
        case RunType.CAPTURE:
            return backup_service.start_backup(caller, tenant, run.inputs.get("types"), retry_of=run.id)
        case RunType.FETCH:
            one = (run.inputs.get("items") or [None])[0]
            return backup_service.start_fetch(
                caller, str(run.inputs["set"]), item_id=one, retry_of=run.id, part=Part() if one else part
            )
        case RunType.DRIFT:
            return drift_service.start_drift(caller, str(run.inputs["set"]), retry_of=run.id)
        case RunType.CHECK:
            return tenant_service.start_check(caller, tenant, retry_of=run.id)
        case _:
            raise Conflict("Maintenance is not retried by hand.", "An engine does it again by itself.")
