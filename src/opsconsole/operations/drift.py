"""Drift: compare a backup set with the tenant as it is: changed, new, gone, same."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable

from opsconsole.domain.backup import BackupItem, ItemStatus, TypeCounts, TypeStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.plan import difference
from opsconsole.domain.run import Counters
from opsconsole.graph.directory import GraphProblem, resolve_groups
from opsconsole.graph.policy_types import POLICY_TYPES
from opsconsole.operations.context import RunContext
from opsconsole.operations.differences import KINDS_KEY, Difference
from opsconsole.operations.entries import canonical_set
from opsconsole.operations.live import ListedType, list_type
from opsconsole.operations.planning import target_ids
from opsconsole.store import backups, drift
from opsconsole.store.database import Session

_COMPARABLE = (TypeStatus.LISTED, TypeStatus.PARTIAL)


async def drift_check(ctx: RunContext) -> None:
    """Compare every policy type of the set; store what differs, count what is the same.

    ``unchanged`` counts what is the same, ``processed`` what differs, ``skipped`` what cannot be compared because the
    set does not hold its assignments. Types are listed side by side, and each is kept as soon as it is compared, in the
    order of the table of types, so that what was found can be looked at while the rest is under way.
    """
    set_id = str(ctx.run.inputs["set"])

    def read(session: Session) -> tuple[dict[str, TypeCounts], list[BackupItem], dict[str, str]]:
        found = backups.get_set(session, set_id)
        types = found.by_type if found else {}
        names = {name.id: name.name for name in backups.get_names(session, set_id) if name.name}
        return types, backups.all_items(session, set_id), names

    by_status, items, names = await ctx.read(read)
    keys = [key for key, counts in by_status.items() if counts.status in _COMPARABLE]
    by_type: dict[str, list[BackupItem]] = defaultdict(list)
    for item in items:
        by_type[item.policy_type].append(item)
    await ctx.restart()
    ctx.counters = Counters(total=len(items))
    found = Counter[str]()
    ctx.extra[KINDS_KEY] = dict(found)
    await ctx.commit(lambda session: drift.clear_drift_items(session, ctx.run.id))
    async with asyncio.TaskGroup() as group:
        listings = {key: group.create_task(list_type(ctx, POLICY_TYPES[key])) for key in keys}
        for key in keys:
            listed = await listings.pop(key)
            await _name_live_groups(ctx, listed, names)
            differences = _compare(ctx, by_status[key], by_type.pop(key, []), key, listed, names)
            found.update(one.kind for one in differences)
            ctx.extra[KINDS_KEY] = dict(found)
            failures = [_of_drift(failure) for failure in (listed.failure, *listed.unread.values()) if failure]
            await ctx.commit(_keeping(ctx, differences), failures=failures)
            await ctx.checkpoint()
    gaps = [gap for key, counts in by_status.items() if (gap := _gap(key, counts)) is not None]
    await ctx.commit(lambda _: None, failures=gaps)


def _keeping(ctx: RunContext, differences: list[Difference]) -> Callable[[Session], None]:
    run = ctx.run
    return lambda session: drift.add_drift_items(session, run.id, run.workspace_id, _rows(differences))


def _gap(key: str, counts: TypeCounts) -> Failure | None:
    """Return what the set cannot say of a type: *the same* must never be said of what was not compared."""
    if counts.status in (TypeStatus.FAILED, TypeStatus.PENDING):
        message = f"The set holds no list of {POLICY_TYPES[key].label}, so nothing of it could be compared."
    elif counts.status is TypeStatus.PARTIAL:
        message = f"The set holds only part of the list of {POLICY_TYPES[key].label}; the rest could not be compared."
    elif counts.listed > counts.fetched and counts.status is TypeStatus.LISTED:
        missing = counts.listed - counts.fetched
        message = f"The set does not hold the assignments of {missing} of {POLICY_TYPES[key].label}."
    else:
        return None
    return Failure(FailureCode.DRIFT_FAILED, Reason.BACKUP_INCOMPLETE, message, Subject(policy_type=key))


def _compare(
    ctx: RunContext,
    counts: TypeCounts,
    items: list[BackupItem],
    key: str,
    listed: ListedType,
    names: dict[str, str],
) -> list[Difference]:
    result = []
    policies = dict(listed.policies)
    is_whole = listed.status is TypeStatus.LISTED
    for item in items:
        policy = policies.pop(item.policy_id, None)
        if item.status is not ItemStatus.FETCHED or item.assignments is None:
            ctx.count(skipped=1)
        elif policy is None and is_whole:
            ctx.count(processed=1)
            result.append(Difference("gone", key, item.policy_id, item.policy_name))
        elif policy is None or policy.assignments is None:
            ctx.count(failed=1)
        else:
            try:
                change = difference(canonical_set(item.assignments), canonical_set(policy.assignments))
            except ValueError:
                ctx.count(failed=1)
                continue
            if change.is_empty:
                ctx.count(unchanged=1)
            else:
                ctx.count(processed=1)
                added = tuple(entry.to_json(names) for entry in change.added)
                removed = tuple(entry.to_json(names) for entry in change.removed)
                result.append(Difference("changed", key, item.policy_id, item.policy_name, added, removed))
    for policy in policies.values():
        if counts.status is TypeStatus.PARTIAL:  # it may well have been there when the list broke off
            ctx.count(total=1, skipped=1)
            continue
        ctx.count(total=1, processed=1)
        result.append(Difference("new", key, policy.policy_id, policy.policy_name))
    return result


def _of_drift(failure: Failure) -> Failure:
    return Failure(FailureCode.DRIFT_FAILED, failure.reason, failure.message, failure.subject, failure.trace)


async def _name_live_groups(ctx: RunContext, listed: ListedType, names: dict[str, str]) -> None:
    unknown: set[str] = set()
    for policy in listed.policies.values():
        if policy.assignments is not None:
            unknown |= target_ids(policy.assignments)[0]
    unknown -= names.keys()
    if not unknown:
        return
    try:
        found = await resolve_groups(ctx.client, sorted(unknown))
    except GraphProblem:
        return  # names are a courtesy here: the comparison is by id
    names.update({name.id: name.name for name in found.values() if name.name})


def _rows(found: list[Difference]) -> list[drift.DriftItem]:
    return [
        drift.DriftItem(one.kind, one.policy_type, one.policy_id, one.policy_name, one.added, one.removed)
        for one in found
    ]
