"""Preview: read the tenant as it is, resolve the targets, and store a plan that never changes once made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count

from opsconsole.domain.backup import DirectoryName
from opsconsole.domain.plan import PlanDigest
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun
from opsconsole.domain.run import Counters
from opsconsole.operations.context import RunContext
from opsconsole.operations.live import LiveSides, read_live
from opsconsole.operations.planning import Source, plan_item, target_ids
from opsconsole.operations.portions import portions
from opsconsole.operations.resolving import Resolution, Resolver
from opsconsole.operations.sources import Sources, named_targets, sources_of
from opsconsole.store import restores
from opsconsole.store.database import Session

_PLAN_STATES = (ItemState.UNCHANGED, ItemState.WILL_CHANGE, ItemState.BLOCKED, ItemState.SKIPPED)

_COUNTER_OF = {
    ItemState.WILL_CHANGE: "processed",
    ItemState.BLOCKED: "failed",
    ItemState.SKIPPED: "skipped",
    ItemState.UNCHANGED: "unchanged",
}


async def preview(ctx: RunContext) -> None:
    """Work out the plan of the run's restore, a portion of the policy types at a time, and seal it whole.

    Until its hash stands in the store there is no plan: what a lost worker left of one is removed first.
    """
    restore_id = str(ctx.run.inputs["restore"])
    restore = await ctx.read(lambda session: restores.get_restore(session, restore_id))
    if restore is None:
        raise LookupError(f"restore run {restore_id} is gone")
    if restore.plan_hash is not None:
        return  # a lost worker stored the plan already: plans never change
    await ctx.restart()
    await ctx.commit(lambda session: restores.clear_plan(session, restore_id))
    sources = sources_of(restore)

    def read(session: Session) -> tuple[dict[str, int], set[str], set[str], Sequence[DirectoryName], bool]:
        by_type = sources.counts(session)
        groups, filters = named_targets(session, sources, list(by_type))
        return by_type, groups, filters, sources.names(session), sources.is_same_tenant(session)

    by_type, groups, filters, names, is_same_tenant = await ctx.read(read)
    ctx.count(total=sum(by_type.values()))
    await ctx.flush(is_due=True)
    resolver = Resolver(ctx.client, names, restore.inputs.get("mapping", ()), by_id_only=sources.is_undo)
    plan = _Plan(ctx, restore, sources, resolver, by_name=not is_same_tenant)
    await plan.make(by_type, groups, filters)


class _Plan:
    """A plan in the making: what was worked out of it is in the store, its hash and counts are here."""

    def __init__(
        self, ctx: RunContext, restore: RestoreRun, sources: Sources, resolver: Resolver, *, by_name: bool
    ) -> None:
        self._ctx = ctx
        self._restore = restore
        self._sources = sources
        self._resolver = resolver
        self._by_name = by_name
        self._digest = PlanDigest(restore.tenant_id, restore.mode)
        self._seq = count(1)
        self._states: Counter[ItemState] = Counter()
        self._dangers: Counter[str] = Counter()

    async def make(self, by_type: Mapping[str, int], groups: set[str], filters: set[str]) -> None:
        """Work the plan out, portion by portion, and seal it."""
        resolution: Resolution | None = None
        for keys in portions(by_type):
            sources = await self._ctx.read(partial(self._sources_of, keys))
            self._ctx.phase("Reading the tenant")
            live = await read_live(self._ctx, sources, match_by_name=self._by_name)
            sources = await self._ctx.read(partial(self._sources.judged, sources=sources, live=live))
            await self._ctx.checkpoint()
            self._ctx.phase("Resolving groups and filters")
            live_groups, live_filters = _targets_of(sources, live)
            if resolution is None:  # with the first portion's live groups in the same call
                resolution = await self._resolver.resolve(groups, filters, live_groups, live_filters)
            else:
                await self._resolver.name(resolution, live_groups, live_filters)
            self._ctx.phase("Planning")
            await self._add(sorted(sources, key=_order), live, resolution)
        await self._seal()

    def _sources_of(self, keys: Sequence[str], s: Session) -> list[Source]:
        return [source for key in keys for source in self._sources.of_type(s, key)]

    async def _add(self, sources: Sequence[Source], live: LiveSides, resolution: Resolution) -> None:
        """Store the items of one portion."""
        items: list[RestoreItem] = []
        parts = []
        for source in sources:
            item, part = plan_item(
                live.placed(source),
                live.of(source),
                resolution,
                self._restore.mode,
                item_id=self._ctx.new_id(),
                restore_run_id=self._restore.id,
                seq=next(self._seq),
            )
            items.append(item)
            parts.append(part)
        self._digest.add(parts)
        self._states.update(item.state for item in items)
        self._dangers.update(danger for item in items for danger in item.dangers)
        await self._ctx.commit(
            lambda session: restores.add_plan_items(session, self._restore.id, items),
            failures=[item.failure for item in items if item.failure and item.state is ItemState.BLOCKED],
        )

    async def _seal(self) -> None:
        # Counted only here: a run that broke off before has no plan, so it did nothing by halves.
        self._ctx.counters = Counters(
            total=self._states.total(), **{_COUNTER_OF[state]: number for state, number in self._states.items()}
        )
        counts = {state.value: self._states[state] for state in _PLAN_STATES}
        await self._ctx.commit(
            lambda session: restores.store_plan(
                session, self._restore.id, self._digest.hexdigest(), counts, dict(self._dangers), []
            )
        )


def _targets_of(sources: Sequence[Source], live: LiveSides) -> tuple[set[str], set[str]]:
    groups: set[str] = set()
    filters: set[str] = set()
    for source in sources:
        text = live.of(source).assignments
        if text is not None:
            more_groups, more_filters = target_ids(text)
            groups |= more_groups
            filters |= more_filters
    return groups, filters


def _order(source: Source) -> tuple[str, str, str]:
    return source.policy_type.key, source.policy_name.casefold(), source.policy_id
