"""Writing assignments: which calls turn the live set into the planned one, their bodies, and what came of each."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from opsconsole.domain.assignment import Assignment, TargetKind, direct_assignments, is_direct, parse_assignment
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.restore import StepKind
from opsconsole.graph.client import BeforeSend, GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.entries import join_array, load, member, split_array, without_keys
from opsconsole.graph.errors import classify, parse_error
from opsconsole.graph.policy_types import POLICY_TYPES, PolicyType, Write
from opsconsole.graph.throttle import ThrottledClient

WRITE_TIMEOUT_S = 20.0
"""A write that takes longer is taken as lost and read back; a lease must outlive it."""

MAX_JUSTIFICATION = 1024
"""What Multi Admin Approval takes, in characters (graph.md 3.4)."""

_ANSWER_ONLY = frozenset({"id", "source", "sourceId", "lastModifiedDateTime"})
"""Fields of an assignment that Graph sends and does not take."""

_APPROVAL_OVER = ("rejected", "cancelled", "expired", "completed", "unknown", "match")
"""Words of a refusal after which a request for approval waits no longer: a new one must be filed."""

_IN_DOUBT = frozenset({408, 500, 502, 503, 504})
"""Answers after which a write may have happened all the same."""


@dataclass(frozen=True, slots=True)
class WriteStep:
    """One call of a write. ``after`` is what the direct assignments are once it took; ``assignment_id`` is for deletes."""

    kind: StepKind
    body: str
    assignment_id: str
    after: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What came of one call. ``is_in_doubt``: it may have happened; only reading back can tell."""

    accepted: bool
    awaiting_approval: bool = False
    approval_code: str = ""
    failure: Failure | None = None
    is_in_doubt: bool = False


def build_body(policy_type: str, entries: Sequence[str]) -> bytes:
    """Return the body that makes ``entries`` (the text of each assignment) the whole set of a policy.

    What only answers carry is left out, everything else stays byte for byte. Raises ValueError for an entry that belongs to
    a policy set, and for a type that is not written as a whole.
    """
    row = POLICY_TYPES[policy_type]
    if not row.is_written_whole:
        raise ValueError(f"{policy_type} is not written as a whole")
    cleaned = [_clean(row, entry) for entry in entries]
    return f"{{{json.dumps(row.body_key)}:{join_array(cleaned)}}}".encode()


def plan_steps(policy_type: str, live_text: str, planned_text: str) -> list[WriteStep]:
    """Return the calls that turn the direct entries of ``live_text`` into those of ``planned_text``, in order.

    Types without a whole-set write go in an order that never hits more than live or plan would: add exclusions, delete
    includes, add includes, delete exclusions (promise 10). Raises ValueError for what is no array of assignments.
    """
    row = POLICY_TYPES[policy_type]
    live = [text for text in split_array(live_text) if is_direct(load(text))]
    planned = [text for text in split_array(planned_text) if is_direct(load(text))]
    if row.is_written_whole:
        after = direct_assignments(load(text) for text in planned)
        return [WriteStep(StepKind.REPLACE, build_body(policy_type, planned).decode(), "", after)]
    if row.write is Write.NONE:
        raise ValueError(f"{policy_type} cannot be written")
    return _single_steps(live, planned)


def _single_steps(live: Sequence[str], planned: Sequence[str]) -> list[WriteStep]:
    live_entries = [(parse_assignment(load(text)), text) for text in live]
    planned_entries = {parse_assignment(load(text)): text for text in planned}
    present = {entry for entry, _ in live_entries}
    doomed = sorted(((entry, text) for entry, text in live_entries if entry not in planned_entries), key=lambda p: p[0])
    added = sorted((pair for pair in planned_entries.items() if pair[0] not in present), key=lambda p: p[0])
    # Canonically equal entries may stand there twice; the set loses them with the last one.
    left = [entry for entry, _ in live_entries]
    steps: list[WriteStep] = []

    def add(is_exclusion: bool) -> None:
        for entry, text in added:
            if _is_exclusion(entry) is is_exclusion:
                left.append(entry)
                body = f'{{"target":{_clean_target(member(text, "target") or "{}")}}}'
                steps.append(WriteStep(StepKind.ADD, body, "", tuple(sorted(set(left)))))

    def delete(is_exclusion: bool, groups: frozenset[str] | None = None) -> None:
        for pair in list(doomed):
            entry, text = pair
            if _is_exclusion(entry) is is_exclusion and (groups is None or entry.target.object_id in groups):
                doomed.remove(pair)
                left.remove(entry)
                assignment_id = str(load(text).get("id") or "")
                if not assignment_id:
                    raise ValueError("a live assignment without an id cannot be deleted")
                steps.append(WriteStep(StepKind.DELETE, "", assignment_id, tuple(sorted(set(left)))))

    # Graph takes a group once: one that changes sides leaves its old side first. That hits nobody more than live or plan
    # would: an include goes before anything is added, an exclusion only once what the plan does not include is gone.
    added_groups = {
        is_exclusion: frozenset(
            entry.target.group_id
            for entry, _ in added
            if entry.target.group_id and _is_exclusion(entry) is is_exclusion
        )
        for is_exclusion in (True, False)
    }
    delete(is_exclusion=False, groups=added_groups[True])
    add(is_exclusion=True)
    delete(is_exclusion=False)
    delete(is_exclusion=True, groups=added_groups[False])
    add(is_exclusion=False)
    delete(is_exclusion=True)
    return steps


def _is_exclusion(entry: Assignment) -> bool:
    return entry.target.kind is TargetKind.EXCLUSION


def _clean(row: PolicyType, text: str) -> str:
    entry = load(text)
    if not is_direct(entry):
        raise ValueError("an assignment that belongs to a policy set cannot be written")
    is_app_exclusion = row.key == "mobileApp" and _is_exclusion(parse_assignment(entry))

    def is_dropped(name: str) -> bool:
        if name in _ANSWER_ONLY or name.endswith("@odata.context"):
            return True
        # "Exclusion assignment does not support MobileAppAssignment Settings." (graph.md 2.2)
        return is_app_exclusion and name.partition("@")[0] == "settings"

    return without_keys(text, is_dropped)


def _clean_target(text: str) -> str:
    return without_keys(text, lambda name: name.endswith("@odata.context"))


async def write_step(
    client: ThrottledClient,
    policy_type: str,
    policy_id: str,
    step: WriteStep,
    *,
    justification: str = "",
    approval_code: str = "",
    code: FailureCode = FailureCode.RESTORE_FAILED,
    timeout_s: float = WRITE_TIMEOUT_S,
    before_send: BeforeSend | None = None,
) -> WriteResult:
    """Send one step, once: repeated only where Graph said 429, so that nothing happened.

    ``before_send`` runs right before it leaves, after all waiting; what it raises stops the write unsent. With
    ``approval_code`` the call is the resubmission of one that was approved, otherwise ``justification`` asks for approval
    where the tenant wants one (graph.md 3.4).
    """
    request = GraphRequest(
        "DELETE" if step.kind is StepKind.DELETE else "POST",
        _write_path(policy_type, policy_id, step),
        None if step.kind is StepKind.DELETE else step.body.encode(),
        headers=_approval_headers(justification, approval_code),
        is_write=True,
        timeout_s=timeout_s,
        before_send=before_send,
    )
    subject = Subject(policy_type, policy_id)
    try:
        answer = await client.send(request)
    except GraphFault as fault:
        return WriteResult(False, failure=classify(fault, code, subject), is_in_doubt=fault.is_maybe_applied)
    failure = None if answer.is_success else classify(answer, code, subject)
    return _judge(answer, step, failure, approval_code)


def _write_path(policy_type: str, policy_id: str, step: WriteStep) -> str:
    row = POLICY_TYPES[policy_type]
    if row.has_quoted_key:
        key = quote(policy_id.replace("'", "''"), safe="")
    else:
        key = quote(policy_id, safe="")
    path = row.assign_path.replace("{id}", key)
    return f"{path}/{quote(step.assignment_id, safe='')}" if step.kind is StepKind.DELETE else path


def _approval_headers(justification: str, approval_code: str) -> tuple[tuple[str, str], ...]:
    if approval_code:
        return (("x-msft-approval-code", approval_code),)
    if justification:
        text = justification[:MAX_JUSTIFICATION].encode()
        return (("x-msft-approval-justification", base64.b64encode(text).decode()),)
    return ()


def _judge(answer: GraphAnswer, step: WriteStep, failure: Failure | None, sent_code: str) -> WriteResult:
    if failure is None:
        return WriteResult(True)
    if failure.reason is Reason.APPROVAL_REQUIRED:
        new_code = answer.headers.get("x-msft-approval-code", "")
        is_early = bool(sent_code) and not any(word in failure.message.lower() for word in _APPROVAL_OVER)
        is_waiting = bool(new_code) or answer.status in (409, 412) or is_early
        return WriteResult(False, is_waiting, new_code or (sent_code if is_early else ""), failure)
    if step.kind is StepKind.DELETE and answer.status == 404:
        return WriteResult(True)
    is_there_already = (
        step.kind is StepKind.ADD
        and answer.status == 400
        and "already exists" in parse_error(answer.body).message.lower()
    )
    is_in_doubt = answer.status in _IN_DOUBT or 300 <= answer.status < 400 or is_there_already
    return WriteResult(False, failure=failure, is_in_doubt=is_in_doubt)
