"""The pulse: it looks on whatever happens, and tells trouble rather than falling silent."""

from __future__ import annotations

import asyncio
import queue
import threading

from opsconsole.errors import OpsError, StoreUnavailable
from opsconsole.service.pulse import CALM_S, Pulse

LIMIT_S = 10.0


def test_a_look_that_fails_in_a_way_nobody_foresaw_is_told_and_the_next_one_comes() -> None:
    troubles: list[OpsError] = []
    answers = iter([KeyError("surprise"), False, True])
    seen = asyncio.Event()

    def changed() -> bool:
        answer = next(answers, False)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def listen() -> None:
        pulse = Pulse(changed, seen.set, troubles.append)
        pulse.start()
        try:
            await asyncio.wait_for(seen.wait(), LIMIT_S)
        finally:
            pulse.stop()

    asyncio.run(listen())
    assert [type(trouble) for trouble in troubles] == [StoreUnavailable]
    assert "KeyError" in str(troubles[0]) and "surprise" not in str(troubles[0])


def test_a_push_is_told_at_once_and_a_pulse_that_waits_ends_at_once() -> None:
    seen, asked = asyncio.Event(), 0

    def changed() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    async def listen() -> None:
        pulse = Pulse(changed, seen.set, lambda _: None, every_s=600.0)
        pulse.start()
        pulse.push()
        await asyncio.wait_for(seen.wait(), LIMIT_S)
        pulse.stop()
        assert pulse._thread is not None and not pulse._thread.is_alive()

    asyncio.run(listen())
    assert asked == 2


def test_pushes_in_a_row_are_answered_together_and_the_last_look_comes_after_all_of_them() -> None:
    """A backup commits hundreds of times a second; and Postgres tells of a commit a moment after it was made."""
    looked, waits = threading.Semaphore(0), queue.SimpleQueue[float]()

    def changed() -> bool:
        looked.release()
        return False

    async def listen() -> None:
        pulse = Pulse(changed, lambda: None, lambda _: None, every_s=600.0)
        go_on = threading.Event()

        def wait(seconds: float) -> bool:
            waits.put(seconds)
            return go_on.wait(LIMIT_S)

        pulse._stop.wait = wait  # type: ignore[method-assign, assignment]
        pulse.start()
        assert await asyncio.to_thread(looked.acquire, timeout=LIMIT_S), "the first look"
        pulse.push()
        assert await asyncio.to_thread(looked.acquire, timeout=LIMIT_S), "the pushed one"
        assert await asyncio.to_thread(waits.get, timeout=LIMIT_S) == CALM_S
        for _ in range(100):
            pulse.push()
        assert not looked.acquire(blocking=False)
        pulse._push.clear()
        go_on.set()
        assert await asyncio.to_thread(looked.acquire, timeout=LIMIT_S), "and the one after it, without a push"
        pulse.stop()

    asyncio.run(listen())
