"""The busy world with what one run has to show: logs, waits, approvals, failures by the ten thousand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import FailureCode, Reason
from opsconsole.domain.run import GraphUse, OperationRun, Outcome, RunType, Status
from opsconsole.domain.run_event import EventKind, RunEvent

from .memory_desk import NOW, MemoryDesk
from .world import at, busy_world, failure, make_id, make_run, minutes

MANY = 50_000
"""Failures of the largest run that anybody should have to look at."""


def line(seq: int, ago_s: float, kind: EventKind, text: str, *, took_s: float | None = None, **more: Any) -> RunEvent:
    """Return a line of a log that was written so long before the frozen clock."""
    times = more.pop("times", 1)
    ended = at(seconds=ago_s - took_s) if took_s is not None else None
    return RunEvent(seq, at(seconds=ago_s), kind, text, ended, times, more)


def restore_log() -> list[RunEvent]:
    """Return the log of the restore that runs."""
    return [
        line(1, 211, EventKind.ATTEMPT, "Engine 4c1f02 (console) took the run up."),
        line(2, 211, EventKind.PHASE, "Settling writes in doubt", took_s=3),
        line(3, 208, EventKind.PHASE, "Writing policies"),
        line(4, 190, EventKind.PACE_WAIT, "Held back to keep within Graph's budget (settings catalog)", took_s=120,
             times=38, until=at(seconds=70), waited_s=96.4),
        line(5, 160, EventKind.FAILED, "Failed: permission denied.", took_s=90, times=12, reason="permission_denied"),
        line(6, 140, EventKind.RETRY, "Graph answered 503 (device configuration): the call is sent again.", took_s=20,
             times=3),
        line(7, 131, EventKind.THROTTLE_WAIT, "Graph asked to wait (device configuration)", took_s=31, times=2,
             until=at(seconds=100), waited_s=30.2),
        line(8, 96, EventKind.FAILED, "Failed: group not found.", took_s=60, times=6, reason="group_not_found"),
        line(9, 40, EventKind.FAILED, "Failed: timeout.", reason="timeout"),
    ]  # fmt: skip


def fetch_log() -> list[RunEvent]:
    """Return the log of a fetch whose first engine was lost."""
    return [
        line(1, 7320, EventKind.ATTEMPT, "Engine 4c1f02 (engine) took the run up."),
        line(2, 7320, EventKind.PHASE, "Settling from the list", took_s=0.4),
        line(3, 7319, EventKind.PHASE, "Reading in batches"),
        line(4, 7310, EventKind.TOKEN, "Graph did not take the token any more: a new one was asked for."),
        line(10_001, 7240, EventKind.TAKEN_OVER, "Engine 9ab377 (console) took over from a lost one."),
        line(10_002, 7240, EventKind.PHASE, "Settling from the list", took_s=0.1),
        line(10_003, 7239, EventKind.PHASE, "Reading in batches", took_s=160),
        line(10_004, 7200, EventKind.THROTTLE_WAIT, "Graph asked to wait (settings catalog)", took_s=12, times=4,
             until=at(seconds=7188), waited_s=41.0),
        line(10_005, 7100, EventKind.FAILED, "Failed: timeout.", took_s=10, times=5, reason="timeout"),
        line(10_006, 7090, EventKind.FAILED, "Failed: permission denied.", times=2, reason="permission_denied"),
        line(10_007, 7079, EventKind.PHASE, "Looking up names", took_s=7),
        line(10_008, 7072, EventKind.COMPLETED, "The run ended; not all of it succeeded."),
    ]  # fmt: skip


def run_of(desk: MemoryDesk, kind: RunType, state: str) -> OperationRun:
    """Return the first run of a type in a state."""
    return next(run for run in desk.all_runs if run.type is kind and state in (run.status.value, run.outcome.value))


def run_world() -> MemoryDesk:
    """Return the busy world with the logs of its runs, and what is missing of the partial fetch."""
    desk = busy_world()
    running, fetch = run_of(desk, RunType.RESTORE, "running"), run_of(desk, RunType.FETCH, "partially_succeeded")
    failed = run_of(desk, RunType.RESTORE, "failed")
    desk.logs = {
        running.id: restore_log(),
        fetch.id: fetch_log(),
        failed.id: [
            line(1, 1320, EventKind.ATTEMPT, "Engine 4c1f02 (console) took the run up."),
            line(2, 1320, EventKind.PHASE, "Writing policies", took_s=12),
            line(3, 1318, EventKind.FAILED, "Failed: permission denied.", took_s=9, times=310, reason="permission_denied"),
            line(4, 1308, EventKind.COMPLETED, "The run failed."),
        ],
    }  # fmt: skip
    code = FailureCode.FETCH_FAILED
    late = "Graph did not answer within 60 s."
    denied = "An Intune role or a permission is missing (DeviceManagementScripts.Read.All)."
    desk.failures_of[fetch.id] = [failure(n, Reason.TIMEOUT, code, late, "", 504) for n in range(5)] + [
        failure(n, Reason.PERMISSION_DENIED, code, denied, "Forbidden", 403) for n in (5, 6)
    ]
    desk.related_of[fetch.id] = {
        "backup_set": fetch.inputs["set"],
        "after": run_of(desk, RunType.CAPTURE, "succeeded").id,
        "retries": [run_of(desk, RunType.FETCH, "queued").id],
    }
    desk.related_of[run_of(desk, RunType.FETCH, "queued").id] = {
        "backup_set": fetch.inputs["set"],
        "retry_of": fetch.id,
        "waiting_for": "an engine: none is live for this tenant; start one with `opsconsole engine`",
    }
    return desk


def _first(desk: MemoryDesk, run: OperationRun, **related: Any) -> MemoryDesk:
    """Put a run before all others, so that Enter opens it."""
    desk.all_runs.append(run)
    desk.related_of[run.id] = related
    return desk


def waiting_world() -> MemoryDesk:
    """Return a world whose newest run is a restore that waits for another one."""
    desk = run_world()
    restore = run_of(desk, RunType.RESTORE, "running")
    waiting = make_run(9020, RunType.RESTORE, Status.QUEUED, ago=minutes(0.2), inputs=restore.inputs, total=42,
                       graph=GraphUse())  # fmt: skip
    why = f"restore {restore.id[-6:]} on the same tenant to complete"
    return _first(desk, waiting, restore_run=restore.inputs["restore"], waiting_for=why)


def throttled_world() -> MemoryDesk:
    """Return a world whose newest run waits for Graph."""
    desk = run_world()
    run = make_run(9020, RunType.FETCH, Status.RUNNING, ago=minutes(3), inputs=desk.all_runs[0].inputs,
                   total=1204, processed=640)  # fmt: skip
    until = to_text(NOW + timedelta(seconds=95))
    run = replace(run, context={**run.context, "waiting_until": until})
    desk.logs[run.id] = [
        line(1, 180, EventKind.ATTEMPT, "Engine 4c1f02 (console) took the run up."),
        line(2, 180, EventKind.PHASE, "Settling from the list", took_s=1.2),
        line(3, 178, EventKind.PHASE, "Reading in batches"),
        line(4, 25, EventKind.THROTTLE_WAIT, "Graph asked to wait (settings catalog)", until=until),
    ]
    return _first(desk, run, backup_set=run.inputs["set"])


def cancelled_world() -> MemoryDesk:
    """Return a world whose newest run was cancelled."""
    desk = run_world()
    old = run_of(desk, RunType.RESTORE, "cancelled")
    run = make_run(9020, RunType.RESTORE, outcome=Outcome.CANCELLED, ago=minutes(6), took_s=95, inputs=old.inputs,
                   total=1204, processed=400, skipped=804)  # fmt: skip
    desk.logs[run.id] = [
        line(1, 360, EventKind.ATTEMPT, "Engine 4c1f02 (console) took the run up."),
        line(2, 360, EventKind.PHASE, "Writing policies", took_s=95),
        line(3, 266, EventKind.CANCEL, "Somebody asked for the run to be cancelled: what is in hand is settled first."),
        line(4, 265, EventKind.COMPLETED, "The run was cancelled."),
    ]
    return _first(desk, run, restore_run=run.inputs["restore"], audit_entry=make_id(40_114))


def awaiting_world() -> MemoryDesk:
    """Return a world whose newest run left policies to a second administrator."""
    desk = run_world()
    run = make_run(9020, RunType.RESTORE, outcome=Outcome.PARTIALLY_SUCCEEDED, ago=minutes(4), took_s=31,
                   inputs=run_of(desk, RunType.RESTORE, "failed").inputs, total=42, processed=30, awaiting=12)  # fmt: skip
    desk.logs[run.id] = [
        line(1, 240, EventKind.ATTEMPT, "Engine 4c1f02 (console) took the run up."),
        line(2, 240, EventKind.PHASE, "Writing policies", took_s=25),
        line(3, 238, EventKind.APPROVAL, "A second administrator must approve: a request waits in Intune.", took_s=20, times=12),
        line(4, 215, EventKind.PHASE, "Waiting for approvals", took_s=6),
        line(5, 209, EventKind.COMPLETED, "The run ended; not all of it succeeded."),
    ]  # fmt: skip
    return _first(desk, run, restore_run=run.inputs["restore"], audit_entry=make_id(40_114))


def many_failures_world() -> MemoryDesk:
    """Return a world whose newest run failed at fifty thousand policies."""
    desk = run_world()
    run = make_run(9020, RunType.FETCH, outcome=Outcome.FAILED, ago=minutes(40), took_s=610,
                   inputs=desk.all_runs[0].inputs, total=MANY, failed=MANY)  # fmt: skip
    denied = "An Intune role or a permission is missing (DeviceManagementConfiguration.Read.All)."
    code = FailureCode.FETCH_FAILED
    desk.failures_of[run.id] = [
        failure(n, Reason.PERMISSION_DENIED, code, denied, "Forbidden", 403) for n in range(MANY)
    ]
    return _first(desk, run, backup_set=run.inputs["set"])
