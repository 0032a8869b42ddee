"""The worker: carries out one claimed run, from the check of its initiator to its completion."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime

from opsconsole.domain.access import CAPABILITY_OF_RUN, Actor
from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.ids import NewId
from opsconsole.domain.run import MAX_ATTEMPTS, OperationRun, Outcome, RunType, settle_outcome
from opsconsole.domain.run_event import EventKind
from opsconsole.errors import LeaseLost, OpsError, StoreUnavailable
from opsconsole.graph.client import GraphFault
from opsconsole.graph.sanitise import sanitise
from opsconsole.operations.capture import capture
from opsconsole.operations.check import tenant_check
from opsconsole.operations.completion import complete_run, failure_code
from opsconsole.operations.context import InitiatorLost, RunCancelled, RunContext, RunReleased
from opsconsole.operations.drift import drift_check
from opsconsole.operations.fetch import fetch
from opsconsole.operations.preview import preview
from opsconsole.operations.restore import finish_lost_writes, restore
from opsconsole.service.guard import decide, record_refused_run
from opsconsole.store import run_events, runs
from opsconsole.store.database import Session

log = logging.getLogger("opsconsole.engine")

OPERATIONS: dict[RunType, Callable[[RunContext], Awaitable[None]]] = {
    RunType.CAPTURE: capture,
    RunType.FETCH: fetch,
    RunType.PREVIEW: preview,
    RunType.RESTORE: restore,
    RunType.DRIFT: drift_check,
    RunType.CHECK: tenant_check,
}
"""What a run of each type does. Maintenance is written by the duty that does it, and never claimed."""


async def carry_out(ctx: RunContext) -> None:
    """Do the run and complete it; leaves it running where another engine has it or shall have it."""
    run = ctx.run
    try:
        await ctx.begin_log()
        if run.attempt > MAX_ATTEMPTS:
            message = f"The engine that ran this was lost {MAX_ATTEMPTS} times."
            await _complete(ctx, [_failure(run, Reason.WORKER_LOST, message)])
            return
        if run.type is RunType.RESTORE and run.lease_epoch > 1:
            await _while_telling(ctx, finish_lost_writes)
        if not await ctx.read(lambda session: is_still_allowed(session, run)):
            await _complete(ctx, [_not_allowed(run)], is_refused=True)
            return
        try:
            await ctx.checkpoint()
            await _while_telling(ctx, OPERATIONS[run.type])
        except BaseExceptionGroup as group:
            raise _first(group) from None
        await _complete(ctx, [])
    except InitiatorLost:
        await _settle(ctx, [_not_allowed(run)], is_refused=True)
    except RunCancelled:
        await _settle(ctx, [], is_cancelled=True)
    except LeaseLost:
        log.warning("run %s was taken over by another engine", run.id)
    except (RunReleased, asyncio.CancelledError):
        await release(ctx)
    except StoreUnavailable as error:
        # Not released: the rest of the lease is the pause before the next try, and a run that can never be kept
        # must use up its attempts.
        log.error("run %s stays until its lease runs out: %s", run.id, error)
    except GraphFault as fault:
        await _settle(ctx, [_failure(run, fault.reason, fault.message)])
    except OpsError as error:
        await _settle(ctx, [_failure(run, Reason.INVALID_REQUEST, sanitise(str(error)))])
    except Exception as error:
        log.error("run %s failed: %s at %s", run.id, type(error).__name__, _place(error))
        message = f"{type(error).__name__} at {_place(error)}."
        await _settle(ctx, [_failure(run, Reason.INTERNAL_ERROR, message)])


async def _while_telling(ctx: RunContext, operation: Callable[[RunContext], Awaitable[None]]) -> None:
    """Do something of a run while its waits are shown (promise 12)."""
    teller = asyncio.ensure_future(ctx.tell_waits())
    try:
        await operation(ctx)
    finally:
        teller.cancel()
        await asyncio.gather(teller, return_exceptions=True)


def is_still_allowed(session: Session, run: OperationRun) -> bool:
    """Tell whether the run's initiator still may do this (promise 14): asked when it is claimed and before a first write."""
    actor = Actor(run.initiator, run.initiator_name)
    return decide(session, actor, run.workspace_id, CAPABILITY_OF_RUN[run.type]) is not None


async def release(ctx: RunContext) -> None:
    """Give the run back: it stays running, without an owner."""

    ctx.note(EventKind.RELEASED, "The engine stopped and gave the run back for the next one.")
    ctx.log.close()
    lines, _ = ctx.log.unwritten()

    def step() -> None:
        with ctx.db.write() as session:
            try:
                runs.lock_run(session, ctx.run.id, ctx.engine_id, ctx.run.lease_epoch)
            except LeaseLost:
                return  # it is another engine's by now, and so is its log
            run_events.put_events(session, ctx.run.id, lines)
            runs.release_lease(session, ctx.run.id, ctx.engine_id, ctx.run.lease_epoch)

    try:
        await asyncio.shield(asyncio.ensure_future(ctx.in_thread(step)))
    except OpsError as error:
        log.error("run %s could not be released, its lease runs out by itself: %s", ctx.run.id, error)


async def _settle(
    ctx: RunContext, failures: list[Failure], *, is_cancelled: bool = False, is_refused: bool = False
) -> None:
    """Complete after an exception; where even that fails, the lease runs out and another engine takes over."""
    try:
        await _complete(ctx, failures, is_cancelled=is_cancelled, is_refused=is_refused)
    except (LeaseLost, StoreUnavailable) as error:
        log.error("run %s could not be completed: %s", ctx.run.id, error)


async def _complete(
    ctx: RunContext, failures: list[Failure], *, is_cancelled: bool = False, is_refused: bool = False
) -> None:
    ctx.log.close()
    for reason, times in Counter(failure.reason for failure in failures).items():
        ctx.note(EventKind.FAILED, f"Failed: {reason.value.replace('_', ' ')}.", times=times, reason=reason.value)
    lines, _ = ctx.log.unwritten()
    context, now = ctx.snapshot(), to_text(ctx.clock())

    def step(session: Session) -> Outcome:
        recorded = runs.count_failures(session, ctx.run.id) + len(failures)
        run_events.put_events(session, ctx.run.id, lines)
        outcome = settle_outcome(ctx.counters, failure_count=recorded, is_cancelled=is_cancelled)
        complete_run(session, ctx.run, outcome, now=now, new_id=ctx.new_id, context=context, failures=failures)
        if is_refused:
            record_refused_run(session, ctx.run, id=ctx.new_id(), now=now)
        return outcome

    outcome = await ctx.fenced(step)
    log.info("run %s (%s) ended: %s", ctx.run.id, ctx.run.type.value, outcome.value)


def _not_allowed(run: OperationRun) -> Failure:
    message = f"{run.initiator_name} no longer has the capability {CAPABILITY_OF_RUN[run.type].value}."
    return _failure(run, Reason.PERMISSION_DENIED, message)


def refuse(session: Session, run: OperationRun, engine_id: str, failure: Failure, *, now: str, new_id: NewId) -> None:
    """End a claimed run that cannot even be begun. Raises LeaseLost."""
    runs.lock_run(session, run.id, engine_id, run.lease_epoch)
    outcome = settle_outcome(run.counters, failure_count=runs.count_failures(session, run.id) + 1)
    complete_run(session, run, outcome, now=now, new_id=new_id, failures=[failure])


def _failure(run: OperationRun, reason: Reason, message: str) -> Failure:
    return Failure(failure_code(run.type), reason, message)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what ended a task group: the exception that says most about what to do with the run."""
    flat: list[BaseException] = []
    stack: list[BaseException] = [group]
    while stack:
        one = stack.pop()
        if isinstance(one, BaseExceptionGroup):
            stack.extend(one.exceptions)
        else:
            flat.append(one)
    for kind in (LeaseLost, StoreUnavailable, InitiatorLost, RunReleased, RunCancelled):
        for one in flat:
            if isinstance(one, kind):
                return one
    return flat[0]


def _place(error: BaseException) -> str:
    """Return file and line where an exception came from: its text may hold data, its place does not."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    name = trace.tb_frame.f_code.co_filename.replace("\\", "/").rsplit("/", 2)
    return f"{'/'.join(name[-2:])}:{trace.tb_lineno}"


def expiry(now: datetime, lease_seconds: float) -> datetime:
    """Return when a lease taken now ends."""
    return datetime.fromtimestamp(now.timestamp() + lease_seconds, tz=now.tzinfo)
