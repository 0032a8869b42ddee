"""Runs: cancelling, retrying, what they wait for, and what belongs to them."""

from __future__ import annotations

import pytest

from builders import at, listed_items, make_failure
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.errors import Conflict
from opsconsole.service import backups, restores, retries, runs
from opsconsole.store import backups as stored_backups
from opsconsole.store import engines
from opsconsole.store import runs as stored

from .world import DEVICE, STRANGER, World

LATER = "2099-01-01T00:00:00.000000Z"


def engine(world: World, *, tenants: tuple[str, ...] | None = None, only_runs: list[str] | None = None) -> str:
    """Note a live engine."""
    with world.db.write() as s:
        engines.register_engine(
            s, id=f"engine-{len(engines.live_engines(s, at()))}", kind="engine", host="box", pid=1, actor="alice",
            tenants=tenants if tenants is not None else (world.contoso,), only_runs=only_runs, now=at(), expires=LATER,
        )  # fmt: skip
    return "engine-0"


def waits(world: World, run_id: str) -> str | None:
    answer: str | None = runs.related(world.alice, run_id)["waiting_for"]
    return answer


def test_cancelling_a_queued_capture_ends_the_backup(world: World) -> None:
    made = world.active_set([DEVICE])
    assert runs.cancel_run(world.alice, made.capture_run_id).outcome is Outcome.CANCELLED
    fetch = runs.show_run(world.alice, made.fetch_run_id)
    assert (fetch.status, fetch.outcome) == (Status.COMPLETED, Outcome.CANCELLED)
    assert not backups.show_set(world.alice, made.id).is_active
    assert backups.start_backup(world.alice, "contoso", [DEVICE]).created
    assert [entry["action"] for entry in world.trail()][1] == "run.cancel_requested"


def test_cancelling_a_queued_fetch_cancels_its_capture_too(world: World) -> None:
    made = world.active_set([DEVICE])
    assert runs.cancel_run(world.alice, made.fetch_run_id).outcome is Outcome.CANCELLED
    assert runs.show_run(world.alice, made.capture_run_id).outcome is Outcome.CANCELLED
    assert not backups.show_set(world.alice, made.id).is_active


@pytest.mark.parametrize("which", ["capture", "fetch"])
def test_cancelling_a_backup_whose_capture_runs_leaves_nothing_pending(world: World, which: str) -> None:
    made = world.active_set([DEVICE])
    world.claim(made.capture_run_id)
    asked = runs.cancel_run(world.alice, made.capture_run_id if which == "capture" else made.fetch_run_id)
    assert asked.is_active
    assert asked.cancel_requested_at
    assert runs.show_run(world.alice, made.capture_run_id).cancel_requested_at
    assert backups.show_set(world.alice, made.id).is_active, "the capture still writes into it"
    with world.db.write() as s:
        set_now = stored_backups.get_set(s, made.id)

        stored_backups.add_listed_items(s, set_now, listed_items(2, assignments=None))
    world.complete(made.capture_run_id, Outcome.CANCELLED)
    assert runs.show_run(world.alice, made.fetch_run_id).outcome is Outcome.CANCELLED
    ended = backups.show_set(world.alice, made.id)
    assert (ended.is_active, ended.count("pending"), ended.count("skipped")) == (False, 0, 2)


def test_a_running_fetch_is_asked_to_stop(world: World) -> None:
    made = world.active_set([DEVICE])
    world.complete(made.capture_run_id)
    world.claim(made.fetch_run_id)
    asked = runs.cancel_run(world.alice, made.fetch_run_id)
    assert asked.status is Status.RUNNING
    assert asked.cancel_requested_at
    assert runs.cancel_run(world.alice, made.fetch_run_id).cancel_requested_at == asked.cancel_requested_at


@pytest.mark.parametrize("run_type", [kind for kind in RunType if kind is not RunType.RECONCILE])
def test_a_completed_run_is_not_cancelled(small_world: World, run_type: RunType) -> None:
    run = small_world.ended_run(run_type)
    state, length = small_world.state(), len(small_world.trail())
    with pytest.raises(Conflict, match=f"The run is {run.outcome.value} already") as raised:
        runs.cancel_run(small_world.alice, run.id)
    assert raised.value.exit_code == 6
    assert (small_world.state(), len(small_world.trail())) == (state, length)


def test_a_cancelled_preview_cancels_its_restore(world: World) -> None:
    made = world.previewing()
    runs.cancel_run(world.alice, made.preview_run_id)
    assert restores.show_restore(world.alice, made.id).status.value == "cancelled"


@pytest.mark.parametrize("run_type", [kind for kind in RunType if kind is not RunType.RECONCILE])
def test_a_retry_names_what_it_repeats(world: World, run_type: RunType) -> None:
    old = world.ended_run(run_type)
    started = retries.retry_run(world.alice, old.id)
    assert started.created
    assert started.runs[0].type is run_type
    assert started.runs[0].retry_of == old.id
    again = retries.retry_run(world.alice, started.runs[0].id)
    assert (again.created, again.runs[0].id) == (False, started.runs[0].id), "a run that is active is not repeated"
    related = runs.related(world.alice, old.id)
    assert related["retries"] == [started.runs[0].id]
    assert runs.related(world.alice, started.runs[0].id)["retry_of"] == old.id


def test_the_preview_of_an_undo_is_retried_as_one(world: World) -> None:
    undo = restores.undo_restore(world.alice, world.executed().id).restore_run
    assert undo is not None
    world.complete(undo.preview_run_id, Outcome.FAILED)
    started = retries.retry_run(world.alice, undo.preview_run_id)
    assert started.restore_run is not None
    assert started.restore_run.undo_of == undo.undo_of
    assert started.runs[0].retry_of == undo.preview_run_id


def test_maintenance_is_not_retried_by_hand(small_world: World) -> None:
    run = small_world.ended_run(RunType.RECONCILE)
    with pytest.raises(Conflict, match="not retried by hand"):
        retries.retry_run(small_world.alice, run.id)


def test_a_run_says_what_it_waits_for(world: World) -> None:
    made = world.active_set([DEVICE])
    assert "none is live" in (waits(world, made.capture_run_id) or "")
    assert waits(world, made.fetch_run_id) == f"run {made.capture_run_id[-6:]} (backup.capture) to complete"
    engine(world, tenants=(world.fabrikam,))
    engine(world, only_runs=[made.fetch_run_id])
    assert "none is live" in (waits(world, made.capture_run_id) or ""), "no engine that may claim it"
    engine(world)
    assert waits(world, made.capture_run_id) is None
    world.claim(made.capture_run_id)
    assert waits(world, made.capture_run_id) is None
    with world.db.write() as s:
        stored.release_lease(s, made.capture_run_id, "engine-1", 1)
    assert "take it up again" in (waits(world, made.capture_run_id) or "")
    world.complete(made.capture_run_id)
    assert waits(world, made.capture_run_id) is None
    assert waits(world, made.fetch_run_id) is None


def test_a_restore_waits_for_the_other_one_on_its_tenant(world: World) -> None:
    first, second = world.executing().executions[0].run_id, world.executing().executions[0].run_id
    engine(world)
    world.claim(first)
    assert waits(world, second) == f"restore {first[-6:]} on the same tenant to complete"
    world.complete(first)
    assert waits(world, second) is None


def test_a_pause_of_graph_is_said(small_world: World) -> None:
    run = small_world.queued_run(RunType.CHECK)
    claimed = small_world.claim(run.id)
    with small_world.db.write() as s:
        context = {**claimed.context, "waiting_until": "2026-03-02T08:01:00.000000Z"}
        stored.save_context(s, run.id, context, at())
    assert waits(small_world, run.id) == "Graph asked to wait until 2026-03-02T08:01:00.000000Z"


def test_what_belongs_to_a_run_is_named(world: World) -> None:
    made = world.executed()
    run_id = made.executions[0].run_id
    found = runs.related(world.alice, run_id)
    assert found["restore_run"] == made.id
    executed = [entry for entry in world.trail() if entry["resource_id"] == run_id]
    assert found["audit_entry"] == executed[0]["id"]
    backup = backups.show_set(world.alice, "latest")
    capture = runs.related(world.alice, backup.capture_run_id)
    assert (capture["backup_set"], capture["followed_by"], capture["after"]) == (backup.id, [backup.fetch_run_id], None)
    assert runs.related(world.alice, backup.fetch_run_id)["after"] == backup.capture_run_id


def test_failures_are_grouped_with_what_to_do(world: World) -> None:
    run = world.queued_run(RunType.CHECK)
    with world.db.write() as s:
        stored.add_failures(
            s, run.id,
            [make_failure(Reason.THROTTLED, "a"), *(make_failure(policy_id=f"p{number}") for number in range(3))],
        )  # fmt: skip
    groups = runs.failure_groups(world.alice, run.id)
    assert [(group.reason, group.count) for group in groups] == [(Reason.PERMISSION_DENIED, 3), (Reason.THROTTLED, 1)]
    assert groups[0].info.next_step
    listed = runs.list_failures(world.alice, run.id, limit=2)
    rest = runs.list_failures(world.alice, run.id, after_seq=listed[-1][0])
    assert len(listed) + len(rest) == 4
    assert len(runs.list_failures(world.alice, run.id, reason=Reason.THROTTLED)) == 1


def test_lists_and_counts_agree(world: World) -> None:
    world.finished_set()
    world.queued_run(RunType.CHECK)
    query = runs.RunQuery(tenant="contoso", statuses=(Status.COMPLETED,))
    assert runs.count_runs(world.alice, query) == len(runs.list_runs(world.alice, query).items) == 2
    assert runs.state_counts(world.alice) == {("completed", "succeeded"): 2, ("queued", "pending"): 1}


def test_engines_that_may_claim_are_named(world: World) -> None:
    run = world.queued_run(RunType.CHECK)
    engine(world, tenants=(world.fabrikam,))
    engine(world, only_runs=["another"])
    assert not runs.has_engine_for(world.alice, [run])
    engine(world)
    assert runs.has_engine_for(world.alice, [run])
    assert not runs.has_engine_for(world.caller(STRANGER), [run]), "others' engines are not told of"
    assert len(runs.live_engines(world.alice)) == 2, "one of them works for another workspace alone"
    assert runs.live_engines(world.caller(STRANGER)) == []
