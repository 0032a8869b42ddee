"""Leases between processes: a stop gives runs back at once, a late worker writes nothing, two engines share (promises 2, 11)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from opsconsole.domain.restore import ItemState, WriteState
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.domain.run_event import EventKind
from opsconsole.service import backups, restores, runs
from world import (
    APP,
    CATALOG,
    CONFIGURATION,
    ENV,
    HEALTH,
    LIMIT_S,
    MANAGED_APPS,
    World,
    config_for,
    group,
    small_tenant,
    wait_for,
)

from .processes import FORKS, begin, order_backups, order_restore, run_engine


def waiting_restore(world: World, policies: int) -> tuple[str, str]:
    """A restore of that many policies, previewed and ordered: its id and its run's."""
    world.backup()
    for number in range(1, policies + 1):
        world.assign(CATALOG, number, group(12))
    found = world.preview()
    world.forget_log()
    return found.id, restores.run_restore(world.caller, found.id).runs[0].id


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_engine_gives_its_run_back_and_the_next_takes_it_up_at_once(
    store_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    world = World.make(store_url, tmp_path, {"contoso": small_tenant(30, groups=12)})
    try:
        world.config = config_for(store_url, {"contoso": world.simulators["contoso"].base_url}, lease_s=600)
        restore_id, run_id = waiting_restore(world, 30)
        world.control("POST", "latency", {"ms": 40})
        path = tmp_path / "ops.toml"
        path.write_text(
            f'[store]\nurl = "{store_url}"\n[engine]\nlease_seconds = 600\n[[tenants]]\nname = "contoso"\n'
            f'tenant_id = "00000001-2222-3333-4444-555555555555"\nbase_url = "{world.simulators["contoso"].base_url}"\n'
            '[tenants.auth]\nmethod = "static_token"\ntoken = { env = "CONTOSO_TOKEN" }\n'
        )
        order = [sys.executable, "-m", "opsconsole", "--config", str(path), "engine"]
        env = {**os.environ, **ENV, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
        process = subprocess.Popen(order, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: any(line["applied"] for line in world.writes()), "the first write")
        process.send_signal(number)
        _, said = process.communicate(timeout=LIMIT_S)
        assert process.returncode in (0, 130), said
        run = world.run(run_id)
        assert (run.status, run.lease_owner, run.outcome) == (Status.RUNNING, None, Outcome.PENDING)
        written = {line["path"].split("/")[4] for line in world.writes() if line["applied"]}
        states = world.states(restore_id)
        assert {one for one, state in states.items() if state is ItemState.APPLIED} == written, "in hand, and finished"
        assert {write.state for write in world.intents(restore_id)} == {WriteState.APPLIED}
        world.control("POST", "latency", {"ms": 0})
        began = time.monotonic()
        world.drain()
        assert time.monotonic() - began < LIMIT_S
        assert world.run(run_id).outcome is Outcome.SUCCEEDED
        assert set(Counter(line["path"] for line in world.writes()).values()) == {1}
        world.check_all_is_settled()
    finally:
        world.close()


def test_a_worker_that_comes_back_late_writes_nothing(store_url: str, tmp_path: Path) -> None:
    world = World.make(store_url, tmp_path, {"contoso": small_tenant(8)})
    try:
        restore_id, run_id = waiting_restore(world, 8)
        # At its first intent: no other policy of it can be between the last look at the lease and the send, the one
        # place where a frozen process may still write (a limit that the README names).
        process = begin(run_engine, world.config, "freeze:intent:after:1")
        wait_for(lambda: is_stopped(process.pid), "the freeze")
        world.drain()
        run = world.run(run_id)
        assert (run.outcome, run.counters.processed) == (Outcome.SUCCEEDED, 8)
        assert run.attempt == 2
        log = runs.run_log(world.caller, run_id)
        assert [event.kind for event in log if event.kind in (EventKind.ATTEMPT, EventKind.TAKEN_OVER)] == [
            EventKind.ATTEMPT,
            EventKind.TAKEN_OVER,
        ], "the take-over shows"
        assert {"Settling writes in doubt", "Writing policies"} <= {event.text for event in log}
        assert any(event.kind is EventKind.LEASE_WAIT for event in log)
        before = (world.writes(), world.run(run_id), world.states(restore_id), world.intents(restore_id))
        os.kill(process.pid, signal.SIGCONT)
        process.join(LIMIT_S)
        assert process.exitcode == 0
        assert (world.writes(), world.run(run_id), world.states(restore_id), world.intents(restore_id)) == before
        assert runs.run_log(world.caller, run_id) == log, "the late worker writes no line either"
        assert set(Counter(line["path"] for line in world.writes() if line["applied"]).values()) == {1}
        world.check_all_is_settled()
    finally:
        world.close()


def is_stopped(pid: int) -> bool:
    """Tell whether a process is frozen."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_sixteen_processes_that_order_one_backup_make_one(store_url: str, tmp_path: Path) -> None:
    world = World.make(store_url, tmp_path, {"contoso": small_tenant(1)})
    try:
        gate, answers = FORKS.Barrier(16), FORKS.Queue()
        calls = [13] * 8 + [12] * 8
        processes = [begin(order_backups, world.config, times, gate, answers) for times in calls]
        found = [answer for _ in processes for answer in answers.get(timeout=LIMIT_S)]
        for process in processes:
            process.join(LIMIT_S)
            assert process.exitcode == 0
        assert len(found) == 200
        assert [created for created, _ in found].count(True) == 1
        assert len({set_id for _, set_id in found}) == 1
        assert len(backups.list_sets(world.caller).items) == 1
        assert Counter(run.type for run in world.all_runs()) == {RunType.CAPTURE: 1, RunType.FETCH: 1}
        assert len(world.audited("backup.started")) == 1
        world.drain()
        world.check_all_is_settled()
    finally:
        world.close()


def test_processes_that_order_one_plan_at_once_all_get_the_one_run(store_url: str, tmp_path: Path) -> None:
    world = World.make(store_url, tmp_path, {"contoso": small_tenant(1)})
    try:
        world.backup()
        for _ in range(5):
            world.assign(CATALOG, 1, group(12))
            found = world.preview()
            gate, answers = FORKS.Barrier(6), FORKS.Queue()
            processes = [begin(order_restore, world.config, found.id, gate, answers) for _ in range(6)]
            told = [answers.get(timeout=LIMIT_S) for _ in processes]
            for process in processes:
                process.join(LIMIT_S)
            assert [created for created, _ in told].count(True) == 1, told
            assert len({run_id for _, run_id in told}) == 1, told
            world.drain()
        world.check_all_is_settled()
    finally:
        world.close()


def test_eight_engines_carry_out_forty_runs_once_each(store_url: str, tmp_path: Path) -> None:
    names = [f"t{number}" for number in range(4)]
    world = World.make(store_url, tmp_path, {name: small_tenant(6, name=name) for name in names})
    types = [CATALOG, CONFIGURATION, APP, HEALTH, MANAGED_APPS]
    try:
        world.config = config_for(store_url, {name: sim.base_url for name, sim in world.simulators.items()}, lease_s=30)
        for key in types:
            for name in names:
                assert backups.start_backup(world.caller, name, [key]).created
        assert len(world.all_runs()) == 40
        engines = [begin(run_engine, world.config, "") for _ in range(8)]
        for process in engines:
            process.join(60)
            assert process.exitcode == 0
        for run in world.all_runs():
            assert (run.outcome, run.attempt) == (Outcome.SUCCEEDED, 1), run.to_json()
        for name in names:
            lists = Counter(line["path"].partition("?")[0] for line in world.log(name) if line["operation"] == "list")
            assert sorted(lists.values()) == [1] * len(types), lists
        world.check_all_is_settled()
    finally:
        world.close()
