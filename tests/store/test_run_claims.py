"""Claims and leases: who may work on what, and who may still write."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from builders import at, claim, complete_run, make_place, make_run, make_set, make_tenant
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.errors import Conflict, LeaseLost
from opsconsole.store import runs
from opsconsole.store.database import Database


def test_the_oldest_run_of_ones_own_tenants_is_claimed(store: Database) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
        foreign = make_tenant(s, workspace, "fabrikam")
        make_run(s, workspace, foreign)
        first, second = make_run(s, workspace, tenant), make_run(s, workspace, tenant)
        run = claim(s, tenant, "engine-1", seconds=5)
        assert run is not None
        assert (run.id, run.status, run.attempt, run.lease_owner, run.lease_epoch, run.lease_expires_at) == (
            first.id,
            Status.RUNNING,
            1,
            "engine-1",
            1,
            at(35),
        )
        assert run.started_at == at(5)
        assert (claim(s, tenant) or run).id == second.id
        assert claim(s, tenant) is None
        assert runs.claimable_count(s, [tenant], None) == 2
        assert runs.claimable_count(s, [tenant, foreign], None) == 3
        assert runs.claimable_count(s, [], None) == 0


def test_an_engine_for_some_runs_claims_only_those(store: Database) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
        make_run(s, workspace, tenant)
        wanted = make_run(s, workspace, tenant)
        for only, found in (([], None), (["none"], None), ([wanted.id], wanted.id)):
            run = runs.claim_next(s, engine_id="e", tenant_ids=[tenant], only_runs=only, now=at(), expires=at(30))
            assert (run.id if run else None) == found
        assert runs.claimable_count(s, [tenant], [wanted.id]) == 1


def test_a_fetch_waits_for_its_capture(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        made = make_set(s, *place)
        capture = claim(s, place[1])
        assert capture is not None
        assert capture.id == made.capture_run_id
        assert claim(s, place[1]) is None
        complete_run(s, capture)
        fetch = claim(s, place[1])
        assert fetch is not None
        assert fetch.id == made.fetch_run_id


def test_one_restore_at_a_time_runs_on_a_tenant(store: Database) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
        other = make_tenant(s, workspace, "fabrikam")
        first = make_run(s, workspace, tenant, RunType.RESTORE)
        second = make_run(s, workspace, tenant, RunType.RESTORE)
        elsewhere = make_run(s, workspace, other, RunType.RESTORE)
        check = make_run(s, workspace, tenant)
        both = [tenant, other]

        def next_id() -> str | None:
            run = runs.claim_next(s, engine_id="e", tenant_ids=both, only_runs=None, now=at(), expires=at(30))
            return run.id if run else None

        assert [next_id(), next_id(), next_id(), next_id()] == [first.id, elsewhere.id, check.id, None]
        complete_run(s, first)
        assert next_id() == second.id


def test_the_database_refuses_a_second_running_restore(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        make_run(s, *place, RunType.RESTORE)
        second = make_run(s, *place, RunType.RESTORE)
        claim(s, place[1])
    with pytest.raises(Conflict), store.write() as s:
        s.run("UPDATE operation_runs SET status = 'running' WHERE id = :id", id=second.id)


def test_a_lost_workers_run_is_taken_over_when_its_lease_ends(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        run = make_run(s, *place, RunType.RESTORE)
        claim(s, place[1], "lost", seconds=0)
        assert claim(s, place[1], "next", seconds=29) is None
        assert runs.expired_runs(s, at(29)) == []
        assert [found.id for found in runs.expired_runs(s, at(31))] == [run.id]
        taken = claim(s, place[1], "next", seconds=31)
        assert taken is not None
        assert (taken.id, taken.attempt, taken.lease_epoch, taken.lease_owner, taken.started_at) == (
            run.id,
            2,
            2,
            "next",
            at(0),
        )


def test_a_released_run_is_free_at_once(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        run = make_run(s, *place)
        claim(s, place[1], "first")
        assert not runs.release_lease(s, run.id, "other", 1)
        assert not runs.release_lease(s, run.id, "first", 2)
        assert runs.release_lease(s, run.id, "first", 1)
        assert (runs.get_run(s, run.id) or run).status is Status.RUNNING
        taken = claim(s, place[1], "second")
        assert taken is not None
        assert taken.lease_epoch == 2


def test_only_the_holder_of_the_lease_may_write_or_renew(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        run = make_run(s, *place)
        with pytest.raises(LeaseLost):
            runs.lock_run(s, run.id, "first", 0)
        claim(s, place[1], "first")
        runs.lock_run(s, run.id, "first", 1)
        assert runs.renew_lease(s, run.id, "first", 1, at(60))
        claim(s, place[1], "second", seconds=61)
        for owner, epoch in (("first", 1), ("first", 2), ("second", 1)):
            with pytest.raises(LeaseLost):
                runs.lock_run(s, run.id, owner, epoch)
            assert not runs.renew_lease(s, run.id, owner, epoch, at(999))
        runs.lock_run(s, run.id, "second", 2)
        complete_run(s, run)
        with pytest.raises(LeaseLost):
            runs.lock_run(s, run.id, "second", 2)


def test_a_late_worker_writes_nothing(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        run = make_run(s, *place)
        claim(s, place[1], "first")
        claim(s, place[1], "second", seconds=31)
    with pytest.raises(LeaseLost), store.write() as s:
        runs.set_completed(s, run.id, Outcome.SUCCEEDED, run.context, at(40))
        runs.lock_run(s, run.id, "first", 1)
    with store.read() as s:
        assert (runs.get_run(s, run.id) or run).status is Status.RUNNING


@pytest.mark.parametrize("run_type", [RunType.CHECK, RunType.RESTORE])
def test_engines_that_claim_at_once_never_share_a_run(store: Database, run_type: RunType) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
        tenants = [tenant, make_tenant(s, workspace, "fabrikam"), make_tenant(s, workspace, "adatum")]
        queued = [make_run(s, workspace, one, run_type).id for _ in range(8) for one in tenants]
    barrier = Barrier(8)

    def work(number: int) -> list[str]:
        barrier.wait()
        taken: list[str] = []
        for _ in range(200):
            with store.write() as s:
                run = runs.claim_next(
                    s, engine_id=f"e{number}", tenant_ids=tenants, only_runs=None, now=at(), expires=at(30)
                )
            if run is None:
                with store.read() as s:
                    if not runs.claimable_count(s, tenants, None):
                        break
                continue
            taken.append(run.id)
            with store.write() as s:
                runs.lock_run(s, run.id, f"e{number}", run.lease_epoch)
                runs.set_completed(s, run.id, Outcome.SUCCEEDED, run.context, at(1))
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = [run_id for ids in pool.map(work, range(8)) for run_id in ids]
    assert sorted(taken) == sorted(queued)
