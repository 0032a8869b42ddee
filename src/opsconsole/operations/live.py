"""The live side of a comparison: the tenant's policies and assignments as they are now, in as few calls as it takes."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from opsconsole.domain.backup import TypeStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.graph.assignments import PolicyRef, read_assignments, read_policies
from opsconsole.graph.listing import ListedPolicy, list_policies
from opsconsole.graph.policy_types import PolicyType
from opsconsole.operations.context import RunContext
from opsconsole.operations.planning import Live, Source

LIST_FROM_ITEMS = 60
"""From this many policies of a type on, listing it (100 a page, with assignments) costs fewer calls than batches of 20."""


@dataclass(frozen=True, slots=True)
class LivePolicy:
    """One policy of the tenant, without its payload: three quarters of what a list holds are never compared."""

    policy_id: str
    policy_name: str
    assignments: str | None
    skip_reason: str


@dataclass(slots=True)
class LiveSides:
    """What was found for each source, and the live policy each one was matched with."""

    states: dict[tuple[str, str], Live] = field(default_factory=dict)
    matches: dict[tuple[str, str], LivePolicy] = field(default_factory=dict)

    def of(self, source: Source) -> Live:
        """Return the live side of a source."""
        return self.states[source.policy_type.key, source.policy_id]

    def placed(self, source: Source) -> Source:
        """Return the source with the id of the live policy it is for, where that is another one (other tenant)."""
        match = self.matches.get((source.policy_type.key, source.policy_id))
        return (
            source if match is None else replace(source, policy_id=match.policy_id, source_policy_id=source.policy_id)
        )


@dataclass(slots=True)
class ListedType:
    """One policy type of the tenant, listed whole (or as far as it came)."""

    policies: dict[str, LivePolicy]
    status: TypeStatus
    failure: Failure | None
    unread: dict[str, Failure]


async def list_type(ctx: RunContext, policy_type: PolicyType) -> ListedType:
    """List one policy type, and read the assignments that did not come with the list."""
    found: dict[str, LivePolicy] = {}

    async def keep(page: list[ListedPolicy]) -> None:
        await ctx.checkpoint()
        for policy in page:
            if policy.policy_id not in found:
                found[policy.policy_id] = LivePolicy(
                    policy.policy_id, policy.policy_name, policy.assignments, policy.skip_reason
                )
        await ctx.flush()

    result = await list_policies(ctx.client, policy_type.key, on_page=keep, code=FailureCode.PREVIEW_FAILED)
    unknown = [policy for policy in found.values() if policy.assignments is None]
    refs = [PolicyRef(policy_type.key, policy.policy_id) for policy in unknown]
    unread: dict[str, Failure] = {}
    if refs:
        answers = await read_assignments(ctx.client, refs, code=FailureCode.PREVIEW_FAILED)
        for policy, answer in zip(unknown, answers, strict=True):
            if answer.assignments is not None:
                found[policy.policy_id] = replace(policy, assignments=answer.assignments)
            elif answer.failure is not None:
                unread[policy.policy_id] = answer.failure
    return ListedType(found, result.status, result.failure, unread)


async def read_live(ctx: RunContext, sources: Sequence[Source], *, match_by_name: bool) -> LiveSides:
    """Read the live side of every source: by id within a tenant, by type and name across tenants."""
    by_type: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        by_type[source.policy_type.key].append(source)
    live = LiveSides()
    async with asyncio.TaskGroup() as group:
        for several in by_type.values():
            group.create_task(_read_type(ctx, live, several, match_by_name=match_by_name))
    return live


async def _read_type(ctx: RunContext, live: LiveSides, sources: list[Source], *, match_by_name: bool) -> None:
    policy_type = sources[0].policy_type
    if not match_by_name and (len(sources) < LIST_FROM_ITEMS or not policy_type.expands):
        await _read_by_id(ctx, live, sources)
        return
    listed = await list_type(ctx, policy_type)
    by_name: dict[str, list[LivePolicy]] = defaultdict(list)
    for policy in listed.policies.values():
        by_name[policy.policy_name].append(policy)
    rest = []
    namesakes = Counter(source.policy_name for source in sources)
    for source in sources:
        hits = by_name[source.policy_name] if match_by_name else _one(listed.policies.get(source.policy_id))
        key = (policy_type.key, source.policy_id)
        if match_by_name and hits and namesakes[source.policy_name] > 1:
            message = f"{namesakes[source.policy_name]} policies of the backup have this type and name."
            live.states[key] = Live(None, _failure(source, Reason.POLICY_AMBIGUOUS, message))
        elif len(hits) == 1 and hits[0].assignments is not None:
            if match_by_name:
                live.matches[key] = hits[0]
            live.states[key] = Live(hits[0].assignments, skip_reason=hits[0].skip_reason)
        elif len(hits) > 1:
            message = f"{len(hits)} policies in the tenant have this type and name."
            live.states[key] = Live(None, _failure(source, Reason.POLICY_AMBIGUOUS, message))
        elif listed.failure is not None:
            live.states[key] = Live(None, _about(source, listed.failure))
        elif match_by_name or not hits:
            rest.append(source)
        else:
            live.states[key] = Live(None, _failure(source, Reason.MALFORMED_RESPONSE, "Its assignments did not come."))
    if rest and match_by_name:
        for source in rest:
            message = "No policy in the tenant has this type and name."
            live.states[policy_type.key, source.policy_id] = Live(
                None, _failure(source, Reason.POLICY_NOT_FOUND, message)
            )
    elif rest:
        # Lists lag behind; a policy is called gone only after it was asked for by its id.
        await _read_by_id(ctx, live, rest)


async def _read_by_id(ctx: RunContext, live: LiveSides, sources: list[Source]) -> None:
    await ctx.checkpoint()
    refs = [PolicyRef(source.policy_type.key, source.policy_id) for source in sources]
    read = read_policies if sources[0].policy_type.is_judged else read_assignments
    answers = await read(ctx.client, refs, code=FailureCode.PREVIEW_FAILED)
    for source, answer in zip(sources, answers, strict=True):
        failure = _about(source, answer.failure) if answer.failure else None
        skip_reason = answer.skip_reason or source.policy_type.why_unassignable(source.policy_id)
        live.states[source.policy_type.key, source.policy_id] = Live(answer.assignments, failure, skip_reason)


def _one(policy: LivePolicy | None) -> list[LivePolicy]:
    return [] if policy is None else [policy]


def _failure(source: Source, reason: Reason, message: str) -> Failure:
    subject = Subject(source.policy_type.key, source.policy_id, source.policy_name)
    return Failure(FailureCode.PREVIEW_FAILED, reason, message, subject)


def _about(source: Source, failure: Failure) -> Failure:
    subject = Subject(source.policy_type.key, source.policy_id, source.policy_name)
    return Failure(FailureCode.PREVIEW_FAILED, failure.reason, failure.message, subject, failure.trace)
