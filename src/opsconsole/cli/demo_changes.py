"""What somebody else does to the demo's tenant: after the first backup some policies are assigned otherwise, so that there is drift."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from opsconsole.domain.run import Status
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsconsole.cli.simulated_tenant import SimulatedTenant
    from opsconsole.config import Config

MAX_CHANGES = 25
"""Policies changed behind the backup's back: enough to see every kind of change, few enough to read."""

LOOK_S = 0.5
"""How often the first backup is looked at until it has ended."""

log = logging.getLogger(__name__)


def shake(simulator: SimulatedTenant, seed: int) -> list[Mapping[str, Any]]:
    """Change an eighth of the tenant's policies, at most ``MAX_CHANGES``, and return which and how."""
    total = int(simulator.ask("state")["total"])
    return list(simulator.order("shake", {"count": max(1, min(MAX_CHANGES, total // 8)), "seed": seed}))


class ChangesAfterBackup:
    """A context manager: inside, a thread waits for the end of a run, then shakes the tenant once. Leaving stops the waiting."""

    def __init__(self, simulator: SimulatedTenant, config: Config, run_id: str, seed: int) -> None:
        self._simulator = simulator
        self._config = config
        self._run_id = run_id
        self._seed = seed
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._wait_and_shake, name="opsconsole-demo-changes", daemon=True)

    def __enter__(self) -> ChangesAfterBackup:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _wait_and_shake(self) -> None:
        # Without its changes the demo is poorer, not broken: nothing that goes wrong here ends it.
        with suppress(OpsError):
            if self._has_ended():
                log.info(
                    "the demo changed %d policies behind the backup's back", len(shake(self._simulator, self._seed))
                )

    def _has_ended(self) -> bool:
        """Wait for the run; False if the demo is left first."""
        from opsconsole.service import runs
        from opsconsole.service.setup import open_caller

        caller = open_caller(self._config)
        try:
            while not self._is_over.is_set():
                if runs.show_run(caller, self._run_id).status is Status.COMPLETED:
                    return True
                self._is_over.wait(LOOK_S)
            return False
        finally:
            caller.db.close()
