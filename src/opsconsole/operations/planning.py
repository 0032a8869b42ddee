"""Planning: what a restore would do to one policy, worked out from its backup, its live state and what was resolved. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opsconsole.domain.assignment import Assignment
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.plan import Mode, PlannedItem, dangers, difference, duplicate_targets
from opsconsole.domain.restore import ItemState, RestoreItem
from opsconsole.graph.policy_types import PolicyType, target_problem
from opsconsole.operations.entries import Entry, array_of, read_entries
from opsconsole.operations.entries import with_ids as entry_with_ids
from opsconsole.operations.resolving import DROP, Resolution, Unresolved


@dataclass(frozen=True, slots=True)
class Source:
    """One policy to restore: where its assignments come from and which live policy it is for."""

    policy_type: PolicyType
    policy_id: str
    policy_name: str
    assignments: str
    backup_item_id: str | None = None
    source_policy_id: str = ""
    block: Failure | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """The live side of one policy: its assignments, or why they are not known, or why the policy is left out."""

    assignments: str | None
    failure: Failure | None = None
    skip_reason: str = ""


def plan_item(
    source: Source,
    live: Live,
    resolution: Resolution,
    mode: Mode,
    *,
    item_id: str,
    restore_run_id: str,
    seq: int,
) -> tuple[RestoreItem, PlannedItem]:
    """Return the stored item of a plan and the part of it that the plan's hash covers."""
    build = _Builder(source, item_id, restore_run_id, seq)
    if live.failure is not None or live.assignments is None:
        failure = live.failure or build.failure(Reason.MALFORMED_RESPONSE, "Graph's answer held no assignments.")
        return build.blocked(failure, live.assignments)
    try:
        before, wanted = read_entries(live.assignments), read_entries(source.assignments)
    except ValueError:
        failure = build.failure(Reason.MALFORMED_RESPONSE, "An assignment of this policy has no target.")
        return build.blocked(failure, live.assignments)
    mapped, unresolved = _map_entries(wanted, resolution)
    live_set = tuple(sorted({entry.canonical for entry in before}))
    # What was not found still stands there by its id: a policy that keeps its deleted group needs no change.
    wanted_set = {entry.canonical for entry in (*mapped, *(entry for entry, _ in unresolved))}
    change = difference(live_set, wanted_set, mode)
    if change.is_empty:
        return build.item(ItemState.UNCHANGED, live.assignments, array_of(before), live_set, live_set)
    if live.skip_reason:
        failure = build.failure(Reason.UNSUPPORTED_POLICY_TYPE, live.skip_reason)
        return build.item(ItemState.SKIPPED, live.assignments, None, live_set, live_set, failure=failure)
    if source.block is not None:
        return build.blocked(source.block, live.assignments, live_set)
    if unresolved:
        _, first = unresolved[0]
        more = f" ({len(unresolved)} targets in all)" if len(unresolved) > 1 else ""
        return build.blocked(
            build.failure(first.reason, first.message + more),
            live.assignments,
            live_set,
            tuple(
                {**entry.canonical.to_json(resolution.names), "reason": why.reason.value, "message": why.message}
                for entry, why in unresolved
            ),
        )
    if illegal := _illegal(build, source.policy_type, change.planned):
        return build.blocked(illegal, live.assignments, live_set)
    keep = {entry.canonical for entry in before} - set(change.removed)
    planned = _unique(
        (*(e for e in before if e.canonical in keep), *(e for e in mapped if e.canonical in change.added))
    )
    names = resolution.names
    return build.item(
        ItemState.WILL_CHANGE,
        live.assignments,
        array_of(planned),
        live_set,
        change.planned,
        added=tuple(entry.to_json(names) for entry in change.added),
        removed=tuple(entry.to_json(names) for entry in change.removed),
        dangers=tuple(danger.value for danger in dangers(live_set, change)),
    )


def target_ids(array_text: str) -> tuple[set[str], set[str]]:
    """Return the ids of groups and of filters that the direct entries of an array name; none for a malformed one."""
    try:
        entries = read_entries(array_text)
    except ValueError:
        return set(), set()
    groups = {entry.canonical.target.group_id for entry in entries if entry.canonical.target.group_id}
    return groups, {entry.canonical.target.filter_id for entry in entries if entry.canonical.target.filter_id}


def _map_entries(
    entries: tuple[Entry, ...], resolution: Resolution
) -> tuple[list[Entry], list[tuple[Entry, Unresolved]]]:
    mapped: list[Entry] = []
    unresolved: list[tuple[Entry, Unresolved]] = []
    for entry in entries:
        target = entry.canonical.target
        group = resolution.of("group", target.group_id) if target.group_id else None
        chosen = resolution.of("filter", target.filter_id) if target.filter_id else None
        # A dropped filter drops its target: sending the target without it would hit more than the backup did.
        if DROP in (group, chosen):
            continue
        problem = next((one for one in (group, chosen) if isinstance(one, Unresolved)), None)
        if problem is not None:
            unresolved.append((entry, problem))
            continue
        new_group = group if isinstance(group, str) and group != target.group_id else None
        new_filter = chosen if isinstance(chosen, str) and chosen != target.filter_id else None
        mapped.append(entry_with_ids(entry, new_group, new_filter) if new_group or new_filter else entry)
    return mapped, unresolved


def _illegal(build: _Builder, policy_type: PolicyType, planned: tuple[Assignment, ...]) -> Failure | None:
    if problem := target_problem(policy_type, planned):
        return build.failure(Reason.UNSUPPORTED_TARGET, problem)
    if duplicate_targets(planned):
        return build.failure(
            Reason.INVALID_REQUEST,
            "The same group would be assigned twice; Graph would keep one of them and ignore the other in silence.",
        )
    return None


def _unique(entries: tuple[Entry, ...]) -> list[Entry]:
    seen: set[Assignment] = set()
    return [entry for entry in entries if not (entry.canonical in seen or seen.add(entry.canonical))]  # type: ignore[func-returns-value]


class _Builder:
    """Makes the stored item and its part of the hash in one go, so that they cannot differ."""

    def __init__(self, source: Source, item_id: str, restore_run_id: str, seq: int) -> None:
        self.source = source
        self._ids = (item_id, restore_run_id, seq)
        key = source.policy_type.key
        self.failure: Callable[[Reason, str], Failure] = lambda reason, message: Failure(
            FailureCode.PREVIEW_FAILED, reason, message, Subject(key, source.policy_id, source.policy_name)
        )

    def blocked(
        self,
        failure: Failure,
        live: str | None,
        live_set: tuple[Assignment, ...] = (),
        unresolved: tuple[dict[str, object], ...] = (),
    ) -> tuple[RestoreItem, PlannedItem]:
        return self.item(ItemState.BLOCKED, live, None, live_set, live_set, failure=failure, unresolved=unresolved)

    def item(
        self,
        state: ItemState,
        live: str | None,
        planned: str | None,
        live_set: tuple[Assignment, ...],
        planned_set: tuple[Assignment, ...],
        *,
        added: tuple[dict[str, object], ...] = (),
        removed: tuple[dict[str, object], ...] = (),
        dangers: tuple[str, ...] = (),
        failure: Failure | None = None,
        unresolved: tuple[dict[str, object], ...] = (),
    ) -> tuple[RestoreItem, PlannedItem]:
        source, (item_id, restore_run_id, seq) = self.source, self._ids
        key = source.policy_type.key
        stored = RestoreItem(
            item_id,
            restore_run_id,
            seq,
            key,
            source.policy_id,
            source.policy_name,
            state,
            state,
            live,
            planned,
            added,
            removed,
            dangers,
            failure,
            source.backup_item_id,
            source.source_policy_id or source.policy_id,
            unresolved,
        )
        return stored, PlannedItem(key, source.policy_id, state.value, live_set, planned_set)
