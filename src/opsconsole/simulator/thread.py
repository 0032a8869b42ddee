"""The simulator in a thread of its own, for tests and for a demo in one process."""

import asyncio
import threading
from types import TracebackType
from typing import Any, Self

from .server import Simulator
from .tenant import Tenant

START_TIMEOUT_S = 10.0
"""Longest wait for the port: it is bound in milliseconds, so more means that the machine is stuck."""


class SimulatorThread:
    """Runs a Simulator on its own loop; takes what Simulator takes, and is a context manager too.

    The tenant may be read from any thread; change it through the control API, which works on the server's own loop.
    """

    def __init__(self, tenant: Tenant, **options: Any) -> None:
        self.simulator = Simulator(tenant, **options)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None

    @property
    def tenant(self) -> Tenant:
        """The tenant served."""
        return self.simulator.tenant

    @property
    def base_url(self) -> str:
        """Where it listens; empty before start."""
        return self.simulator.base_url

    def start(self) -> Self:
        """Returns once it listens; raises what the start raised, such as OSError for a port in use."""
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S):
            raise TimeoutError(f"the simulator did not start within {START_TIMEOUT_S:g} s")
        if self._error is not None:
            raise self._error
        return self

    def stop(self) -> None:
        """Returns once the port is closed; harmless when it does not run."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            await self.simulator.start()
        except BaseException as error:  # handed to the thread that waits in start()
            self._error = error
            return
        finally:
            self._ready.set()
        await self._stop.wait()
        await self.simulator.stop()
