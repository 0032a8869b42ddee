"""Writing one policy: read again, compare, commit the intent, write, read back, and say what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Failure, FailureCode, GraphTrace, Reason, Subject
from opsconsole.domain.plan import fingerprint
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreWrite, WriteState
from opsconsole.graph.assignments import PolicyRef, read_assignments
from opsconsole.graph.writing import WriteResult, WriteStep, plan_steps, write_step
from opsconsole.operations.context import InitiatorLost, RunContext
from opsconsole.operations.entries import canonical_set
from opsconsole.store import restores
from opsconsole.store.database import Session

READ_BACK_DELAYS_S = (0.0, 0.3, 1.0, 2.0)
"""A read-back may lag behind the write (no figure is documented): this often it is asked before a mismatch is believed."""

DOUBTFUL_TRIES = 2
"""A write whose answer was lost is sent once more if reading back shows that it did not take."""


@dataclass(slots=True)
class Settled:
    """What became of one policy: its state, its failure, and the writes whose outcome is now known."""

    state: ItemState
    failure: Failure | None = None
    writes: list[tuple[RestoreWrite, WriteState]] = field(default_factory=list)
    settled_at: str = ""
    approval_code: str = ""
    is_unchanged: bool = False
    is_initiator_lost: bool = False


def keep_writes(
    session: Session, writes: Sequence[tuple[RestoreWrite, WriteState]], now: str, approval_code: str = ""
) -> None:
    """Keep what is known of writes; the code belongs to the one that waits for approval."""
    for write, state in writes:
        restores.settle_write(
            session,
            write.run_id,
            write.restore_item_id,
            write.step,
            state,
            now,
            approval_code=approval_code if state is WriteState.AWAITING_APPROVAL else "",
        )


async def write_policy(ctx: RunContext, item: RestoreItem) -> Settled:
    """Bring one policy to its plan, or say why not; never raises for what Graph or the tenant did."""
    settled = await _PolicyWriter(ctx, item).run()
    settled.settled_at = to_text(ctx.clock())
    return settled


def _waiting(earlier: Sequence[RestoreWrite]) -> RestoreWrite | None:
    """Return the write that waits for approval; a resubmission of which nothing is known does not end its request."""
    for write in reversed(earlier):
        if write.state is WriteState.AWAITING_APPROVAL:
            return write
        if write.state is not WriteState.INTENT:
            return None
    return None


class _PolicyWriter:
    def __init__(self, ctx: RunContext, item: RestoreItem) -> None:
        self.ctx = ctx
        self.item = item
        self.ref = PolicyRef(item.policy_type, item.policy_id)
        self.subject = Subject(item.policy_type, item.policy_id, item.policy_name)
        self.writes: list[tuple[RestoreWrite, WriteState]] = []
        self.planned = item.planned or "[]"
        self.goal = fingerprint(canonical_set(self.planned))
        self.waiting: RestoreWrite | None = None

    async def run(self) -> Settled:
        earlier = await self.ctx.read(lambda session: restores.writes_of_item(session, self.item.id))
        self.waiting = _waiting(earlier)
        open_writes = [write for write in earlier if write.state is WriteState.INTENT]
        if open_writes:
            await self._wait_out_lost_writes(open_writes)
        live = await self._read()
        if isinstance(live, Failure):
            return self._failed(live, FailureCode.VERIFY_FAILED if open_writes else FailureCode.RESTORE_BLOCKED)
        now = fingerprint(canonical_set(live))
        if conflict := self._settle_open_writes(open_writes, now):
            return conflict
        if now == self.goal:
            ours = any(write.after_fingerprint == self.goal for write in earlier)
            return self._done(ItemState.APPLIED, is_unchanged=not ours)
        if now not in self._acceptable(earlier):
            failure = self._failure(
                Reason.CHANGED_SINCE_PREVIEW, "The live assignments are not what the preview saw.", None
            )
            return self._failed(failure, FailureCode.RESTORE_BLOCKED)
        return await self._write(
            live, first_step=1 + max((write.step for write in earlier if self._is_own(write)), default=0)
        )

    async def _write(self, live: str, first_step: int) -> Settled:
        try:
            steps = plan_steps(self.item.policy_type, live, self.planned)
        except ValueError:
            failure = self._failure(
                Reason.MALFORMED_RESPONSE, "A live assignment has no id by which to delete it.", None
            )
            return self._failed(failure, FailureCode.RESTORE_BLOCKED)
        for number, step in enumerate(steps, start=first_step):
            try:
                outcome = await self._write_step(live, number, step)
            except InitiatorLost:
                # Told, not raised: the steps before this one must be kept, and other policies in hand be finished.
                message = "The initiator lost the right to restore before this was written."
                settled = self._failed(
                    self._failure(Reason.PERMISSION_DENIED, message, None), FailureCode.RESTORE_BLOCKED
                )
                settled.is_initiator_lost = True
                return settled
            if isinstance(outcome, Settled):
                return outcome
            live = outcome
        if fingerprint(canonical_set(live)) != self.goal:
            return self._failed(self._mismatch(), FailureCode.VERIFY_FAILED)
        return self._done(ItemState.APPLIED)

    async def _write_step(self, live: str, number: int, step: WriteStep) -> Settled | str:
        """Carry out one step; return the live assignments read back, or how the policy ended."""
        ctx = self.ctx
        before, after = fingerprint(canonical_set(live)), fingerprint(step.after)
        write = RestoreWrite(
            ctx.run.id,
            self.item.id,
            number,
            step.kind,
            live,
            step.body,
            WriteState.INTENT,
            ctx.run.lease_epoch,
            to_text(ctx.clock()),
            assignment_id=step.assignment_id,
            after_fingerprint=after,
        )
        await ctx.commit(lambda session: self._record(session, write))
        approval_code = self._approval_of(step, before)
        for attempt in range(1, DOUBTFUL_TRIES + 1):
            await ctx.hold_for_write()
            result = await write_step(
                ctx.client,
                self.item.policy_type,
                self.item.policy_id,
                step,
                justification=str(ctx.run.inputs.get("justification") or ""),
                approval_code=approval_code,
                timeout_s=ctx.write_timeout_s,
                before_send=ctx.hold_for_write,
            )
            if result.awaiting_approval:
                self.writes.append((write, WriteState.AWAITING_APPROVAL))
                settled = self._failed(result.failure, FailureCode.RESTORE_FAILED, ItemState.AWAITING_APPROVAL)
                settled.approval_code = result.approval_code or approval_code
                return settled
            if not result.accepted and not result.is_in_doubt:
                self.writes.append((write, WriteState.NOT_APPLIED))
                return self._failed(result.failure, FailureCode.RESTORE_FAILED)
            back, state = await self._read_back(before, after)
            if state is WriteState.APPLIED and isinstance(back, str):
                self.writes.append((write, WriteState.APPLIED))
                return back
            if result.is_in_doubt and state is WriteState.NOT_APPLIED and attempt < DOUBTFUL_TRIES:
                continue
            self.writes.append((write, state))
            return self._failed(self._unproven(result, back, state), FailureCode.VERIFY_FAILED)
        raise AssertionError("the last attempt always returns")

    def _record(self, session: Session, write: RestoreWrite) -> None:
        """Keep the intent, and what is known of the steps before it; the initiator must still be allowed to (promise 14)."""
        if not self.ctx.is_allowed(session):
            raise InitiatorLost
        keep_writes(session, self.writes, to_text(self.ctx.clock()))
        restores.record_intent(session, write, self.ctx.run.workspace_id)

    async def _read_back(self, before: str, after: str) -> tuple[str | Failure, WriteState]:
        """Return what is there after a write, read a few times until it is what was planned."""
        back: str | Failure = ""
        state = WriteState.UNKNOWN
        for delay_s in READ_BACK_DELAYS_S:
            if delay_s:
                await self.ctx.sleep(delay_s)
            back = await self._read()
            if isinstance(back, Failure):
                state = WriteState.UNKNOWN
                continue
            now = fingerprint(canonical_set(back))
            if now == after:
                return back, WriteState.APPLIED
            state = WriteState.NOT_APPLIED if now == before else WriteState.UNKNOWN
        return back, state

    async def _read(self) -> str | Failure:
        (answer,) = await read_assignments(self.ctx.client, [self.ref], code=FailureCode.RESTORE_FAILED)
        if answer.failure is not None:
            return answer.failure
        if answer.assignments is None:
            return self._failure(Reason.MALFORMED_RESPONSE, "Graph's answer held no assignments.", None)
        try:
            canonical_set(answer.assignments)
        except ValueError:
            return self._failure(Reason.MALFORMED_RESPONSE, "Graph's answer held an assignment without a target.", None)
        return answer.assignments

    async def _wait_out_lost_writes(self, open_writes: Sequence[RestoreWrite]) -> None:
        """Wait until no write of a lost worker can be under way any more."""
        run = self.ctx.run
        if any(write.run_id != run.id or write.lease_epoch < run.lease_epoch for write in open_writes):
            # The run was claimed after the lease of whoever sent them, and no write is sent that its lease does not
            # outlive; what is left is the time in which Graph may still be at work on one whose sender gave up.
            await self.ctx.wait_since_claim(self.ctx.write_timeout_s)

    def _settle_open_writes(self, open_writes: Sequence[RestoreWrite], now: str) -> Settled | None:
        """Judge the intents without an outcome by what is there: applied, not applied, or neither, which is a conflict."""
        # A further step is begun only after the one before was read back, so only the last one is in doubt.
        self.writes.extend((write, WriteState.APPLIED) for write in open_writes[:-1])
        for write in open_writes[-1:]:
            before = fingerprint(canonical_set(write.before_image))
            if now == write.after_fingerprint:
                self.writes.append((write, WriteState.APPLIED))
            elif now == before:
                self.writes.append((write, WriteState.NOT_APPLIED))
            else:
                self.writes.append((write, WriteState.UNKNOWN))
                message = "A write was under way when the engine was lost, and the policy is now neither as before nor as planned."
                return self._failed(self._failure(Reason.CONFLICT, message, None), FailureCode.RESTORE_FAILED)
        return None

    def _acceptable(self, earlier: Sequence[RestoreWrite]) -> set[str]:
        """Return the live states this plan may be written over: what the preview saw, and what this restore itself left."""
        # One that could not be proven may have taken all the same: what it meant to leave is this restore's own.
        ours = (WriteState.APPLIED, WriteState.UNKNOWN)
        applied = {write.after_fingerprint for write in earlier if write.state in ours}
        applied |= {write.after_fingerprint for write, state in self.writes if state is WriteState.APPLIED}
        return applied | {fingerprint(canonical_set(self.item.live or "[]"))}

    def _approval_of(self, step: WriteStep, before: str) -> str:
        """Return the code of the waiting request that this step resubmits: the same body, over the same live state."""
        waiting = self.waiting
        if waiting is None or (waiting.kind, waiting.body, waiting.assignment_id) != (
            step.kind,
            step.body,
            step.assignment_id,
        ):
            return ""
        return waiting.approval_code if fingerprint(canonical_set(waiting.before_image)) == before else ""

    def _is_own(self, write: RestoreWrite) -> bool:
        return write.run_id == self.ctx.run.id

    def _unproven(self, result: WriteResult, back: str | Failure, state: WriteState) -> Failure:
        if result.failure is not None and state is WriteState.NOT_APPLIED:
            return result.failure
        if isinstance(back, Failure):
            message = f"The write could not be proven by reading back: {back.message}"
            return self._failure(back.reason, message, back.trace)
        return self._mismatch()

    def _mismatch(self) -> Failure:
        return self._failure(Reason.VERIFICATION_MISMATCH, "Reading back did not show what was planned.", None)

    def _failure(self, reason: Reason, message: str, trace: GraphTrace | None) -> Failure:
        return Failure(FailureCode.RESTORE_FAILED, reason, message, self.subject, trace or GraphTrace())

    def _failed(self, failure: Failure | None, code: FailureCode, state: ItemState = ItemState.FAILED) -> Settled:
        cause = failure or self._failure(Reason.INTERNAL_ERROR, "The write failed without a reason.", None)
        told = Failure(code, cause.reason, cause.message, self.subject, cause.trace)
        return Settled(state, told, self.writes)

    def _done(self, state: ItemState, *, is_unchanged: bool = False) -> Settled:
        return Settled(state, None, self.writes, is_unchanged=is_unchanged)
