"""A worker without Graph: claims by the engine's own rules, and takes one fenced step of its run at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from builders import listed_items, plan_items
from opsconsole.domain.backup import ItemStatus, TypeStatus
from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Failure, FailureCode, Reason
from opsconsole.domain.ids import new_id
from opsconsole.domain.plan import fingerprint
from opsconsole.domain.restore import ItemState, RestoreStatus, RestoreWrite, StepKind, WriteState
from opsconsole.domain.run import MAX_ATTEMPTS, Counters, OperationRun, RunType, settle_outcome
from opsconsole.operations.completion import complete_run, failure_code
from opsconsole.store import backups, restores, runs
from opsconsole.store.database import Database, Session

LEASE_S = 30
DEVICE = "deviceConfiguration"
POLICIES = 3
"""What every list pass finds, and every plan changes."""


def expires(now: datetime) -> str:
    return to_text(now + timedelta(seconds=LEASE_S))


@dataclass
class Worker:
    """One claim of one run. It does not know whether it still holds it: the store does."""

    db: Database
    engine_id: str
    run: OperationRun
    is_spent: bool = False

    @classmethod
    def claim(cls, db: Database, tenant_id: str, now: datetime) -> Worker | None:
        """Take the next run that may be taken."""
        engine_id = new_id()
        with db.write() as s:
            run = runs.claim_next(
                s,
                engine_id=engine_id,
                tenant_ids=[tenant_id],
                only_runs=None,
                now=to_text(now),
                expires=expires(now),
            )
        return cls(db, engine_id, run, run.attempt > MAX_ATTEMPTS) if run else None

    def holds(self) -> bool:
        """Whether the store says that the run is this worker's: what every step must find out by itself."""
        with self.db.read() as s:
            run = runs.get_run(s, self.run.id)
        return run is not None and (run.status.value, run.lease_owner, run.lease_epoch) == (
            "running",
            self.engine_id,
            self.run.lease_epoch,
        )

    def renew(self, now: datetime) -> bool:
        with self.db.write() as s:
            return runs.renew_lease(s, self.run.id, self.engine_id, self.run.lease_epoch, expires(now))

    def release(self) -> bool:
        with self.db.write() as s:
            return runs.release_lease(s, self.run.id, self.engine_id, self.run.lease_epoch)

    def finish(self, now: datetime, *, has_failed: bool) -> None:
        """Do the rest of the run, unless it was cancelled, and complete it. Raises LeaseLost."""
        while self.step(now, has_failed=has_failed):
            pass
        self.end(now)

    def step(self, now: datetime, *, has_failed: bool) -> bool:
        """Do a little of the run, and tell whether there is more. Raises LeaseLost."""
        with self.db.write() as s:
            self._lock(s)
            if self.is_spent:
                return False
            before = self._progress(s)
            if not (runs.is_cancel_requested(s, self.run.id) and not restores.unsettled_writes(s, self.run.id)):
                deltas = self._work(s, to_text(now), has_failed)
                counters = Counters.from_json(self.run.context.get("counters") or {}).plus(**deltas)
                context = {**self.run.context, "counters": counters.to_json()}
                runs.save_context(s, self.run.id, context, to_text(now))
                self.run = replace(self.run, context=context)
            return self._progress(s) != before

    def _progress(self, s: Session) -> object:
        writes = [(write.restore_item_id, write.state) for write in restores.unsettled_writes(s, self.run.id)]
        return writes, self.run.context.get("counters")

    def end(self, now: datetime) -> None:
        """Complete the run as it stands. Raises LeaseLost."""
        with self.db.write() as s:
            self._lock(s)
            failures = []
            if self.is_spent:
                failures.append(Failure(failure_code(self.run.type), Reason.WORKER_LOST, "Lost too often."))
            elif self.run.type is RunType.PREVIEW:
                self._plan(s)
            is_cancelled = not self.is_spent and runs.is_cancel_requested(s, self.run.id)
            counters = Counters.from_json(self.run.context.get("counters") or {})
            count = runs.count_failures(s, self.run.id) + len(failures)
            outcome = settle_outcome(counters, failure_count=count, is_cancelled=is_cancelled)
            context, text = self.run.context, to_text(now)
            complete_run(s, self.run, outcome, now=text, new_id=new_id, context=context, failures=failures)

    def _lock(self, s: Session) -> None:
        runs.lock_run(s, self.run.id, self.engine_id, self.run.lease_epoch)

    def _work(self, s: Session, now: str, has_failed: bool) -> dict[str, int]:
        match self.run.type:
            case RunType.CAPTURE:
                return self._list(s)
            case RunType.FETCH:
                return self._fetch(s, has_failed)
            case RunType.RESTORE:
                return self._write(s, now, has_failed)
        return {}

    def _list(self, s: Session) -> dict[str, int]:
        found = backups.get_set(s, str(self.run.inputs["set"]))
        assert found is not None
        new = backups.add_listed_items(s, found, listed_items(POLICIES, DEVICE, assignments=None))
        backups.set_type_status(s, found.id, DEVICE, TypeStatus.LISTED)
        return {"processed": new, "total": new}

    def _fetch(self, s: Session, has_failed: bool) -> dict[str, int]:
        set_id, chosen = str(self.run.inputs["set"]), self.run.inputs.get("items")
        left = [item for item in backups.all_items(s, set_id) if item.status is ItemStatus.PENDING]
        left = [item for item in left if not chosen or item.id in chosen]
        if not left:
            return {}
        failure = self._failed(s) if has_failed else None
        status = ItemStatus.FAILED if has_failed else ItemStatus.FETCHED
        settled = backups.Settled(left[0].id, status, None if has_failed else "[]", failure)
        backups.settle_items(s, set_id, self.run.id, [settled])
        return {"failed": 1} if has_failed else {"processed": 1}

    def _write(self, s: Session, now: str, has_failed: bool) -> dict[str, int]:
        """An intent, then its outcome; what was found without one is settled before anything else."""
        for write in restores.unsettled_writes(s, self.run.id):
            state = WriteState.NOT_APPLIED if has_failed else WriteState.APPLIED
            restores.settle_write(s, self.run.id, write.restore_item_id, write.step, state, now)
            failure = self._failed(s) if has_failed else None
            end = ItemState.FAILED if has_failed else ItemState.APPLIED
            restores.set_item_state(s, write.restore_item_id, end, failure)
            return {"failed": 1} if has_failed else {"processed": 1}
        left = restores.ids_to_write(s, str(self.run.inputs["restore"]), self.run.inputs.get("items"))
        if left:
            epoch, after = self.run.lease_epoch, fingerprint(())
            kind, state = StepKind.REPLACE, WriteState.INTENT
            write = RestoreWrite(self.run.id, left[0], 0, kind, "[]", "{}", state, epoch, now, after_fingerprint=after)
            restores.record_intent(s, write, self.run.workspace_id)
        return {}

    def _plan(self, s: Session) -> None:
        restore = restores.get_restore(s, str(self.run.inputs["restore"]))
        if restore is not None and restore.status is RestoreStatus.PREVIEWING:
            items = plan_items(restore.id, POLICIES)
            digest = restore.id.replace("-", "").ljust(64, "a")
            restores.store_plan(s, restore.id, digest, {"will_change": POLICIES}, {}, items)

    def _failed(self, s: Session) -> Failure:
        code = FailureCode.FETCH_FAILED if self.run.type is RunType.FETCH else FailureCode.RESTORE_FAILED
        failure = Failure(code, Reason.TIMEOUT, "No answer.")
        runs.add_failures(s, self.run.id, [failure])
        return failure
