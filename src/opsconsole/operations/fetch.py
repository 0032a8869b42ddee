"""Fetch: settle the assignments of a set's items, each one fetched, failed or skipped, and save the names behind their ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from opsconsole.domain.assignment import PSEUDO_GROUPS, ZERO_GUID
from opsconsole.domain.backup import BackupItem, DirectoryName, ItemStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.graph.assignments import PolicyRef, ReadResult, read_assignments
from opsconsole.graph.directory import GraphProblem, list_filters, resolve_groups
from opsconsole.operations.context import RunContext
from opsconsole.store import backups
from opsconsole.store.database import Session

CHUNK_ITEMS = 160
"""Items read at a time: eight batches of twenty, as many as may be in flight."""

_GROUP_ID = re.compile(r'"groupId"\s*:\s*"([^"\\]+)"')
_FILTER_ID = re.compile(r'"deviceAndAppManagementAssignmentFilterId"\s*:\s*"([^"\\]+)"')


async def fetch(ctx: RunContext) -> None:
    """Settle every pending item of the set (or those the run names), then look up the distinct groups and filters."""
    set_id = str(ctx.run.inputs["set"])
    only: list[str] | None = ctx.run.inputs.get("items")
    if ctx.run.attempt <= 1 or not ctx.counters.total:
        pending = await ctx.read(lambda session: backups.count_pending(session, set_id, only))
        ctx.count(total=ctx.counters.done + pending - ctx.counters.total)
    if only is None:
        ctx.phase("Settling from the list")
        await _settle_what_came(ctx, set_id)
    after = ""
    while items := await ctx.read(partial(_next_items, set_id, after, only)):
        if not after:
            ctx.phase("Reading in batches")
        await ctx.checkpoint()
        await _read_chunk(ctx, set_id, items)
        after = items[-1].id
    ctx.phase("Looking up names")
    await _save_names(ctx, set_id)


def _next_items(set_id: str, after: str, only: list[str] | None, session: Session) -> list[BackupItem]:
    return backups.pending_items(session, set_id, limit=CHUNK_ITEMS, after_id=after, ids=only)


async def _settle_what_came(ctx: RunContext, set_id: str) -> None:
    await ctx.commit(
        lambda session: backups.settle_with_assignments(session, set_id, ctx.run.id),
        counts=lambda came: {"processed": came},
    )


async def _read_chunk(ctx: RunContext, set_id: str, items: Sequence[BackupItem]) -> None:
    refs = [PolicyRef(item.policy_type, item.policy_id) for item in items]
    results = await read_assignments(ctx.client, refs)
    settled = []
    for item, result in zip(items, results, strict=True):
        failure = _failure(item, result)
        settled.append(
            backups.Settled(item.id, ItemStatus.FAILED if failure else ItemStatus.FETCHED, result.assignments, failure)
        )
    failures = [one.failure for one in settled if one.failure]
    await ctx.commit(
        lambda session: backups.settle_items(session, set_id, ctx.run.id, settled),
        failures=failures,
        counts={"processed": len(settled) - len(failures), "failed": len(failures)},
    )


def _failure(item: BackupItem, result: ReadResult) -> Failure | None:
    subject = Subject(item.policy_type, item.policy_id, item.policy_name)
    if result.failure is not None:
        return Failure(
            FailureCode.FETCH_FAILED, result.failure.reason, result.failure.message, subject, result.failure.trace
        )
    if result.assignments is None:
        return Failure(
            FailureCode.FETCH_FAILED, Reason.MALFORMED_RESPONSE, "Graph's answer held no assignments.", subject
        )
    return None


async def _save_names(ctx: RunContext, set_id: str) -> None:
    groups, filters = await ctx.read(lambda session: collect_ids(session, set_id))
    known = await ctx.read(lambda session: {(name.kind, name.id) for name in backups.get_names(session, set_id)})
    groups = {one for one in groups if ("group", one) not in known}
    filters = {one for one in filters if ("filter", one) not in known}
    names: list[DirectoryName] = []
    failures: list[Failure] = []
    if groups:
        try:
            names.extend((await resolve_groups(ctx.client, sorted(groups))).values())
        except GraphProblem as problem:
            failures.append(_about_names(problem.failure, "groups"))
    if filters:
        try:
            there = await list_filters(ctx.client)
            names.extend(there.get(one) or DirectoryName("filter", one, "", is_gone=True) for one in sorted(filters))
        except GraphProblem as problem:
            failures.append(_about_names(problem.failure, "assignment filters"))
    await ctx.commit(lambda session: backups.put_names(session, set_id, ctx.run.workspace_id, names), failures=failures)


def _about_names(failure: Failure, what: str) -> Failure:
    message = f"The names of the {what} could not be looked up, so a restore cannot map them by name: {failure.message}"
    return Failure(FailureCode.FETCH_FAILED, failure.reason, message, trace=failure.trace)


def collect_ids(session: Session, set_id: str) -> tuple[set[str], set[str]]:
    """Return the distinct ids of groups and of filters in a set's assignments, without the pseudo ones, lower-cased.

    Searched in the text: ten times as fast as decoding 10,000 arrays, and a match that is none costs one look-up.
    """
    groups: set[str] = set()
    filters: set[str] = set()
    for _, _, text in backups.iter_assignments(session, set_id):
        groups.update(_GROUP_ID.findall(text))
        filters.update(_FILTER_ID.findall(text))
    return {one.lower() for one in groups} - PSEUDO_GROUPS, {one.lower() for one in filters} - {ZERO_GUID}
