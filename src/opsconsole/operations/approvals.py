"""Approvals while a restore runs: asked for now and then, what was granted is written, what was refused ends as that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreWrite, WriteState
from opsconsole.domain.run_event import EventKind
from opsconsole.graph.approvals import ApprovalStatus, read_approvals
from opsconsole.operations.context import RunContext
from opsconsole.store import restores
from opsconsole.store.database import Session

log = logging.getLogger("opsconsole.engine")

POLL_INTERVAL_S = 2.0
"""A person approves in minutes; asking every two seconds costs a hundredth of the budget."""

GRACE_S = 4.0
"""How long a run goes on asking once nothing else is left to do; later approvals are for ``restore retry``."""

ENDINGS = {
    ApprovalStatus.REJECTED: "The request for approval was rejected by another administrator.",
    ApprovalStatus.CANCELLED: "The request for approval was cancelled.",
    ApprovalStatus.EXPIRED: "The request for approval expired before anybody approved it.",
}
"""How a request ends without a write; a retry files a new one."""

Again = Callable[[RestoreItem], Awaitable[None]]
"""Takes an item whose request was granted up again."""


async def watch_approvals(
    ctx: RunContext, restore_id: str, is_over: asyncio.Event, again: Again, is_stopped: Callable[[], bool]
) -> None:
    """Ask for the requests that wait, as long as policies are being written and a little longer.

    ``is_over`` is set when the last policy was tried. Until then nothing is raised here: it would cut other policies off in
    the middle; ``is_stopped`` tells that the run ends. Returns when nothing of this run waits any more, or time is up.
    """
    grace_ends = float("inf")
    is_told = False
    while True:
        if is_stopped():
            return
        is_last = is_over.is_set()
        if is_last:
            await ctx.checkpoint()
        waiting = await ctx.read(lambda session: _waiting(session, restore_id, ctx.run.id))
        if not waiting and is_last:
            return
        if waiting and is_last and not is_told:
            is_told = True
            ctx.phase("Waiting for approvals")
        if waiting and not await _look(ctx, waiting, again, is_stopped):
            return
        if is_last and ctx.clock().timestamp() >= grace_ends:
            return
        await _sleep(ctx, is_over)
        if is_over.is_set() and grace_ends == float("inf"):
            grace_ends = ctx.clock().timestamp() + GRACE_S


async def _sleep(ctx: RunContext, is_over: asyncio.Event) -> None:
    """Wait for the next look; shorter where the last policy is tried meanwhile."""
    if is_over.is_set():
        await ctx.sleep(POLL_INTERVAL_S)
        return
    over = asyncio.ensure_future(is_over.wait())
    pause = asyncio.ensure_future(ctx.sleep(POLL_INTERVAL_S))
    try:
        await asyncio.wait((over, pause), return_when=asyncio.FIRST_COMPLETED)
    finally:
        over.cancel()
        pause.cancel()
        await asyncio.gather(over, pause, return_exceptions=True)


async def _look(
    ctx: RunContext,
    waiting: list[tuple[RestoreItem, RestoreWrite]],
    again: Again,
    is_stopped: Callable[[], bool],
) -> bool:
    """Ask once, and act on what was decided; False where asking is not possible."""
    found = await read_approvals(ctx.client)
    if isinstance(found, Failure):
        log.warning("run %s: requests for approval cannot be read: %s", ctx.run.id, found.message)
        return False
    for item, write in waiting:
        status = found.get(write.approval_code.lower(), ApprovalStatus.UNKNOWN)
        if status in ENDINGS:
            await _end(ctx, item, write, ENDINGS[status])
        elif status in (ApprovalStatus.APPROVED, ApprovalStatus.COMPLETED):
            if is_stopped():
                return False
            ctx.note(EventKind.APPROVAL, "A request was approved: its policy is written now.")
            await again(item)
    return True


async def _end(ctx: RunContext, item: RestoreItem, write: RestoreWrite, message: str) -> None:
    subject = Subject(item.policy_type, item.policy_id, item.policy_name)
    failure = Failure(FailureCode.RESTORE_FAILED, Reason.APPROVAL_REQUIRED, message, subject)

    def keep(session: Session) -> None:
        restores.settle_write(session, write.run_id, item.id, write.step, WriteState.NOT_APPLIED, to_text(ctx.clock()))
        restores.set_item_state(session, item.id, ItemState.FAILED, failure)

    ctx.note(EventKind.APPROVAL, message)
    await ctx.commit(keep, failures=[failure], counts={"awaiting": -1, "failed": 1})


def _waiting(session: Session, restore_id: str, run_id: str) -> list[tuple[RestoreItem, RestoreWrite]]:
    """Return the items that wait with a request that this run filed, or took over from an earlier execution."""
    items, cursor = [], None
    while True:
        page, cursor = restores.list_restore_items(
            session, restore_id, states=(ItemState.AWAITING_APPROVAL,), limit=500, cursor=cursor
        )
        items.extend(page)
        if cursor is None:
            break
    found = []
    for item in items:
        write = restores.writes_of_item(session, item.id)[-1]
        is_ours = write.run_id == run_id and write.state is WriteState.AWAITING_APPROVAL
        if is_ours and write.approval_code:
            found.append((item, write))
    return found
