"""The log of a run in a made-up history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsconsole.domain.run_event import EventKind


def log_rows(run: Mapping[str, Any], failed: int) -> list[dict[str, Any]]:
    """Return the rows of a completed run's log: who took it up, one phase, what failed, how it ended."""
    began, ended = run["started_at"], run["completed_at"]
    lines: list[tuple[str, str | None, EventKind, str, int]] = [
        (began, None, EventKind.ATTEMPT, "Engine 000000 (engine) took the run up.", 1),
        (began, ended, EventKind.PHASE, "Working", 1),
    ]
    if failed:
        lines.append((ended, None, EventKind.FAILED, "Failed: several reasons.", failed))
    lines.append((ended, None, EventKind.COMPLETED, "The run ended.", 1))
    return [
        {
            "run_id": run["id"],
            "seq": seq,
            "workspace_id": run["workspace_id"],
            "at": at,
            "ended_at": until,
            "kind": kind.value,
            "text": text,
            "times": times,
            "data": "{}",
        }
        for seq, (at, until, kind, text, times) in enumerate(lines, start=1)
    ]
