"""Store: items kept and settled a second, what a claim takes, and a page of a hundred thousand runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import pytest

from builders import listed_items, make_place, make_run, make_set
from opsconsole.domain.clock import system_clock, to_text
from opsconsole.domain.run import RunType
from opsconsole.store import backups, runs
from opsconsole.store.database import Database, Session
from opsconsole.store.run_filter import RunFilter

from .processes import show

pytestmark = pytest.mark.bench

ITEMS = 10_000
CHUNK = 500
ASSIGNMENTS = (
    '[{"id":"0","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"1"}}]' + " " * 1100
)
RUNS = 100_000


def test_items_are_kept_and_settled(store: Database, dialect: str) -> None:
    with store.write() as session:
        workspace_id, tenant_id = make_place(session)
        made = make_set(session, workspace_id, tenant_id, policy_types=("deviceConfiguration",))
    chunks = [listed_items(CHUNK, assignments=ASSIGNMENTS, start=start) for start in range(0, ITEMS, CHUNK)]
    kept_s = _time(lambda: [_in_transaction(store, _keeper(made, chunk)) for chunk in chunks])
    settled_s = _time(
        lambda: _in_transaction(store, lambda s: backups.settle_with_assignments(s, made.id, made.fetch_run_id))
    )
    show(
        f"{dialect}, {ITEMS:,} items",
        {
            "items a second": {
                "kept": ITEMS / kept_s,
                "settled": ITEMS / settled_s,
                "both": ITEMS / (kept_s + settled_s),
            }
        },
    )
    assert settled_s <= 2 * kept_s


def test_a_claim_is_quick_however_many_runs_there_are(store: Database, dialect: str) -> None:
    with store.write() as session:
        workspace_id, tenant_id = make_place(session)
    rows = {}
    for count in (100, 1000):
        with store.write() as session:
            for _ in range(count):
                make_run(session, workspace_id, tenant_id, RunType.CHECK)
        rows[f"{count:,} queued"] = {"claim_ms": 1000 * median(_claim(store, tenant_id) for _ in range(50))}
    show(f"{dialect}, claims", rows)
    few, many = (row["claim_ms"] for row in rows.values())
    assert many <= 5 * few


def test_a_page_deep_in_the_history_costs_what_the_first_one_does(sqlite_store: Database) -> None:
    from opsconsole.store.seed import seed_history

    with sqlite_store.write() as session:
        workspace_id, _ = make_place(session)
    seed_history(sqlite_store, runs=RUNS, seed=1, now=system_clock())
    with sqlite_store.read() as session:
        workspaces = [row["id"] for row in session.all("SELECT id FROM workspaces")]
        middle_id = session.all(f"SELECT id FROM operation_runs ORDER BY id LIMIT 1 OFFSET {RUNS // 2}")[0]["id"]

        def page(cursor: str | None) -> float:
            return median(
                _time(lambda: runs.list_runs(session, workspaces, RunFilter(), limit=50, cursor=cursor))
                for _ in range(20)
            )

        first_s, deep_s = page(None), page(middle_id)
    show(f"sqlite, {RUNS:,} runs", {"page of 50": {"first_ms": first_s * 1000, "middle_ms": deep_s * 1000}})
    assert deep_s <= 3 * first_s
    assert workspace_id in workspaces


def _keeper(made: backups.BackupSet, chunk: list[backups.ListedItem]) -> Callable[[Session], int]:
    return lambda session: backups.add_listed_items(session, made, chunk)


def _in_transaction(store: Database, function: Callable[[Session], object]) -> None:
    with store.write() as session:
        function(session)


def _claim(store: Database, tenant_id: str) -> float:
    def claim(session: Session) -> None:
        now = to_text(system_clock())
        found = runs.claim_next(
            session, engine_id="engine-1", tenant_ids=[tenant_id], only_runs=None, now=now, expires="9999"
        )
        assert found is not None

    return _time(lambda: _in_transaction(store, claim))


def _time(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started
