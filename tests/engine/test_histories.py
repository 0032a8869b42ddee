"""Histories of orders, claims, steps, crashes and take-overs, made up by hypothesis: no illegal state (promises 2, 5, 7, 11)."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from builders import ALICE, START, make_place, make_planned_restore
from opsconsole.config import AuthConfig, Config, SecretSource, TenantConfig
from opsconsole.domain.access import Actor, Role
from opsconsole.domain.audit import ChainHead
from opsconsole.domain.clock import to_text
from opsconsole.domain.ids import new_id
from opsconsole.domain.run import Counters, Outcome
from opsconsole.engine.duties.reconcile import Reconcile
from opsconsole.errors import LeaseLost, OpsError
from opsconsole.operations.completion import complete_run
from opsconsole.service import backups, restores, retries, runs, tenants
from opsconsole.service.caller import Caller
from opsconsole.store import access
from opsconsole.store import audit as stored_audit
from opsconsole.store import runs as stored_runs
from opsconsole.store.database import Database

from .scripted_worker import DEVICE, Worker

FULL = int(os.environ.get("OPSCONSOLE_HISTORIES", "5000"))
"""Histories on each database in the long run; fewer of them to see that it starts."""

SETS = "SELECT id FROM backup_sets WHERE tenant_id = :tenant"
RESTORES = "SELECT id FROM restore_runs WHERE tenant_id = :tenant"
"""Whose items are a history's: found by an index, so that the last history costs what the first one does."""

ORDER = ("queued", "running", "completed")
ENTRA_ID = "11111111-2222-3333-4444-555555555555"

index = st.integers(0, 99)
"""Which of what there is: taken modulo its number."""


class Histories(RuleBasedStateMachine):
    """One tenant of a store that all histories share."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self.db = db
        self.now = START
        self.workers: list[Worker] = []
        self.before: dict[str, dict[str, Any]] = {}

    @initialize()
    def settle_in(self) -> None:
        name = new_id()
        with self.db.write() as s:
            self.workspace, self.tenant = make_place(s, name, name)
            # A member of this workspace alone: somebody who is in all of them costs more with each.
            owner = Actor(f"uid:{name}", "alice")
            access.add_member(s, self.workspace, owner, Role.OWNER, to_text(START))
            access.remove_member(s, self.workspace, ALICE.key)
            self.kept = stored_audit.audit_head(s)
        auth = AuthConfig("static_token", token=SecretSource(env="TOKEN"))
        config = Config(self.db.url, tenants=(TenantConfig(name, ENTRA_ID, auth, workspace=name),))
        self.name = name
        self.caller = Caller(self.db, config, owner, name, clock=lambda: self.now)
        for _ in range(2):
            self.plan()

    # Orders. One that cannot be carried out is refused; anything else is a mistake.

    def order(self, function: Any, *args: Any, **more: Any) -> None:
        try:
            function(self.caller, *args, **more)
        except OpsError as error:
            assert not isinstance(error, LeaseLost)

    @rule(types=st.sampled_from([None, [DEVICE]]))
    def back_up(self, types: list[str] | None) -> None:
        self.order(backups.start_backup, self.name, types)

    @rule()
    def check(self) -> None:
        self.order(tenants.start_check, self.name)

    @rule()
    def plan(self) -> None:
        with self.db.write() as s:
            made = make_planned_restore(s, self.workspace, self.tenant)
            run = stored_runs.get_run(s, made.preview_run_id)
            assert run is not None
            assert complete_run(s, run, Outcome.SUCCEEDED, now=to_text(self.now), new_id=new_id)

    @rule(which=index, what=st.sampled_from([restores.run_restore, restores.retry_restore, restores.undo_restore]))
    def order_restore(self, which: int, what: Any) -> None:
        found = self.rows("SELECT id FROM restore_runs WHERE tenant_id = :tenant ORDER BY id LIMIT 3")
        if found:
            self.order(what, found[which % len(found)]["id"])

    @precondition(lambda self: self.before)
    @rule(which=index, what=st.sampled_from([runs.cancel_run, runs.cancel_run, retries.retry_run]))
    def order_run(self, which: int, what: Any) -> None:
        self.order(what, [*self.before][which % len(self.before)])

    @precondition(lambda self: self.before)
    @rule(which=index)
    def fetch_again(self, which: int) -> None:
        found = self.rows("SELECT id FROM backup_sets WHERE tenant_id = :tenant ORDER BY id")
        if found:
            self.order(backups.start_fetch, found[which % len(found)]["id"])

    # Engines.

    @rule(seconds=st.sampled_from([1, 10, 29, 31, 31, 300]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(times=st.integers(0, 5), has_failed=st.booleans(), is_done=st.booleans())
    def claim(self, times: int, has_failed: bool, is_done: bool) -> None:
        """An engine takes a run up, works for a while, and is done with it, or is not heard of any more."""
        worker = Worker.claim(self.db, self.tenant, self.now)
        if worker is None:
            return
        self.workers.append(worker)
        for _ in range(times):
            self.act(worker, "step", has_failed=has_failed)
        if is_done:
            self.act(worker, "finish", has_failed=has_failed)

    @precondition(lambda self: self.workers)
    @rule(which=index, times=st.integers(1, 3), has_failed=st.booleans())
    def come_back(self, which: int, times: int, has_failed: bool) -> None:
        for _ in range(times):
            self.act(self.workers[which % len(self.workers)], "step", has_failed=has_failed)

    @precondition(lambda self: self.workers)
    @rule(which=index, has_failed=st.booleans())
    def finish(self, which: int, has_failed: bool) -> None:
        self.act(self.workers[which % len(self.workers)], "finish", has_failed=has_failed)

    def act(self, worker: Worker, what: str, **more: Any) -> None:
        """Let a worker write; one that comes late writes nothing at all."""
        holds, before = worker.holds(), self.everything() if not worker.holds() else None
        try:
            getattr(worker, what)(self.now, **more)
            assert holds, "a late worker wrote"
        except LeaseLost:
            assert not holds, "the holder of the lease was refused"
            assert self.everything() == before

    @precondition(lambda self: self.workers)
    @rule(which=index)
    def renew(self, which: int) -> None:
        worker = self.workers[which % len(self.workers)]
        assert worker.holds() == worker.renew(self.now), "also after it ran out, if nobody took the run over"

    @precondition(lambda self: self.workers)
    @rule(which=index)
    def release(self, which: int) -> None:
        worker = self.workers[which % len(self.workers)]
        assert worker.holds() == worker.release()

    @rule()
    def reconcile(self) -> None:
        engine: Any = SimpleNamespace(
            db=self.db, clock=lambda: self.now, new_id=new_id, actor=ALICE, lease_seconds=30.0
        )
        Reconcile(engine)._look()

    # What must hold at every moment.

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with self.db.read() as s:
            return s.all(sql, tenant=self.tenant)

    def everything(self) -> list[Any]:
        found = [
            self.rows(f"SELECT * FROM {table} WHERE {mine} ORDER BY id")
            for table, mine in (
                ("operation_runs", "tenant_id = :tenant"),
                ("backup_sets", "tenant_id = :tenant"),
                ("backup_items", f"set_id IN ({SETS})"),
                ("restore_runs", "tenant_id = :tenant"),
                ("restore_items", f"restore_run_id IN ({RESTORES})"),
            )
        ]
        return [*found, self.rows("SELECT seq, hash FROM audit_head WHERE :tenant <> ''")]

    @invariant()
    def runs_are_legal(self) -> None:
        if not hasattr(self, "tenant"):
            return
        found = {
            row["id"]: row
            for row in self.rows(
                "SELECT id, type, status, outcome, run_identity_hash, context, completed_at, lease_owner, lease_epoch,"
                " attempt FROM operation_runs WHERE tenant_id = :tenant ORDER BY id"
            )
        }
        active = [row["run_identity_hash"] for row in found.values() if row["status"] != "completed"]
        assert len(active) == len(set(active)), "two active runs of an identity"
        running = [row for row in found.values() if row["status"] == "running" and row["type"] == "assignments.restore"]
        assert len(running) <= 1, "two restores run on a tenant"
        assert not self.before.keys() - found.keys(), "a run is gone"
        for key, row in found.items():
            old = self.before.get(key, row)
            assert ORDER.index(row["status"]) >= ORDER.index(old["status"]), (old, row)
            assert row["lease_epoch"] >= old["lease_epoch"], (old, row)
            assert row["lease_epoch"] >= row["attempt"], row
            assert (row["outcome"] == "pending") == (row["status"] != "completed"), row
            assert row["lease_owner"] is None or row["status"] == "running", row
            if old["status"] == "completed":
                assert row == old, "a completed run changed"
            elif row["status"] == "completed":
                counters = Counters.from_json(json.loads(row["context"])["counters"])
                assert counters.adds_up, row
        self.before = found
        self.executions_are_audited_once()

    def executions_are_audited_once(self) -> None:
        entries = self.rows(
            "SELECT resource_id, outcome FROM audit_logs WHERE action = 'assignments.restore.executed'"
            " AND resource_id IN (SELECT id FROM operation_runs WHERE tenant_id = :tenant)"
        )
        ended = {
            key: row["outcome"]
            for key, row in self.before.items()
            if row["type"] == "assignments.restore" and row["status"] == "completed"
        }
        assert len(entries) == len(ended)
        assert {row["resource_id"]: row["outcome"] for row in entries} == ended

    def items_are_accounted_for(self) -> None:
        """With nothing active, no item waits for anybody."""
        assert not self.rows(f"SELECT id FROM backup_items WHERE set_id IN ({SETS}) AND status = 'pending' LIMIT 1")
        left = self.rows(
            f"SELECT id FROM restore_items WHERE restore_run_id IN ({RESTORES} AND status = 'completed')"
            " AND state = 'will_change' LIMIT 1"
        )
        assert not left
        executing = "SELECT id FROM restore_runs WHERE tenant_id = :tenant AND status IN ('executing', 'previewing')"
        assert not self.rows(executing)
        assert not self.rows("SELECT id FROM backup_sets WHERE tenant_id = :tenant AND is_active = 1")

    def teardown(self) -> None:
        """Every history comes to its end: whatever was left is taken over and completed, and the chain is whole."""
        if not hasattr(self, "tenant"):
            return
        for _ in range(100):
            self.now += timedelta(seconds=31)
            worker = Worker.claim(self.db, self.tenant, self.now)
            if worker is None:
                break
            self.act(worker, "finish", has_failed=False)
        self.runs_are_legal()
        assert {row["status"] for row in self.before.values()} <= {"completed"}, "a run is left active"
        self.items_are_accounted_for()
        with self.db.read() as s:
            kept = self.kept if self.kept.seq else ChainHead()
            assert stored_audit.verify(s, after=kept).ok


def live(db: Database, count: int, *, is_random: bool) -> None:
    run_state_machine_as_test(
        lambda: Histories(db),
        settings=settings(
            max_examples=count,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=not is_random,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_hundred_histories_hold_no_illegal_state(store: Database) -> None:
    """Two hundred, half of them on each database."""
    live(store, 100, is_random=False)


@pytest.mark.stress
def test_five_thousand_histories_hold_no_illegal_state(store: Database) -> None:
    live(store, FULL, is_random=True)
