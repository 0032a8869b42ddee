"""What IntuneCD 2.6.0 was measured to lose (engineering.md, last part), each as a test of what opsconsole does instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from opsconsole.simulator import SimulatorThread, Tenant
from world import CATALOG, MANAGED_APPS, Entry, add_policy, group, group_id, policy_id, small_tenant, status_fault

from .control import control
from .program import Program, config_text

Served = Callable[[Tenant], tuple[Program, SimulatorThread]]


@pytest.fixture
def served(program: Program) -> Iterator[Served]:
    """The program on a tenant of the test's own."""
    running: list[SimulatorThread] = []

    def serve(tenant: Tenant) -> tuple[Program, SimulatorThread]:
        simulator = SimulatorThread(tenant).start()
        running.append(simulator)
        program.configure(config_text(program.folder, simulator.base_url))
        assert program.inline("init").code == 0
        return program, simulator

    yield serve
    for simulator in running:
        simulator.stop()


def broken(simulator: SimulatorThread, *rules: Entry) -> None:
    control(simulator, "POST", "faults", list(rules))


def lines(simulator: SimulatorThread) -> list[dict[str, Any]]:
    return list(control(simulator, "GET", "log"))


def managed_apps(count: int) -> Tenant:
    tenant = small_tenant()
    for number in range(1, count + 1):
        add_policy(tenant, MANAGED_APPS, number, group(1))
    return tenant


def items_of(program: Program) -> dict[str, dict[str, Any]]:
    found = program.ask("backups", "items", "latest", "--limit", "1000")["items"]
    return {item["policy_id"]: item for item in found}


def test_a_policy_whose_assignments_were_refused_is_never_saved_as_if_it_had_none(served: Served) -> None:
    program, simulator = served(managed_apps(3))
    broken(simulator, status_fault(403, policy_id=policy_id(2), times="forever"))
    assert program.process("backup", "contoso", "--wait").code == 3
    items = items_of(program)
    assert [items[policy_id(n)]["status"] for n in (1, 2, 3)] == ["fetched", "failed", "fetched"]
    assert items[policy_id(2)]["assignments"] is None
    assert items[policy_id(2)]["failure"]["reason_code"] == "permission_denied"


def test_inner_answers_of_a_batch_that_are_no_success_are_not_dropped(served: Served) -> None:
    program, simulator = served(managed_apps(25))
    broken(simulator, *(status_fault(500, policy_id=policy_id(n), times="forever") for n in (1, 9, 25)))
    assert program.process("backup", "contoso", "--wait").code == 3
    failed = {found for found, item in items_of(program).items() if item["status"] == "failed"}
    assert failed == {policy_id(n) for n in (1, 9, 25)}


def test_a_throttled_answer_without_retry_after_is_waited_for_and_tried_again(served: Served) -> None:
    program, simulator = served(managed_apps(3))
    broken(simulator, status_fault(429, action={"shape": "plain"}, operation="assignments"))
    assert program.process("backup", "contoso", "--wait").code == 0


def test_every_page_is_kept_not_the_first_alone(served: Served) -> None:
    program, _ = served(small_tenant(230))
    assert program.process("backup", "contoso", "--wait", "--types", CATALOG).code == 0
    assert len(items_of(program)) == 230


def test_the_id_of_a_deleted_group_is_kept(served: Served) -> None:
    tenant = small_tenant(2)
    tenant.directory.groups.remove(group_id(2))
    program, _ = served(tenant)
    assert program.process("backup", "contoso", "--wait", "--types", CATALOG).code == 0
    (entry,) = items_of(program)[policy_id(2)]["assignments"]
    assert entry["target"]["groupId"] == group_id(2)


def test_a_removal_is_applied(served: Served) -> None:
    program, simulator = served(small_tenant(1))
    assert program.process("backup", "contoso", "--wait", "--types", CATALOG).code == 0
    control(simulator, "PUT", f"policies/{CATALOG}/{policy_id(1)}/assignments", [group(1), group(5)])
    plan = program.process("restore", "preview", "latest", "--tenant", "contoso", "--wait", "--json").json[
        "restore_run"
    ]
    assert [len(item["removed"]) for item in plan["items"]] == [1]
    assert program.process("restore", "run", plan["id"], "--yes", "--wait").code == 0
    (left,) = control(simulator, "GET", "snapshot")[f"{CATALOG}/{policy_id(1)}"]
    assert left["group"] == group_id(1)


def test_what_failed_is_told_by_the_exit_code(served: Served) -> None:
    program, simulator = served(small_tenant(3))
    broken(simulator, status_fault(403, operation="list", times="forever"))
    assert program.process("backup", "contoso", "--wait", "--types", CATALOG).code == 1


def test_a_thousand_policies_take_their_pages_and_one_look_for_all_names(served: Served) -> None:
    tenant = small_tenant(groups=60)
    for number in range(1000):
        add_policy(tenant, CATALOG, number, *(group(1 + (number + more) % 60) for more in range(3)))
    program, simulator = served(tenant)
    answer = program.process("backup", "contoso", "--wait", "--types", CATALOG, "--json")
    assert answer.json["backup_set"]["counts"]["fetched"] == 1000
    assert len(lines(simulator)) == 11
    assert sum(run["context"]["graph"]["requests"] for run in answer.json["runs"]) == 11
