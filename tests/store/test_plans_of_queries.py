"""No list walks a whole table: what SQLite plans for every page, whatever the filter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from builders import at, complete_run, make_failure, make_place, make_restore, make_run
from opsconsole.domain.difference import DifferenceFilter
from opsconsole.domain.ids import new_id
from opsconsole.domain.run import Outcome, RunType
from opsconsole.store import audit, backups, drift, overview, restore_writes, restores, runs, set_pairs
from opsconsole.store.audit import AuditFilter
from opsconsole.store.database import Database, Session
from opsconsole.store.record_filter import RecordFilter
from opsconsole.store.runs import RunFilter
from opsconsole.store.sqlite import SqliteSession

WALK = re.compile(r"SCAN (?:TABLE )?(\w+)\b(?! USING (?:COVERING )?INDEX runs_active)")
"""A walk from one end of a table, or of an index, to the other; of the active runs there are few."""

SMALL = {"tenants", "workspaces", "w", "t", "names", "actors", "CONSTANT"}
"""Tables, aliases and working tables of a few rows."""

CURSOR = new_id()

PAGES: dict[str, Callable[[Session, str, str], object]] = {
    "all": lambda s, w, _: runs.list_runs(s, [w], RunFilter(), limit=50, cursor=CURSOR),
    "failed": lambda s, w, _: runs.list_runs(s, [w], RunFilter(outcomes=("failed", "succeeded")), limit=50),
    "active": lambda s, w, _: runs.list_runs(s, [w], RunFilter(statuses=("queued",)), limit=50),
    "tenant": lambda s, w, t: runs.list_runs(s, [w], RunFilter(tenant_ids=(t,)), limit=50),
    "time": lambda s, w, _: runs.list_runs(s, [w], RunFilter(since=at(-9), until=at(9)), limit=50, cursor=CURSOR),
    "reason": lambda s, w, _: runs.list_runs(s, [w], RunFilter(reason="timeout"), limit=50, cursor=CURSOR),
    "by": lambda s, w, _: runs.list_runs(s, [w], RunFilter(by="alice"), limit=50, cursor=CURSOR),
    "search": lambda s, w, _: runs.list_runs(s, [w], RunFilter(search="a"), limit=50),
    "search id": lambda s, w, _: runs.list_runs(s, [w], RunFilter(search="abcdef"), limit=50),
    "end of an id": lambda s, w, _: runs.resolve_run_id(s, "abcdef", [w]),
    "claim": lambda s, _, t: runs.claim_next(s, engine_id="e", tenant_ids=[t], only_runs=None, now=at(), expires=at(9)),
    "claimable": lambda s, _, t: runs.claimable_count(s, [t], None),
    "expired": lambda s, _, __: runs.expired_runs(s, at()),
    "active of identity": lambda s, _, __: runs.active_run(s, "x"),
    "followers": lambda s, _, __: (runs.following_runs(s, "x"), runs.retries_of(s, "x")),
    "sets": lambda s, w, t: backups.list_sets(s, [w], RecordFilter(tenant_ids=(t,)), limit=50, cursor=new_id()),
    "latest set": lambda s, w, t: (
        backups.resolve_set_id(s, "latest", [w]),
        backups.resolve_set_id(s, "latest", [w], t),
    ),
    "active set": lambda s, _, __: backups.active_set(s, "x"),
    "items": lambda s, _, __: backups.list_items(s, "x", statuses=["failed"], limit=50, cursor=new_id()),
    "pending items": lambda s, _, __: (
        backups.pending_items(s, "x", limit=9),
        backups.find_items(s, "x", [("a", "b")]),
    ),
    "restores": lambda s, w, t: restores.list_restores(s, [w], RecordFilter(tenant_ids=(t,)), limit=50),
    "restore of a run": lambda s, _, __: restores.restore_of_run(s, "x"),
    "writes": lambda s, _, __: (restores.unsettled_writes(s, "x"), restores.first_before_images(s, "x")),
    "audit": lambda s, w, _: audit.list_entries(s, [w], limit=50, cursor="9"),
    "audit search": lambda s, w, _: audit.list_entries(s, [w], AuditFilter(search="abcdef"), limit=50),
    "audit action": lambda s, w, _: audit.list_entries(s, [w], AuditFilter(actions=["backup.started"]), limit=50),
    "audit actor": lambda s, w, _: audit.list_entries(s, [w], AuditFilter(actors=["alice"]), limit=50, cursor="9"),
    "audit outcome": lambda s, w, _: audit.list_entries(s, [w], AuditFilter(outcomes=["failed"]), limit=50),
    "audit tenant and time": lambda s, w, t: audit.list_entries(
        s, [w], AuditFilter(tenant_ids=[t], since=at(-9), until=at(9)), limit=50, cursor="9"
    ),
    "audit oldest first": lambda s, w, _: audit.list_entries(s, [w], limit=50, cursor="9", is_oldest_first=True),
    "audit count": lambda s, w, _: (
        audit.count_entries(s, [w], AuditFilter(search="abcdef", actions=["backup.started"])),
        audit.count_entries(s, [w], AuditFilter(actors=["alice"]), after_seq=1),
        audit.count_entries(s, [w], AuditFilter(since=at(-9))),
    ),
    "differences": lambda s, _, __: (
        drift.list_drift_items(s, CURSOR, DifferenceFilter(["changed"], search="x"), limit=50, after_seq=9),
        drift.count_drift_items(s, CURSOR, DifferenceFilter(search="x")),
    ),
    "pairs of sets": lambda s, _, __: (
        set_pairs.pairs_of_first(s, "x", "y", "t", search="n", after="a", limit=50),
        set_pairs.pairs_only_in_second(s, "x", "y", "t", search=None, after="a", limit=50),
        set_pairs.count_equal(s, "x", "y", "t", search=None),
    ),
    "written": lambda s, _, __: (
        restore_writes.written_items(s, "x", limit=50, after="a"),
        restore_writes.count_written_items(s, "x"),
        restore_writes.writes_of_run(s, "x", ["a", "b"]),
    ),
    "a day": lambda s, w, _: (
        overview.outcomes_since(s, [w], at(-9)),
        overview.processed_since(s, [w], RunType.CHECK, at(-9)),
        overview.failures_since(s, [w], ["timeout"], at(-9)),
    ),
    "newest ended": lambda s, _, t: overview.newest_ended(s, t, (RunType.CHECK, RunType.FETCH)),
    "open runs": lambda s, _, t: overview.open_runs(s, t, (RunType.RESTORE,), at(-9), limit=3),
    "newest sets": lambda s, _, t: (
        overview.newest_set(s, t),
        overview.newest_complete_set(s, t),
        overview.is_being_backed_up(s, t),
        drift.count_drift_items(s, "x"),
    ),
    "audit of a run": lambda s, _, __: audit.entries_of(s, new_id()),
}


@contextmanager
def plans(s: Session) -> Iterator[list[str]]:
    """Collect the plan of every statement that is executed in the block."""
    assert isinstance(s, SqliteSession)
    statements: list[str] = []
    lines: list[str] = []
    s.conn.set_trace_callback(statements.append)
    yield lines
    s.conn.set_trace_callback(None)
    for sql in statements:
        lines += [row[3] for row in s.conn.execute(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_reached_by_an_index(sqlite_store: Database, name: str) -> None:
    with sqlite_store.write() as s:
        workspace, tenant = make_place(s)
        make_run(s, workspace, tenant, id=CURSOR)
        complete_run(s, make_run(s, workspace, tenant), Outcome.FAILED, failures=[make_failure()])
        make_restore(s, workspace, tenant)
        with plans(s) as lines:
            PAGES[name](s, workspace, tenant)
    assert lines
    walked = {match[1] for line in lines if (match := WALK.match(line)) and not re.match(r"b\d+", match[1])}
    assert walked <= SMALL, lines
