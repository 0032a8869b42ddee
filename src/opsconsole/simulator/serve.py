"""The body of `opsconsole simulate`: a tenant on loopback until it is told to stop."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from .exports import tenant_from_exports
from .fault_profiles import PROFILES, fault_profile
from .faults import FaultRule, load_faults
from .seed import seeded_tenant
from .server import Simulator
from .tenant import Tenant

STOPPING = ("SIGINT", "SIGTERM", "SIGBREAK")
"""Signals that end it, by name, since not every platform has all."""


def serve(
    *,
    port: int = 0,
    policies: int = 200,
    seed: int = 1,
    exports: Path | None = None,
    faults: str | Path | None = None,
    latency_ms: int = 0,
    throttle: bool = False,
    token: str = "simulator",  # noqa: S107 - no secret: it opens a simulator on loopback
    exit_with_parent: bool = False,
    greeting: str = "listening on {}",
) -> int:
    """Serves until a signal comes, or stdin closes with `exit_with_parent`; returns the exit code.

    The first line on stdout is `greeting` with the address `http://127.0.0.1:PORT` in it. `faults` names a profile or a file.
    What was taken from exports is told on stderr. Raises OSError for a port in use or an unreadable folder or file,
    ValueError for a faulty rule.
    """
    if exports is None:
        tenant = seeded_tenant(policies, seed=seed)
    else:
        tenant, report = tenant_from_exports(exports)
        sys.stderr.write(f"{report.summary}\n")
    rules = fault_rules(faults, tenant, seed=seed)
    simulator = Simulator(
        tenant, port=port, latency_ms=latency_ms, throttle=throttle, faults=rules, token=token, seed=seed
    )
    asyncio.run(_serve(simulator, exit_with_parent=exit_with_parent, greeting=greeting))
    return 0


def fault_rules(faults: str | Path | None, tenant: Tenant, *, seed: int = 0) -> tuple[FaultRule, ...]:
    """The rules of a named profile, or of a file; none for None."""
    if faults is None:
        return ()
    if isinstance(faults, str) and faults in PROFILES:
        return fault_profile(faults, tenant, seed=seed)
    path = Path(faults)
    if not path.is_file():
        raise FileNotFoundError(f"{faults}: neither a file nor one of the profiles {', '.join(PROFILES)}")
    return load_faults(path)


async def _serve(simulator: Simulator, *, exit_with_parent: bool, greeting: str) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        loop.call_soon_threadsafe(stopped.set)

    async with simulator:
        _stop_on_signals(stop)
        if exit_with_parent:
            threading.Thread(target=_watch_stdin, args=(stop,), name="stdin", daemon=True).start()
        sys.stdout.write(greeting.replace("{}", simulator.base_url) + "\n")
        sys.stdout.flush()
        await stopped.wait()


def _stop_on_signals(stop: Callable[[], None]) -> None:
    """Plain signal handlers: the loop's own do not exist on Windows. Only the main thread may set them."""
    if threading.current_thread() is not threading.main_thread():
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    for name in STOPPING:
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, handle)


def _watch_stdin(stop: Callable[[], None]) -> None:
    """Stops when stdin ends. Reads the descriptor itself: a lock of sys.stdin held at exit would abort the interpreter."""
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    stop()
