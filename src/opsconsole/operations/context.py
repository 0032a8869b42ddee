"""What an operation works with: its run, fenced transactions, progress flushed by time, and the way to be cancelled."""

from __future__ import annotations

import asyncio
import time
from collections import Counter as CountOf
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from opsconsole.domain.clock import Clock, to_text
from opsconsole.domain.failure import Failure
from opsconsole.domain.ids import NewId, short_id
from opsconsole.domain.run import Counters, GraphUse, OperationRun
from opsconsole.domain.run_event import EventKind
from opsconsole.errors import LeaseLost, StoreUnavailable
from opsconsole.graph.throttle import ThrottledClient
from opsconsole.operations.run_log import RunLog
from opsconsole.store import run_events, runs
from opsconsole.store.database import Database, Session

T = TypeVar("T")

FLUSH_INTERVAL_S = 0.25
"""Progress is written at most this often: a screen shows two frames a second, and each write is a transaction."""

CANCEL_INTERVAL_S = 0.25
"""How long a look at ``cancel_requested_at`` is good for."""

WRITE_TIMEOUT_SHARE = 0.5
"""Share of the lease that a Graph write may take: the lease is renewed at a third, so it outlives the write by a sixth."""

MAX_WRITE_TIMEOUT_S = 60.0
"""No assign was ever seen to take longer; beyond it the write is in doubt and is read back."""


class RunCancelled(Exception):
    """Somebody asked for the run to be cancelled; what is in hand is settled, the rest is skipped."""


class RunReleased(Exception):
    """This engine stops: the run stays running, without an owner, for the next one."""


class InitiatorLost(Exception):
    """Whoever asked for the run may not do this any more (promise 14)."""


class InThread(Protocol):
    """Runs a function off the event loop."""

    def __call__(self, function: Callable[[], T]) -> Awaitable[T]:
        """Return what ``function`` returns."""
        ...


def _counted(counters: Counters) -> dict[str, Any]:
    return {
        "progress": {"done": counters.done, "total": max(counters.total, counters.done)},
        "counters": counters.to_json(),
    }


@dataclass
class RunContext:
    """One claimed run in the hands of one worker.

    ``lease_expires_at`` is moved by the engine's heartbeat. Everything an operation keeps goes through ``commit``, which
    first locks the run's row by id, owner and epoch (promise 11).
    """

    run: OperationRun
    db: Database
    client: ThrottledClient
    clock: Clock
    new_id: NewId
    engine_id: str
    lease_seconds: float
    lease_expires_at: datetime
    in_thread: InThread
    is_allowed: Callable[[Session], bool]
    engine_kind: str = "engine"
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def __post_init__(self) -> None:
        context = self.run.context
        self.counters = Counters.from_json(context.get("counters") or {})
        self.extra: dict[str, Any] = {}
        self._base_use = GraphUse.from_json(context.get("graph") or {})
        self._last_flush = time.monotonic()
        self._last_cancel_look = float("-inf")
        self._claimed_at = self.clock()
        self._lock = asyncio.Lock()
        self.waiting_until: datetime | None = None
        self._wait_changed = asyncio.Event()
        self.is_lost = False
        self.is_stopping = False
        self.log = RunLog(self.run.lease_epoch, self.clock)

    async def begin_log(self) -> None:
        """Say in the run's log who took it up; behind the lines that earlier workers left."""
        before, last = 0, None
        if self.run.lease_epoch > 1:
            before, last = await self.read(lambda session: run_events.extent(session, self.run.id))
            self.log = RunLog(self.run.lease_epoch, self.clock, before)
        engine = f"Engine {short_id(self.engine_id)} ({self.engine_kind})"
        if self.run.lease_epoch <= 1:
            self.note(EventKind.ATTEMPT, f"{engine} took the run up.")
        elif last is EventKind.RELEASED:
            self.note(EventKind.ATTEMPT, f"{engine} took the run up where it was left.")
        else:
            self.note(EventKind.TAKEN_OVER, f"{engine} took over from a lost one.")

    def note(self, kind: EventKind, text: str, *, times: int = 1, **data: Any) -> None:
        """Tell of something in the run's log; it reaches the store with the next commit."""
        self.log.note(kind, text, times=times, **data)

    def phase(self, name: str) -> None:
        """Begin a phase of the run, which ends the one before."""
        self.log.phase(name)

    def count(self, **deltas: int) -> None:
        """Add to the counters; they reach the store with the next commit."""
        self.counters = self.counters.plus(**deltas)

    def snapshot(self) -> dict[str, Any]:
        """Return the run's context as it stands."""
        context = {
            **self.run.context,
            **self.extra,
            **_counted(self.counters),
            "graph": {**self._base_use.plus(self.client.use).to_json(), **self.client.governor.shown()},
        }
        context.pop("waiting_until", None)
        context.pop("graph_lost", None)
        if (lost := self.client.lost) is not None:
            context["graph_lost"] = {"reason": lost[0].value, "since": to_text(lost[1])}
        if self.waiting_until is not None:
            context["waiting_until"] = to_text(self.waiting_until)
        return context

    def note_wait(self, until: datetime | None) -> None:
        """Take note of a wait for Graph's throttle, and of its end; shown with the next flush (promise 12)."""
        self.waiting_until = until
        if until is None:
            self.log.end_waits()
        self._wait_changed.set()

    async def tell_waits(self) -> None:
        """Write each wait that lasts longer than a flush, as long as the run lasts."""
        shown: datetime | None = None
        while True:
            await self._wait_changed.wait()
            self._wait_changed.clear()
            await asyncio.sleep(FLUSH_INTERVAL_S)
            if self.waiting_until != shown:
                shown = self.waiting_until
                try:
                    await self.flush(is_due=True)
                except StoreUnavailable:
                    shown = None  # told again with the next change; the operation's own commit reports the store

    async def read(self, function: Callable[[Session], T]) -> T:
        """Return what ``function`` reads, off the event loop."""

        def step() -> T:
            with self.db.read() as session:
                return function(session)

        return await self.in_thread(step)

    async def commit(
        self,
        function: Callable[[Session], T],
        *,
        failures: Sequence[Failure] = (),
        counts: Mapping[str, int] | Callable[[T], Mapping[str, int]] | None = None,
    ) -> T:
        """Run ``function`` in a fenced transaction, with failure records and what they add to the counters. Raises LeaseLost.

        ``counts`` may be worked out from what ``function`` returned. All of it reaches the store together or not at all, so
        that a run taken over counts nothing twice. A task that is cancelled in here first waits for the end: the transaction
        goes on in its thread, and what it kept must be counted.
        """
        task = asyncio.ensure_future(self._commit(function, failures, counts))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # seen: whoever cancelled decides what becomes of the run
            raise

    async def _commit(
        self,
        function: Callable[[Session], T],
        failures: Sequence[Failure],
        counts: Mapping[str, int] | Callable[[T], Mapping[str, int]] | None,
    ) -> T:
        async with self._lock:
            for reason, times in CountOf(failure.reason for failure in failures).items():
                self.note(
                    EventKind.FAILED, f"Failed: {reason.value.replace('_', ' ')}.", times=times, reason=reason.value
                )
            context, now = self.snapshot(), to_text(self.clock())
            lines, states = self.log.unwritten()
            before = self.counters

            def step(session: Session) -> tuple[T, Mapping[str, int]]:
                result = function(session)
                deltas = counts(result) if callable(counts) else counts or {}
                if failures:
                    runs.add_failures(session, self.run.id, failures)
                runs.save_context(session, self.run.id, {**context, **_counted(before.plus(**deltas))}, now)
                run_events.put_events(session, self.run.id, lines)
                return result, deltas

            result, deltas = await self.fenced(step)
            # Deltas again, not the value: another task may have counted while the transaction ran.
            self.counters = self.counters.plus(**deltas)
            self.log.written(states)
            self._last_flush = time.monotonic()
            return result

    async def fenced(self, function: Callable[[Session], T]) -> T:
        """Run ``function`` in a transaction that first locks the run's row by id, owner and epoch. Raises LeaseLost."""
        if self.is_lost:
            raise LeaseLost("Another engine has taken this run over.")

        def step() -> T:
            with self.db.write() as session:
                runs.lock_run(session, self.run.id, self.engine_id, self.run.lease_epoch)
                return function(session)

        try:
            return await self.in_thread(step)
        except LeaseLost:
            self.is_lost = True
            raise

    async def restart(self) -> None:
        """Forget what an earlier worker of this run counted and failed: the operation starts from its beginning."""
        self.counters = Counters()
        await self.commit(lambda session: runs.clear_failures(session, self.run.id))

    async def flush(self, *, is_due: bool = False) -> None:
        """Write progress if the last flush is long enough ago, or at once."""
        if is_due or time.monotonic() - self._last_flush >= FLUSH_INTERVAL_S:
            await self.commit(lambda _: None)

    async def checkpoint(self) -> None:
        """Raise RunCancelled if somebody asked for it, LeaseLost if another engine has the run."""
        if self.is_lost:
            raise LeaseLost("Another engine has taken this run over.")
        if self.is_stopping:
            raise RunReleased
        if time.monotonic() - self._last_cancel_look < CANCEL_INTERVAL_S:
            return
        self._last_cancel_look = time.monotonic()
        if await self.read(lambda session: runs.is_cancel_requested(session, self.run.id)):
            self.note(EventKind.CANCEL, "Somebody asked for the run to be cancelled: what is in hand is settled first.")
            raise RunCancelled

    @property
    def write_timeout_s(self) -> float:
        """Return how long one Graph write may take under this lease."""
        return min(MAX_WRITE_TIMEOUT_S, self.lease_seconds * WRITE_TIMEOUT_SHARE)

    async def hold_for_write(self) -> None:
        """Return once the lease outlives a write's timeout. Raises LeaseLost if it cannot be made to."""
        for _ in range(20):
            if self.is_lost:
                break
            if (self.lease_expires_at - self.clock()).total_seconds() >= self.write_timeout_s:
                return
            await self.renew()
        raise LeaseLost("The lease on this run ends before a write could be waited for.")

    async def renew(self) -> None:
        """Renew the lease by compare-and-set on owner and epoch; marks the run as lost where that fails."""
        expires = datetime.fromtimestamp(self.clock().timestamp() + self.lease_seconds, tz=self.clock().tzinfo)

        def step() -> bool:
            with self.db.write() as session:
                return runs.renew_lease(session, self.run.id, self.engine_id, self.run.lease_epoch, to_text(expires))

        if await self.in_thread(step):
            self.lease_expires_at = expires
        else:
            self.is_lost = True

    async def wait_since_claim(self, seconds: float) -> None:
        """Wait until ``seconds`` after this worker claimed the run."""
        left_s = seconds - (self.clock() - self._claimed_at).total_seconds()
        if left_s > 0:
            until = self.clock() + timedelta(seconds=left_s)
            self.note(
                EventKind.LEASE_WAIT,
                "Waiting until no write of the lost engine can arrive any more",
                until=to_text(until),
            )
            self.note_wait(until)
            await self.sleep(left_s)
            self.note_wait(None)
