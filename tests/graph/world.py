"""What the tests of the graph room stand on: time that moves by sleeping, a scripted service, a client of the simulator."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from opsconsole.config import AuthConfig, SecretSource, TenantConfig
from opsconsole.graph.client import GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.connect import open_client
from opsconsole.graph.governor import Governor
from opsconsole.graph.throttle import ThrottledClient
from opsconsole.simulator import Simulator, Tenant

T = TypeVar("T")

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Time:
    """A clock that only sleeping moves; ``slept`` is what was slept, in order."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []

    def clock(self) -> datetime:
        return self.now

    async def sleep(self, wait_s: float) -> None:
        self.slept.append(wait_s)
        wake_at = self.now + timedelta(seconds=wait_s)
        for _ in range(20):  # let the others run to where they sleep too
            await asyncio.sleep(0)
        self.now = max(self.now, wake_at)


Script = Callable[[GraphRequest, int], GraphAnswer | GraphFault]


class Scripted:
    """A GraphClient that answers from a function of the request and of how many came before."""

    root = "https://graph.example"

    def __init__(self, script: Script | Iterable[GraphAnswer | GraphFault]) -> None:
        self.requests: list[GraphRequest] = []
        self.in_flight = self.most_in_flight = 0
        self.renewed = 0
        self.can_renew = True
        if not callable(script):
            answers = list(script)
            script = lambda _, number: answers[min(number, len(answers) - 1)]  # noqa: E731
        self._script = script

    async def send(self, request: GraphRequest) -> GraphAnswer:
        number = len(self.requests)
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        outcome = self._script(request, number)
        if isinstance(outcome, GraphFault):
            raise outcome
        return outcome

    async def renew_sign_in(self) -> bool:
        self.renewed += 1
        return self.can_renew

    async def close(self) -> None: ...


class Board:
    """A PauseBoard in memory, which counts how often it is asked."""

    def __init__(self, until: datetime | None = None) -> None:
        self.until = until
        self.reads = 0
        self.published: list[datetime] = []

    async def read(self) -> datetime | None:
        self.reads += 1
        return self.until

    async def publish(self, until: datetime) -> None:
        self.published.append(until)
        self.until = max(self.until or until, until)


def answer(status: int, body: bytes = b"{}", **headers: str) -> GraphAnswer:
    """Return an answer; ``retry_after="2"`` is the header ``retry-after``."""
    return GraphAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def throttled(
    client: Scripted,
    time: Time,
    *,
    board: Board | None = None,
    concurrency: int = 8,
    share: Any = lambda: 1,
    **options: Any,
) -> ThrottledClient:
    """Return the real throttle over a scripted service; jitter is at its longest."""
    governor = Governor(
        concurrency, board=board, share=share, clock=time.clock, sleep=time.sleep, uniform=lambda _, high: high
    )
    return ThrottledClient(client, governor, **options)


def simulated_tenant(base_url: str) -> TenantConfig:
    auth = AuthConfig(method="static_token", token=SecretSource(env="TOKEN"))
    return TenantConfig("contoso", "11111111-2222-4333-8444-555555555555", auth, base_url=base_url)


@asynccontextmanager
async def served(tenant: Tenant, **options: Any):
    """Serve a tenant over HTTP and yield the simulator and a client on the real SDK; sleeping costs no time."""
    time = Time()
    async with Simulator(tenant, **options) as simulator:
        client = open_client(
            simulated_tenant(simulator.base_url), {"TOKEN": "simulator"}, clock=time.clock, sleep=time.sleep
        )
        try:
            yield simulator, client
        finally:
            await client.close()


def on(tenant: Tenant, use: Callable[[Simulator, ThrottledClient], Awaitable[T]], **options: Any) -> T:
    """Run ``use`` with a served tenant and a client of it; return what it returned."""

    async def run() -> T:
        async with served(tenant, **options) as (simulator, client):
            return await use(simulator, client)

    return asyncio.run(run())


def fault(status: int, match: Mapping[str, Any] | None = None, **rule: Any) -> dict[str, Any]:
    """Return a fault rule that answers with a status."""
    action = {"kind": "status", "status": status} | {
        key: rule.pop(key) for key in ("code", "message", "shape", "retry_after", "apply") if key in rule
    }
    return {"match": dict(match or {}), "action": action, **rule}


def fixtures() -> Path:
    """Return the folder of recorded exports, or skip the test that needs it."""
    named = os.environ.get("OPSCONSOLE_FIXTURES")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared" / "fixtures"
    if not (folder / "intune-exports").is_dir():
        pytest.skip(f"the recorded exports are not at {folder} (set OPSCONSOLE_FIXTURES)")
    return folder / "intune-exports"
