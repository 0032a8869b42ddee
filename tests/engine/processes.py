"""What the tests' own processes do: engines that end or freeze at a named point, and callers that all order the same.

Started by a fork server that has imported everything once, so that a process costs milliseconds; the parent's connections
and threads never reach it.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from typing import Any

# Imported here, so that the fork server does it once.
import httpx  # noqa: F401
import kiota_authentication_azure  # noqa: F401
import msgraph  # noqa: F401
import pytest

from opsconsole.config import Config
from opsconsole.engine import Engine
from opsconsole.graph.client import GraphAnswer, GraphRequest
from opsconsole.graph.msgraph import SdkClient
from opsconsole.service import backups, restores
from opsconsole.service.setup import open_caller
from world import ENV

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["engine.processes"])

POINTS: dict[str, tuple[tuple[str, str], ...]] = {
    "commit": (),
    "claim": (("opsconsole.store.runs", "claim_next"),),
    "listed": (("opsconsole.store.backups", "add_listed_items"),),
    "settled": (
        ("opsconsole.store.backups", "settle_items"),
        ("opsconsole.store.backups", "settle_with_assignments"),
    ),
    "planned": (("opsconsole.store.restores", "store_plan"),),
    "intent": (("opsconsole.store.restores", "record_intent"),),
    "outcome": (("opsconsole.store.restores", "set_item_state"),),
    "complete": (("opsconsole.store.runs", "set_completed"),),
}
"""Transactions by what happens in them: any, or one in which one of these functions is called."""


class Trap:
    """Ends (or freezes) this process at ``point:when:number``, such as ``intent:after:2`` or ``write:before:1``."""

    def __init__(self, spec: str, number: signal.Signals) -> None:
        self.point, self.when, count = spec.split(":")
        self.left = int(count)
        self.signal = number
        self.marks = threading.local()
        self.lock = threading.Lock()

    def spring(self, when: str) -> None:
        """Count one passage; at the last one the process is gone."""
        if when != self.when:
            return
        with self.lock:
            self.left -= 1
            is_now = self.left == 0
        if is_now:
            os.kill(os.getpid(), self.signal)

    def set(self) -> None:
        """Wrap what is to be watched."""
        if self.point == "write":
            self._watch_graph()
            return
        for module_name, name in POINTS[self.point]:
            self._mark(module_name, name)
        for place, name in (
            ("opsconsole.store.sqlite", "SqliteDatabase"),
            ("opsconsole.store.postgres", "PostgresDatabase"),
        ):
            self._watch_store(getattr(importlib.import_module(place), name))

    def _mark(self, module_name: str, name: str) -> None:
        module = importlib.import_module(module_name)
        original: Callable[..., Any] = getattr(module, name)

        def marked(*args: Any, **kwargs: Any) -> Any:
            self.marks.is_met = True
            return original(*args, **kwargs)

        setattr(module, name, marked)

    def _watch_store(self, database: Any) -> None:
        original = database.write
        is_any = self.point == "commit"

        @contextmanager
        def watched(db: Any) -> Iterator[Any]:
            self.marks.is_met = False
            with original(db) as session:
                yield session
                is_met = is_any or self.marks.is_met
                if is_met:
                    self.spring("before")
            if is_met:
                self.spring("after")

        database.write = watched

    def _watch_graph(self) -> None:
        original = SdkClient.send

        async def watched(client: SdkClient, request: GraphRequest) -> GraphAnswer:
            if request.is_write:
                self.spring("before")
            answer = await original(client, request)
            if request.is_write:
                self.spring("after")
            return answer

        SdkClient.send = watched  # type: ignore[method-assign]


def run_engine(config: Config, spec: str, only_runs: list[str] | None = None) -> None:
    """Work until nothing is left, or until the trap springs.

    ``spec`` is ``point:when:number``, with a ``freeze:`` before it for a process that stops rather than ends; or
    ``time:SECONDS``; or nothing.
    """
    if spec.startswith("time:"):
        seconds = float(spec.partition(":")[2])
        threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    elif spec.startswith("freeze:"):
        Trap(spec.partition(":")[2], signal.SIGSTOP).set()
    elif spec:
        Trap(spec, signal.SIGKILL).set()
    caller = open_caller(config)
    engine = Engine(caller.db, config, actor=caller.actor, drain=True, env=ENV, only_runs=only_runs)
    asyncio.run(engine.run())
    os._exit(0)


def order_backups(config: Config, times: int, gate: Any, answers: Any) -> None:
    """Order the same backup many times, all processes at once, and tell what came of each."""
    caller = open_caller(config)
    gate.wait()
    found = []
    for _ in range(times):
        started = backups.start_backup(caller, "contoso")
        found.append((started.created, started.backup_set.id if started.backup_set else ""))
    answers.put(found)


def order_restore(config: Config, restore_id: str, gate: Any, answers: Any) -> None:
    """Order the execution of one plan, all processes at once, and tell what came of it."""
    caller = open_caller(config)
    gate.wait()
    try:
        started = restores.run_restore(caller, restore_id)
        answers.put((started.created, started.runs[0].id))
    except Exception as error:
        answers.put((False, repr(error)))


def begin(target: Callable[..., None], *args: Any) -> Any:
    """Start a process."""
    with pytest.MonkeyPatch.context() as patch:
        # The fork server imports before it is told where to look; only the first call starts it.
        patch.setenv("PYTHONPATH", os.pathsep.join(place for place in sys.path if place))
        forkserver.ensure_running()
    process = FORKS.Process(target=target, args=args, daemon=True)
    process.start()
    return process
