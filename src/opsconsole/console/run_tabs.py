"""The tabs of Runs: which runs each one shows, and how its count comes from the counts that the store keeps."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from opsconsole.console.states import RUN_STATES, State
from opsconsole.domain.run import Outcome, Status


class RunTab(Struct, frozen=True):
    """One tab; no status and no outcome means all runs."""

    digit: str
    title: str
    state: State | None = None
    statuses: tuple[Status, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    def count(self, counts: Mapping[tuple[str, str], int]) -> int:
        """Return how many runs the tab holds."""
        return sum(
            number
            for (status, outcome), number in counts.items()
            if (not self.statuses or status in self.statuses) and (not self.outcomes or outcome in self.outcomes)
        )


RUN_TABS: tuple[RunTab, ...] = (
    RunTab("1", "All"),
    RunTab("2", "Queued", RUN_STATES["queued"], (Status.QUEUED,)),
    RunTab("3", "Running", RUN_STATES["running"], (Status.RUNNING,)),
    RunTab("4", "Succeeded", RUN_STATES["succeeded"], (), (Outcome.SUCCEEDED,)),
    RunTab("5", "Partial", RUN_STATES["partially_succeeded"], (), (Outcome.PARTIALLY_SUCCEEDED,)),
    RunTab("6", "Failed", RUN_STATES["failed"], (), (Outcome.FAILED,)),
)
