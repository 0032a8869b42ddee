"""Runs sorted by time taken and by failures: every filter pages and turns back as it says, and no page walks the table."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from builders import ALICE, BOB, at, complete_run, make_failure, make_place, make_run
from opsconsole.domain.failure import Reason
from opsconsole.domain.ids import new_id
from opsconsole.domain.run import OperationRun, Outcome, RunType
from opsconsole.domain.run_sort import RunSort
from opsconsole.store import runs
from opsconsole.store.database import Database, Session
from opsconsole.store.runs import RunFilter

from .test_plans_of_queries import SMALL, WALK, plans

Sorted = tuple[OperationRun, int, int]
"""A run, the milliseconds it took (-1 before its end), and how much of it failed."""


@pytest.fixture
def history(store: Database) -> list[Sorted]:
    """Return 240 runs of two workspaces, many of them with the same figures."""
    rnd = random.Random(11)
    made: list[Sorted] = []
    with store.write() as s:
        spots = [make_place(s), make_place(s, "other", "adatum")]
        for number in range(240):
            who = rnd.choice([ALICE, ALICE, BOB])
            run = make_run(
                s,
                *rnd.choice(spots),
                rnd.choice(list(RunType)),
                initiator=who.key,
                initiator_name=who.name,
                created_at=at(number // 3),
            )
            took, failed = -1, rnd.choice([0, 0, 0, 1, 7, 300])
            if rnd.random() < 0.85:
                outcome = rnd.choice([outcome for outcome in Outcome if outcome is not Outcome.PENDING])
                reasons = [] if outcome is Outcome.SUCCEEDED else rnd.choices(list(Reason)[:3], k=rnd.randrange(3))
                run = complete_run(s, run, outcome, failures=[make_failure(reason) for reason in reasons])
                took = rnd.choice([0, 40, 1500, 1500, 90_000])
                s.run("UPDATE operation_runs SET took_ms = :took WHERE id = :id", took=took, id=run.id)
            s.run("UPDATE operation_runs SET items_failed = :failed WHERE id = :id", failed=failed, id=run.id)
            made.append((run, took, failed))
    return made


FILTERS = {
    "all": RunFilter(),
    "outcome": RunFilter(outcomes=("failed", "cancelled")),
    "active": RunFilter(statuses=("queued", "running")),
    "type": RunFilter(types=("assignments.fetch",)),
    "between": RunFilter(since=at(10), until=at(30)),
    "reason": RunFilter(reason="permission_denied"),
    "reason and outcome": RunFilter(reason="license_required", outcomes=("failed",)),
    "reason and time": RunFilter(reason="license_required", since=at(20)),
    "by": RunFilter(by="bob"),
    "by and type": RunFilter(by="bob", types=("backup.capture",)),
    "search a person": RunFilter(search="ali"),
    "search both": RunFilter(search="b"),
    "search and state": RunFilter(search="ali", outcomes=("failed",), since=at(5)),
}


def expected(history: list[Sorted], scope: list[str], flt: RunFilter) -> list[str]:
    """Return the ids in the order of the filter, the slow way."""
    text = (flt.search or "").casefold()
    fitting = [
        (took, "", run.id) if flt.sort == "took" else (failed, run.created_at, run.id)
        for run, took, failed in history
        if run.workspace_id in scope
        and (not flt.statuses or run.status in flt.statuses)
        and (not flt.outcomes or run.outcome in flt.outcomes)
        and (not flt.types or run.type in flt.types)
        and (not flt.since or run.created_at >= flt.since)
        and (not flt.until or run.created_at < flt.until)
        and (not flt.reason or flt.reason in [failure.reason for failure in run.failures])
        and (not flt.by or run.initiator_name == flt.by)
        and (not text or text in run.initiator_name or text in (run.tenant or ""))
    ]
    return [run_id for *_, run_id in sorted(fitting, reverse=not flt.is_reversed)]


def pages(s: Session, spaces: list[str], flt: RunFilter, *, backwards: bool = False) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        listed, cursor = runs.list_runs(s, spaces, flt, limit=7, cursor=cursor, backwards=backwards)
        ids = [run.id for run in listed]
        found = ids + found if backwards else found + ids
        if cursor is None:
            return found


@pytest.mark.parametrize("few", [0, 20_000])
@pytest.mark.parametrize("sort", [RunSort.TOOK, RunSort.FAILED])
def test_every_filter_is_sorted_page_by_page_from_both_ends(
    store: Database, history: list[Sorted], sort: RunSort, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsconsole.store.run_filter.FEW_ROWS", few)
    monkeypatch.setattr("opsconsole.store.run_filter.FEW_TO_SORT", few)
    monkeypatch.setattr("opsconsole.store.run_walks.MAX_BRANCHES", 60 if few else 3)
    spaces = sorted({run.workspace_id for run, _, _ in history})
    with store.read() as s:
        for name, found in FILTERS.items():
            for is_reversed in (False, True):
                flt = replace(found, sort=sort, is_reversed=is_reversed)
                for scope in (spaces, spaces[:1]):
                    wanted = expected(history, scope, flt)
                    assert wanted, name
                    assert pages(s, scope, flt) == wanted, name
                    assert pages(s, scope, flt, backwards=True) == wanted, name
                    assert runs.count_runs(s, scope, flt) == len(wanted), name


def test_oldest_first_begins_at_the_end_of_the_whole_list(store: Database, history: list[Sorted]) -> None:
    spaces = sorted({run.workspace_id for run, _, _ in history})
    ids = [run.id for run, _, _ in history]
    with store.read() as s:
        assert pages(s, spaces, RunFilter(is_reversed=True)) == ids
        assert pages(s, spaces, RunFilter(), backwards=True) == ids[::-1]
        last, _ = runs.list_runs(s, spaces, RunFilter(), limit=5, backwards=True)
        assert [run.id for run in last] == ids[:5][::-1]


def test_a_run_that_ends_gets_its_place_by_the_time_it_took(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        waiting = make_run(s, *place, RunType.FETCH)
        ended = complete_run(s, make_run(s, *place))
        flt = RunFilter(sort=RunSort.TOOK)
        listed, _ = runs.list_runs(s, [place[0]], flt, limit=9)
        assert [run.id for run in listed] == [max(waiting.id, ended.id), min(waiting.id, ended.id)]
        s.run("UPDATE operation_runs SET status = 'running', started_at = :at WHERE id = :id", at=at(0), id=waiting.id)
        complete_run(s, waiting, now=at(75))
        listed, _ = runs.list_runs(s, [place[0]], flt, limit=9)
        assert [run.id for run in listed] == [waiting.id, ended.id]


CURSOR = new_id()


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sort", list(RunSort))
@pytest.mark.parametrize("name", FILTERS)
def test_no_sorted_page_walks_the_table(
    sqlite_store: Database, name: str, sort: RunSort, backwards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsconsole.store.run_filter.FEW_TO_SORT", 0)
    with sqlite_store.write() as s:
        workspace, tenant = make_place(s)
        ended = complete_run(s, make_run(s, workspace, tenant, RunType.FETCH, id=CURSOR), Outcome.FAILED)
        runs.add_failures(s, ended.id, [make_failure(), make_failure(Reason.LICENSE_REQUIRED)])
        cursor = CURSOR if sort is RunSort.STARTED else f"5:{CURSOR}"
        flt = replace(FILTERS[name], sort=sort)
        with plans(s) as lines:
            runs.list_runs(s, [workspace], flt, limit=50, cursor=cursor, backwards=backwards)
    walked = {match[1] for line in lines if (match := WALK.match(line)) and not match[1].startswith("b")}
    assert walked <= SMALL, lines


@pytest.mark.parametrize("name", ["all", "outcome", "by"])
@pytest.mark.parametrize("sort", [RunSort.TOOK, RunSort.FAILED])
def test_a_cursor_is_sought_in_the_index_and_nothing_is_sorted(
    sqlite_store: Database, name: str, sort: RunSort
) -> None:
    with sqlite_store.write() as s:
        workspace, tenant = make_place(s)
        complete_run(s, make_run(s, workspace, tenant, id=CURSOR, initiator_name="bob"), Outcome.FAILED)
        with plans(s) as lines:
            runs.list_runs(s, [workspace], replace(FILTERS[name], sort=sort), limit=50, cursor=f"5:{CURSOR}")
    walks = [line for line in lines if f"_{sort.value}" in line]
    sought = (
        ("<expr>=? AND id<?", "<expr><?")
        if sort is RunSort.TOOK
        else ("items_failed=? AND (created_at,id)<(?,?)", "items_failed>? AND items_failed<?", "items_failed=?")
    )
    assert walks and all(line.endswith(tuple(f" AND {end})" for end in sought)) for line in walks), lines
