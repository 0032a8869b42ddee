"""The walks along indexes by which a page of runs is read, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from opsconsole.domain.run_sort import RunSort
from opsconsole.store.database import Session, chunks

MAX_BRANCHES = 60
"""More of them in one statement cost more than they save: planning and merging take some 10 µs each."""

SORTED_BY: dict[RunSort, str] = {
    RunSort.STARTED: "r.created_at",
    RunSort.TOOK: "COALESCE(r.took_ms, -1)",
    RunSort.FAILED: "r.items_failed",
}
"""What the indexes of each order end in, before the id."""

CURSOR_MARK = ":"
"""Stands between value and id in a cursor of a list that is not sorted by time: ``1500:0199…``."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One walk along an index (named for SQLite) that begins where the anchor says."""

    index: str
    anchor: str
    is_by_failure: bool = False


@dataclass(slots=True)
class Selection:
    """A filter made ready for one store: conditions that hold in every branch, and the branches that reach the runs.

    ``is_by_id``: the walks yield runs in the order of their ids, which is that of time.
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands in a list."""

    value: Any
    id: str

    def cursor(self, sort: RunSort) -> str:
        """Return the cursor of what follows."""
        return self.id if sort is RunSort.STARTED else f"{self.value}{CURSOR_MARK}{self.id}"


def page_places(s: Session, selection: Selection, *, limit: int, cursor: str | None, backwards: bool) -> list[Place]:
    """Return the runs next to ``cursor``, nearest first: those that follow in the list, or come before if ``backwards``."""
    if not selection.branches:
        return []
    is_rising = backwards != selection.is_reversed
    order, compare = ("ASC", ">") if is_rising else ("DESC", "<")
    conditions, params = list(selection.conditions), dict(selection.params, page=limit)
    since, until = selection.since, selection.until
    value = SORTED_BY[selection.sort]
    regions: list[list[str]] = [[]]
    if cursor:
        at, found_id = _place_of(s, selection, cursor)
        if found_id is None:
            return []
        params["cursor"] = found_id
        if selection.is_by_id:
            regions = [[f"r.id {compare} :cursor"]]
        else:
            params["cursor_at"] = at
            regions = [[f"({value}, r.id) {compare} (:cursor_at, :cursor)"]]
            if selection.sort is RunSort.TOOK:
                # SQLite seeks an expression by one value only: what shares the cursor's, and what lies beyond it.
                regions = [[f"{value} = :cursor_at", f"r.id {compare} :cursor"], [f"{value} {compare} :cursor_at"]]
            if selection.sort is RunSort.STARTED:
                # The cursor lies within both bounds; SQLite would seek by a bound rather than by the cursor.
                since, until = (None, until) if is_rising else (since, None)
    _bound(conditions, params, since, until)
    inner = f"r.id {order}" if selection.is_by_id else f"{value} {order}, r.id {order}"
    outer = f"id {order}" if selection.is_by_id else f"sorted_by {order}, id {order}"
    union = " UNION ALL " if selection.is_disjoint else " UNION "
    found: dict[str, Place] = {}
    walks_of_all = [(branch, [*conditions, *region]) for branch in selection.branches for region in regions]
    for part in chunks(walks_of_all, MAX_BRANCHES):
        walks = [
            f"SELECT sorted_by, id FROM ({_branch_sql(s, branch, selection, where)}"
            f" ORDER BY {_order(branch, inner)} LIMIT :page) AS b{i}"
            for i, (branch, where) in enumerate(part)
        ]
        for row in s.all(f"{union.join(walks)} ORDER BY {outer} LIMIT :page", **params):
            found[row["id"]] = Place(row["sorted_by"], row["id"])
    places = list(found.values())
    if len(walks_of_all) > MAX_BRANCHES:
        places.sort(key=lambda place: (place.value, place.id), reverse=not is_rising)
    return places[:limit]


def count(s: Session, selection: Selection) -> int:
    """Return exactly how many runs match."""
    if selection.matching is not None:
        return selection.matching
    if not selection.branches:
        return 0
    conditions, params = list(selection.conditions), dict(selection.params)
    _bound(conditions, params, selection.since, selection.until)
    parts = [_branch_sql(s, branch, selection, conditions, only_ids=True) for branch in selection.branches]
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


def _place_of(s: Session, selection: Selection, cursor: str) -> tuple[Any, str | None]:
    if selection.sort is not RunSort.STARTED:
        value, _, found_id = cursor.partition(CURSOR_MARK)
        return int(value), found_id
    if selection.is_by_id:
        return None, cursor
    row = s.one("SELECT created_at FROM operation_runs WHERE id = :cursor", cursor=cursor)
    return (row["created_at"], cursor) if row else (None, None)


def _bound(conditions: list[str], params: dict[str, Any], since: str | None, until: str | None) -> None:
    if since:
        conditions.append("r.created_at >= :since")
        params["since"] = since
    if until:
        conditions.append("r.created_at < :until")
        params["until"] = until


def _order(branch: Branch, order: str) -> str:
    return order.replace("r.id", "g.run_id") if branch.is_by_failure else order


def _branch_sql(
    s: Session, branch: Branch, selection: Selection, conditions: Sequence[str], *, only_ids: bool = False
) -> str:
    hint = s.index(branch.index) if branch.index else ""
    value = "" if only_ids else f"{'NULL' if selection.is_by_id else SORTED_BY[selection.sort]} AS sorted_by, "
    if branch.is_by_failure:
        # The cursor bounds the failures too: the walk begins there.
        on_failures = [
            condition.replace("r.id", "g.run_id") for condition in conditions if condition.startswith("r.id ")
        ]
        where = " AND ".join(["r.id = g.run_id", "g.reason_code = :reason", *conditions, *on_failures])
        grouped = "" if only_ids or selection.is_by_id else f", {SORTED_BY[selection.sort]}"
        return (
            f"SELECT {value}g.run_id AS id FROM operation_run_failures g{hint} CROSS JOIN operation_runs r"
            f" WHERE {where} GROUP BY g.run_id{grouped}"
        )
    where = " AND ".join([branch.anchor, *conditions])
    return f"SELECT {value}r.id FROM operation_runs r{hint} WHERE {where}"
