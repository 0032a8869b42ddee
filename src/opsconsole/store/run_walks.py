"""The walks along indexes by which a page of runs is read, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from opsconsole.domain.run_sort import RunSort
from opsconsole.store.database import Session, chunks

MAX_BRANCHES = 60
"""More of them in one statement cost more than they save: planning and merging take some 10 µs each."""

ORDERED_BY: dict[RunSort, tuple[str, ...]] = {
    RunSort.STARTED: ("r.created_at", "r.id"),
    RunSort.TOOK: ("COALESCE(r.took_ms, -1)", "r.id"),
    RunSort.FAILED: ("r.items_failed", "r.created_at", "r.id"),
}
"""What the indexes of each order end in."""

CURSOR_MARK = ":"
"""Stands between value and id in a cursor of a list that is not sorted by time: ``1500:0199…``."""


class Branch(Struct, frozen=True):
    """One walk along an index (named for SQLite) that begins where the anchor says."""

    index: str
    anchor: str
    is_by_failure: bool = False


class Selection(Struct):
    """A filter made ready for one store: conditions that hold in every branch, and the branches that reach the runs.

    ``is_by_id``: the walks yield runs in the order of their ids, which is that of time. ``is_collected``: few runs are
    reached, and sorted, rather than walked to in their order.
    """

    conditions: list[str]
    params: dict[str, Any]
    branches: list[Branch] = field(default_factory=list)
    is_disjoint: bool = True
    matching: int | None = None
    since: str | None = None
    until: str | None = None
    sort: RunSort = RunSort.STARTED
    is_reversed: bool = False
    is_by_id: bool = False
    is_collected: bool = False


class Place(Struct, frozen=True):
    """Where a run stands in a list: what the list is ordered by, its id last."""

    values: tuple[Any, ...]

    @property
    def id(self) -> str:
        """Return the run's id."""
        return str(self.values[-1])

    def cursor(self, sort: RunSort) -> str:
        """Return the cursor of what follows."""
        return self.id if sort is RunSort.STARTED else f"{self.values[0]}{CURSOR_MARK}{self.id}"


class _Region(Struct, frozen=True):
    """A part of a list: the next one lies wholly beyond it. ``since`` and ``until`` are the bounds of time to be kept in it."""

    conditions: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None


def page_places(s: Session, selection: Selection, *, limit: int, cursor: str | None, backwards: bool) -> list[Place]:
    """Return the runs next to ``cursor``, nearest first: those that follow in the list, or come before if ``backwards``."""
    if not selection.branches:
        return []
    is_rising = backwards != selection.is_reversed
    params = dict(selection.params)
    regions = _regions(s, selection, cursor, params, is_rising=is_rising)
    places: list[Place] = []
    for region in regions:
        if len(places) < limit:
            places += _walk(s, selection, region, params, limit - len(places), is_rising=is_rising)
    return places


def _walk(
    s: Session, selection: Selection, region: _Region, params: dict[str, Any], limit: int, *, is_rising: bool
) -> list[Place]:
    conditions, bound = [*selection.conditions, *region.conditions], dict(params, page=limit)
    _bound(conditions, bound, region.since, region.until)
    order = "ASC" if is_rising else "DESC"
    keys = _keys(selection)
    inner = ", ".join(f"{key} {order}" for key in keys)
    outer = ", ".join(f"k{i} {order}" for i in range(len(keys)))
    listed = ", ".join(f"k{i}" for i in range(len(keys)))
    union = " UNION ALL " if selection.is_disjoint else " UNION "
    found: dict[tuple[Any, ...], None] = {}
    for part in chunks(selection.branches, MAX_BRANCHES):
        walks = [
            f"SELECT {listed} FROM ({_branch_sql(s, branch, keys, conditions)}"
            f" ORDER BY {_order(branch, inner)} LIMIT :page) AS b{i}"
            for i, branch in enumerate(part)
        ]
        for row in s.all(f"{union.join(walks)} ORDER BY {outer} LIMIT :page", **bound):
            found[tuple(row[f"k{i}"] for i in range(len(keys)))] = None
    values = sorted(found, reverse=not is_rising) if len(selection.branches) > MAX_BRANCHES else list(found)
    return [Place(each) for each in values[:limit]]


def _keys(selection: Selection) -> tuple[str, ...]:
    return ("r.id",) if selection.is_by_id else ORDERED_BY[selection.sort]


def _regions(
    s: Session, selection: Selection, cursor: str | None, params: dict[str, Any], *, is_rising: bool
) -> list[_Region]:
    """Return the parts of the list beyond the cursor, nearest first, each reached by a seek in the index."""
    since, until = selection.since, selection.until
    compare = ">" if is_rising else "<"
    value, found_id = _value_of(selection, cursor)
    row = s.one("SELECT created_at FROM operation_runs WHERE id = :cursor", cursor=found_id) if found_id else None
    params.update(cursor=found_id, cursor_at=row["created_at"] if row else None, cursor_value=value)
    if found_id and row is None:
        return []
    # The cursor lies within both bounds; SQLite would seek by a bound rather than by the cursor.
    ahead = (None, until) if is_rising else (since, None)
    beyond = f"(r.created_at, r.id) {compare} (:cursor_at, :cursor)"
    if selection.sort is RunSort.STARTED:
        if not found_id:
            return [_Region((), since, until)]
        return [
            _Region((f"r.id {compare} :cursor",), since, until) if selection.is_by_id else _Region((beyond,), *ahead)
        ]
    key = ORDERED_BY[selection.sort][0]
    if selection.is_collected:
        places = {"r.created_at": ":cursor_at", "r.id": ":cursor"}
        keys = ORDERED_BY[selection.sort]
        cursor_of = ", ".join(places.get(each, ":cursor_value") for each in keys)
        return [_Region((f"({', '.join(keys)}) {compare} ({cursor_of})",) if found_id else (), since, until)]
    if selection.sort is RunSort.TOOK:
        # SQLite seeks an expression by one value only: what shares the cursor's, then what lies beyond it.
        same = _Region((f"{key} = :cursor_value", f"r.id {compare} :cursor"), since, until)
        return (
            [same, _Region((f"{key} {compare} :cursor_value",), since, until)]
            if found_id
            else [_Region((), since, until)]
        )
    # Most runs have no failure: among them the walk begins at the cursor, or at a bound of time.
    some = _Region((f"{key} > 0", *((f"{key} {compare} :cursor_value",) if found_id else ())), since, until)
    none = _Region((f"{key} = 0",), since, until)
    same = _Region((f"{key} = :cursor_value", beyond), *ahead)
    if found_id is None:
        return [none, some] if is_rising else [some, none]
    if is_rising:
        return [same, some]
    return [same, some, none] if value else [same]


def count(s: Session, selection: Selection) -> int:
    """Return exactly how many runs match."""
    if selection.matching is not None:
        return selection.matching
    if not selection.branches:
        return 0
    conditions, params = list(selection.conditions), dict(selection.params)
    _bound(conditions, params, selection.since, selection.until)
    parts = [_branch_sql(s, branch, ("r.id",), conditions) for branch in selection.branches]
    union = " UNION ALL " if selection.is_disjoint else " UNION "
    row = s.one(f"SELECT COUNT(*) AS n FROM ({union.join(parts)}) AS hits", **params)
    return int(row["n"]) if row else 0


def is_at_most(s: Session, few: int, branches: Sequence[Branch], selection: Selection) -> bool:
    """Tell whether no more than ``few`` runs were made in the span of time of ``selection``; looks at no more of them."""
    conditions, params = list[str](), dict(selection.params, few=few + 1)
    _bound(conditions, params, selection.since, selection.until)
    found = 0
    for branch in branches:
        where = " AND ".join([branch.anchor, *conditions])
        row = s.one(
            "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM operation_runs r"
            f"{s.index(branch.index)} WHERE {where} LIMIT :few) AS b0",
            **params,
        )
        found += int(row["n"]) if row else 0
    return found <= few


def _value_of(selection: Selection, cursor: str | None) -> tuple[int | None, str | None]:
    if not cursor or selection.sort is RunSort.STARTED:
        return None, cursor
    value, _, found_id = cursor.partition(CURSOR_MARK)
    return int(value), found_id


def _bound(conditions: list[str], params: dict[str, Any], since: str | None, until: str | None) -> None:
    if since:
        conditions.append("r.created_at >= :since")
        params["since"] = since
    if until:
        conditions.append("r.created_at < :until")
        params["until"] = until


def _order(branch: Branch, order: str) -> str:
    return order.replace("r.id", "g.run_id") if branch.is_by_failure else order


def _branch_sql(s: Session, branch: Branch, keys: Sequence[str], conditions: Sequence[str]) -> str:
    hint = s.index(branch.index) if branch.index else ""
    columns = ", ".join(f"{key} AS k{i}" for i, key in enumerate(keys))
    if branch.is_by_failure:
        # The cursor bounds the failures too: the walk begins there.
        on_failures = [
            condition.replace("r.id", "g.run_id") for condition in conditions if condition.startswith("r.id ")
        ]
        where = " AND ".join(["r.id = g.run_id", "g.reason_code = :reason", *conditions, *on_failures])
        grouped = ", ".join(keys).replace("r.id", "g.run_id")
        return (
            f"SELECT {columns.replace('r.id', 'g.run_id')} FROM operation_run_failures g{hint}"
            f" CROSS JOIN operation_runs r WHERE {where} GROUP BY {grouped}"
        )
    where = " AND ".join([branch.anchor, *conditions])
    return f"SELECT {columns} FROM operation_runs r{hint} WHERE {where}"
