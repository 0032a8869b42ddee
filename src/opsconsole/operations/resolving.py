"""Resolving: which group and filter of the target tenant each one of the backup stands for (promise 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opsconsole.domain.backup import DirectoryName
from opsconsole.domain.failure import Failure, Reason
from opsconsole.graph.directory import GraphProblem, find_groups_by_name, list_filters, resolve_groups
from opsconsole.graph.throttle import ThrottledClient

DROP = "drop"
"""What a mapping says to leave a target out."""

_REASONS = {"group": Reason.GROUP_NOT_FOUND, "filter": Reason.FILTER_NOT_FOUND}


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A group or filter that was not found, or found twice."""

    reason: Reason
    message: str


@dataclass(slots=True)
class Resolution:
    """What each (kind, id) of the backup became, and the names of everything that was looked up, by id."""

    found: dict[tuple[str, str], str | Unresolved] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def of(self, kind: str, identifier: str) -> str | Unresolved:
        """Return the id in the target tenant, ``DROP``, or why there is none."""
        return self.found.get((kind, identifier)) or Unresolved(_REASONS[kind], f"The {kind} was not looked up.")


class Resolver:
    """Looks everything up in bulk: by id, else by the exact name the backup kept; a mapping goes before both."""

    def __init__(
        self,
        client: ThrottledClient,
        backup_names: Iterable[DirectoryName],
        mapping: Sequence[Mapping[str, str]],
        *,
        by_id_only: bool = False,
    ) -> None:
        self._client = client
        self._kept = {(name.kind, name.id): name.name for name in backup_names}
        self._mapping = mapping
        self._by_id_only = by_id_only
        self._asked: set[str] = set()

    async def resolve(
        self, groups: set[str], filters: set[str], live_groups: set[str], live_filters: set[str]
    ) -> Resolution:
        """Return what became of the backup's ``groups`` and ``filters``; the live ones are looked up for their names only."""
        result = Resolution()
        result.names.update({identifier: name for (_, identifier), name in self._kept.items() if name})
        self._asked = live_groups | live_filters
        await self._resolve_groups(groups, live_groups, result)
        is_mapped = any(entry["kind"] == "filter" for entry in self._mapping)
        if filters or is_mapped or live_filters - result.names.keys():
            await self._resolve_filters(filters, result)
        return result

    async def name(self, result: Resolution, live_groups: set[str], live_filters: set[str]) -> None:
        """Add the names of groups and filters that only occur live; one that cannot be asked for goes without."""
        groups = live_groups - result.names.keys() - self._asked
        filters = live_filters - result.names.keys() - self._asked
        self._asked |= groups | filters
        if groups:
            await self._resolve_groups(set(), groups, result)
        if filters:
            await self._resolve_filters(set(), result)

    async def _resolve_groups(self, groups: set[str], live_groups: set[str], result: Resolution) -> None:
        orders = self._orders("group", groups)
        wanted = {order for order in orders.values() if order != DROP}
        asked = (groups - orders.keys()) | live_groups | {one.lower() for one in wanted if _is_guid(one)}
        try:
            there = await resolve_groups(self._client, sorted(asked))
            by_name: dict[str, list[DirectoryName]] = {}
            names = {order for order in wanted if not _is_guid(order)}
            if not self._by_id_only:
                gone = {one for one in groups - orders.keys() if one not in there or there[one].is_gone}
                names |= {self._kept[("group", one)] for one in gone if self._kept.get(("group", one))}
            if names:
                by_name = await find_groups_by_name(self._client, sorted(names))
        except GraphProblem as problem:
            for one in groups:
                result.found["group", one] = DROP if orders.get(one) == DROP else _blocked(problem.failure)
            return
        for found in there.values():
            if not found.is_gone and found.name:
                result.names[found.id] = found.name
        for one in groups:
            order = orders.get(one)
            found_one = self._one("group", one, order, there, by_name)
            result.found["group", one] = found_one
            if isinstance(found_one, str) and found_one not in (DROP, one) and found_one not in result.names:
                result.names[found_one] = order or self._kept.get(("group", one), "")

    async def _resolve_filters(self, filters: set[str], result: Resolution) -> None:
        orders = self._orders("filter", filters)
        try:
            there = await list_filters(self._client)
        except GraphProblem as problem:
            for one in filters:
                result.found["filter", one] = DROP if orders.get(one) == DROP else _blocked(problem.failure)
            return
        by_name: dict[str, list[DirectoryName]] = {}
        for found in there.values():
            result.names[found.id] = found.name
            by_name.setdefault(found.name, []).append(found)
        for one in filters:
            names = {} if self._by_id_only and one not in orders else by_name
            result.found["filter", one] = self._one("filter", one, orders.get(one), there, names)

    def _one(
        self,
        kind: str,
        identifier: str,
        order: str | None,
        there: Mapping[str, DirectoryName],
        by_name: Mapping[str, list[DirectoryName]],
    ) -> str | Unresolved:
        if order == DROP:
            return DROP
        wanted = order if order is not None else identifier
        by_id = there.get(wanted.lower())
        if by_id is not None and not by_id.is_gone:
            return by_id.id
        name = order if order is not None else self._kept.get((kind, identifier), "")
        hits = by_name.get(name, []) if name else []
        if len(hits) == 1:
            return hits[0].id
        label = repr(name) if name else "without a known name"
        if len(hits) > 1:
            reason = Reason.GROUP_AMBIGUOUS if kind == "group" else Reason.FILTER_NOT_FOUND
            return Unresolved(reason, f"{len(hits)} {kind}s in the tenant are called {label}.")
        return Unresolved(_REASONS[kind], f"The {kind} {label} does not exist in the tenant.")

    def _orders(self, kind: str, identifiers: set[str]) -> dict[str, str]:
        """Return what the mapping says for each id; an entry names its ``from`` by id or by the name the backup kept."""
        orders: dict[str, str] = {}
        for entry in self._mapping:
            if entry["kind"] != kind:
                continue
            source, order = entry["from"], entry["to"].strip()
            order = DROP if order.lower() == DROP else order
            for one in identifiers:
                if source.strip().lower() == one or source == self._kept.get((kind, one)):
                    orders[one] = order
        return orders


def _blocked(failure: Failure) -> Unresolved:
    return Unresolved(failure.reason, failure.message)


def _is_guid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(
        character in "0123456789abcdefABCDEF" for part in parts for character in part
    )
