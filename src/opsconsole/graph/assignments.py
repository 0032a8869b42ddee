"""The assignments of given policies, read in batches, each array as Graph sent it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.run_event import EventKind
from opsconsole.graph.client import GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.entries import Entry, join_array
from opsconsole.graph.errors import classify
from opsconsole.graph.jsontext import NoJson
from opsconsole.graph.listing import ListedPolicy, ListResult, OnPage, list_policies
from opsconsole.graph.pages import RefusedAnswer, follow
from opsconsole.graph.policy_types import POLICY_TYPES, Read
from opsconsole.graph.throttle import Outcome, ThrottledClient
from opsconsole.graph.writing import WriteResult, WriteStep, build_body, plan_steps, write_step

__all__ = [
    "ListResult",
    "ListedPolicy",
    "OnPage",
    "PolicyRef",
    "ReadResult",
    "WriteResult",
    "WriteStep",
    "build_body",
    "list_policies",
    "plan_steps",
    "read_assignments",
    "read_policies",
    "write_step",
]


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """Which policy."""

    policy_type: str
    policy_id: str


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What was read of one policy: its assignments as text, or why not. ``exists`` False: Graph knows no such policy.

    ``skip_reason`` says why it cannot be assigned although its type can, as far as what was read tells.
    """

    ref: PolicyRef
    assignments: str | None
    failure: Failure | None = None
    exists: bool = True
    name: str = ""
    skip_reason: str = ""


def policy_path(ref: PolicyRef) -> str:
    """Return the path of one policy; its id is no part of the path's grammar, whatever it holds."""
    return f"{POLICY_TYPES[ref.policy_type].path}/{quote(ref.policy_id, safe='')}"


async def read_assignments(
    client: ThrottledClient, refs: Sequence[PolicyRef], *, code: FailureCode = FailureCode.FETCH_FAILED
) -> list[ReadResult]:
    """Return the assignments of each policy, in order: twenty a call, further pages followed.

    One page is kept as it stands; of several the entries are, in one array.
    """
    expanded = [ref for ref in refs if POLICY_TYPES[ref.policy_type].read is Read.BY_ITEM_EXPANDED]
    if not expanded:
        return await _read_lists(client, refs, code)
    plain = [ref for ref in refs if POLICY_TYPES[ref.policy_type].read is not Read.BY_ITEM_EXPANDED]
    found = [*await read_policies(client, expanded, code=code), *await _read_lists(client, plain, code)]
    by_ref = {result.ref: result for result in found}
    return [by_ref[ref] for ref in refs]


async def _read_lists(client: ThrottledClient, refs: Sequence[PolicyRef], code: FailureCode) -> list[ReadResult]:
    outcomes = await client.batch([GraphRequest("GET", f"{policy_path(ref)}/assignments") for ref in refs])
    results = [await _read_pages(client, ref, outcome, code) for ref, outcome in zip(refs, outcomes, strict=True)]
    return await _read_otherwise(client, results, code)


async def read_policies(
    client: ThrottledClient, refs: Sequence[PolicyRef], *, code: FailureCode = FailureCode.PREVIEW_FAILED
) -> list[ReadResult]:
    """Return assignments, name and skip reason of each policy, in order, from the policies themselves."""
    outcomes = await client.batch([GraphRequest("GET", f"{policy_path(ref)}?$expand=assignments") for ref in refs])
    results = [_read_policy(ref, outcome, code) for ref, outcome in zip(refs, outcomes, strict=True)]
    # Where the array did not come whole with the policy, it has a list of its own.
    open_ones = [index for index, result in enumerate(results) if result.assignments is None and result.exists]
    open_ones = [index for index in open_ones if _is_about_form(results[index].failure)]
    if open_ones:
        again = await client.batch(
            [GraphRequest("GET", f"{policy_path(refs[index])}/assignments") for index in open_ones]
        )
        for index, outcome in zip(open_ones, again, strict=True):
            read = await _read_pages(client, refs[index], outcome, code)
            whole = results[index]
            results[index] = replace(read, name=whole.name, skip_reason=whole.skip_reason)
    return results


def _is_about_form(failure: Failure | None) -> bool:
    if failure is None or failure.trace.http_status == 400 or failure.reason is Reason.TIMEOUT:
        return True
    return failure.reason is Reason.MALFORMED_RESPONSE and failure.trace.http_status == 200


async def _read_otherwise(client: ThrottledClient, results: list[ReadResult], code: FailureCode) -> list[ReadResult]:
    """Read through the policy itself where Graph has no path for its assignments (Intune-PowerShell-SDK #65)."""
    open_ones = [
        index
        for index, result in enumerate(results)
        if result.failure is not None and result.failure.reason is Reason.UNSUPPORTED_POLICY_TYPE
    ]
    if open_ones:
        refs = [results[index].ref for index in open_ones]
        text = "Graph has no list of assignments here: they are read with the policy itself."
        client.note(EventKind.FALLBACK, text, times=len(open_ones))
        outcomes = await client.batch([GraphRequest("GET", f"{policy_path(ref)}?$expand=assignments") for ref in refs])
        for index, ref, outcome in zip(open_ones, refs, outcomes, strict=True):
            results[index] = _read_policy(ref, outcome, code)
    return results


async def _read_pages(client: ThrottledClient, ref: PolicyRef, first: Outcome, code: FailureCode) -> ReadResult:
    subject = Subject(ref.policy_type, ref.policy_id)
    try:
        if isinstance(first, GraphFault):
            raise first
        request = GraphRequest("GET", f"{policy_path(ref)}/assignments")
        pages = [page async for page in follow(client, request, first=first)]
    except RefusedAnswer as refused:
        return _refused(ref, refused.answer, code)
    except GraphFault as fault:
        return ReadResult(ref, None, classify(fault, code, subject))
    if len(pages) == 1:
        return ReadResult(ref, pages[0].text)
    return ReadResult(ref, join_array([entry.decode() for page in pages for entry in page.entries]))


def _read_policy(ref: PolicyRef, outcome: Outcome, code: FailureCode) -> ReadResult:
    if isinstance(outcome, GraphFault):
        return ReadResult(ref, None, classify(outcome, code, Subject(ref.policy_type, ref.policy_id)))
    if not outcome.is_success:
        return _refused(ref, outcome, code)
    try:
        entry = Entry(outcome.body, POLICY_TYPES[ref.policy_type])
    except NoJson:
        return ReadResult(ref, None, _malformed(ref, outcome, code))
    if entry.assignments is None:
        failure = _malformed(ref, outcome, code)
        return ReadResult(ref, None, failure, name=entry.name, skip_reason=entry.skip_reason)
    return ReadResult(ref, entry.assignments, name=entry.name, skip_reason=entry.skip_reason)


def _malformed(ref: PolicyRef, answer: GraphAnswer, code: FailureCode) -> Failure:
    return classify(GraphAnswer(answer.status, answer.headers, b""), code, Subject(ref.policy_type, ref.policy_id))


def _refused(ref: PolicyRef, answer: GraphAnswer, code: FailureCode) -> ReadResult:
    failure = classify(answer, code, Subject(ref.policy_type, ref.policy_id))
    return ReadResult(ref, None, failure, exists=failure.reason is not Reason.POLICY_NOT_FOUND)
