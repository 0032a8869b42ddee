"""Multi Admin Approval while a restore runs: asked for, granted, rejected, expired, cancelled, and left waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from opsconsole.domain.failure import Reason
from opsconsole.domain.restore import ItemState
from opsconsole.domain.run import OperationRun, Outcome
from opsconsole.engine import EngineThread
from opsconsole.operations import approvals
from opsconsole.service import restores, runs
from world import (
    AUTOPILOT,
    CATALOG,
    CONFIGURATION,
    World,
    add_policy,
    group,
    policy_id,
    small_tenant,
    status_fault,
    wait_for,
)

from .conftest import MakeWorld

REQUESTS = "operationApprovalRequests"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "POLL_INTERVAL_S", 0.1)
    monkeypatch.setattr(approvals, "GRACE_S", 1.5)


def protected(world: World, *numbers: int, key: str = CATALOG) -> str:
    """A plan that changes these policies, on a tenant that wants approval for them."""
    world.backup()
    for number in numbers:
        world.assign(key, number, group(12))
    plan = world.preview()
    world.control("PUT", "settings", {"protected_types": [key]})
    world.forget_log()
    return plan.id


def filed(world: World) -> list[dict[str, str]]:
    return list(world.control("GET", "approvals"))


def executed(world: World, plan: str, second_person: Callable[[], None]) -> OperationRun:
    """Execute, and let somebody decide while the run lasts."""
    started = restores.run_restore(world.caller, plan, justification="Ticket 4711")
    engine = EngineThread(world.engine())
    engine.start()
    second_person()
    engine.join(30)
    assert engine.error is None
    world.check_all_is_settled()
    return world.run(started.runs[-1].id)


def settle(world: World, status: str, count: int) -> Callable[[], None]:
    def act() -> None:
        wait_for(lambda: len(filed(world)) == count, "the requests for approval")
        for request in filed(world):
            world.control("POST", f"approvals/{request['id']}", {"status": status})

    return act


def test_what_is_approved_while_the_run_lasts_is_written_in_the_same_run_byte_for_byte(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    plan = protected(world, 1, 2)
    run = executed(world, plan, settle(world, "approved", 2))
    assert (run.outcome, run.counters.processed, run.counters.awaiting) == (Outcome.SUCCEEDED, 2, 0)
    by_path: dict[str, list[dict[str, object]]] = {}
    for line in world.writes():
        by_path.setdefault(str(line["path"]), []).append(line)
    for first, second in by_path.values():
        assert (first["status"], second["status"]) == (412, 200)
        assert (first["method"], first["body"]) == (second["method"], second["body"])
        assert list(first["headers"]) == ["x-msft-approval-justification"]  # type: ignore[call-overload]
        assert list(second["headers"]) == ["x-msft-approval-code"]  # type: ignore[call-overload]
    assert set(world.states(plan).values()) == {ItemState.APPLIED, ItemState.UNCHANGED}


@pytest.mark.parametrize(
    ("status", "word"), [("rejected", "rejected"), ("expired", "expired"), ("cancelled", "cancelled")]
)
def test_what_is_refused_ends_as_what_it_is_and_a_retry_asks_anew(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, status: str, word: str
) -> None:
    world = make_world(small_tenant(1))
    plan = protected(world, 1)
    run = executed(world, plan, settle(world, status, 1))
    assert (run.outcome, run.counters.failed, run.counters.awaiting) == (Outcome.FAILED, 1, 0)
    assert run.failures[0].reason is Reason.APPROVAL_REQUIRED
    assert word in run.failures[0].message
    assert world.states(plan)[policy_id(1)] is ItemState.FAILED
    assert len(world.writes()) == 1
    monkeypatch.setattr(approvals, "GRACE_S", 0.2)
    again = world.retry(plan, justification="Ticket 4712")
    assert again.counters.awaiting == 1
    assert [request["status"] for request in filed(world)] == [status, "needsApproval"]


def test_what_nobody_decides_waits_and_the_run_does_not(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "GRACE_S", 0.3)
    world = make_world(small_tenant(2))
    plan = protected(world, 1)
    run = executed(world, plan, lambda: None)
    assert (run.outcome, run.counters.awaiting) == (Outcome.PARTIALLY_SUCCEEDED, 1)
    assert 2 <= sum(REQUESTS in line["path"] for line in world.log()) <= 10
    settle(world, "approved", 1)()
    assert world.retry(plan).outcome is Outcome.SUCCEEDED


def test_a_policy_written_step_by_step_is_approved_step_by_step(make_world: MakeWorld) -> None:
    tenant = small_tenant()
    add_policy(tenant, AUTOPILOT, 1, group(1), group(2))
    world = make_world(tenant)
    plan = protected(world, 1, key=AUTOPILOT)
    stop = threading.Event()

    def approve_all() -> None:
        while not stop.is_set():
            for request in filed(world):
                if request["status"] == "needsApproval":
                    world.control("POST", f"approvals/{request['id']}", {"status": "approved"})
            stop.wait(0.05)

    person = threading.Thread(target=approve_all)
    person.start()
    try:
        run = executed(world, plan, lambda: None)
    finally:
        stop.set()
        person.join()
    assert (run.outcome, run.counters.processed) == (Outcome.SUCCEEDED, 1)
    assert len(filed(world)) == 3


def test_where_requests_cannot_be_read_the_item_waits_and_the_others_are_written(make_world: MakeWorld) -> None:
    tenant = small_tenant(1)
    add_policy(tenant, CONFIGURATION, 5, group(1))
    world = make_world(tenant)
    world.backup()
    world.assign(CATALOG, 1, group(12))
    world.assign(CONFIGURATION, 5, group(12))
    plan = world.preview()
    world.control("PUT", "settings", {"protected_types": [CATALOG]})
    world.break_with(status_fault(403, times="forever", type=REQUESTS))
    run = executed(world, plan.id, lambda: None)
    assert (run.counters.processed, run.counters.awaiting, run.counters.failed) == (1, 1, 0)


def test_the_code_of_a_request_is_shown_nowhere(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "GRACE_S", 0.2)
    world = make_world(small_tenant(1))
    plan = protected(world, 1)
    run = executed(world, plan, lambda: None)
    (request,) = filed(world)
    shown = (
        repr(run.to_json())
        + repr(world.restore(plan).to_json())
        + repr([item.to_json() for item in world.plan(plan).values()])
    )
    assert request["id"] not in shown


def test_no_write_is_asked_for_after_a_cancel(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))
    plan = protected(world, 1)

    def cancel() -> None:
        wait_for(lambda: len(filed(world)) == 1, "the request for approval")
        runs.cancel_run(world.caller, world.restore(plan).executions[-1].run_id)

    run = executed(world, plan, cancel)
    assert (run.outcome, run.counters.awaiting) == (Outcome.CANCELLED, 1)
    assert world.states(plan)[policy_id(1)] is ItemState.AWAITING_APPROVAL
