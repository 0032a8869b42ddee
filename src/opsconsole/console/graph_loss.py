"""Graph out of reach, as a run's own record tells it: why, since when, and when it is tried again."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from opsconsole.domain.clock import from_text
from opsconsole.domain.run import OperationRun, Status

WORDS = {
    "network_unreachable": "cannot be reached",
    "timeout": "does not answer in time",
    "malformed_response": "gives answers that cannot be read",
    "service_unavailable": "says that it is unavailable",
}
"""What is shown of the reasons after which a call is tried again."""


class GraphLoss(Struct, frozen=True):
    """One run that gets no answer. ``next_try_at`` is None between two tries."""

    tenant: str
    words: str
    since: datetime
    next_try_at: datetime | None


def graph_loss_of(run: OperationRun) -> GraphLoss | None:
    """Return how Graph is lost to a run, or None while it answers, and for a run that is not at work."""
    lost = run.context.get("graph_lost")
    if run.status is not Status.RUNNING or not isinstance(lost, dict) or not lost.get("since"):
        return None
    until = run.context.get("waiting_until")
    return GraphLoss(
        run.tenant or "",
        WORDS.get(str(lost.get("reason")), WORDS["service_unavailable"]),
        from_text(str(lost["since"])),
        from_text(str(until)) if until else None,
    )
