"""The engine: claims runs of its configured tenants, carries them out side by side, and stops without losing one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from opsconsole.config import Config, TenantConfig
from opsconsole.domain.access import Actor
from opsconsole.domain.clock import Clock, system_clock, to_text
from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.graph_budget import TenantBudget
from opsconsole.domain.ids import NewId, new_id
from opsconsole.domain.run import OperationRun, RunType
from opsconsole.domain.run_event import EventKind
from opsconsole.engine.duties import Duty
from opsconsole.engine.duties.claim import Claim
from opsconsole.engine.duties.fold import FoldCounts
from opsconsole.engine.duties.heartbeat import Heartbeat
from opsconsole.engine.duties.publish import PublishBudgets
from opsconsole.engine.duties.reconcile import Reconcile
from opsconsole.engine.duties.schedules import FireSchedules
from opsconsole.engine.heap import share_one_heap
from opsconsole.engine.pauses import StoredPauses
from opsconsole.engine.scheduler import Scheduler
from opsconsole.engine.worker import carry_out, expiry, is_still_allowed, refuse, release
from opsconsole.errors import ConfigError, OpsError
from opsconsole.graph.clean_log import keep_records_clean
from opsconsole.graph.connect import open_client
from opsconsole.graph.credentials import Prompt
from opsconsole.graph.sanitise import sanitise
from opsconsole.graph.throttle import ThrottledClient
from opsconsole.operations.completion import failure_code
from opsconsole.operations.context import RunContext
from opsconsole.service.caller import Caller
from opsconsole.service.pulse import Pulse
from opsconsole.service.tenants import check_binding
from opsconsole.store import engines, runs, tenants
from opsconsole.store.changes import ChangeFeed
from opsconsole.store.database import Database

log = logging.getLogger("opsconsole.engine")

T = TypeVar("T")

STOP_GRACE_S = 10.0
"""How long a stop waits for the policy in hand of a restore; other runs are given back at once."""

TENANT_LOOK_S = 2.0
"""How often the store is asked which of the configured tenants it knows."""


@dataclass(slots=True)
class _Held:
    """A run in hand: ``over`` is done when it was let go, ``task`` is there once the scheduler came to it."""

    ctx: RunContext
    over: asyncio.Future[None]
    task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()


class Engine:
    """One engine on one store. ``only_runs`` narrows it to those runs; ``drain`` ends it when nothing it may claim is left.

    ``run`` must be awaited on a loop of its own. ``request_stop`` and ``store_changed`` may be called from any thread.
    ``has_pulse``: it looks for changes of the store itself; else whoever embeds it tells it of each.
    """

    def __init__(
        self,
        db: Database,
        config: Config,
        *,
        actor: Actor,
        kind: str = "engine",
        only_runs: Sequence[str] | None = None,
        drain: bool = False,
        concurrency: int | None = None,
        env: Mapping[str, str] = os.environ,
        prompt: Prompt | None = None,
        has_pulse: bool = True,
        clock: Clock = system_clock,
        ids: NewId = new_id,
    ) -> None:
        self.db = db
        self.config = config
        self.actor = actor
        self.kind = kind
        self.id = ids()
        self.only_runs = list(only_runs) if only_runs is not None else None
        self.is_draining = drain
        self.concurrency = concurrency or config.engine.concurrency
        self.lease_seconds = float(config.engine.lease_seconds)
        self.clock = clock
        self.new_id = ids
        self.is_stopping = False
        self.changes = 0
        self._has_pulse = has_pulse
        self.published: dict[str, TenantBudget] = {}
        self.published_tenants: list[str] = []
        keep_records_clean()
        self._env = env
        self._prompt = prompt
        self._pool = ThreadPoolExecutor(self.concurrency * 2 + 4, thread_name_prefix="opsconsole-store")
        self._clients: dict[str, ThrottledClient] = {}
        self._hand: dict[str, _Held] = {}
        self._at_duty: set[asyncio.Future[None]] = set()
        self._known: tuple[tuple[float, int], dict[str, TenantConfig]] = ((float("-inf"), 0), {})
        self._claim = Claim(self)
        self._scheduler = Scheduler()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Work until told to stop (or, when draining, until nothing is left). Raises StoreUnavailable only at the start."""
        share_one_heap()
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if self.is_stopping:
            self._stop.set()
        claim = self._claim
        duties: list[Duty] = [claim, Heartbeat(self), PublishBudgets(self), Reconcile(self)]
        if self.only_runs is None:
            duties.append(FireSchedules(self))
        if self.db.dialect == "postgres":
            duties.append(FoldCounts(self))
        scheduler = self._scheduler
        await self.in_thread(self.register)
        scheduler.start()
        for duty in duties:
            scheduler.every(duty.interval_s, duty.name, self._guarded(duty))
        scheduler.now("first claim", self._guarded(claim))
        feed = pulse = None
        if self._has_pulse:
            feed = await self.in_thread(lambda: ChangeFeed(self.db))
            pulse = Pulse(feed.changed, self._note_change, lambda error: log.error("%s", error))
            pulse.start()
        try:
            await self._stop.wait()
        finally:
            self.is_stopping = True
            scheduler.pause()
            await self._let_duties_end()
            await self._let_go()
            scheduler.stop()
            if pulse is not None and feed is not None:
                await self.in_thread(pulse.stop)
                feed.close()
            for client in self._clients.values():
                await client.close()
            await self.in_thread(self._unregister)
            self._pool.shutdown(wait=True)

    def request_stop(self) -> None:
        """Stop cleanly: runs in hand stay running, without an owner, for the next engine."""
        self.is_stopping = True
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    def store_changed(self) -> None:
        """Take note that something was committed to the store: there may be something to claim."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._note_change)

    def _note_change(self) -> None:
        self.changes += 1
        self._wake_claim()

    # What duties and operations ask for.

    @property
    def has_room(self) -> bool:
        """Tell whether another run may be claimed."""
        return len(self._hand) < self.concurrency

    async def in_thread(self, function: Callable[[], T]) -> T:
        """Return what ``function`` returns, run off the loop: the store may wait, the loop must not."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    def in_hand(self) -> list[RunContext]:
        """Return the runs being carried out; a console asks from its own thread."""
        return [held.ctx for held in list(self._hand.values())]

    def budgets(self) -> dict[str, TenantBudget]:
        """Return its pace in each tenant that it has called, by the id of the tenant's row. Belongs on its loop."""
        return {tenant_id: client.governor.budget() for tenant_id, client in self._clients.items()}

    def caller(self) -> Caller:
        """Return the engine's own way into the service room."""
        return Caller(self.db, self.config, self.actor, None, self.clock, self.new_id)

    def tenant_ids(self) -> list[str]:
        """Return the store's ids of the configured tenants whose workspace and tenant id agree with the store's."""
        (looked_at, seen), known = self._known
        if time.monotonic() - looked_at > TENANT_LOOK_S or seen != self.changes or not known:
            known, seen = {}, self.changes
            with self.db.read() as session:
                for config in self.config.tenants:
                    row = tenants.get_tenant(session, config.name)
                    if row is None:
                        continue
                    try:
                        check_binding(config, row)
                    except ConfigError as error:
                        log.error("tenant %s is left alone: %s", config.name, error)
                        continue
                    known[row.id] = config
            self._known = ((time.monotonic(), seen), known)
        return list(known)

    @property
    def known_tenants(self) -> list[str]:
        """Return the tenants it knew when it last looked: without a look at the store."""
        return list(self._known[1])

    def begin(self, run: OperationRun) -> None:
        """Carry out a run that was just claimed."""
        config = self._known[1].get(run.tenant_id or "")
        if config is None:
            raise LookupError(f"run {run.id} was claimed without its tenant")
        ctx: RunContext | None = None

        def on_wait(until: datetime | None) -> None:
            if ctx is not None:
                ctx.note_wait(until)

        def on_note(kind: EventKind, text: str, *, times: int = 1, **data: Any) -> None:
            if ctx is not None:
                ctx.note(kind, text, times=times, **data)

        try:
            client = self._client(run.tenant_id or "", config).for_run(on_wait, on_note)
        except ConfigError as error:
            self._refuse(run, str(error))
            return
        ctx = RunContext(
            run=run,
            db=self.db,
            client=client,
            clock=self.clock,
            new_id=self.new_id,
            engine_id=self.id,
            lease_seconds=self.lease_seconds,
            lease_expires_at=expiry(self.clock(), self.lease_seconds),
            in_thread=self.in_thread,
            is_allowed=partial(is_still_allowed, run=run),
            engine_kind=self.kind,
        )
        held = ctx
        # The place is taken at once, before the scheduler comes to the job: ``has_room`` must not lie in between.
        over = asyncio.get_running_loop().create_future()
        self._hand[run.id] = _Held(held, over)

        async def job() -> None:
            if run.id not in self._hand:
                return  # given back before the scheduler came to it
            self._hand[run.id].task = asyncio.current_task()
            try:
                await carry_out(held)
            finally:
                self._hand.pop(run.id, None)
                over.set_result(None)
                self._wake_claim()

        self._scheduler.now(f"run {run.id} epoch {run.lease_epoch}", job)

    def _refuse(self, run: OperationRun, why: str) -> None:
        failure = Failure(failure_code(run.type), Reason.AUTHENTICATION_FAILED, sanitise(why))

        def step() -> None:
            with self.db.write() as session:
                refuse(session, run, self.id, failure, now=to_text(self.clock()), new_id=self.new_id)

        async def job() -> None:
            try:
                await self.in_thread(step)
            except OpsError as error:
                log.error("run %s could not be ended: %s", run.id, error)

        self._scheduler.now(f"refuse {run.id} epoch {run.lease_epoch}", job)

    async def look_whether_drained(self) -> None:
        """Stop a draining engine when nothing that it may claim is left queued or running."""
        if not self.is_draining or self._hand:
            return

        def step() -> int:
            with self.db.read() as session:
                return runs.claimable_count(session, self.tenant_ids(), self.only_runs)

        if not await self.in_thread(step) and not self._hand:
            self.request_stop()

    def _wake_claim(self) -> None:
        if not self.is_stopping and (self.has_room or self.is_draining):
            self._scheduler.now(f"claim {self.new_id()}", self._guarded(self._claim))

    def _client(self, tenant_id: str, config: TenantConfig) -> ThrottledClient:
        if tenant_id not in self._clients:
            pauses = StoredPauses(self.db, tenant_id, self.in_thread, self.clock)
            self._clients[tenant_id] = open_client(
                config,
                self._env,
                prompt=self._prompt,
                concurrency=self.config.engine.graph_concurrency,
                pauses=pauses,
                share=pauses.engines,
                clock=self.clock,
            )
        return self._clients[tenant_id]

    def _guarded(self, duty: Duty) -> Callable[[], Awaitable[None]]:
        """Return the duty's step, which a fault of the store must not end for good."""

        async def step() -> None:
            over = asyncio.get_running_loop().create_future()
            self._at_duty.add(over)
            try:
                await duty.step()
            except OpsError as error:
                log.error("%s: %s", duty.name, error)
            finally:
                self._at_duty.discard(over)
                over.set_result(None)

        return step

    async def _let_duties_end(self) -> None:
        """Wait for duties under way: a claim that was cut off would keep its run until the lease runs out."""
        if self._at_duty:
            await asyncio.wait(set(self._at_duty), timeout=STOP_GRACE_S)

    async def _let_go(self) -> None:
        """Give back what is in hand; a restore first finishes its policy."""
        held = list(self._hand.values())
        gentle = [one for one in held if one.ctx.run.type is RunType.RESTORE]
        for one in held:
            one.ctx.is_stopping = True
            if one.task is None:
                del self._hand[one.ctx.run.id]
                await release(one.ctx)
                one.over.set_result(None)
            elif one not in gentle:
                one.cancel()
        if gentle:
            await asyncio.wait([one.over for one in gentle], timeout=STOP_GRACE_S)
        for one in gentle:
            one.cancel()
        if held:
            await asyncio.wait([one.over for one in held], timeout=STOP_GRACE_S)

    def register(self) -> None:
        """Note this engine as live in the store."""
        now = self.clock()
        served = self.tenant_ids()
        with self.db.write() as session:
            engines.register_engine(
                session,
                id=self.id,
                kind=self.kind,
                host=socket.gethostname(),
                pid=os.getpid(),
                actor=self.actor.name,
                tenants=served,
                only_runs=self.only_runs,
                now=to_text(now),
                expires=to_text(expiry(now, self.lease_seconds)),
            )
        self.published, self.published_tenants = {}, served

    def _unregister(self) -> None:
        try:
            with self.db.write() as session:
                engines.remove_engine(session, self.id)
        except OpsError as error:
            log.error("the engine's row stays until it expires: %s", error)
