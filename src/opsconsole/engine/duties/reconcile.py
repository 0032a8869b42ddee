"""Reconciling: what lost workers left behind is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Failure, FailureCode, Reason
from opsconsole.domain.run import MAX_ATTEMPTS, Outcome, RunType, empty_context, settle_outcome
from opsconsole.domain.run_identity import identity_hash
from opsconsole.operations.completion import complete_run
from opsconsole.store import engines, runs
from opsconsole.store.database import Session

if TYPE_CHECKING:
    from opsconsole.engine.engine import Engine


class Reconcile:
    """Ends runs that lost their worker too often, and removes engines that are gone; a run of its own when it found something."""

    name = "reconcile"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.interval_s = max(0.5, engine.lease_seconds / 2)

    async def step(self) -> None:
        """Look once."""
        await self._engine.in_thread(self._look)

    def _look(self) -> None:
        engine = self._engine
        now = to_text(engine.clock())
        with engine.db.read() as session:
            spent = [run for run in runs.expired_runs(session, now) if run.attempt >= MAX_ATTEMPTS]
            live = len(engines.live_engines(session, now))
            has_stale = engines.count_engines(session) > live
        if has_stale:
            with engine.db.write() as session:
                engines.drop_expired(session, now)
        for run in spent:
            with engine.db.write() as session:
                self._end(session, run.id, now)

    def _end(self, session: Session, run_id: str, now: str) -> None:
        engine = self._engine
        run = runs.get_run(session, run_id, with_failures=False, lock=True)
        is_spent = run is not None and run.is_active and run.lease_owner is not None and run.attempt >= MAX_ATTEMPTS
        if run is None or not is_spent or (run.lease_expires_at or "") >= now:
            return
        message = f"The engine that ran this was lost {run.attempt} times."
        failure = Failure(FailureCode.INTERRUPTED, Reason.WORKER_LOST, message)
        count = runs.count_failures(session, run.id) + 1
        outcome = settle_outcome(run.counters, failure_count=count)
        complete_run(session, run, outcome, now=now, new_id=engine.new_id, failures=[failure])
        made = runs.NewRun(
            id=engine.new_id(),
            workspace_id=run.workspace_id,
            tenant_id=run.tenant_id,
            type=RunType.RECONCILE,
            run_identity_hash=identity_hash(run.workspace_id, run.tenant_id, RunType.RECONCILE, {"run": run.id}),
            context={
                **empty_context({"run": run.id, "type": run.type.value}, 1),
                "counters": {"total": 1, "processed": 1, "failed": 0, "skipped": 0, "unchanged": 0, "awaiting": 0},
                "progress": {"done": 1, "total": 1},
            },
            initiator=engine.actor.key,
            initiator_name="engine",
            created_at=now,
        )
        if runs.insert_run(session, made):
            runs.set_completed(session, made.id, Outcome.SUCCEEDED, made.context, now)
