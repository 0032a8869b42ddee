"""Engines killed at named and at random points: another one finishes what they left, and nothing is done twice (promises 5, 11)."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

from opsconsole.domain.restore import ItemState, WriteState
from opsconsole.domain.run import Outcome
from opsconsole.service import backups, restores
from opsconsole.simulator import Tenant
from world import (
    AUTOPILOT,
    CATALOG,
    LIMIT_S,
    MANAGED_APPS,
    World,
    add_policy,
    config_for,
    excluded,
    group,
    policy_id,
    small_tenant,
    status_fault,
)

from .processes import begin, run_engine

KILLS = [
    ("backup", "claim:before:1"),
    ("backup", "listed:after:1"),
    ("backup", "settled:before:1"),
    ("restore", "intent:after:2"),
    ("restore", "write:before:2"),
    ("restore", "write:after:2"),
    ("restore", "outcome:before:2"),
    ("retry", "write:after:1"),
    ("undo", "intent:before:3"),
    ("undo", "complete:before:1"),
]
"""The default twenty: these on each database."""

ANYWHERE = ("commit", "claim", "intent", "write", "outcome", "complete")
FOR_BACKUPS = ("commit", "claim", "listed", "settled", "complete")

Story = Generator[str | None, None, None]
"""Yields None where work is to be done, the id of the run whose engine is to be killed, and then checks the end."""


def a_tenant(name: str) -> Tenant:
    """Four sets, one profile written step by step, and three policies whose assignments do not come with the list."""
    tenant = small_tenant(4, name=name)
    add_policy(tenant, AUTOPILOT, 50, group(1), excluded(2))
    for number in (60, 61, 62):
        add_policy(tenant, MANAGED_APPS, number, group(number - 59))
    return tenant


def shake(world: World, tenant: str) -> None:
    """What an administrator changed by mistake."""
    for number in (1, 2, 3):
        world.assign(CATALOG, number, group(12), tenant=tenant)
    world.assign(AUTOPILOT, 50, group(3), excluded(4), tenant=tenant)
    world.assign(MANAGED_APPS, 60, tenant=tenant)


def story(world: World, kind: str, tenant: str) -> Story:
    """One operation whose engine is killed, up to the check of what is there at the end."""
    started = backups.start_backup(world.caller, tenant)
    assert started.backup_set is not None
    if kind == "backup":
        yield started.runs[0].id
        found = backups.show_set(world.caller, started.backup_set.id)
        assert found.is_complete, found.to_json()
        assert found.count("fetched") == 8
        for run in started.runs:
            assert world.run(run.id).counters.processed == 8, world.run(run.id).to_json()
        check_stored(world, tenant, found.id)
        return
    yield None
    before = world.snapshot(tenant)
    shake(world, tenant)
    shaken = world.snapshot(tenant)
    preview = restores.start_preview(world.caller, started.backup_set.id, tenant)
    assert preview.restore_run is not None
    restore_id = preview.restore_run.id
    yield None
    goal, changes = before, 5
    if kind == "retry":
        world.break_with(status_fault(403, times=3, method="POST", path_regex="assign$|assignments$"), tenant=tenant)
        restores.run_restore(world.caller, restore_id)
        yield None
        world.mend(tenant)
        left = restores.retry_restore(world.caller, restore_id)
        changes = 3
    else:
        left = restores.run_restore(world.caller, restore_id)
    if kind == "undo":
        yield None
        undo = restores.undo_restore(world.caller, restore_id)
        assert undo.restore_run is not None
        restore_id, goal = undo.restore_run.id, shaken
        yield None
        left = restores.run_restore(world.caller, restore_id)
    world.forget_log(tenant)
    yield left.runs[0].id
    run = world.run(left.runs[0].id)
    assert run.outcome is Outcome.SUCCEEDED, (kind, run.failures)
    assert run.counters.processed == changes, run.counters
    assert world.snapshot(tenant) == goal
    made = Counter((line["method"], line["path"], line["body"]) for line in world.writes(tenant) if line["applied"])
    assert set(made.values()) == {1}, "a write that took was made again"
    states = Counter(write.state for write in world.intents(restore_id))
    assert WriteState.INTENT not in states, states
    assert len(world.audited("assignments.restore.executed")) == len(
        {entry["resource_id"] for entry in world.audited("assignments.restore.executed")}
    )


def check_stored(world: World, tenant: str, set_id: str) -> None:
    """What is stored is what the tenant has."""
    for (key, identifier), item in world.items(set_id).items():
        texts = b",".join(world.tenant(tenant).assignment_texts(key, identifier))
        assert (item.assignments or "").encode() == b"[" + texts + b"]"


def play(url: str, folder: Path, kills: list[tuple[str, str]]) -> None:
    """Play a story for each kill, all on one store, each on a tenant of its own; they share the work between kills."""
    names = [f"t{number}" for number in range(len(kills))]
    world = World.make(url, folder, {name: a_tenant(name) for name in names})
    try:
        stories = {name: story(world, kind, name) for name, (kind, _) in zip(names, kills, strict=True)}
        specs = dict(zip(names, (spec for _, spec in kills), strict=True))
        while stories:
            victims = []
            for name, one in list(stories.items()):
                try:
                    run_id = next(one)
                except StopIteration:
                    del stories[name]
                    continue
                except AssertionError as error:
                    raise AssertionError(f"{name}: {kills[names.index(name)]}: {error}") from error
                if run_id is not None:
                    config = config_for(url, {name: world.simulators[name].base_url})
                    tenants = [one for one in world.config.tenants if one.name == name]
                    config = type(config)(url, config.engine, tuple(tenants))
                    victims.append((name, begin(run_engine, config, specs[name])))
            for name, process in victims:
                process.join(LIMIT_S)
                is_random = specs[name].startswith("time") or "commit" in specs[name]
                assert process.exitcode == -signal.SIGKILL or (is_random and process.exitcode == 0), (
                    specs[name],
                    process.exitcode,
                )
            world.drain(concurrency=16)
        world.check_all_is_settled()
    finally:
        world.close()


@pytest.mark.parametrize("part", [KILLS[:5], KILLS[5:]], ids=["first", "second"])
def test_twenty_killed_engines_lose_nothing_and_repeat_nothing(
    store_url: str, tmp_path: Path, part: list[tuple[str, str]]
) -> None:
    play(store_url, tmp_path, part)


def random_kills(seed: int, count: int) -> list[tuple[str, str]]:
    """Kills at random points, named and in time."""
    rng = random.Random(seed)
    kills = []
    for _ in range(count):
        kind = rng.choice(["backup", "restore", "restore", "retry", "undo"])
        if rng.random() < 0.4:
            kills.append((kind, f"time:{rng.uniform(0.02, 0.5):.3f}"))
            continue
        point = rng.choice(FOR_BACKUPS if kind == "backup" else ANYWHERE)
        limit = {"commit": 12, "intent": 3, "write": 3, "outcome": 3}.get(point, 1)
        kills.append((kind, f"{point}:{rng.choice(['before', 'after'])}:{rng.randint(1, limit)}"))
    return kills


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(20))
def test_two_hundred_killed_engines_lose_nothing_and_repeat_nothing(store_url: str, tmp_path: Path, seed: int) -> None:
    play(store_url, tmp_path, random_kills(seed, 10))


def test_a_run_whose_engine_dies_again_and_again_is_ended_and_audited_once(store_url: str, tmp_path: Path) -> None:
    world = World.make(store_url, tmp_path, {"contoso": small_tenant(3)})
    try:
        world.backup()
        for number in (1, 2, 3):
            world.assign(CATALOG, number, group(12))
        found = world.preview()
        world.forget_log()
        left = restores.run_restore(world.caller, found.id)
        for spec in ("write:after:1", *["claim:after:1"] * 4):
            process = begin(run_engine, world.config, spec)
            process.join(LIMIT_S)
            assert process.exitcode == -signal.SIGKILL
        written = {line["path"].split("/")[4] for line in world.writes() if line["applied"]}
        in_doubt = {write.restore_item_id for write in world.intents(found.id) if write.state is WriteState.INTENT}
        world.drain()
        run = world.run(left.runs[0].id)
        assert run.outcome is Outcome.FAILED
        assert {failure.reason.value for failure in run.failures} == {"worker_lost"}
        failed = {item.id for item in world.plan(found.id).values() if item.state is ItemState.FAILED}
        assert failed == in_doubt, "what was under way is failed, not skipped: nobody knows whether it took"
        assert (run.counters.failed, run.counters.skipped) == (len(failed), 3 - len(failed))
        world.check_all_is_settled()
        assert world.retry(found.id).counters.processed == 3
        made = Counter(line["path"].split("/")[4] for line in world.writes() if line["applied"])
        assert written
        assert made == dict.fromkeys((policy_id(number) for number in (1, 2, 3)), 1)
    finally:
        world.close()


def test_a_cancel_that_finds_a_dead_engine_still_settles_the_policy_it_had_in_hand(
    store_url: str, tmp_path: Path
) -> None:
    from opsconsole.service import runs

    world = World.make(store_url, tmp_path, {"contoso": small_tenant(9)})
    try:
        world.backup()
        for number in range(1, 9):
            world.assign(CATALOG, number, group(12))
        found = world.preview()
        world.forget_log()
        left = restores.run_restore(world.caller, found.id)
        process = begin(run_engine, world.config, "write:after:1")
        process.join(LIMIT_S)
        assert process.exitcode == -signal.SIGKILL
        runs.cancel_run(world.caller, left.runs[0].id)
        world.drain()
        run = world.run(left.runs[0].id)
        assert run.outcome is Outcome.CANCELLED
        states = world.states(found.id)
        written = {line["path"].split("/")[4] for line in world.writes() if line["applied"]}
        assert written == {one for one, state in states.items() if state is ItemState.APPLIED}
        assert run.counters.skipped == 8 - len(written)
        assert {write.state for write in world.intents(found.id)} == {WriteState.APPLIED}
        world.check_all_is_settled()
    finally:
        world.close()


def test_each_step_is_settled_before_the_next_one_is_sent(store_url: str, tmp_path: Path) -> None:
    tenant = small_tenant()
    add_policy(tenant, AUTOPILOT, 1, group(1), excluded(2))
    world = World.make(store_url, tmp_path, {"contoso": tenant})
    try:
        world.backup()
        before = world.snapshot()
        world.assign(AUTOPILOT, 1, group(3), excluded(4))
        found = world.preview()
        left = restores.run_restore(world.caller, found.id)
        process = begin(run_engine, world.config, "write:before:3")
        process.join(LIMIT_S)
        states = [write.state for write in world.intents(found.id)]
        assert states == [WriteState.APPLIED, WriteState.APPLIED, WriteState.INTENT]
        world.drain()
        assert world.run(left.runs[0].id).outcome is Outcome.SUCCEEDED
        assert world.snapshot() == before
        world.check_all_is_settled()
    finally:
        world.close()


def test_a_change_made_while_no_engine_lived_is_a_conflict_and_not_written_over(store_url: str, tmp_path: Path) -> None:
    world = World.make(store_url, tmp_path, {"contoso": small_tenant(2)})
    try:
        world.backup()
        world.assign(CATALOG, 1, group(12))
        found = world.preview()
        left = restores.run_restore(world.caller, found.id)
        process = begin(run_engine, world.config, "write:after:1")
        process.join(LIMIT_S)
        world.assign(CATALOG, 1, group(7))
        world.forget_log()
        world.drain()
        run = world.run(left.runs[0].id)
        assert [failure.reason.value for failure in run.failures] == ["conflict"]
        assert world.writes() == []
        world.check_all_is_settled()
        undo = world.undo(found.id)
        assert undo.counts["blocked"] == 1, "it is not what the restore left"
        assert world.plan(undo.id)[policy_id(1)].failure is not None
    finally:
        world.close()
