"""Runs: one active of an identity, statuses that only move forward, pages and counts that agree with the table."""

from __future__ import annotations

import random

import pytest

from builders import ALICE, BOB, at, claim, complete_run, make_failure, make_place, make_run, make_set, new_run
from opsconsole.domain.failure import Reason
from opsconsole.domain.ids import new_id
from opsconsole.domain.run import Counters, OperationRun, Outcome, RunType, Status, empty_context
from opsconsole.errors import Conflict
from opsconsole.store import runs
from opsconsole.store.database import Database, Session
from opsconsole.store.runs import RunFilter


def test_a_queued_run_comes_back_as_it_was_asked_for(store: Database) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
        asked = new_run(workspace, tenant, RunType.DRIFT, inputs={"set": "ü", "n": [1, None]})
        assert runs.insert_run(s, asked)
        run = runs.get_run(s, asked.id)
    assert run is not None
    assert (run.workspace, run.tenant, run.type, run.status, run.outcome) == (
        "main",
        "contoso",
        RunType.DRIFT,
        Status.QUEUED,
        Outcome.PENDING,
    )
    assert run.context == asked.context
    assert run.inputs == {"set": "ü", "n": [1, None]}
    assert (run.initiator, run.initiator_name, run.attempt, run.failures) == (ALICE.key, "alice", 0, ())


def test_a_second_active_run_of_an_identity_is_not_made(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        first = make_run(s, *place, target="x")
        assert not runs.insert_run(s, new_run(*place, target="x"))
        assert runs.active_run(s, first.run_identity_hash) == first
        running = claim(s, place[1])
        assert running is not None
        assert not runs.insert_run(s, new_run(*place, target="x"))
        complete_run(s, running)
        assert runs.active_run(s, first.run_identity_hash) is None
        assert runs.insert_run(s, new_run(*place, target="x"))
        assert runs.counts_by_state(s, [place[0]]) == {("completed", "succeeded"): 1, ("queued", "pending"): 1}


def test_another_tenants_run_is_of_another_identity(store: Database) -> None:
    with store.write() as s:
        assert runs.insert_run(s, new_run(*make_place(s), target="x"))
        assert runs.insert_run(s, new_run(*make_place(s, "other", "fabrikam"), target="x"))


def test_an_id_is_used_once(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        run = make_run(s, *place)
    with pytest.raises(Conflict), store.write() as s:
        runs.insert_run(s, new_run(*place, id=run.id, target="other"))


def test_completing_keeps_the_counters_and_how_long_it_took(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        run = make_run(s, *place)
        claim(s, place[1], seconds=10)
        context = {**empty_context({}), "counters": Counters(7, processed=4, failed=3).to_json()}
        runs.add_failures(s, run.id, [make_failure()])
        assert runs.set_completed(s, run.id, Outcome.PARTIALLY_SUCCEEDED, context, at(12.345678))
        assert not runs.set_completed(s, run.id, Outcome.FAILED, empty_context({}), at(20))
        row = s.one(
            "SELECT items_total, items_failed, took_ms, lease_owner FROM operation_runs WHERE id = :id", id=run.id
        )
        ended = runs.get_run(s, run.id)
    assert row == {"items_total": 7, "items_failed": 3, "took_ms": 2346, "lease_owner": None}
    assert ended is not None
    assert (ended.status, ended.outcome, ended.completed_at) == (
        Status.COMPLETED,
        Outcome.PARTIALLY_SUCCEEDED,
        at(12.345678),
    )
    assert ended.counters.failed == 3
    assert ended.failures == (make_failure(),)


def test_a_queued_run_can_be_completed_without_ever_starting(store: Database) -> None:
    with store.write() as s:
        ended = complete_run(s, make_run(s, *make_place(s)), Outcome.CANCELLED)
    assert (ended.started_at, ended.outcome) == (None, Outcome.CANCELLED)


@pytest.mark.parametrize(
    "change",
    [
        "status = 'queued', outcome = 'pending', completed_at = NULL",
        "status = 'running', outcome = 'pending', completed_at = NULL",
        "outcome = 'failed'",
        "outcome = 'pending'",
        "lease_epoch = lease_epoch + 1",
        "lease_owner = 'late'",
        "lease_expires_at = '2099'",
        "completed_at = '2099'",
    ],
)
def test_the_database_refuses_to_change_a_completed_run(store: Database, change: str) -> None:
    with store.write() as s:
        run = make_run(s, *make_place(s))
        claim(s, run.tenant_id or "")
        complete_run(s, run)
    with pytest.raises(Conflict), store.write() as s:
        s.run(f"UPDATE operation_runs SET {change} WHERE id = :id", id=run.id)
    with store.read() as s:
        assert (runs.get_run(s, run.id) or run).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    "change",
    [
        "status = 'queued', lease_owner = NULL",
        "status = 'completed'",
        "outcome = 'succeeded'",
        "status = 'completed', outcome = 'succeeded'",
        "status = 'paused'",
        "type = 'backup.capture'",
        "run_identity_hash = 'x'",
        "id = 'x'",
    ],
)
def test_the_database_refuses_what_a_running_run_cannot_be(store: Database, change: str) -> None:
    with store.write() as s:
        run = make_run(s, *make_place(s))
        claim(s, run.tenant_id or "")
    with pytest.raises(Conflict), store.write() as s:
        s.run(f"UPDATE operation_runs SET {change} WHERE id = :id", id=run.id)


def test_progress_is_kept_until_the_run_completes(store: Database) -> None:
    with store.write() as s:
        run = make_run(s, *make_place(s))
        context = {**empty_context({}), "counters": Counters(9, failed=2).to_json()}
        runs.save_context(s, run.id, context, at(1))
        found = runs.get_run(s, run.id)
        assert found is not None
        assert (found.context, found.updated_at) == (context, at(1))
        complete_run(s, found)
        runs.save_context(s, run.id, empty_context({}), at(90))
        assert (runs.get_run(s, run.id) or run).context == context


def test_a_cancel_is_noted_once_and_only_while_active(store: Database) -> None:
    with store.write() as s:
        run = make_run(s, *make_place(s))
        assert not runs.is_cancel_requested(s, run.id)
        assert runs.request_cancel(s, run.id, at(1))
        assert not runs.request_cancel(s, run.id, at(2))
        assert runs.is_cancel_requested(s, run.id)
        other = make_run(s, run.workspace_id, run.tenant_id)
        complete_run(s, other)
        assert not runs.request_cancel(s, other.id, at(3))


def test_failures_keep_their_order_and_are_counted_by_reason(store: Database) -> None:
    throttled = make_failure(Reason.THROTTLED, "p9")
    with store.write() as s:
        run = make_run(s, *make_place(s))
        runs.add_failures(s, run.id, [make_failure(policy_id="p1"), throttled])
        runs.add_failures(s, run.id, [make_failure(policy_id="p2")])
        runs.add_failures(s, run.id, [])
        listed = runs.list_failures(s, run.id, limit=10)
        assert [(seq, failure.subject.policy_id) for seq, failure in listed] == [(1, "p1"), (2, "p9"), (3, "p2")]
        assert runs.list_failures(s, run.id, reason="throttled", limit=10) == [(2, throttled)]
        assert [seq for seq, _ in runs.list_failures(s, run.id, limit=1, after_seq=1)] == [2]
        assert runs.count_failures(s, run.id) == 3
        assert runs.failure_groups(s, run.id) == [
            ("permission_denied", "assignments.fetch_failed", 2),
            ("throttled", "assignments.fetch_failed", 1),
        ]
        assert len((runs.get_run(s, run.id, failure_limit=2) or run).failures) == 2
        assert (runs.get_run(s, run.id, with_failures=False) or run).failures == ()


def test_followers_and_retries_are_found(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        made = make_set(s, *place)
        assert [run.id for run in runs.following_runs(s, made.capture_run_id)] == [made.fetch_run_id]
        first = complete_run(s, make_run(s, *place))
        again = make_run(s, *place, retry_of=first.id)
        assert [run.id for run in runs.retries_of(s, first.id)] == [again.id]


@pytest.mark.parametrize("field", ["retry_of", "after_run_id"])
def test_a_run_follows_or_retries_one_of_its_own_workspace(store: Database, field: str) -> None:
    with store.write() as s:
        place, other = make_place(s), make_place(s, "other", "adatum")
        foreign = make_run(s, *other)
    for ref in ("bogus", foreign.id):
        with pytest.raises(Conflict), store.write() as s:
            runs.insert_run(s, new_run(*place, **{field: ref}))


def test_an_id_is_found_by_its_end_within_the_workspaces_only(store: Database) -> None:
    with store.write() as s:
        mine, other = make_place(s), make_place(s, "other", "fabrikam")
        run, foreign = make_run(s, *mine), make_run(s, *other)
        twin = make_run(s, *mine, id=new_id()[:-5] + ("0" if run.id[-5] != "0" else "1") + run.id[-4:])
        assert runs.resolve_run_id(s, run.id, [mine[0]]) == [run.id]
        assert runs.resolve_run_id(s, run.id[-6:].upper(), [mine[0]]) == [run.id]
        assert runs.resolve_run_id(s, run.id[-20:], [mine[0]]) == [run.id]
        assert set(runs.resolve_run_id(s, run.id[-4:], [mine[0]])) == {run.id, twin.id}
        assert runs.resolve_run_id(s, foreign.id, [mine[0]]) == []
        assert runs.resolve_run_id(s, foreign.id[-6:], [mine[0], other[0]]) == [foreign.id]
        for nonsense in ("", "abc", "%", "zzzzzz", "x" * 40, run.id + "0"):
            assert runs.resolve_run_id(s, nonsense, [mine[0]]) == []
        assert runs.resolve_run_id(s, run.id, []) == []


# Lists -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def history(store: Database) -> list[OperationRun]:
    """Return 240 runs of two workspaces and three tenants, in every state, newest first."""
    rnd = random.Random(7)
    made = []
    with store.write() as s:
        main, contoso = make_place(s)
        other, adatum = make_place(s, "other", "adatum")
        place = make_place(s, "third", "fabrikam")
        spots = [(main, contoso), (other, adatum), place]
        for number in range(240):
            who = rnd.choice([ALICE, ALICE, BOB])
            run_type = rnd.choice(list(RunType))
            run = make_run(
                s, *rnd.choice(spots), run_type, initiator=who.key, initiator_name=who.name, created_at=at(number // 3)
            )
            fate = rnd.random()
            if fate < 0.8:
                outcome = rnd.choice([outcome for outcome in Outcome if outcome is not Outcome.PENDING])
                failures = [make_failure(rnd.choice(list(Reason)[:4])) for _ in range(rnd.randrange(3))]
                run = complete_run(s, run, outcome, failures=failures)
            made.append(run)
    return made[::-1]


FILTERS = {
    "all": RunFilter(),
    "active": RunFilter(statuses=("queued", "running")),
    "failed": RunFilter(outcomes=("failed",)),
    "failed or cancelled": RunFilter(outcomes=("failed", "cancelled")),
    "type": RunFilter(types=("assignments.fetch",)),
    "type and outcome": RunFilter(types=("assignments.fetch", "tenant.check"), outcomes=("succeeded",)),
    "since": RunFilter(since=at(20)),
    "until": RunFilter(until=at(20)),
    "between": RunFilter(since=at(10), until=at(30), outcomes=("failed",)),
    "reason": RunFilter(reason="license_required"),
    "reason and time": RunFilter(reason="permission_denied", since=at(30)),
    "reason and outcome": RunFilter(reason="permission_denied", outcomes=("failed",)),
    "by": RunFilter(by="BOB"),
    "by and type": RunFilter(by="bob", types=("backup.capture",)),
    "by nobody": RunFilter(by="nobody"),
    "search a person": RunFilter(search="ali"),
    "search a tenant": RunFilter(search="CONTO"),
    "search both": RunFilter(search="b"),
    "search in vain": RunFilter(search="zebra"),
    "search with wildcards": RunFilter(search="%"),
    "search and state": RunFilter(search="ali", outcomes=("failed",), since=at(5)),
}


def expected(run: OperationRun, flt: RunFilter) -> bool:
    """Say what a filter means, the slow way."""
    text = (flt.search or "").casefold()
    return (
        (not flt.statuses or run.status in flt.statuses)
        and (not flt.outcomes or run.outcome in flt.outcomes)
        and (not flt.types or run.type in flt.types)
        and (not flt.tenant_ids or run.tenant_id in flt.tenant_ids)
        and (not flt.since or run.created_at >= flt.since)
        and (not flt.until or run.created_at < flt.until)
        and (not flt.reason or flt.reason in [failure.reason for failure in run.failures])
        and (not flt.by or run.initiator_name == flt.by.casefold())
        and (
            not text
            or text in run.initiator_name
            or text in (run.tenant or "")
            or (len(text) > 3 and run.id.endswith(text))
        )
    )


def pages(s: Session, spaces: list[str], flt: RunFilter, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        listed, cursor = runs.list_runs(s, spaces, flt, limit=limit, cursor=cursor)
        found += [run.id for run in listed]
        if cursor is None:
            return found
        assert len(listed) == limit


@pytest.mark.parametrize("few_rows", [0, 20_000])
def test_every_filter_pages_and_counts_as_it_says(
    store: Database, history: list[OperationRun], few_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsconsole.store.run_filter.FEW_ROWS", few_rows)
    spaces = sorted({run.workspace_id for run in history})
    with store.read() as s:
        for name, flt in FILTERS.items():
            for scope in (spaces, spaces[:1], []):
                wanted = [run.id for run in history if run.workspace_id in scope and expected(run, flt)]
                assert pages(s, scope, flt, 7) == wanted, name
                assert runs.count_runs(s, scope, flt) == len(wanted), name


def test_filters_that_name_what_only_the_history_knows(store: Database, history: list[OperationRun]) -> None:
    spaces = sorted({run.workspace_id for run in history})
    tenant = next(run.tenant_id for run in history if run.tenant_id) or ""
    some = history[100]
    with store.read() as s:
        for flt in (
            RunFilter(tenant_ids=(tenant,)),
            RunFilter(tenant_ids=(tenant,), outcomes=("failed",), until=at(50)),
            RunFilter(tenant_ids=("bogus",)),
            RunFilter(search=some.id[-6:]),
            RunFilter(search=some.id),
        ):
            wanted = [run.id for run in history if expected(run, flt)]
            assert pages(s, spaces, flt, 9) == wanted
            assert runs.count_runs(s, spaces, flt) == len(wanted)


def test_a_search_finds_the_runs_of_a_set(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        make_run(s, *place)
        made = make_set(s, *place)
        listed, _ = runs.list_runs(s, [place[0]], RunFilter(search=made.id[-8:]), limit=10)
    assert {run.id for run in listed} == {made.capture_run_id, made.fetch_run_id}


def test_very_many_branches_fall_back_to_one_walk(
    store: Database, history: list[OperationRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsconsole.store.run_filter.MAX_BRANCHES", 1)
    spaces = sorted({run.workspace_id for run in history})
    with store.read() as s:
        for name in ("failed", "by", "search both", "search and state", "reason and outcome"):
            flt = FILTERS[name]
            assert pages(s, spaces, flt, 50) == [run.id for run in history if expected(run, flt)]


def test_the_kept_counts_are_those_of_the_table(
    store: Database, owner_store: Database, history: list[OperationRun]
) -> None:
    spaces = sorted({run.workspace_id for run in history})
    wanted: dict[tuple[str, str], int] = {}
    for run in history:
        key = (run.status.value, run.outcome.value)
        wanted[key] = wanted.get(key, 0) + 1
    for _ in range(2):
        with store.read() as s:
            assert runs.counts_by_state(s, spaces) == wanted
            assert runs.count_runs(s, spaces, RunFilter()) == len(history)
        with store.write() as s:
            runs.fold_counts(s)
    with owner_store.write() as s:
        s.run("DELETE FROM operation_run_failures")
        s.run("DELETE FROM operation_runs WHERE status = 'completed' AND outcome = 'failed'")
        assert ("completed", "failed") not in runs.counts_by_state(s, spaces)
