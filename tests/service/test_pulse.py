"""The pulse: it looks on whatever happens, and tells trouble rather than falling silent."""

from __future__ import annotations

import asyncio

from opsconsole.errors import OpsError, StoreUnavailable
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
