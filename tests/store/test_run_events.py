"""The log of a run in the store, and its failures at the size that nobody should have to look at."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from builders import at, make_failure, make_place, make_run
from opsconsole.domain.failure import Reason
from opsconsole.domain.run_event import EventKind, RunEvent
from opsconsole.errors import Conflict
from opsconsole.store import run_events, run_failures
from opsconsole.store.database import Database

MANY = 50_000


def test_a_line_that_grew_is_the_same_line(store: Database) -> None:
    with store.write() as s:
        run = make_run(s, *make_place(s))
        run_events.put_events(s, run.id, [RunEvent(1, at(), EventKind.RETRY, "again", None, 1, {"a": 1})])
        run_events.put_events(s, run.id, [RunEvent(1, at(9), EventKind.RETRY, "other", at(5), 4, {"a": 2})])
        run_events.append_event(s, run.id, at(7), EventKind.COMPLETED, "over")
    with store.read() as s:
        first, second = run_events.list_events(s, run.id)
        assert (first.at, first.text, first.ended_at, first.times, first.data) == (at(), "again", at(5), 4, {"a": 2})
        assert (second.seq, second.kind) == (2, EventKind.COMPLETED)
        assert run_events.extent(s, run.id) == (2, EventKind.COMPLETED)
        assert [event.seq for event in run_events.list_events(s, run.id, after_seq=1)] == [2]
        assert run_events.extent(s, "no-such-run") == (0, None)


def test_a_line_belongs_to_its_runs_workspace(store: Database) -> None:
    with store.write() as s:
        run = make_run(s, *make_place(s))
        other, _ = make_place(s, "other", "fabrikam")
    with pytest.raises(Conflict), store.write() as s:
        s.run(
            "INSERT INTO operation_run_events (run_id, seq, workspace_id, at, kind, text)"
            " VALUES (:run, 1, :other, :at, 'phase', 'x')",
            run=run.id, other=other, at=at(),
        )  # fmt: skip


def test_fifty_thousand_failures_are_grouped_and_paged_at_once(sqlite_store: Database) -> None:
    reasons = (Reason.PERMISSION_DENIED, Reason.PERMISSION_DENIED, Reason.PERMISSION_DENIED, Reason.TIMEOUT)
    with sqlite_store.write() as s:
        run = make_run(s, *make_place(s))
        run_failures.add_failures(s, run.id, [make_failure(reasons[n % 4], f"p{n}") for n in range(MANY)])

    def spent_ms(work) -> float:
        times = []
        for _ in range(3):
            began = time.perf_counter()
            work()
            times.append((time.perf_counter() - began) * 1000)
        return min(times)

    with sqlite_store.read() as s:
        for reason in (None, Reason.TIMEOUT, Reason.CONFLICT):
            first = spent_ms(lambda: run_failures.list_failures(s, run.id, reason=reason, limit=50))  # noqa: B023
            deep = spent_ms(
                lambda: run_failures.list_failures(s, run.id, reason=reason, limit=50, after_seq=MANY - 300)  # noqa: B023
            )
            assert max(first, deep) < 50, (reason, first, deep)
        assert spent_ms(lambda: run_failures.failure_groups(s, run.id)) < 250
        assert [count for _, _, count in run_failures.failure_groups(s, run.id)] == [37_500, 12_500]
        tracemalloc.start()
        after, seen = 0, 0
        while page := run_failures.list_failures(s, run.id, reason=Reason.TIMEOUT, limit=500, after_seq=after):
            after, seen = page[-1][0], seen + len(page)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert seen == 12_500
    assert peak < 5_000_000, "a page is in memory, not the list"


def test_groups_and_pages_go_by_the_index(sqlite_store: Database) -> None:
    with sqlite_store.read() as s:
        plans = [
            s.all(f"EXPLAIN QUERY PLAN {sql}", id="x", reason="y", after=0, limit=1)
            for sql in (
                "SELECT reason_code, code, COUNT(*) AS n FROM operation_run_failures WHERE run_id = :id"
                " AND :reason = :reason AND :after = :after AND :limit = :limit GROUP BY reason_code, code",
                "SELECT seq, message FROM operation_run_failures WHERE run_id = :id AND seq > :after"
                " AND reason_code = :reason ORDER BY seq LIMIT :limit",
            )
        ]
    for plan in plans:
        assert "failures_of_run" in str(plan), plan
