"""The pulse: it looks on whatever happens, and tells trouble rather than falling silent."""

from __future__ import annotations

import asyncio

import pytest

from opsconsole.errors import OpsError, StoreUnavailable
from opsconsole.service import pulse as pulse_module
from opsconsole.service.pulse import Pulse

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


def test_pushes_in_a_row_are_answered_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_module, "CALM_S", 600.0)
    told, asked = asyncio.Event(), 0

    def changed() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    async def listen() -> None:
        pulse = Pulse(changed, told.set, lambda _: None, every_s=600.0)
        pulse.start()
        pulse.push()
        await asyncio.wait_for(told.wait(), LIMIT_S)
        for _ in range(100):
            pulse.push()
        pulse.stop()

    asyncio.run(listen())
    assert asked == 2
