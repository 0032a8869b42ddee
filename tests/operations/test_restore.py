"""Restores: no write without a look, proof after each, a way back, one at a time, one audit entry (promises 5 and 7 to 12)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from opsconsole.domain.access import Role
from opsconsole.domain.assignment import TargetKind, parse_target
from opsconsole.domain.failure import FailureCode, Reason
from opsconsole.domain.restore import ItemState, RestoreRun, RestoreStatus, WriteState
from opsconsole.domain.run import Outcome, RunType
from opsconsole.engine import EngineThread
from opsconsole.errors import Conflict
from opsconsole.service import restores, runs
from opsconsole.simulator import seeded_tenant
from world import (
    AUTOPILOT,
    CATALOG,
    World,
    add_policy,
    all_devices,
    excluded,
    group,
    group_id,
    policy_id,
    refs,
    small_tenant,
    status_fault,
    wait_for,
)

from .conftest import MakeWorld


def previewed(world: World, *numbers: int) -> RestoreRun:
    """Back up, take the assignments of these policies away, and preview their return."""
    world.backup()
    for number in numbers:
        world.assign(CATALOG, number, group(12))
    found = world.preview()
    world.forget_log()
    return found


def written(world: World) -> list[str]:
    """The ids of the policies that were written, in order; each write of a set names its policy in its path."""
    return [line["path"].split("/")[4] for line in world.writes()]


def test_a_restore_brings_back_what_was_and_an_undo_what_was_before_it(make_each_world: MakeWorld) -> None:
    world = make_each_world(seeded_tenant(60, seed=3))
    before = world.snapshot()
    world.backup()
    world.control("POST", "shake", {"count": 30, "seed": 8})
    shaken = world.snapshot()
    assert shaken != before
    found = world.preview()
    run = world.execute(found.id)
    assert run.outcome is Outcome.SUCCEEDED
    assert run.counters.processed == 30
    assert world.snapshot() == before
    assert set(world.states(found.id).values()) == {ItemState.APPLIED, ItemState.UNCHANGED}
    undo = world.undo(found.id)
    assert undo.counts["will_change"] == 30
    assert world.restore(found.id).undone_by is None
    assert world.execute(undo.id).outcome is Outcome.SUCCEEDED
    assert world.restore(found.id).undone_by == undo.id
    assert world.snapshot() == shaken
    world.check_all_is_settled()


def test_each_policy_is_written_once_and_intents_come_with_both_images(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(5))
    found = previewed(world, 1, 2, 3)
    world.execute(found.id)
    assert sorted(written(world)) == [policy_id(1), policy_id(2), policy_id(3)]
    intents = world.intents(found.id)
    assert [write.state for write in intents] == [WriteState.APPLIED] * 3
    for write in intents:
        assert group_id(12) in write.before_image
        assert write.body in [line["body"] for line in world.writes()]


def test_an_all_unchanged_restore_succeeds_without_a_write(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    found = previewed(world)
    run = world.execute(found.id)
    assert (run.outcome, run.counters.unchanged) == (Outcome.SUCCEEDED, 3)
    assert world.writes() == []
    world.check_all_is_settled()


def test_what_changed_since_the_preview_is_not_written(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(4))
    found = previewed(world, 1, 2)
    world.assign(CATALOG, 2, group(11))
    run = world.execute(found.id)
    assert written(world) == [policy_id(1)]
    (failure,) = run.failures
    assert (failure.code, failure.reason) == (FailureCode.RESTORE_BLOCKED, Reason.CHANGED_SINCE_PREVIEW)
    assert failure.subject.policy_id == policy_id(2)
    assert run.outcome is Outcome.PARTIALLY_SUCCEEDED
    assert [entry["group"] for entry in world.snapshot()[f"{CATALOG}/{policy_id(2)}"]] == [group_id(11)]
    world.check_all_is_settled()


def test_what_became_the_plan_meanwhile_is_unchanged(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    found = previewed(world, 1)
    world.assign(CATALOG, 1, group(1))
    run = world.execute(found.id)
    assert (run.outcome, run.counters.unchanged) == (Outcome.SUCCEEDED, 2)
    assert world.writes() == []


@pytest.mark.parametrize(
    ("name", "action", "sent"),
    [
        ("504, applied", {"kind": "status", "status": 504, "apply": True}, 1),
        ("504, not applied", {"kind": "status", "status": 504}, 2),
        ("500, applied", {"kind": "status", "status": 500, "apply": True}, 1),
        ("503, not applied", {"kind": "status", "status": 503}, 2),
        ("dropped after", {"kind": "reset", "when": "after"}, 1),
        ("dropped before", {"kind": "reset", "when": "before"}, 2),
        ("cut answer", {"kind": "truncate"}, 1),
        ("empty 504, applied", {"kind": "empty", "status": 504, "apply": True}, 1),
        ("an html page", {"kind": "html", "status": 503}, 2),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_write_whose_answer_is_lost_is_read_back_and_repeated_only_if_it_did_not_take(
    make_world: MakeWorld, quick_read_backs: None, name: str, action: dict[str, Any], sent: int
) -> None:
    world = make_world(small_tenant(2))
    found = previewed(world, 1)
    world.break_with({"match": {"operation": "assign"}, "action": action})
    run = world.execute(found.id)
    assert run.outcome is Outcome.SUCCEEDED, (name, run.failures)
    assert len(world.writes()) == sent
    assert len([line for line in world.writes() if line["applied"]]) == 1
    assert [entry["group"] for entry in world.snapshot()[f"{CATALOG}/{policy_id(1)}"]] == [group_id(1)]


def test_a_write_that_never_takes_is_failed_after_two_tries(make_world: MakeWorld, quick_read_backs: None) -> None:
    world = make_world(small_tenant(2))
    found = previewed(world, 1)
    world.break_with(status_fault(504, operation="assign", times="forever"))
    run = world.execute(found.id)
    assert len(world.writes()) == 2
    assert run.failures[0].reason in (Reason.TIMEOUT, Reason.SERVICE_UNAVAILABLE)
    assert world.states(found.id)[policy_id(1)] is ItemState.FAILED
    assert [write.state for write in world.intents(found.id)] == [WriteState.NOT_APPLIED]


def test_a_write_that_lost_a_target_is_a_mismatch_and_not_done(
    make_each_world: MakeWorld, quick_read_backs: None
) -> None:
    tenant = small_tenant()
    add_policy(tenant, CATALOG, 1, group(1), group(2))
    world = make_each_world(tenant)
    found = previewed(world, 1)
    world.break_with({"match": {"operation": "assign"}, "action": {"kind": "drop_target"}})
    run = world.execute(found.id)
    (failure,) = run.failures
    assert (failure.code, failure.reason) == (FailureCode.VERIFY_FAILED, Reason.VERIFICATION_MISMATCH)
    assert run.counters.processed == 0
    assert run.outcome is Outcome.FAILED
    undo = world.undo(found.id, items=refs(CATALOG, [1]))
    assert world.execute(undo.id).outcome is Outcome.SUCCEEDED
    assert [entry["group"] for entry in world.snapshot()[f"{CATALOG}/{policy_id(1)}"]] == [group_id(12)]
    world.check_all_is_settled()


def test_stale_read_backs_are_waited_out(make_world: MakeWorld, quick_read_backs: None) -> None:
    world = make_world(small_tenant(2))
    found = previewed(world, 1)
    world.break_with({"match": {"operation": "assign"}, "action": {"kind": "stale_read", "reads": 3}})
    run = world.execute(found.id)
    assert run.outcome is Outcome.SUCCEEDED
    assert len(world.writes()) == 1


def test_a_refused_write_fails_its_policy_alone(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    found = previewed(world, 1, 2)
    world.break_with(status_fault(403, operation="assign", policy_id=policy_id(1)))
    run = world.execute(found.id)
    assert (run.counters.processed, run.counters.failed) == (1, 1)
    assert run.failures[0].reason is Reason.PERMISSION_DENIED
    assert len(world.writes()) == 2


def test_a_retry_writes_what_failed_and_an_undo_of_both_restores_the_first_state(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(12))
    before = world.snapshot()
    numbers = range(1, 11)
    world.backup()
    for number in numbers:
        world.assign(CATALOG, number, group(12), group(11))
    first_state = world.snapshot()
    found = world.preview()
    failing = [2, 4, 5, 7, 9]
    world.break_with(*(status_fault(403, operation="assign", policy_id=policy_id(number)) for number in failing))
    first = world.execute(found.id)
    assert (first.counters.processed, first.counters.failed) == (5, 5)
    world.forget_log()
    second = world.retry(found.id)
    assert sorted(written(world)) == [policy_id(number) for number in failing]
    assert (second.outcome, second.counters.total, second.counters.processed) == (Outcome.SUCCEEDED, 5, 5)
    assert second.retry_of == first.id
    assert world.snapshot() == before
    shown = world.restore(found.id)
    assert [(one.run_id, one.outcome) for one in shown.executions] == [
        (first.id, "partially_succeeded"),
        (second.id, "succeeded"),
    ]
    with pytest.raises(Conflict, match="Nothing is left"):
        restores.retry_restore(world.caller, found.id)
    undo = world.undo(found.id)
    assert undo.counts["will_change"] == 10
    world.execute(undo.id)
    assert world.snapshot() == first_state
    assert len(world.audited("assignments.restore.executed")) == 3
    world.check_all_is_settled()


def test_an_undo_leaves_what_was_changed_after_the_restore_unless_it_is_named(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(4))
    found = previewed(world, 1, 2, 3)
    world.execute(found.id)
    world.assign(CATALOG, 2, group(10))
    world.assign(CATALOG, 3, group(10))
    undo = world.undo(found.id, items=refs(CATALOG, [3]))
    assert world.states(undo.id) == {
        policy_id(1): ItemState.WILL_CHANGE,
        policy_id(2): ItemState.BLOCKED,
        policy_id(3): ItemState.WILL_CHANGE,
    }
    blocked = world.plan(undo.id)[policy_id(2)].failure
    assert blocked is not None
    assert blocked.reason is Reason.CHANGED_SINCE_PREVIEW
    world.execute(undo.id)
    groups = {number: [e["group"] for e in world.snapshot()[f"{CATALOG}/{policy_id(number)}"]] for number in (1, 2, 3)}
    assert groups == {1: [group_id(12)], 2: [group_id(10)], 3: [group_id(12)]}


def test_an_undo_resolves_by_id_only(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    found = previewed(world, 1)
    world.execute(found.id)
    world.control("DELETE", f"groups/{group_id(12)}")
    world.control("POST", "groups", {"displayName": "Group 12"})
    undo = world.undo(found.id)
    assert undo.counts["blocked"] == 1
    assert world.plan(undo.id)[policy_id(1)].failure.reason is Reason.GROUP_NOT_FOUND  # type: ignore[union-attr]


def test_a_restore_that_wrote_nothing_has_nothing_to_undo(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    found = previewed(world)
    world.execute(found.id)
    with pytest.raises(Conflict, match="wrote nothing"):
        restores.undo_restore(world.caller, found.id)


def reach(entries: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    """Whom a set includes and whom it excludes."""
    parsed = [parse_target(entry["target"]) for entry in entries]
    includes = {f"{one.kind}:{one.object_id}" for one in parsed if one.kind is not TargetKind.EXCLUSION}
    return includes, {one.object_id for one in parsed if one.kind is TargetKind.EXCLUSION}


@pytest.mark.parametrize(
    ("backup", "live"),
    [
        ([group(1), excluded(2)], [group(3), excluded(4)]),
        ([group(1)], [group(3), excluded(4), excluded(5)]),
        ([group(1), group(2), excluded(5)], []),
        ([], [group(1), excluded(2)]),
        ([all_devices()], [group(1), excluded(2)]),
        ([group(2)], [excluded(2), group(1)]),
        ([group(1), excluded(2)], [group(2)]),
        ([group(2), group(3), excluded(1)], [group(1), group(3), excluded(2)]),
    ],
)
def test_steps_never_hit_more_than_live_or_plan(
    make_world: MakeWorld, backup: list[dict[str, Any]], live: list[dict[str, Any]]
) -> None:
    tenant = small_tenant()
    add_policy(tenant, AUTOPILOT, 1, *backup)
    world = make_world(tenant)
    world.backup()
    before = world.snapshot()
    world.assign(AUTOPILOT, 1, *live)
    found = world.preview()
    world.forget_log()
    run = world.execute(found.id)
    assert run.outcome is Outcome.SUCCEEDED, run.failures
    assert world.snapshot() == before
    current = list(live)
    ids = {entry["id"]: entry for entry in json.loads(world.intents(found.id)[0].before_image)}
    allowed = [reach(live), reach(backup)]
    for line in world.writes():
        if line["method"] == "POST":
            current.append(json.loads(line["body"]))
        else:
            gone = parse_target(ids[line["path"].rsplit("/", 1)[1]]["target"])
            current = [entry for entry in current if parse_target(entry["target"]) != gone]
        includes, excludes = reach(current)
        assert any(
            includes <= some_includes | (reach(backup)[0] & reach(live)[0]) and excludes >= some_excludes
            for some_includes, some_excludes in allowed
        ), (line, includes, excludes)
    assert all(write.state is WriteState.APPLIED for write in world.intents(found.id))


def test_a_step_whose_answer_is_lost_is_not_made_twice(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    add_policy(tenant, AUTOPILOT, 1, group(1), excluded(2))
    world = make_world(tenant)
    world.backup()
    before = world.snapshot()
    world.assign(AUTOPILOT, 1, group(3))
    found = world.preview()
    world.forget_log()
    world.break_with(
        {"match": {"operation": "append"}, "times": 2, "action": {"kind": "status", "status": 504, "apply": True}},
        {"match": {"operation": "remove"}, "action": {"kind": "reset", "when": "after"}},
    )
    assert world.execute(found.id).outcome is Outcome.SUCCEEDED
    assert world.snapshot() == before
    assert len(world.writes()) == 3


def test_a_write_that_waits_for_approval_is_neither_done_nor_failed_and_goes_through_by_a_retry(
    make_each_world: MakeWorld,
) -> None:
    world = make_each_world(small_tenant(3))
    found = previewed(world, 1, 2)
    world.control("PUT", "settings", {"protected_types": [CATALOG]})
    run = world.execute(found.id, justification="Ticket 4711")
    assert (run.outcome, run.counters.awaiting, run.counters.failed) == (Outcome.PARTIALLY_SUCCEEDED, 2, 0)
    assert world.states(found.id)[policy_id(1)] is ItemState.AWAITING_APPROVAL
    bodies = {line["path"]: line["body"] for line in world.writes()}
    again = world.retry(found.id)
    assert again.counters.awaiting == 2, "nobody has approved it"
    for request in world.control("GET", "approvals"):
        world.control("POST", f"approvals/{request['id']}", {"status": "approved"})
    world.forget_log()
    done = world.retry(found.id)
    assert done.outcome is Outcome.SUCCEEDED, done.failures
    assert {line["path"]: line["body"] for line in world.writes()} == bodies, "byte for byte"
    assert [entry["group"] for entry in world.snapshot()[f"{CATALOG}/{policy_id(1)}"]] == [group_id(1)]
    assert len(world.audited("assignments.restore.executed")) == 3
    world.check_all_is_settled()


def test_approval_wanted_without_a_justification_says_so(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    found = previewed(world, 1)
    world.control("PUT", "settings", {"protected_types": [CATALOG]})
    run = world.execute(found.id)
    assert run.failures[0].reason is Reason.APPROVAL_REQUIRED
    assert run.counters.failed == 1


def test_an_approved_change_is_not_sent_over_another_one(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    found = previewed(world, 1)
    world.control("PUT", "settings", {"protected_types": [CATALOG]})
    world.execute(found.id, justification="Ticket")
    for request in world.control("GET", "approvals"):
        world.control("POST", f"approvals/{request['id']}", {"status": "approved"})
    world.assign(CATALOG, 1, group(7))
    world.forget_log()
    run = world.retry(found.id)
    assert run.failures[0].reason is Reason.CHANGED_SINCE_PREVIEW
    assert world.writes() == []


@pytest.mark.parametrize("operation", ["assign", "batch"])
def test_a_429_closes_the_tenant_until_its_retry_after(make_each_world: MakeWorld, operation: str) -> None:
    world = make_each_world(small_tenant(4))
    found = previewed(world, 1, 2, 3)
    world.break_with(status_fault(429, operation=operation, action={"retry_after": 0.7}))
    run = world.execute(found.id)
    assert run.outcome is Outcome.SUCCEEDED
    assert run.context["graph"]["throttled"] == 1
    assert run.context["graph"]["waited_ms"] >= 600
    assert sorted(line["path"] for line in world.writes() if line["applied"]) == sorted(
        {line["path"] for line in world.writes()}
    )


def test_a_queued_restore_is_cancelled_at_once_and_audited_once(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(4))
    found = previewed(world, 1, 2)
    started = restores.run_restore(world.caller, found.id)
    ended = runs.cancel_run(world.caller, started.runs[0].id)
    assert ended.outcome is Outcome.CANCELLED
    assert world.states(found.id)[policy_id(1)] is ItemState.SKIPPED
    (entry,) = world.audited("assignments.restore.executed")
    assert (entry["outcome"], entry["resource_id"]) == ("cancelled", ended.id)
    assert entry["details"]["cancelled_by"] == world.caller.actor.name
    world.drain()
    assert world.writes() == []
    world.check_all_is_settled()
    assert world.retry(found.id).counters.processed == 2


def test_a_running_restore_finishes_the_policies_in_hand_and_skips_the_rest(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(40))
    found = previewed(world, *range(1, 41))
    world.control("POST", "latency", {"ms": 60})
    started = restores.run_restore(world.caller, found.id)
    engine = EngineThread(world.engine())
    engine.start()
    wait_for(lambda: any(line["applied"] for line in world.writes()), "the first write")
    runs.cancel_run(world.caller, started.runs[0].id)
    engine.join(30)
    assert engine.error is None
    run = world.run(started.runs[0].id)
    assert run.outcome is Outcome.CANCELLED
    assert run.counters.total == 40
    assert 0 < run.counters.processed < 40
    assert run.counters.skipped == 40 - run.counters.processed - run.counters.unchanged
    states = world.states(found.id)
    applied = {found_id for found_id, state in states.items() if state is ItemState.APPLIED}
    assert applied == {line["path"].split("/")[4] for line in world.writes()}, "nothing written is called skipped"
    assert {write.state for write in world.intents(found.id)} == {WriteState.APPLIED}
    world.check_all_is_settled()


def test_two_restores_never_run_at_once_on_one_tenant_but_do_on_two(
    make_each_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    other = small_tenant(6, name="Other")
    world = make_each_world(small_tenant(6), more={"fabrikam": other})
    world.backup()
    found = []
    for tenant, numbers in (("contoso", (1, 2)), ("contoso", (3, 4)), ("fabrikam", (5, 6))):
        set_id = world.backup(tenant=tenant).id
        for number in numbers:
            world.assign(CATALOG, number, group(12), tenant=tenant)
        found.append(world.preview(set_id, tenant=tenant, items=refs(CATALOG, numbers)))
    started = [restores.run_restore(world.caller, one.id).runs[0].id for one in found]
    world.drain()
    first, second, _third = (world.run(run_id) for run_id in started)
    assert first.completed_at is not None
    assert second.started_at is not None
    assert second.started_at >= first.completed_at
    assert not [record for record in caplog.records if record.levelname == "ERROR"], "it waits; nothing is refused"
    assert {world.run(run_id).outcome for run_id in started} == {Outcome.SUCCEEDED}
    world.check_all_is_settled()


def test_running_a_restore_twice_finds_the_first(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    found = previewed(world, 1)
    first = restores.run_restore(world.caller, found.id)
    second = restores.run_restore(world.caller, found.id)
    assert (first.created, second.created) == (True, False)
    assert second.runs[0].id == first.runs[0].id
    world.drain()
    with pytest.raises(Conflict):
        restores.run_restore(world.caller, found.id)
    assert world.restore(found.id).status is RestoreStatus.COMPLETED


def test_an_initiator_who_lost_the_role_before_the_claim_restores_nothing(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(3))
    found = previewed(world, 1, 2)
    bob = world.member(role=Role.MANAGER)
    started = restores.run_restore(bob, found.id)
    world.dismiss(bob)
    world.drain()
    run = world.run(started.runs[0].id)
    assert (run.outcome, [failure.reason for failure in run.failures]) == (Outcome.FAILED, [Reason.PERMISSION_DENIED])
    assert world.writes() == []
    (entry,) = world.audited("assignments.restore.executed")
    assert entry["outcome"] == "failed"
    (refused,) = world.audited("access.refused")
    assert (refused["actor"], refused["resource_id"]) == ("bob", f"carry out run {run.id}")
    world.check_all_is_settled()


def test_an_initiator_who_loses_the_role_in_the_middle_stops_writing(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(30))
    found = previewed(world, *range(1, 31))
    bob = world.member(role=Role.MANAGER)
    world.control("POST", "latency", {"ms": 60})
    started = restores.run_restore(bob, found.id)
    engine = EngineThread(world.engine())
    engine.start()
    wait_for(lambda: any(line["applied"] for line in world.writes()), "the first write")
    world.dismiss(bob)
    engine.join(30)
    run = world.run(started.runs[0].id)
    assert Reason.PERMISSION_DENIED in {failure.reason for failure in run.failures}
    states = world.states(found.id)
    applied = {found_id for found_id, state in states.items() if state is ItemState.APPLIED}
    assert 0 < len(applied) < 30
    assert applied == {line["path"].split("/")[4] for line in world.writes()}
    assert [entry["actor"] for entry in world.audited("access.refused")] == ["bob"]
    world.check_all_is_settled()


def test_a_step_before_the_role_was_lost_is_kept(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    add_policy(tenant, AUTOPILOT, 1, group(1), excluded(2))
    world = make_world(tenant)
    world.backup()
    world.assign(AUTOPILOT, 1, group(3))
    found = world.preview()
    bob = world.member(role=Role.MANAGER)
    world.forget_log()
    world.control("POST", "latency", {"ms": 150})
    started = restores.run_restore(bob, found.id)
    engine = EngineThread(world.engine())
    engine.start()
    wait_for(lambda: any(line["applied"] for line in world.writes()), "the first step")
    world.dismiss(bob)
    engine.join(30)
    world.control("POST", "latency", {"ms": 0})
    assert len(world.writes()) < 3
    assert {write.state for write in world.intents(found.id)} == {WriteState.APPLIED}
    assert world.states(found.id)[policy_id(1)] is ItemState.FAILED
    assert world.run(started.runs[0].id).outcome is Outcome.FAILED
    world.check_all_is_settled()
    undo = world.undo(found.id)
    assert world.execute(undo.id).outcome is Outcome.SUCCEEDED
    assert [entry["group"] for entry in world.snapshot()[f"{AUTOPILOT}/{policy_id(1)}"]] == [group_id(3)]


def test_one_audit_entry_for_each_execution_whatever_its_end(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(6))
    found = previewed(world, 1, 2, 3)
    world.break_with(status_fault(403, operation="assign", policy_id=policy_id(1)))
    partly = world.execute(found.id)
    world.break_with(status_fault(403, operation="assign", policy_id=policy_id(1)))
    failed = world.retry(found.id)
    cancelled = restores.retry_restore(world.caller, found.id).runs[0]
    runs.cancel_run(world.caller, cancelled.id)
    done = world.retry(found.id)
    outcomes = {entry["resource_id"]: entry["outcome"] for entry in world.audited("assignments.restore.executed")}
    assert outcomes == {
        partly.id: "partially_succeeded",
        failed.id: "failed",
        cancelled.id: "cancelled",
        done.id: "succeeded",
    }
    world.check_all_is_settled()


def test_an_unreadable_policy_is_blocked_and_not_written(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    found = previewed(world, 1)
    world.control("DELETE", f"policies/{CATALOG}/{policy_id(1)}")
    run = world.execute(found.id)
    assert (run.failures[0].code, run.failures[0].reason) == (FailureCode.RESTORE_BLOCKED, Reason.POLICY_NOT_FOUND)
    assert world.writes() == []


def test_a_missing_credential_ends_the_run_with_its_reason(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(2))
    found = previewed(world, 1, 2)
    started = restores.run_restore(world.caller, found.id)
    asyncio.run(asyncio.wait_for(world.engine(env={}).run(), 20))
    run = world.run(started.runs[0].id)
    assert (run.outcome, run.failures[0].reason) == (Outcome.FAILED, Reason.AUTHENTICATION_FAILED)
    assert len(world.audited("assignments.restore.executed")) == 1
    assert world.all_runs(RunType.RESTORE)[0].counters.adds_up
