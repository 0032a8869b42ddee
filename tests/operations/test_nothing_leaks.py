"""Hostile answers through whole runs: nothing of what they hold reaches store, log, output or export (promise 13)."""

from __future__ import annotations

import json
import logging
import random
from pathlib import Path
from typing import Any

import pytest

from hostile import Hostile, hostile
from opsconsole.graph.clean_log import keep_records_clean
from opsconsole.service import audit, backups
from opsconsole.simulator import Tenant
from world import CATALOG, MANAGED_APPS, World, add_policy, group, policy_id, small_tenant

from .conftest import MakeWorld

MESSAGES = 60

SHAPES = ("plain", "nested", "deep")


def fault(one: Hostile, number: int, rng: random.Random, **match: Any) -> dict[str, Any]:
    status = rng.choice((400, 403, 404, 409, 412, 423))
    action = {"kind": "status", "status": status, "message": one.text, "shape": rng.choice(SHAPES)}
    return {"match": {"policy_id": policy_id(number), **match}, "times": "forever", "action": action}


def tenant() -> Tenant:
    made = small_tenant(MESSAGES)
    for number in range(1, MESSAGES + 1):
        add_policy(made, MANAGED_APPS, number, group(1))
    return made


@pytest.fixture
def log_file(tmp_path: Path) -> Any:
    """A handler without a filter of its own, as an embedding program might add one."""
    path = tmp_path / "engine.log"
    handler = logging.FileHandler(path)
    logger = logging.getLogger("opsconsole")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield path
    logger.removeHandler(handler)
    logger.setLevel(before)
    handler.close()


def everything(world: World, folder: Path) -> dict[str, bytes]:
    """Each byte that the runs left behind or that somebody is shown."""
    said: dict[str, bytes] = {}
    runs = world.all_runs()
    said["runs"] = json.dumps([run.to_json() for run in runs], ensure_ascii=False).encode()
    (found,) = backups.list_sets(world.caller, limit=5).items
    said["set"] = json.dumps(backups.show_set(world.caller, found.id).to_json(), ensure_ascii=False).encode()
    backups.export_set(world.caller, found.id, folder / "export")
    audit.export_entries(world.caller, folder / "audit.jsonl")
    for path in folder.rglob("*"):
        if path.is_file():
            said[str(path.relative_to(folder))] = path.read_bytes()
    return said


def test_nothing_of_hostile_answers_is_kept_or_shown(make_world: MakeWorld, tmp_path: Path, log_file: Path) -> None:
    rng = random.Random(11)
    planted = [hostile(rng) for _ in range(2 * MESSAGES)]
    world = make_world(tenant())
    reads = [fault(planted[n - 1], n, rng, type=MANAGED_APPS) for n in range(1, MESSAGES + 1)]
    world.break_with(*reads)
    found = world.backup([CATALOG, MANAGED_APPS])
    assert found.count("failed") == MESSAGES
    world.mend()
    for number in range(1, MESSAGES + 1):
        world.assign(CATALOG, number, group(12))
    plan = world.preview(found.id, accept_missing=found.missing)
    world.break_with(
        *(fault(planted[MESSAGES + n - 1], n, rng, operation="assign", type=CATALOG) for n in range(1, MESSAGES + 1))
    )
    run = world.execute(plan.id)
    assert run.counters.failed >= MESSAGES - 15
    keep_records_clean()
    for one in planted:
        logging.getLogger("opsconsole.engine").error("run failed: %s", one.text, exc_info=ValueError(one.text))
    said = everything(world, tmp_path)
    assert any(name.endswith(".db") for name in said)
    assert len(said["engine.log"]) > 1000
    leaks = {(name, left[0]) for name, content in said.items() for one in planted if (left := one.left_in(content))}
    assert leaks == set()
    world.check_all_is_settled()
