"""Drift: compare a backup set with the tenant as it is: changed, new, gone, same."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from opsconsole.domain.assignment import Assignment
from opsconsole.domain.backup import BackupItem, ItemStatus, TypeCounts, TypeStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.plan import difference
from opsconsole.graph.directory import GraphProblem, list_filters, resolve_groups
from opsconsole.graph.policy_types import POLICY_TYPES
from opsconsole.operations.context import RunContext
from opsconsole.operations.differences import KINDS_KEY
from opsconsole.operations.entries import canonical_set
from opsconsole.operations.live import ListedType, list_type
from opsconsole.operations.portions import portions
from opsconsole.store import backups, drift
from opsconsole.store.database import Session

_COMPARABLE = (TypeStatus.LISTED, TypeStatus.PARTIAL)


async def drift_check(ctx: RunContext) -> None:
    """Compare every policy type of the set, a portion at a time; store what differs, count what is the same.

    ``unchanged`` counts what is the same, ``processed`` what differs, ``skipped`` what cannot be compared because the
    set does not hold its assignments.
    """
    set_id = str(ctx.run.inputs["set"])

    def read(session: Session) -> tuple[dict[str, TypeCounts], dict[str, str]]:
        found = backups.get_set(session, set_id, failure_limit=0)
        names = {name.id: name.name for name in backups.get_names(session, set_id) if name.name}
        return found.by_type if found else {}, names

    by_type, names = await ctx.read(read)
    found = Counter[str]()
    ctx.extra[KINDS_KEY] = {}
    await ctx.restart()
    await ctx.commit(lambda session: drift.clear_drift_items(session, ctx.run.id))
    ctx.count(total=sum(counts.listed for counts in by_type.values()))
    await ctx.flush(is_due=True)
    live_names = _LiveNames(ctx, names)
    for keys in portions({key: counts.listed for key, counts in by_type.items() if counts.status in _COMPARABLE}):
        await _compare_portion(ctx, set_id, {key: by_type[key] for key in keys}, live_names, found)
    gaps = [gap for key, counts in by_type.items() if (gap := _gap(key, counts)) is not None]
    await ctx.commit(lambda _: None, failures=gaps)


async def _compare_portion(
    ctx: RunContext, set_id: str, by_type: dict[str, TypeCounts], live_names: _LiveNames, found: Counter[str]
) -> None:
    """Compare some types, side by side, and store what differs of them; ``found`` counts it by kind."""
    ctx.phase("Reading the tenant")
    listed: dict[str, ListedType] = {}

    async def list_one(key: str) -> None:
        listed[key] = await list_type(ctx, POLICY_TYPES[key])

    async with asyncio.TaskGroup() as group:
        for key in by_type:
            group.create_task(list_one(key))
    ctx.phase("Comparing")
    changes: list[_Change] = []
    for key, counts in by_type.items():
        await ctx.checkpoint()
        items = await ctx.read(partial(backups.all_items, set_id=set_id, policy_type=key))
        changes += _compare(ctx, counts, items, key, listed[key])
    failures = [_of_drift(one.failure) for one in listed.values() if one.failure is not None]
    failures += [_of_drift(failure) for one in listed.values() for failure in one.unread.values()]
    await live_names.learn(changes)
    found.update(one.kind for one in changes)
    ctx.extra[KINDS_KEY] = dict(found)
    rows = [one.to_row(live_names.names) for one in changes]
    await ctx.commit(
        lambda session: drift.add_drift_items(session, ctx.run.id, ctx.run.workspace_id, rows), failures=failures
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """One policy that differs, by ids only."""

    kind: str
    policy_type: str
    policy_id: str
    policy_name: str
    added: tuple[Assignment, ...] = ()
    removed: tuple[Assignment, ...] = ()

    def to_row(self, names: Mapping[str, str]) -> drift.DriftItem:
        """Return the change as it is stored, with the names of groups and filters."""
        added = tuple(entry.to_json(names) for entry in self.added)
        removed = tuple(entry.to_json(names) for entry in self.removed)
        return drift.DriftItem(self.kind, self.policy_type, self.policy_id, self.policy_name, added, removed)


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
    ctx: RunContext, counts: TypeCounts, items: Sequence[BackupItem], key: str, listed: ListedType
) -> list[_Change]:
    changes = []
    policies = dict(listed.policies)
    is_whole = listed.status is TypeStatus.LISTED
    for item in items:
        policy = policies.pop(item.policy_id, None)
        if item.status is not ItemStatus.FETCHED or item.assignments is None:
            ctx.count(skipped=1)
        elif policy is None and is_whole:
            ctx.count(processed=1)
            changes.append(_Change("gone", key, item.policy_id, item.policy_name))
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
                changes.append(_Change("changed", key, item.policy_id, item.policy_name, change.added, change.removed))
    for policy in policies.values():
        if counts.status is TypeStatus.PARTIAL:  # it may well have been there when the list broke off
            ctx.count(total=1, skipped=1)
            continue
        ctx.count(total=1, processed=1)
        changes.append(_Change("new", key, policy.policy_id, policy.policy_name))
    return changes


def _of_drift(failure: Failure) -> Failure:
    return Failure(FailureCode.DRIFT_FAILED, failure.reason, failure.message, failure.subject, failure.trace)


class _LiveNames:
    """The names of groups and filters: those the set keeps, and those that only occur live as they are met.

    They are a courtesy here, since the comparison is by id: what cannot be looked up goes without.
    """

    def __init__(self, ctx: RunContext, names: dict[str, str]) -> None:
        self.names = names
        self._ctx = ctx
        self._asked: set[str] = set()

    async def learn(self, changes: Iterable[_Change]) -> None:
        """Look up what the changes name and nobody has asked for yet."""
        targets = [entry.target for change in changes for entry in (*change.added, *change.removed)]
        groups = {target.group_id for target in targets} - self.names.keys() - self._asked - {""}
        filters = {target.filter_id for target in targets} - self.names.keys() - self._asked - {""}
        self._asked |= groups | filters
        with contextlib.suppress(GraphProblem):
            found = await resolve_groups(self._ctx.client, groups) if groups else {}
            self.names.update({name.id: name.name for name in found.values() if name.name})
        with contextlib.suppress(GraphProblem):
            found = await list_filters(self._ctx.client) if filters else {}
            self.names.update({name.id: name.name for name in found.values() if name.name})
