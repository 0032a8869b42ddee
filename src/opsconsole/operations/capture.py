"""Capture: list the policies of a tenant into a backup set, every page of every type, as Graph sends them."""

from __future__ import annotations

import asyncio
import time

from opsconsole.domain.backup import BackupSet, TypeStatus
from opsconsole.graph.listing import ListedPolicy, list_policies
from opsconsole.operations.context import FLUSH_INTERVAL_S, RunContext
from opsconsole.store import backups
from opsconsole.store.database import Session

CHUNK_ITEMS = 500
"""Policies kept in memory before they are committed: a crash costs at most one chunk, an insert of 500 takes some 10 ms."""


async def capture(ctx: RunContext) -> None:
    """List every policy type of the set that is not listed yet; types side by side, at the pace of the tenant's throttle."""
    set_id = str(ctx.run.inputs["set"])
    found = await ctx.read(lambda session: backups.get_set(session, set_id))
    if found is None:
        raise LookupError(f"backup set {set_id} is gone")
    chunk = _Chunk(ctx, found)
    ctx.phase("Listing policy types")
    waiting = [key for key, counts in found.by_type.items() if counts.status is TypeStatus.PENDING]
    try:
        async with asyncio.TaskGroup() as group:
            for key in waiting:
                group.create_task(_list_type(ctx, chunk, set_id, key))
    finally:
        await _count_what_is_kept(ctx, set_id)


async def _count_what_is_kept(ctx: RunContext, set_id: str) -> None:
    # A worker that was lost may have kept a chunk without counting it: what the set counted is the truth.
    kept = await ctx.read(lambda session: backups.get_set(session, set_id))
    listed = kept.count("listed") if kept else 0
    ctx.count(total=listed - ctx.counters.total, processed=listed - ctx.counters.processed)
    ctx.extra["types"] = {key: counts.status.value for key, counts in sorted(kept.by_type.items())} if kept else {}


async def _list_type(ctx: RunContext, chunk: _Chunk, set_id: str, key: str) -> None:
    async def keep(page: list[ListedPolicy]) -> None:
        await ctx.checkpoint()
        await chunk.add(page)

    result = await list_policies(ctx.client, key, on_page=keep)
    await chunk.write()
    is_gap = result.failure is not None and result.status is not TypeStatus.NOT_AVAILABLE
    await ctx.commit(
        lambda session: backups.set_type_status(session, set_id, key, result.status),
        failures=[result.failure] if is_gap and result.failure else [],
    )


class _Chunk:
    """Gathers the pages of all types and commits them by number and by time."""

    def __init__(self, ctx: RunContext, found: BackupSet) -> None:
        self._ctx = ctx
        self._set = found
        self._waiting: list[backups.ListedItem] = []
        self._last = time.monotonic()
        self._lock = asyncio.Lock()

    async def add(self, page: list[ListedPolicy]) -> None:
        new_id = self._ctx.new_id
        self._waiting.extend(
            backups.ListedItem(
                new_id(), policy.policy_type, policy.policy_id, policy.policy_name, policy.policy, policy.assignments
            )
            for policy in page
        )
        if len(self._waiting) >= CHUNK_ITEMS or time.monotonic() - self._last >= FLUSH_INTERVAL_S:
            await self.write()

    async def write(self) -> None:
        """Commit what is waiting; when this returns, everything added before the call is in the store."""
        async with self._lock:
            items, self._waiting = self._waiting, []
            self._last = time.monotonic()
            if not items:
                return
            kept = await self._ctx.commit(lambda session: self._insert(session, items))
            self._ctx.count(total=kept, processed=kept)

    def _insert(self, session: Session, items: list[backups.ListedItem]) -> int:
        return backups.add_listed_items(session, self._set, items)
