"""Restores: what a preview asks for, what a run insists on, and what is left to retry and to undo."""

from __future__ import annotations

import pytest

from builders import at
from opsconsole.domain.access import Role
from opsconsole.domain.backup import ItemStatus
from opsconsole.domain.ids import new_id
from opsconsole.domain.plan import Mode
from opsconsole.domain.restore import RestoreStatus
from opsconsole.domain.run import Outcome
from opsconsole.errors import Conflict, NotFound, PlanOutdated, UsageError
from opsconsole.operations.completion import complete_run
from opsconsole.service import backups, members, restores, runs
from opsconsole.store import restores as stored
from opsconsole.store import runs as stored_runs

from .world import ALICE, DEVICE, OUTSIDER, World, tenant_config


def executions(world: World) -> list[str]:
    return [entry["resource_id"] for entry in world.trail() if entry["action"] == "assignments.restore.executed"]


def test_a_preview_keeps_what_was_asked_for(world: World) -> None:
    made = world.finished_set()
    started = restores.start_preview(
        world.alice,
        made.id,
        "contoso",
        mode=Mode.ADD,
        mapping="kind,from,to\ngroup,a,drop\n",
        items=[f"{DEVICE}:{DEVICE}-1"],
    )
    restore = started.restore_run
    assert restore is not None
    assert (restore.mode, restore.status, restore.plan_hash) == (Mode.ADD, RestoreStatus.PREVIEWING, None)
    assert restore.inputs["items"] == [f"{DEVICE}:{DEVICE}-1"]
    assert restore.inputs["mapping"] == [{"kind": "group", "from": "a", "to": "drop"}]
    assert started.to_json()["restore_run"]["backup_set"] == made.id
    again = restores.start_preview(world.alice, made.id, "contoso")
    assert again.created, "each preview is a plan of its own"


@pytest.mark.parametrize("accepted", [-1, 0, 1, 2, 4, 100])
def test_a_gap_must_be_accepted_exactly(world: World, accepted: int) -> None:
    made = world.gappy_set(failed=2, skipped=1, policies=5)
    state, length = world.state(), len(world.trail())
    with pytest.raises(Conflict, match="incomplete: it lacks the assignments of 3 policies") as raised:
        restores.start_preview(world.alice, made.id, "contoso", accept_missing=accepted)
    assert "--accept-missing 3" in raised.value.hint
    assert raised.value.exit_code == 6
    assert (world.state(), len(world.trail())) == (state, length)
    assert restores.start_preview(world.alice, made.id, "contoso", accept_missing=3).created


def test_a_gap_that_is_none_is_not_accepted(small_world: World) -> None:
    made = small_world.finished_set()
    with pytest.raises(Conflict, match="nothing is missing"):
        restores.start_preview(small_world.alice, made.id, "contoso", accept_missing=1)


def test_items_go_round_the_gaps(world: World) -> None:
    made = world.gappy_set(failed=1, skipped=1, policies=4)
    by_status = {item.status: item for item in backups.list_items(world.alice, made.id).items}
    good = f"{DEVICE}:{by_status[ItemStatus.FETCHED].policy_id}"
    assert restores.start_preview(world.alice, made.id, "contoso", items=[good]).created
    for status in (ItemStatus.FAILED, ItemStatus.SKIPPED):
        bad = f"{DEVICE}:{by_status[status].policy_id}"
        with pytest.raises(Conflict, match=f"does not hold the assignments .*{status.value}"):
            restores.start_preview(world.alice, made.id, "contoso", items=[good, bad])
    with pytest.raises(NotFound, match="There is no backup item 'deviceConfiguration:none'"):
        restores.start_preview(world.alice, made.id, "contoso", items=[good, f"{DEVICE}:none"])


@pytest.mark.parametrize("text", ["", "deviceConfiguration", "deviceConfiguration:", "deviceConfiguration: ", ":1"])
def test_an_item_is_type_and_id(small_world: World, text: str) -> None:
    with pytest.raises(UsageError) as raised:
        restores.start_preview(small_world.alice, "latest", "contoso", items=[text])
    assert raised.value.hint


def test_no_preview_while_the_fetch_is_active(world: World) -> None:
    made = world.active_set([DEVICE])
    for order in (
        lambda: restores.start_preview(world.alice, made.id, "contoso"),
        lambda: restores.start_preview(world.alice, "latest", "contoso", accept_missing=1),
    ):
        with pytest.raises(Conflict, match="still active") as raised:
            order()
        assert raised.value.exit_code == 6


def test_a_set_is_restored_within_its_workspace(small_world: World) -> None:
    world = small_world
    made = world.finished_set()
    members.add_member(world.caller(OUTSIDER), ALICE.key, Role.OWNER)
    with pytest.raises(UsageError, match="different workspaces"):
        restores.start_preview(world.alice, made.id, "fabrikam")


def test_a_wrong_mapping_file_makes_nothing(small_world: World) -> None:
    made = small_world.finished_set()
    state = small_world.state()
    with pytest.raises(UsageError, match="Line 2 "):
        restores.start_preview(small_world.alice, made.id, "contoso", mapping="kind,from,to\nuser,a,b\n")
    assert small_world.state() == state


@pytest.mark.parametrize("named", ["", "a", "0" * 64, "first seven", "one more", "other end"])
def test_a_plan_that_is_not_the_stored_one_is_not_run(world: World, named: str) -> None:
    made = world.previewed()
    plan = made.plan_hash or ""
    text = {"first seven": plan[:7], "one more": plan + "0", "other end": plan[-12:] + "x"}.get(named, named)
    state, length = world.state(), len(world.trail())
    with pytest.raises(PlanOutdated) as raised:
        restores.run_restore(world.alice, made.id, plan_hash=text)
    assert raised.value.exit_code == 6
    assert (world.state(), len(world.trail())) == (state, length)


@pytest.mark.parametrize("digits", [8, 12, 64])
def test_a_plan_is_named_by_its_first_digits(small_world: World, digits: int) -> None:
    made = small_world.previewed()
    assert restores.run_restore(small_world.alice, made.id, plan_hash=(made.plan_hash or "")[:digits].upper()).created


def test_running_twice_runs_once(world: World) -> None:
    made = world.previewed()
    first = restores.run_restore(world.alice, made.id, justification="change 12")
    assert first.runs[0].inputs["justification"] == "change 12"
    again = restores.run_restore(world.alice, made.id)
    assert (again.created, again.runs[0].id) == (False, first.runs[0].id)
    world.complete(first.runs[0].id)
    assert executions(world) == [first.runs[0].id]
    with pytest.raises(Conflict, match="completed, not previewed") as raised:
        restores.run_restore(world.alice, made.id)
    assert "restore retry" in raised.value.hint


def test_only_a_plan_is_run(world: World) -> None:
    made = world.previewing()
    for order in (restores.run_restore, restores.confirmation):
        with pytest.raises(Conflict, match="previewing, not previewed"):
            order(world.alice, made.id)
    with pytest.raises(Conflict, match="never run"):
        restores.retry_restore(world.alice, made.id)
    world.complete(made.preview_run_id, Outcome.FAILED)
    with pytest.raises(Conflict, match="preview_failed, not previewed") as raised:
        restores.run_restore(world.alice, made.id)
    assert "preview again" in raised.value.hint


def test_a_retry_takes_what_failed(world: World) -> None:
    made = world.executed(failed=1)
    first = made.executions[0].run_id
    started = restores.retry_restore(world.alice, made.id, justification="again")
    run = started.runs[0]
    assert (run.retry_of, len(run.inputs["items"]), run.inputs["justification"]) == (first, 1, "again")
    assert run.counters.total == 1
    assert not restores.retry_restore(world.alice, made.id).created
    with pytest.raises(Conflict, match="still running"):
        restores.undo_restore(world.alice, made.id)
    with world.db.write() as s:
        stored.set_item_state(
            s, run.inputs["items"][0], stored.get_restore_item(s, run.inputs["items"][0]).state.APPLIED
        )
    world.complete(run.id)
    assert executions(world) == [first, run.id]
    with pytest.raises(Conflict, match="Nothing is left to retry"):
        restores.retry_restore(world.alice, made.id)


def test_nothing_is_left_after_success(world: World) -> None:
    made = world.executed(failed=0)
    state, length = world.state(), len(world.trail())
    with pytest.raises(Conflict, match="Nothing is left to retry"):
        restores.retry_restore(world.alice, made.id)
    assert (world.state(), len(world.trail())) == (state, length)


def test_what_a_cancelled_execution_left_out_is_retried(world: World) -> None:
    made = world.executing()
    runs.cancel_run(world.alice, made.executions[0].run_id)
    assert executions(world) == [made.executions[0].run_id]
    assert world.trail()[-1]["action"] == "run.cancel_requested"
    assert len(restores.retry_restore(world.alice, made.id).runs[0].inputs["items"]) == 3


def test_what_wrote_nothing_is_not_undone(world: World) -> None:
    for made in (world.previewed(), world.executed(failed=2, written=False)):
        with pytest.raises(Conflict, match="wrote nothing") as raised:
            restores.undo_restore(world.alice, made.id)
        assert raised.value.exit_code == 6


def test_an_undo_is_a_restore_with_a_preview(world: World) -> None:
    made = world.executed()
    started = restores.undo_restore(world.alice, made.id, items=[f"{DEVICE}:{DEVICE}-1"])
    undo = started.restore_run
    assert undo is not None
    assert (undo.undo_of, undo.status, undo.inputs["items"]) == (
        made.id,
        RestoreStatus.PREVIEWING,
        [f"{DEVICE}:{DEVICE}-1"],
    )
    assert world.trail()[-1]["action"] == "assignments.restore.undo_requested"
    with pytest.raises(UsageError):
        restores.undo_restore(world.alice, made.id, items=["nonsense"])


def test_what_must_be_typed_before_a_run(world: World) -> None:
    harmless = restores.confirmation(world.alice, world.previewed(items=2).id)
    assert (harmless.changes, harmless.added, harmless.removed, harmless.must_type) == (2, 2, 0, None)
    dangerous = restores.confirmation(
        world.alice, world.previewed(dangers={"removes_all": 1, "touches_all_users": 2}).id
    )
    assert dangerous.must_type == "contoso"
    assert dangerous.dangers == ("1 policy loses every assignment", "2 policies touch All users")
    config = world.config.__class__(store_url=world.db.url, tenants=(tenant_config(production=True),))
    production = restores.confirmation(world.caller(ALICE, config=config), world.previewed().id)
    assert (production.is_production, production.must_type) == (True, "contoso")


def test_many_items_are_paged_and_read_whole(small_world: World) -> None:
    made = small_world.previewed(items=25)
    first = restores.list_restore_items(small_world.alice, made.id, limit=10)
    assert len(first.items) == 10
    assert [item.seq for item in restores.all_restore_items(small_world.alice, made.id)] == list(range(1, 26))
    assert [found.id for found in restores.list_restores(small_world.alice, tenant="contoso").items] == [made.id]


def test_a_refused_execution_is_audited_once(world: World) -> None:
    run_id = world.executing().executions[0].run_id
    with world.db.write() as s:
        run = stored_runs.get_run(s, run_id)
        assert run is not None
        assert complete_run(s, run, Outcome.FAILED, now=at(9), new_id=new_id)
        assert not complete_run(s, run, Outcome.CANCELLED, now=at(9), new_id=new_id)
    assert executions(world) == [run_id]
