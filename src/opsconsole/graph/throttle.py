"""The client that keeps Graph's pace: waits where told to, repeats what is safe to repeat, counts what it did."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import GraphUse
from opsconsole.domain.run_event import EventKind
from opsconsole.graph.batch import MAX_BATCH, batch_request, parse_batch
from opsconsole.graph.client import GraphAnswer, GraphClient, GraphFault, GraphRequest
from opsconsole.graph.governor import STEP_S, Governor
from opsconsole.graph.notes import OnNote, area_of, words_of

MAX_WAIT_S = 300.0
"""A call that would have to wait longer in all is given up as throttled: the run ends, and a retry does what is left."""

RETRIED_STATUSES = frozenset({500, 502, 503, 504})
"""Answers after which a read is sent again; 500 only once: it may be Graph's word for a request it does not like."""

RETRIED_FAULTS = frozenset({Reason.NETWORK_UNREACHABLE, Reason.TIMEOUT, Reason.MALFORMED_RESPONSE})

OnWait = Callable[[datetime | None], None]
"""Told until when the run waits, and None once it goes on."""

Outcome = GraphAnswer | GraphFault


class _Spent:
    """What one call has used up of its patience."""

    __slots__ = ("failures", "is_renewed", "tries", "waited_s")

    def __init__(self) -> None:
        self.tries = 0
        self.failures = 0
        self.waited_s = 0.0
        self.is_renewed = False


class ThrottledClient:
    """A GraphClient with one governor for the tenant; ``for_run`` gives views that count for themselves.

    Reads are repeated on 429, 5xx and faults, writes on 429 only: then nothing happened. Anything else about a write is
    the caller's to find out by reading back.
    """

    def __init__(
        self,
        client: GraphClient,
        governor: Governor,
        *,
        on_wait: OnWait | None = None,
        on_note: OnNote | None = None,
        max_wait_s: float = MAX_WAIT_S,
        list_modes: dict[str, str] | None = None,
    ) -> None:
        self._client = client
        self._governor = governor
        self._on_wait = on_wait
        self._on_note = on_note
        self._max_wait_s = max_wait_s
        self._use = GraphUse()
        self._waiting: dict[object, datetime] = {}
        self._wait_began: datetime | None = None
        self._told: datetime | None = None
        self._noted_closure: datetime | None = None
        self._lost: tuple[Reason, datetime] | None = None
        self._pacing = _Overlap()
        self.list_modes = list_modes if list_modes is not None else {}

    @property
    def root(self) -> str:
        """Return scheme, host and port of the tenant's Graph."""
        return self._client.root

    @property
    def governor(self) -> Governor:
        """Return the tenant's governor, shared by all views."""
        return self._governor

    @property
    def use(self) -> GraphUse:
        """Return what was asked of Graph through this view so far."""
        return self._use

    def note(self, kind: EventKind, text: str, *, times: int = 1, **data: object) -> None:
        """Report something for the log of the run that this view belongs to."""
        if self._on_note is not None:
            self._on_note(kind, text, times=times, **data)

    @property
    def lost(self) -> tuple[Reason, datetime] | None:
        """Return why Graph gives this view no answer, and since when; None once it gave one."""
        return self._lost

    def for_run(self, on_wait: OnWait | None = None, on_note: OnNote | None = None) -> ThrottledClient:
        """Return a view with counters of its own on the same client and governor; only the first one is closed."""
        return ThrottledClient(
            self._client,
            self._governor,
            on_wait=on_wait,
            on_note=on_note,
            max_wait_s=self._max_wait_s,
            list_modes=self.list_modes,
        )

    async def close(self) -> None:
        """Close the client below."""
        await self._client.close()

    async def send(self, request: GraphRequest) -> GraphAnswer:
        """Return Graph's answer, after all waiting and repeating.

        An answer of 429 means that waiting would have taken too long. Raises GraphFault where no answer came.
        """
        outcome = await self._send(request, _Spent())
        if isinstance(outcome, GraphFault):
            raise outcome
        if outcome.status < 500 and outcome.status != 429:
            self._governor.note_success()
        return outcome

    async def batch(self, requests: Sequence[GraphRequest]) -> list[Outcome]:
        """Return the outcome of each read, in order; sent by twenty in ``$batch``, the throttled and failed ones again."""
        starts = range(0, len(requests), MAX_BATCH)
        chunks = [self._batch(requests[start : start + MAX_BATCH]) for start in starts]
        return [outcome for chunk in await _all(chunks) for outcome in chunk]

    async def _send(self, request: GraphRequest, spent: _Spent) -> Outcome:
        while True:
            if not await self._enter(request, spent):
                return GraphAnswer(429, {}, b"")
            outcome: Outcome
            try:
                if request.before_send is not None:
                    await request.before_send()
                self._count(requests=1, retried=1 if spent.tries else 0)
                spent.tries += 1
                outcome = await self._client.send(request)
            except GraphFault as fault:
                outcome = fault
                if fault.reason is Reason.AUTHENTICATION_FAILED:
                    self._count(requests=-1)  # no token, so nothing left the machine
            finally:
                self._governor.release()
            if not await self._again(outcome, request, spent):
                return outcome

    async def _again(self, outcome: Outcome, request: GraphRequest, spent: _Spent) -> bool:
        """Digest an outcome: close or open the tenant, wait if need be, and tell whether to send again."""
        self._note_loss(outcome)
        if isinstance(outcome, GraphFault):
            spent.failures += 1
            limit = request.timeout_tries if outcome.reason is Reason.TIMEOUT else request.max_tries
            is_safe = not request.is_write and outcome.reason in RETRIED_FAULTS
            return is_safe and spent.failures < limit and await self._try_again(outcome, request, spent)
        if outcome.status == 429:
            self._count(throttled=1)
            await self._governor.close_for(outcome.headers)
            return True
        if outcome.status == 401 and not spent.is_renewed:
            spent.is_renewed = True
            if b"InvalidAuthenticationToken" not in outcome.body or not await self._client.renew_sign_in():
                return False
            self.note(EventKind.TOKEN, "Graph did not take the token any more: a new one was asked for.")
            return True
        if outcome.status not in RETRIED_STATUSES:
            return False
        spent.failures += 1
        if outcome.status == 503 and "retry-after" in outcome.headers:
            await self._governor.close_for(outcome.headers)
        limit = {500: min(request.max_tries, 2), 504: request.timeout_tries}.get(outcome.status, request.max_tries)
        return not request.is_write and spent.failures < limit and await self._try_again(outcome, request, spent)

    async def _try_again(self, outcome: Outcome, request: GraphRequest, spent: _Spent) -> bool:
        """Wait before a read is sent again, with the run's log told; False if the patience is used up."""
        self.note(EventKind.RETRY, f"Graph {words_of(outcome)} ({area_of(request)}): the call is sent again.")
        return await self._back_off(spent)

    def _note_loss(self, outcome: Outcome) -> None:
        if isinstance(outcome, GraphFault):
            reason = outcome.reason if outcome.reason in RETRIED_FAULTS else None
        else:
            reason = Reason.SERVICE_UNAVAILABLE if outcome.status in RETRIED_STATUSES - {500} else None
        if reason is None:
            self._lost = None
        else:
            self._lost = (reason, self._lost[1] if self._lost else self._governor.clock())

    async def _batch(self, requests: Sequence[GraphRequest]) -> list[Outcome]:
        outcomes: list[Outcome | None] = [None] * len(requests)
        tries = [0] * len(requests)
        spent = _Spent()
        open_ones = list(range(len(requests)))
        while open_ones:
            spent.tries = spent.failures = 0
            self._count(subrequests=len(open_ones))
            outer = await self._send(batch_request([requests[index] for index in open_ones]), spent)
            if isinstance(outer, GraphFault) or not outer.is_success:
                for index in open_ones:
                    outcomes[index] = outer
                break
            inner = parse_batch(outer.body, len(open_ones))
            again = []
            for index, outcome in zip(open_ones, inner, strict=True):
                outcomes[index] = outcome
                tries[index] += 1
                if _is_worth_again(outcome, tries[index]):
                    again.append(index)
            throttled = [o for o in inner if isinstance(o, GraphAnswer) and o.status == 429]
            if throttled:
                self._count(throttled=len(throttled))
                for answer in throttled:
                    await self._governor.close_for(answer.headers)
            else:
                self._governor.note_success()
            if again:
                self._count(retried=len(again))
                self._note_inner([outcomes[index] for index in again])
                is_only_throttled = len(throttled) == len(again)
                if not is_only_throttled and not await self._back_off(spent, tries[again[0]] - 1):
                    break
                if spent.waited_s >= self._max_wait_s:
                    break
            open_ones = again
        return [
            outcome if outcome is not None else GraphFault(Reason.MALFORMED_RESPONSE, "Graph left out an answer.")
            for outcome in outcomes
        ]

    def _note_inner(self, outcomes: Sequence[Outcome | None]) -> None:
        for words, times in Counter(words_of(one) for one in outcomes if one is not None).items():
            self.note(EventKind.RETRY, f"Graph {words} inside a batch: the read is sent again.", times=times)

    async def _enter(self, request: GraphRequest, spent: _Spent) -> bool:
        """Wait until the tenant is open and a place is free; False if that takes longer than a call may wait."""
        with self._governor.standing_in_line():
            return await self._come_in(request, spent)

    async def _come_in(self, request: GraphRequest, spent: _Spent) -> bool:
        while True:
            if not await self._wait_until_open(request, spent):
                return False
            if (wait_s := self._governor.turn_wait_s(request)) > 0:
                self._note_pace(request, wait_s)
                await self._wait(wait_s, is_paced=True)
                continue
            await self._governor.acquire()
            # While this call stood in line the tenant may have been closed, here or by another process, or another call
            # taken the last turn.
            is_open = await self._governor.look() is None
            if is_open and self._governor.turn_wait_s(request) <= 0:
                self._governor.take_turn(request)
                return True
            self._governor.release()

    def _note_pace(self, request: GraphRequest, wait_s: float) -> None:
        until = self._governor.clock() + timedelta(seconds=wait_s)
        text = f"Held back to keep within Graph's budget ({area_of(request)})"
        self.note(EventKind.PACE_WAIT, text, until=to_text(until))

    def _note_closure(self, request: GraphRequest, until: datetime) -> None:
        """Tell of a closure once, however many calls wait for it."""
        if until != self._noted_closure:
            self._noted_closure = until
            self.note(EventKind.THROTTLE_WAIT, f"Graph asked to wait ({area_of(request)})", until=to_text(until))

    async def _wait_until_open(self, request: GraphRequest, spent: _Spent) -> bool:
        has_waited = False
        while (until := await self._governor.look()) is not None:
            left_s = (until - self._governor.clock()).total_seconds()
            if spent.waited_s + left_s > self._max_wait_s:
                return False
            self._note_closure(request, until)
            step_s = min(left_s, STEP_S)
            spent.waited_s += step_s
            await self._wait(step_s, until)
            has_waited = True
        if has_waited:
            await self._wait(self._governor.spread_s())
        return True

    async def _back_off(self, spent: _Spent, tries: int | None = None) -> bool:
        """Wait before another try; False if the patience is used up."""
        wait_s = self._governor.back_off_s(spent.failures - 1 if tries is None else tries)
        if spent.waited_s + wait_s > self._max_wait_s:
            return False
        spent.waited_s += wait_s
        await self._wait(wait_s)
        return True

    async def _wait(self, wait_s: float, until: datetime | None = None, *, is_paced: bool = False) -> None:
        """Sleep, with the run told; time in which several calls wait is counted once.

        ``is_paced``: for a turn under the budgets, which nobody asked for; counted apart as well.
        """
        if wait_s <= 0:
            return
        began = self._governor.clock()
        ticket = object()
        if not self._waiting:
            self._wait_began = began
        self._waiting[ticket] = until or began + timedelta(seconds=wait_s)
        if is_paced:
            self._pacing.begin(ticket, began)
        self._tell()
        try:
            await self._governor.sleep(wait_s)
        finally:
            del self._waiting[ticket]
            self._count(paced_ms=self._pacing.end(ticket, self._governor.clock()))
            if not self._waiting and self._wait_began is not None:
                waited = (self._governor.clock() - self._wait_began).total_seconds()
                self._count(waited_ms=max(0, round(waited * 1000)))
                self._wait_began = None
            self._tell()

    def _tell(self) -> None:
        until = max(self._waiting.values(), default=None)
        if self._on_wait is not None and until != self._told:
            self._on_wait(until)
        self._told = until

    def _count(self, **deltas: int) -> None:
        self._use = self._use.plus(GraphUse(**deltas))


class _Overlap:
    """Time in which any of several things lasts, counted once."""

    def __init__(self) -> None:
        self._tickets: set[object] = set()
        self._began: datetime | None = None

    def begin(self, ticket: object, now: datetime) -> None:
        if not self._tickets:
            self._began = now
        self._tickets.add(ticket)

    def end(self, ticket: object, now: datetime) -> int:
        """Return the milliseconds that ended with this one: none while others last."""
        self._tickets.discard(ticket)
        if self._tickets or self._began is None:
            return 0
        began, self._began = self._began, None
        return max(0, round((now - began).total_seconds() * 1000))


def _is_worth_again(outcome: Outcome, tries: int) -> bool:
    if isinstance(outcome, GraphFault):
        return tries < 3
    if outcome.status == 429:
        return True
    return outcome.status in RETRIED_STATUSES and tries < (2 if outcome.status == 500 else 4)


async def _all(chunks: Sequence[Awaitable[list[Outcome]]]) -> list[list[Outcome]]:
    """Await all; if one raises, the others are ended before it does."""
    tasks = [asyncio.ensure_future(chunk) for chunk in chunks]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
