"""A seeded history is plausible: every word occurs, and everything that is kept agrees."""

from __future__ import annotations

import pytest

from builders import START, make_place, make_run
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import RunType
from opsconsole.errors import Conflict
from opsconsole.store import audit, backups, runs
from opsconsole.store.checks import check_store
from opsconsole.store.database import Database
from opsconsole.store.runs import RunFilter
from opsconsole.store.seed import seed_history


def test_a_history_holds_every_type_outcome_and_reason(store: Database) -> None:
    counts = seed_history(store, runs=1500, seed=3, now=START)
    assert counts["operation_runs"] == 1500
    with store.read() as s:
        spaces = [row["id"] for row in s.all("SELECT id FROM workspaces")]
        assert runs.count_runs(s, spaces, RunFilter()) == 1500
        assert {row["type"] for row in s.all("SELECT DISTINCT type FROM operation_runs")} == {
            kind.value for kind in RunType
        }
        assert {outcome for _, outcome in runs.counts_by_state(s, spaces)} == {
            "succeeded",
            "partially_succeeded",
            "failed",
            "cancelled",
        }
        assert {row["reason_code"] for row in s.all("SELECT DISTINCT reason_code FROM operation_run_failures")} == {
            reason.value for reason in Reason
        }
        executed = s.one("SELECT COUNT(*) AS n FROM audit_logs WHERE action = 'assignments.restore.executed'")
        restored = s.one("SELECT COUNT(*) AS n FROM operation_runs WHERE type = 'assignments.restore'")
        assert executed == restored
        assert audit.verify(s).ok
        newest = backups.list_sets(s, spaces, limit=20)[0]
        for made in newest:
            assert made.count("listed") == len(backups.list_items(s, made.id, limit=1000)[0])
        run = runs.list_runs(s, spaces, RunFilter(outcomes=("failed",)), limit=1)[0][0]
        assert (runs.get_run(s, run.id) or run).failures
    assert [line for line in check_store(store) if not line.ok] == []


def test_the_same_seed_makes_the_same_history_in_the_tenants_there_are(store: Database) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
    seed_history(store, runs=50, seed=1, now=START)
    with store.read() as s:
        listed = runs.list_runs(s, [workspace], RunFilter(tenant_ids=(tenant,)), limit=100)[0]
        assert len(listed) == 50
        assert listed[0].created_at <= "2026-03-02T08:00:00.000000Z"
        assert [run.id for run in listed] == sorted((run.id for run in listed), reverse=True)


def test_a_store_with_a_history_is_not_seeded(store: Database) -> None:
    with store.write() as s:
        make_run(s, *make_place(s))
    with pytest.raises(Conflict, match="history already"):
        seed_history(store, runs=10, seed=1, now=START)
