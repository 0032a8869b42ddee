"""Preview: read the tenant as it is, resolve the targets, and store a plan that never changes once made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from opsconsole.domain.backup import BackupItem, DirectoryName, ItemStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.plan import fingerprint, plan_hash
from opsconsole.domain.restore import ItemState, RestoreRun, WriteState
from opsconsole.domain.run import Counters
from opsconsole.graph.policy_types import POLICY_TYPES
from opsconsole.operations.context import RunContext
from opsconsole.operations.entries import canonical_set
from opsconsole.operations.live import LivePolicies, read_live
from opsconsole.operations.planning import Source, plan_item, target_ids
from opsconsole.operations.resolving import Resolver
from opsconsole.store import backups, restores
from opsconsole.store.database import Session


async def preview(ctx: RunContext) -> None:
    """Work out the plan of the run's restore and store it whole, in one transaction."""
    restore_id = str(ctx.run.inputs["restore"])
    restore = await ctx.read(lambda session: restores.get_restore(session, restore_id))
    if restore is None:
        raise LookupError(f"restore run {restore_id} is gone")
    if restore.plan_hash is not None:
        return  # a lost worker stored the plan already: plans never change
    await ctx.restart()
    if restore.undo_of is not None:
        sources, names, same_tenant = await _undo_sources(ctx, restore, restore.undo_of)
    else:
        sources, names, same_tenant = await _backup_sources(ctx, restore)
    ctx.count(total=len(sources))
    ctx.phase("Reading the tenant")
    await ctx.flush(is_due=True)
    live = await read_live(ctx, sources, match_by_name=not same_tenant)
    if restore.undo_of is not None:
        sources = await ctx.read(lambda session: _mark_diverged(session, restore, sources, live))
    await ctx.checkpoint()
    await _store_plan(ctx, restore, sources, live, names)


async def _store_plan(
    ctx: RunContext,
    restore: RestoreRun,
    sources: Sequence[Source],
    live: LivePolicies,
    names: Sequence[DirectoryName],
) -> None:
    groups: set[str] = set()
    filters: set[str] = set()
    live_groups: set[str] = set()
    for source in sources:
        more_groups, more_filters = target_ids(source.assignments)
        groups |= more_groups
        filters |= more_filters
        found = live.of(source)
        if found.assignments is not None:
            live_groups |= target_ids(found.assignments)[0]
    ctx.phase("Resolving groups and filters")
    resolver = Resolver(ctx.client, names, restore.inputs.get("mapping", ()), by_id_only=restore.undo_of is not None)
    resolution = await resolver.resolve(groups, filters, live_groups)
    ctx.phase("Planning")
    items, planned = [], []
    for seq, source in enumerate(sorted(sources, key=_order), start=1):
        item, part = plan_item(
            live.placed(source),
            live.of(source),
            resolution,
            restore.mode,
            item_id=ctx.new_id(),
            restore_run_id=restore.id,
            seq=seq,
        )
        items.append(item)
        planned.append(part)
    states = Counter(item.state for item in items)
    ctx.counters = Counters(
        total=len(items),
        processed=states[ItemState.WILL_CHANGE],
        failed=states[ItemState.BLOCKED],
        skipped=states[ItemState.SKIPPED],
        unchanged=states[ItemState.UNCHANGED],
    )
    dangers = Counter(danger for item in items for danger in item.dangers)
    counts = {state.value: states[state] for state in (*_PLAN_STATES, ItemState.SKIPPED)}
    digest = plan_hash(restore.tenant_id, restore.mode, planned)
    await ctx.commit(
        lambda session: restores.store_plan(session, restore.id, digest, counts, dict(dangers), items),
        failures=[item.failure for item in items if item.failure and item.state is ItemState.BLOCKED],
    )


_PLAN_STATES = (ItemState.UNCHANGED, ItemState.WILL_CHANGE, ItemState.BLOCKED)


def _order(source: Source) -> tuple[str, str, str]:
    return source.policy_type.key, source.policy_name.casefold(), source.policy_id


async def _backup_sources(ctx: RunContext, restore: RestoreRun) -> tuple[list[Source], Sequence[DirectoryName], bool]:
    set_id = restore.set_id or ""
    wanted = [text.partition(":")[::2] for text in restore.inputs.get("items", ())]
    left_out = set(restore.inputs.get("without", ()))

    def read(session: Session) -> tuple[list[BackupItem], list[DirectoryName], bool]:
        found = backups.get_set(session, set_id)
        same = found is not None and found.tenant_id == restore.tenant_id
        if wanted:
            items = backups.find_items(session, set_id, [(key, policy_id) for key, policy_id in wanted])
        else:
            items = backups.all_items(session, set_id, status=ItemStatus.FETCHED)
        return items, backups.get_names(session, set_id), same

    items, names, same_tenant = await ctx.read(read)
    sources = [
        Source(
            POLICY_TYPES[item.policy_type],
            item.policy_id,
            item.policy_name,
            item.assignments,
            item.id,
            item.policy_id,
        )
        for item in items
        if item.status is ItemStatus.FETCHED
        and item.assignments is not None
        and f"{item.policy_type}:{item.policy_id}" not in left_out
    ]
    return sources, names, same_tenant


async def _undo_sources(
    ctx: RunContext, restore: RestoreRun, undone_id: str
) -> tuple[list[Source], Sequence[DirectoryName], bool]:
    def read(session: Session) -> tuple[list[Source], list[DirectoryName]]:
        images = restores.first_before_images(session, undone_id)
        sources = [
            Source(
                POLICY_TYPES[item.policy_type],
                item.policy_id,
                item.policy_name,
                images[item.id],
                item.backup_item_id,
                item.policy_id,
            )
            for item in restores.list_restore_items(session, undone_id)[0]
            if item.id in images
        ]
        names = backups.get_names(session, restore.set_id) if restore.set_id else []
        return sources, names

    sources, names = await ctx.read(read)
    return sources, names, True


def _mark_diverged(
    session: Session, restore: RestoreRun, sources: Sequence[Source], live: LivePolicies
) -> list[Source]:
    """Block each policy whose live state is not what the undone restore left, unless the request names it."""
    named = set(restore.inputs.get("items", ()))
    items = {
        (item.policy_type, item.policy_id): item.id
        for item in restores.list_restore_items(session, restore.undo_of or "")[0]
    }
    marked = []
    for source in sources:
        key = source.policy_type.key
        text = live.of(source).assignments
        if text is None or f"{key}:{source.policy_id}" in named:
            marked.append(source)
            continue
        left: set[str] = set()
        for write in restores.writes_of_item(session, items[key, source.policy_id]):
            before = fingerprint(canonical_set(write.before_image))
            if write.state is WriteState.APPLIED:
                left = {write.after_fingerprint}
            elif write.state is WriteState.NOT_APPLIED:
                left = left or {before}
            else:
                left = {before, write.after_fingerprint}
        if fingerprint(canonical_set(text)) in left:
            marked.append(source)
        else:
            block = Failure(
                FailureCode.PREVIEW_FAILED,
                Reason.CHANGED_SINCE_PREVIEW,
                "The policy was changed after the restore; name it with --items to undo it all the same.",
                Subject(key, source.policy_id, source.policy_name),
            )
            marked.append(
                Source(
                    source.policy_type,
                    source.policy_id,
                    source.policy_name,
                    source.assignments,
                    source.backup_item_id,
                    source.source_policy_id,
                    block,
                )
            )
    return marked
