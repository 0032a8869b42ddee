"""Restores: a plan never changes once made, every write has its record, and there is a way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from builders import (
    at,
    claim,
    complete_run,
    make_failure,
    make_finished_set,
    make_place,
    make_planned_restore,
    make_restore,
    make_run,
    plan_items,
)
from opsconsole.domain.failure import Reason
from opsconsole.domain.ids import new_id
from opsconsole.domain.restore import (
    ItemState,
    RestoreItem,
    RestoreRun,
    RestoreStatus,
    RestoreWrite,
    StepKind,
    WriteState,
)
from opsconsole.domain.run import Outcome, RunType
from opsconsole.errors import Conflict, NotFound
from opsconsole.store import restores
from opsconsole.store.database import Database, Session
from opsconsole.store.record_filter import RecordFilter
from opsconsole.store.undone import EXECUTIONS


def execute(s: Session, restore: RestoreRun) -> str:
    """Queue an execution and return the id of its run."""
    run = make_run(s, restore.workspace_id, restore.tenant_id, RunType.RESTORE)
    restores.add_execution(s, restore.id, run.id)
    return run.id


def intent(
    run_id: str, item_id: str, *, step: int = 1, before: str = "[]", body: str = "{}", seconds: float = 0
) -> RestoreWrite:
    return RestoreWrite(
        run_id,
        item_id,
        step,
        StepKind.REPLACE,
        before,
        body,
        WriteState.INTENT,
        1,
        at(seconds),
        after_fingerprint=f"print-{body}",
    )


def test_a_plan_comes_back_as_it_was_stored(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        made = make_restore(s, *place, make_finished_set(s, *place).id)
        assert (made.status, made.plan_hash, made.executions) == (RestoreStatus.PREVIEWING, None, ())
        items = plan_items(made.id, 3)
        items[1] = replace(
            items[1], failure=make_failure(Reason.GROUP_NOT_FOUND), unresolved=({"group_id": "g"},), live=None
        )
        restores.store_plan(s, made.id, "a" * 64, {"will_change": 2, "blocked": 1}, {"removes_all": 1}, items)
        found = restores.get_restore(s, made.id)
        assert found is not None
        assert (found.status, found.plan_hash, found.dangers) == (RestoreStatus.PREVIEWED, "a" * 64, {"removes_all": 1})
        assert {name: found.counts[name] for name in ("unchanged", "will_change", "blocked")} == {
            "unchanged": 0,
            "will_change": 2,
            "blocked": 1,
        }
        assert restores.list_restore_items(s, made.id) == (items, None)
        assert restores.get_restore_item(s, items[1].id) == items[1]
        page, cursor = restores.list_restore_items(s, made.id, limit=2)
        rest, end = restores.list_restore_items(s, made.id, limit=2, cursor=cursor)
        assert ([*page, *rest], end) == (items, None)


def test_a_plan_is_stored_once(store: Database) -> None:
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
        with pytest.raises(Conflict):
            restores.store_plan(s, made.id, "b" * 64, {}, {}, [])
        with pytest.raises(NotFound):
            restores.store_plan(s, "none", "b" * 64, {}, {}, [])
        assert restores.get_restore(s, made.id) == made


@pytest.mark.parametrize(
    "change",
    [
        "plan_hash = 'x'",
        "plan_hash = NULL",
        "mode = 'add'",
        "set_id = NULL, will_change = 9",
        "blocked = 9",
        "dangers = 'x'",
        "inputs = 'x'",
    ],
)
def test_the_database_refuses_to_change_a_plan(store: Database, change: str) -> None:
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
    with pytest.raises(Conflict), store.write() as s:
        s.run(f"UPDATE restore_runs SET {change} WHERE id = :id", id=made.id)


PLAN_COLUMNS = [name for name in RestoreItem.__dataclass_fields__ if name not in ("state", "failure")]


@pytest.mark.parametrize("column", PLAN_COLUMNS)
def test_the_database_refuses_to_change_what_an_item_plans(store: Database, column: str) -> None:
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
    value = {"seq": "99", "plan_state": "'blocked'"}.get(column, "'other'")
    with pytest.raises(Conflict), store.write() as s:
        s.run(f"UPDATE restore_items SET {column} = {value} WHERE restore_run_id = :id AND seq = 1", id=made.id)


def test_the_database_refuses_to_add_to_or_take_from_a_plan(store: Database) -> None:
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
    with pytest.raises(Conflict), store.write() as s:
        s.run("DELETE FROM restore_items WHERE restore_run_id = :id", id=made.id)
    with pytest.raises(Conflict), store.write() as s:
        s.run(
            "INSERT INTO restore_items (id, workspace_id, tenant_id, restore_run_id, seq, policy_type, policy_id,"
            " policy_name, plan_state, state, added, removed, dangers) SELECT 'new', workspace_id, tenant_id,"
            " restore_run_id, 99, 't', 'p', 'n', plan_state, state, added, removed, dangers FROM restore_items"
            " WHERE restore_run_id = :id AND seq = 1",
            id=made.id,
        )


def test_a_restore_without_a_plan_is_not_previewed(store: Database) -> None:
    with store.write() as s:
        made = make_restore(s, *make_place(s))
        restores.set_restore_status(s, made.id, RestoreStatus.PREVIEW_FAILED)
    for status in (RestoreStatus.PREVIEWED, RestoreStatus.EXECUTING, RestoreStatus.COMPLETED):
        with pytest.raises(Conflict), store.write() as s:
            restores.set_restore_status(s, made.id, status)


@pytest.mark.parametrize("column", ["set_id", "undo_of", "preview_run_id"])
def test_a_restore_needs_what_it_names(store: Database, column: str) -> None:
    with store.write() as s:
        made = make_restore(s, *make_place(s))
    with pytest.raises(Conflict), store.write() as s:
        s.run(f"UPDATE restore_runs SET {column} = 'bogus' WHERE id = :id", id=made.id)


def test_an_execution_and_a_write_need_what_they_name(store: Database) -> None:
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
    with pytest.raises(Conflict), store.write() as s:
        restores.add_execution(s, made.id, "bogus")
    with pytest.raises(Conflict), store.write() as s:
        restores.record_intent(s, intent(made.preview_run_id, "bogus"), made.workspace_id)


def test_items_and_executions_move_on(store: Database) -> None:
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
        items, _ = restores.list_restore_items(s, made.id)
        restores.set_item_state(s, items[0].id, ItemState.APPLIED, None)
        restores.set_item_state(s, items[1].id, ItemState.FAILED, make_failure())
        restores.set_restore_status(s, made.id, RestoreStatus.COMPLETED)
        assert [item.seq for item in restores.list_restore_items(s, made.id, states=["failed"])[0]] == [2]
        assert restores.get_restore_item(s, items[1].id) == replace(
            items[1], state=ItemState.FAILED, failure=make_failure()
        )
        states = [item.state.value for item in restores.list_restore_items(s, made.id)[0]]
        assert states == ["applied", "failed", "will_change"]
        first = make_run(s, made.workspace_id, made.tenant_id, RunType.RESTORE)
        restores.add_execution(s, made.id, first.id)
        complete_run(s, first, Outcome.FAILED)
        second = make_run(s, made.workspace_id, made.tenant_id, RunType.RESTORE, retry_of=first.id)
        restores.add_execution(s, made.id, second.id)
        found = restores.get_restore(s, made.id)
        assert found is not None
        assert [execution.to_json() for execution in found.executions] == [
            {"run": first.id, "outcome": "failed", "status": "completed", "retry_of": None},
            {"run": second.id, "outcome": "pending", "status": "queued", "retry_of": first.id},
        ]
        assert restores.restore_of_run(s, second.id) == found
        assert restores.restore_of_run(s, "none") is None


def test_an_intent_is_kept_until_it_is_settled(store: Database) -> None:
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
        run_id = execute(s, made)
        item = restores.list_restore_items(s, made.id)[0][0]
        first, second = intent(run_id, item.id), intent(run_id, item.id, step=2, seconds=1)
        restores.record_intent(s, first, made.workspace_id)
        restores.record_intent(s, second, made.workspace_id)
        assert restores.unsettled_writes(s, run_id) == [first, second]
        restores.settle_write(s, run_id, item.id, 1, WriteState.APPLIED, at(5))
        assert restores.unsettled_writes(s, run_id) == [second]
        assert restores.writes_of_item(s, item.id) == [
            replace(first, state=WriteState.APPLIED, settled_at=at(5)),
            second,
        ]


def test_a_step_has_one_record(store: Database) -> None:
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
        run_id = execute(s, made)
        item = restores.list_restore_items(s, made.id)[0][0]
        first = intent(run_id, item.id, before="[1]")
        restores.record_intent(s, first, made.workspace_id)
    with pytest.raises(Conflict), store.write() as s:
        restores.record_intent(s, replace(first, before_image="[2]", lease_epoch=2), made.workspace_id)
    with store.read() as s:
        assert restores.writes_of_item(s, item.id) == [first]


@pytest.mark.parametrize("change", ["before_image = 'x'", "body = 'x'", "step = 9", "kind = 'add'"])
def test_the_database_refuses_to_change_or_remove_the_record_of_a_write(owner_store: Database, change: str) -> None:
    store = owner_store
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
        run_id = execute(s, made)
        item = restores.list_restore_items(s, made.id)[0][0]
        restores.record_intent(s, intent(run_id, item.id), made.workspace_id)
    for sql in (f"UPDATE restore_writes SET {change}", "DELETE FROM restore_writes"):
        with pytest.raises(Conflict), store.write() as s:
            s.run(sql)
    if store.dialect == "postgres":
        with pytest.raises(Conflict), store.write() as s:
            s.run("TRUNCATE restore_writes")


def test_undo_starts_from_the_first_before_image_over_all_executions(store: Database) -> None:
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
        one, two, three = restores.list_restore_items(s, made.id)[0]
        assert restores.first_before_images(s, made.id) == {}
        run_id = execute(s, made)
        complete_run(s, make_run(s, made.workspace_id, made.tenant_id))
        retry_id = execute(s, made)
        for write, state in (
            (intent(retry_id, two.id, before="later", body="B", seconds=50), WriteState.APPLIED),
            (intent(run_id, two.id, before="first", body="A", seconds=10), WriteState.NOT_APPLIED),
            (intent(run_id, one.id, step=1, before="start", body="1", seconds=1), WriteState.APPLIED),
            (intent(run_id, one.id, step=2, before="middle", body="2", seconds=1), WriteState.APPLIED),
            (intent(run_id, three.id, before="unknown", seconds=1), WriteState.UNKNOWN),
        ):
            restores.record_intent(s, write, made.workspace_id)
            restores.settle_write(s, write.run_id, write.restore_item_id, write.step, state, at(60))
        images = restores.first_before_images(s, made.id)
        assert images == {
            one.id: "start",
            two.id: "first",
            three.id: "unknown",
        }
        assert list(images) == [one.id, two.id, three.id]


def run_of(s: Session, restore: RestoreRun, outcome: Outcome, *, seconds: float = 0) -> None:
    """Execute a plan; with an outcome that is not good its first policy is left."""
    run = make_run(s, restore.workspace_id, restore.tenant_id, RunType.RESTORE)
    restores.add_execution(s, restore.id, run.id)
    while (claimed := claim(s, restore.tenant_id, seconds=seconds)) and claimed.id != run.id:
        complete_run(s, claimed)  # its preview
    assert claimed
    complete_run(s, run, outcome)
    items, _ = restores.list_restore_items(s, restore.id)
    for item in items[0 if outcome is Outcome.SUCCEEDED else 1 :]:
        if item.plan_state is ItemState.WILL_CHANGE:
            restores.set_item_state(s, item.id, ItemState.APPLIED)
    restores.set_restore_status(s, restore.id, RestoreStatus.COMPLETED)


def undo_of(s: Session, restore: RestoreRun, *outcomes: Outcome, **counts: int) -> RestoreRun:
    """Undo a plan: an execution for each outcome, each a retry of the one before."""
    found = restores.get_restore(s, restore.id)
    assert found is not None
    noted = {EXECUTIONS: len(found.executions)}
    undo = make_restore(s, restore.workspace_id, restore.tenant_id, undo_of=restore.id, inputs=noted)
    restores.store_plan(s, undo.id, "b" * 64, {"will_change": 3, **counts}, {}, plan_items(undo.id, 3))
    for outcome in outcomes:
        run_of(s, undo, outcome)
    return undo


def undone_by(s: Session, restore: RestoreRun) -> str | None:
    found = restores.get_restore(s, restore.id)
    assert found is not None
    assert [one for one in restores.list_restores(s, [restore.workspace_id], limit=99)[0] if one == found]
    return found.undone_by


@pytest.fixture
def restored(store: Database) -> Iterator[tuple[Session, RestoreRun]]:
    """Return a plan that was run."""
    with store.write() as s:
        made = make_planned_restore(s, *make_place(s))
        run_of(s, made, Outcome.PARTIALLY_SUCCEEDED)
        yield s, made


def test_a_plan_is_undone_once_another_took_all_of_it_back(restored: tuple[Session, RestoreRun]) -> None:
    s, made = restored
    assert undone_by(s, made) is None
    undo = undo_of(s, made, Outcome.SUCCEEDED)
    assert undone_by(s, made) == undo.id
    newer = undo_of(s, made, Outcome.FAILED, Outcome.SUCCEEDED)
    assert undone_by(s, made) == newer.id


@pytest.mark.parametrize("left", ["blocked", "skipped"])
def test_an_undo_that_leaves_a_policy_undoes_no_plan(restored: tuple[Session, RestoreRun], left: str) -> None:
    s, made = restored
    undo_of(s, made, Outcome.SUCCEEDED, **{left: 1})
    assert undone_by(s, made) is None


def test_an_undo_that_is_not_run_that_fails_or_that_writes_nothing_undoes_no_plan(
    restored: tuple[Session, RestoreRun],
) -> None:
    s, made = restored
    undo_of(s, made)
    undo_of(s, made, Outcome.PARTIALLY_SUCCEEDED)
    undo_of(s, made, Outcome.SUCCEEDED, will_change=0)
    assert undone_by(s, made) is None


def test_a_retry_of_a_part_of_an_undo_undoes_no_plan(restored: tuple[Session, RestoreRun]) -> None:
    s, made = restored
    undo = undo_of(s, made, Outcome.FAILED)
    run = make_run(s, made.workspace_id, made.tenant_id, RunType.RESTORE)
    restores.add_execution(s, undo.id, run.id)
    complete_run(s, run)  # well, over the policies it was asked for: the first one is left
    assert undone_by(s, made) is None


def test_an_undo_that_was_undone_itself_undoes_no_plan(restored: tuple[Session, RestoreRun]) -> None:
    s, made = restored
    undo = undo_of(s, made, Outcome.SUCCEEDED)
    back = undo_of(s, undo, Outcome.SUCCEEDED)
    assert (undone_by(s, made), undone_by(s, undo)) == (None, back.id)
    undo_of(s, back, Outcome.SUCCEEDED)
    assert (undone_by(s, made), undone_by(s, undo)) == (undo.id, None)


@pytest.mark.parametrize("blocked", [0, 1])
def test_an_undo_that_was_taken_back_in_part_undoes_no_plan(restored: tuple[Session, RestoreRun], blocked: int) -> None:
    s, made = restored
    undo = undo_of(s, made, Outcome.SUCCEEDED)
    back = undo_of(s, undo, Outcome.SUCCEEDED if blocked else Outcome.PARTIALLY_SUCCEEDED, blocked=blocked)
    assert (undone_by(s, made), undone_by(s, undo)) == (None, None)
    undo_of(s, back, Outcome.SUCCEEDED)
    assert undone_by(s, made) == undo.id


def test_an_undo_that_is_being_taken_back_undoes_no_plan(restored: tuple[Session, RestoreRun]) -> None:
    s, made = restored
    undo = undo_of(s, made, Outcome.SUCCEEDED)
    back = undo_of(s, undo)
    assert undone_by(s, made) == undo.id, "a plan alone writes nothing"
    execute(s, back)
    assert undone_by(s, made) is None


def test_a_plan_that_is_run_again_after_its_undo_is_not_undone(restored: tuple[Session, RestoreRun]) -> None:
    s, made = restored
    undo = undo_of(s, made, Outcome.SUCCEEDED)
    idle = make_run(s, made.workspace_id, made.tenant_id, RunType.RESTORE)
    restores.add_execution(s, made.id, idle.id)
    assert undone_by(s, made) is None
    complete_run(s, idle, Outcome.CANCELLED)  # before it began: it changed nothing
    assert undone_by(s, made) == undo.id
    run_of(s, made, Outcome.FAILED)
    assert undone_by(s, made) is None


def test_restores_are_listed_newest_first_and_found_by_the_end_of_their_id(store: Database) -> None:
    with store.write() as s:
        place, other = make_place(s), make_place(s, "other", "adatum")
        made = [make_restore(s, *place) for _ in range(5)]
        foreign = make_restore(s, *other)
        undo = make_restore(s, *place, undo_of=made[0].id)
        page, cursor = restores.list_restores(s, [place[0]], limit=4)
        rest, end = restores.list_restores(s, [place[0]], limit=4, cursor=cursor)
        assert [found.id for found in (*page, *rest)] == [undo.id, *(found.id for found in made[::-1])]
        assert end is None
        assert (
            len(restores.list_restores(s, [place[0], other[0]], RecordFilter(tenant_ids=(other[1],)), limit=9)[0]) == 1
        )
        assert restores.list_restores(s, [], limit=4) == ([], None)
        assert restores.resolve_restore_id(s, made[0].id[-7:], [place[0]]) == [made[0].id]
        assert restores.resolve_restore_id(s, foreign.id, [place[0]]) == []
        assert restores.get_restore(s, new_id()) is None
