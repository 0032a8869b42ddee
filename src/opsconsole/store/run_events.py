"""The log of a run: lines that only its owner writes, in the transactions that keep its progress."""

from __future__ import annotations

import json
from collections.abc import Sequence

from opsconsole.domain.run_event import EventKind, RunEvent
from opsconsole.store.columns import to_json_text
from opsconsole.store.database import Row, Session


def put_events(s: Session, run_id: str, events: Sequence[RunEvent]) -> None:
    """Write lines, or write them anew where their numbers are there: what is repeated grows. The caller holds the run's lock."""
    if not events:
        return
    run = s.one("SELECT workspace_id FROM operation_runs WHERE id = :id", id=run_id)
    if run is None:
        return
    s.many(
        "INSERT INTO operation_run_events (run_id, seq, workspace_id, at, ended_at, kind, text, times, data)"
        " VALUES (:run_id, :seq, :workspace_id, :at, :ended_at, :kind, :text, :times, :data)"
        " ON CONFLICT (run_id, seq) DO UPDATE SET ended_at = excluded.ended_at, times = excluded.times,"
        " data = excluded.data",
        [
            {
                "run_id": run_id,
                "seq": event.seq,
                "workspace_id": run["workspace_id"],
                "at": event.at,
                "ended_at": event.ended_at,
                "kind": event.kind.value,
                "text": event.text,
                "times": event.times,
                "data": to_json_text(event.data),
            }
            for event in events
        ],
    )


def append_event(s: Session, run_id: str, at: str, kind: EventKind, text: str) -> None:
    """Write one line behind the last one. The caller holds the run's lock."""
    last = s.one("SELECT COALESCE(MAX(seq), 0) AS seq FROM operation_run_events WHERE run_id = :id", id=run_id)
    put_events(s, run_id, [RunEvent(int(last["seq"]) + 1 if last else 1, at, kind, text)])


def list_events(s: Session, run_id: str, *, after_seq: int = 0, limit: int | None = None) -> list[RunEvent]:
    """Return the lines of a run in order, those after ``after_seq``."""
    page, params = ("", {}) if limit is None else (" LIMIT :limit", {"limit": limit})
    rows = s.all(
        "SELECT seq, at, ended_at, kind, text, times, data FROM operation_run_events"
        f" WHERE run_id = :id AND seq > :after ORDER BY seq{page}",
        id=run_id,
        after=after_seq,
        **params,
    )
    return [_to_event(row) for row in rows]


def extent(s: Session, run_id: str) -> tuple[int, EventKind | None]:
    """Return how many lines a run has, and the kind of the last."""
    rows = s.all(
        "SELECT kind, (SELECT COUNT(*) FROM operation_run_events WHERE run_id = :id) AS n FROM operation_run_events"
        " WHERE run_id = :id ORDER BY seq DESC LIMIT 1",
        id=run_id,
    )
    return (int(rows[0]["n"]), EventKind(rows[0]["kind"])) if rows else (0, None)


def _to_event(row: Row) -> RunEvent:
    return RunEvent(
        int(row["seq"]),
        row["at"],
        EventKind(row["kind"]),
        row["text"],
        row["ended_at"],
        int(row["times"]),
        json.loads(row["data"]),
    )
