"""Retrying a part: what failed for one reason, or named policies; nothing else is taken up, and the trail says which."""

from __future__ import annotations

import json

import pytest

from builders import listed_items
from opsconsole.domain.backup import ItemStatus, TypeStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.restore import ItemState
from opsconsole.domain.run import Outcome, RunType
from opsconsole.errors import Conflict
from opsconsole.service import backups, restores, retries, runs
from opsconsole.service.parts import WHOLE_ONLY
from opsconsole.store import backups as stored_backups
from opsconsole.store import restores as stored_restores
from opsconsole.store import runs as stored_runs

from .world import DEVICE, World

REASONS = (Reason.TIMEOUT, Reason.TIMEOUT, Reason.PERMISSION_DENIED)


def failure(reason: Reason, policy_id: str, code: FailureCode = FailureCode.FETCH_FAILED) -> Failure:
    return Failure(code, reason, "It failed.", Subject(DEVICE, policy_id))


def failed_set(world: World) -> backups.BackupSet:
    """A set of four policies: two timed out, one was refused, one was fetched."""
    made = world.active_set([DEVICE])
    with world.db.write() as s:
        stored_backups.add_listed_items(s, made, listed_items(4, assignments=None))
        stored_backups.set_type_status(s, made.id, DEVICE, TypeStatus.LISTED)
        settled, failures = [], []
        for item, reason in zip(stored_backups.all_items(s, made.id), (*REASONS, None), strict=True):
            why = failure(reason, item.policy_id) if reason else None
            failures += [why] if why else []
            status = ItemStatus.FAILED if why else ItemStatus.FETCHED
            settled.append(stored_backups.Settled(item.id, status, None if why else "[]", why))
        stored_backups.settle_items(s, made.id, made.fetch_run_id, settled)
        stored_runs.add_failures(s, made.fetch_run_id, failures)
    return world.end_backup(made, Outcome.PARTIALLY_SUCCEEDED)


def states(world: World, set_id: str) -> list[str]:
    return [item.status.value for item in backups.list_items(world.alice, set_id).items]


def failed_restore(world: World) -> restores.RestoreRun:
    """A restore of three policies, failed for the reasons above."""
    made = world.executing()
    run_id = made.executions[-1].run_id
    with world.db.write() as s:
        for item, reason in zip(stored_restores.list_restore_items(s, made.id)[0], REASONS, strict=True):
            why = failure(reason, item.policy_id, FailureCode.RESTORE_FAILED)
            stored_restores.set_item_state(s, item.id, ItemState.FAILED, why)
    world.complete(run_id, Outcome.FAILED)
    return restores.show_restore(world.alice, made.id)


def test_a_fetch_takes_up_only_what_failed_for_the_reason(world: World) -> None:
    made = failed_set(world)
    started = retries.retry_run(world.alice, made.fetch_run_id, reason=Reason.TIMEOUT)
    assert states(world, made.id) == ["pending", "pending", "failed", "fetched"]
    run = started.runs[0]
    assert (run.retry_of, run.inputs["reason"]) == (made.fetch_run_id, "timeout")
    details = json.loads(world.trail()[-1]["details"])
    assert details["only_reason"] == "timeout" and len(details["only_policies"]) == 2
    assert runs.related(world.alice, made.fetch_run_id)["retries"] == [run.id]
    assert runs.related(world.alice, run.id)["retry_of"] == made.fetch_run_id


def test_a_fetch_takes_up_only_the_named_policies(world: World) -> None:
    made = failed_set(world)
    item = backups.list_items(world.alice, made.id).items[1]
    retries.retry_run(world.alice, made.fetch_run_id, items=[f"{item.policy_type}:{item.policy_id}"])
    assert states(world, made.id) == ["failed", "pending", "failed", "fetched"]


def test_while_a_part_is_fetched_nothing_else_of_the_set_is(world: World) -> None:
    made = failed_set(world)
    first = retries.retry_run(world.alice, made.fetch_run_id, reason=Reason.TIMEOUT)
    again = retries.retry_run(world.alice, made.fetch_run_id, reason=Reason.PERMISSION_DENIED)
    assert (again.created, again.runs[0].id) == (False, first.runs[0].id)
    assert states(world, made.id) == ["pending", "pending", "failed", "fetched"]


def test_a_restore_takes_up_only_what_failed_for_the_reason(world: World) -> None:
    made = failed_restore(world)
    assert restores.left_to_write(world.alice, made.id).changes == 3
    assert restores.left_to_write(world.alice, made.id, reason=Reason.TIMEOUT).changes == 2
    run = retries.retry_run(
        world.alice, made.executions[-1].run_id, reason=Reason.TIMEOUT, justification="ticket"
    ).runs[0]
    assert (len(run.inputs["items"]), run.inputs["reason"], run.inputs["justification"]) == (2, "timeout", "ticket")
    found = [item.state for item in restores.list_restore_items(world.alice, made.id).items]
    assert found == [ItemState.WILL_CHANGE, ItemState.WILL_CHANGE, ItemState.FAILED]
    details = json.loads(world.trail()[-1]["details"])
    assert (details["items"], details["only_reason"], len(details["only_policies"])) == (2, "timeout", 2)


def test_a_restore_takes_up_only_the_named_policies(world: World) -> None:
    made = failed_restore(world)
    item = restores.list_restore_items(world.alice, made.id).items[2]
    name = f"{item.policy_type}:{item.policy_id}"
    assert restores.left_to_write(world.alice, made.id, items=[name]).changes == 1
    run = restores.retry_restore(world.alice, made.id, items=[name]).runs[0]
    assert run.inputs["items"] == [item.id]
    assert json.loads(world.trail()[-1]["details"])["only_policies"] == [name]


def test_a_part_of_which_nothing_is_left_changes_nothing(world: World) -> None:
    for run_id in (failed_set(world).fetch_run_id, failed_restore(world).executions[-1].run_id):
        state = world.state()
        for part in ({"reason": Reason.CONFLICT}, {"items": [f"{DEVICE}:nowhere"]}):
            with pytest.raises(Conflict, match="is left to retry"):
                retries.retry_run(world.alice, run_id, **part)  # type: ignore[arg-type]
        assert world.state() == state


@pytest.mark.parametrize("run_type", sorted(WHOLE_ONLY))
def test_of_other_runs_no_part_is_retried(world: World, run_type: RunType) -> None:
    run = world.ended_run(run_type)
    with pytest.raises(Conflict) as raised:
        retries.retry_run(world.alice, run.id, reason=Reason.TIMEOUT)
    assert raised.value.message == WHOLE_ONLY[run_type]


def test_a_group_names_the_first_requests(world: World) -> None:
    made = failed_set(world)
    with world.db.write() as s:
        from opsconsole.domain.failure import GraphTrace

        more = [
            Failure(FailureCode.FETCH_FAILED, Reason.CONFLICT, "No.", Subject(), GraphTrace(409, "", f"request-{n}"))
            for n in range(9)
        ]
        stored_runs.add_failures(s, made.fetch_run_id, more)
    first = runs.failure_groups(world.alice, made.fetch_run_id)[0]
    assert (first.reason, first.count) == (Reason.CONFLICT, 9)
    assert first.request_ids == ("request-0", "request-1", "request-2")
