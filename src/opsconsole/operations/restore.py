"""Restore: execute a stored plan policy by policy, with intent, proof and a way back for each write (promises 7 to 11)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.restore import ItemState, RestoreItem
from opsconsole.domain.run_event import EventKind
from opsconsole.operations.approvals import watch_approvals
from opsconsole.operations.context import InitiatorLost, RunCancelled, RunContext, RunReleased
from opsconsole.operations.policy_write import Settled, keep_writes, write_policy
from opsconsole.store import restores
from opsconsole.store.database import Session

WORKERS = 4
"""Policies in hand at a time: at 100 ms a call, read, write and read-back of four keep up with Graph's 5 writes a second."""


async def restore(ctx: RunContext) -> None:
    """Execute the plan: every item the run names (or all), each settled in a transaction of its own."""
    restore_id = str(ctx.run.inputs["restore"])
    chosen: list[str] | None = ctx.run.inputs.get("items")
    if chosen is None and ctx.counters.done == 0:
        await _count_what_needs_no_write(ctx, restore_id)
    ctx.phase("Writing policies")
    queue = iter(await ctx.read(lambda session: restores.ids_to_write(session, restore_id, chosen)))
    stops: list[Exception] = []
    is_over = asyncio.Event()

    async def again(item: RestoreItem) -> None:
        settled = await write_policy(ctx, item)
        await _keep(ctx, item, settled, was_awaiting=True)
        if settled.is_initiator_lost:
            stops.append(InitiatorLost())

    async def write_all() -> None:
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(WORKERS):
                    workers.create_task(_work(ctx, queue, stops))
        finally:
            is_over.set()
            ctx.log.end_phase()

    async with asyncio.TaskGroup() as group:
        group.create_task(write_all())
        group.create_task(watch_approvals(ctx, restore_id, is_over, again, lambda: bool(stops)))
    if stops:
        raise stops[0]


async def finish_lost_writes(ctx: RunContext) -> None:
    """Settle the policies that a lost worker had in hand, whatever comes next: a cancel waits for them as well."""
    open_writes = await ctx.read(lambda session: restores.unsettled_writes(session, ctx.run.id))
    if open_writes:
        ctx.phase("Settling writes in doubt")
    for item_id in dict.fromkeys(write.restore_item_id for write in open_writes):
        item = await ctx.read(partial(_item, item_id))
        if item.state is ItemState.WILL_CHANGE:
            await _keep(ctx, item, await write_policy(ctx, item))


async def _work(ctx: RunContext, queue: Iterator[str], stops: list[Exception]) -> None:
    # One iterator for all: on one event loop, taking the next item is atomic.
    for item_id in queue:
        try:
            await ctx.checkpoint()
        except (RunCancelled, RunReleased) as stop:
            # Kept, not raised: that would cut the other workers off in the middle of a policy.
            stops.append(stop)
        if stops:
            return
        item = await ctx.read(partial(_item, item_id))
        settled = await write_policy(ctx, item)
        await _keep(ctx, item, settled)
        if settled.is_initiator_lost:
            stops.append(InitiatorLost())


def _item(item_id: str, session: Session) -> RestoreItem:
    found = restores.get_restore_item(session, item_id)
    if found is None:
        raise LookupError(f"restore item {item_id} is gone")
    return found


async def _keep(ctx: RunContext, item: RestoreItem, settled: Settled, *, was_awaiting: bool = False) -> None:
    if settled.state is ItemState.AWAITING_APPROVAL:
        ctx.note(EventKind.APPROVAL, "A second administrator must approve: a request waits in Intune.")
    counter = "unchanged" if settled.is_unchanged else _COUNTERS[settled.state]
    is_failed = settled.state is ItemState.FAILED and settled.failure is not None

    def keep(session: Session) -> None:
        keep_writes(session, settled.writes, settled.settled_at, settled.approval_code)
        restores.set_item_state(session, item.id, settled.state, settled.failure)

    counts = (
        {counter: 1}
        if not was_awaiting
        else {"awaiting": -1 + (counter == "awaiting")} | ({} if counter == "awaiting" else {counter: 1})
    )
    await ctx.commit(keep, failures=[settled.failure] if is_failed and settled.failure else [], counts=counts)


_COUNTERS = {
    ItemState.APPLIED: "processed",
    ItemState.FAILED: "failed",
    ItemState.AWAITING_APPROVAL: "awaiting",
    ItemState.SKIPPED: "skipped",
}


async def _count_what_needs_no_write(ctx: RunContext, restore_id: str) -> None:
    """Account for unchanged, skipped and blocked items at once; a blocked one is a failure of the execution as well."""

    def read(session: Session) -> tuple[dict[str, int], list[RestoreItem]]:
        found = restores.get_restore(session, restore_id)
        blocked, cursor = [], None
        while True:
            page, cursor = restores.list_restore_items(
                session, restore_id, states=(ItemState.BLOCKED,), limit=1000, cursor=cursor
            )
            blocked.extend(page)
            if cursor is None:
                return (found.counts if found else {}), blocked

    counts, blocked = await ctx.read(read)
    failures = [_execution_failure(item) for item in blocked]
    counted = {
        "total": sum(counts.values()) - ctx.counters.total,
        "unchanged": counts.get(ItemState.UNCHANGED.value, 0),
        "skipped": counts.get(ItemState.SKIPPED.value, 0),
        "failed": len(blocked),
    }
    await ctx.commit(lambda _: None, failures=failures, counts=counted)


def _execution_failure(item: RestoreItem) -> Failure:
    reason = item.failure.reason if item.failure else Reason.INTERNAL_ERROR
    message = item.failure.message if item.failure else "The plan holds no reason."
    subject = Subject(item.policy_type, item.policy_id, item.policy_name)
    return Failure(FailureCode.RESTORE_BLOCKED, reason, message, subject)
