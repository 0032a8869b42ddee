"""Which runs a list shows, and how to reach them fast: at a million runs no filter may walk the table.

A page is read through *branches*: each walks one index that ends in time and id, so that it yields its newest runs
first and stops at the page's size; the branches of a page are merged. The kept counts of runs say which branches can
hold anything at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from opsconsole.domain.ids import looks_like_id
from opsconsole.store.database import Session, bind_list
from opsconsole.store.lookup import suffix_clause

MAX_BRANCHES = 60
"""More of them cost more than they save: planning and merging take some 10 µs each."""

FEW_ROWS = 20_000
"""A selection by state this small is walked whole, rather than another index in the hope of hits: 20 ms."""

MAX_SEARCH_IDS = 200
"""How many runs a search by the end of an id may name; four digits name some 15 in a million."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs; an empty field does not restrict. Texts are times, ids and the values of the domain's words.

    ``since`` is included, ``until`` is not. ``by`` is an initiator's name, ``search`` the end of an id (of a run, set
    or restore), or a part of a tenant's or initiator's name.
    """

    statuses: Sequence[str] = ()
    outcomes: Sequence[str] = ()
    types: Sequence[str] = ()
    tenant_ids: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    reason: str | None = None
    by: str | None = None
    search: str | None = None

    @property
    def is_by_state(self) -> bool:
        """Tell whether the kept counts alone answer how many runs match."""
        return not (self.since or self.until or self.reason or self.by or self.search)

    @property
    def restricts_state(self) -> bool:
        """Tell whether status, outcome, type or tenant restrict."""
        return bool(self.statuses or self.outcomes or self.types or self.tenant_ids)


@dataclass(frozen=True, slots=True)
class _Branch:
    """One walk along an index (named for SQLite) that begins where the anchor says."""

    index: str
    anchor: str
    is_by_failure: bool = False


@dataclass(slots=True)
class Selection:
    """A filter made ready for one store: conditions that hold in every branch, and the branches that reach the runs."""

    conditions: list[str]
    params: dict[str, Any]
    branches: list[_Branch] = field(default_factory=list)
    is_disjoint: bool = True
    matching: int | None = None
    since: str | None = None
    until: str | None = None
    keys: tuple[str, ...] = ("created_at", "id")


def select(s: Session, workspace_ids: Sequence[str], flt: RunFilter) -> Selection:
    """Return how to reach the runs of ``flt`` within the given workspaces."""
    if not workspace_ids:
        return Selection([], {}, matching=0)
    _, params = bind_list("w", list(workspace_ids))
    selection = Selection([], params, since=flt.since, until=flt.until)
    for column, prefix, values in (
        ("status", "st", flt.statuses),
        ("outcome", "oc", flt.outcomes),
        ("type", "ty", flt.types),
        ("tenant_id", "tn", flt.tenant_ids),
    ):
        if values:
            names, more = bind_list(prefix, [str(value) for value in values])
            selection.conditions.append(f"r.{column} IN ({names})")
            params.update(more)
    states = _states(s, workspace_ids, flt)
    count = sum(int(state["n"]) for state in states)
    if flt.is_by_state:
        selection.matching = count
    if not count:
        selection.matching = 0
        return selection

    by_name: list[_Branch] = []
    if flt.by:
        wanted = flt.by.strip().casefold()
        known = [name for name in _initiators(s, workspace_ids) if name.casefold() == wanted]
        names, more = bind_list("by", known)
        selection.conditions.append(f"r.initiator_name IN ({names})")
        params.update(more)
        by_name = [
            _Branch("runs_by_initiator", f"r.workspace_id = :w{w} AND r.initiator_name = :by{n}")
            for w in range(len(workspace_ids))
            for n in range(len(known))
        ]
        if not known:
            selection.matching = 0
            return selection
    if flt.reason:
        # Failures are found by their run's id, so their runs come in its order: the same, as ids sort by time.
        selection.keys = ("id",)
        params["reason"] = str(flt.reason)
        selection.conditions.append(
            "EXISTS (SELECT 1 FROM operation_run_failures f WHERE f.reason_code = :reason AND f.run_id = r.id)"
        )

    if flt.search:
        _search(s, workspace_ids, flt.search, states, selection)
        return selection
    if flt.restricts_state and (count <= FEW_ROWS or not (flt.reason or flt.by)):
        selection.branches = _state_branches(states, params, by_tenant=bool(flt.tenant_ids))
    elif flt.reason:
        names, _ = bind_list("w", list(workspace_ids))
        selection.conditions[-1] = f"r.workspace_id IN ({names})"
        selection.branches = [_Branch("failures_by_reason", "", is_by_failure=True)]
    elif flt.by:
        selection.branches = by_name
    if not selection.branches or len(selection.branches) > MAX_BRANCHES:
        selection.branches = [_Branch("runs_by_time", f"r.workspace_id = :w{w}") for w in range(len(workspace_ids))]
    return selection


def page_ids(s: Session, selection: Selection, *, limit: int, cursor: str | None) -> list[str]:
    """Return the ids of the runs that are older than ``cursor``, newest first."""
    if not selection.branches:
        return []
    conditions, params = list(selection.conditions), dict(selection.params, page=limit)
    since, until = selection.since, selection.until
    by_time = len(selection.keys) > 1
    if cursor:
        params["cursor"] = cursor
        if by_time:
            at = s.one("SELECT created_at FROM operation_runs WHERE id = :cursor", cursor=cursor)
            if at is None:
                return []
            params["cursor_at"] = at["created_at"]
            conditions.append("(r.created_at, r.id) < (:cursor_at, :cursor)")
            # The cursor lies within both bounds; SQLite would seek by this one rather than by the cursor.
            until = None
        else:
            conditions.append("r.id < :cursor")
    _bound(conditions, params, since, until)
    inner = ", ".join(f"r.{key} DESC" for key in selection.keys)
    outer = ", ".join(f"{key} DESC" for key in selection.keys)
    parts = [
        f"SELECT {', '.join(selection.keys)} FROM"
        f" ({_branch_sql(s, branch, selection.keys, conditions)} ORDER BY {_order(branch, inner)} LIMIT :page) AS b{i}"
        for i, branch in enumerate(selection.branches)
    ]
    union = " UNION ALL " if selection.is_disjoint else " UNION "
    return [row["id"] for row in s.all(f"{union.join(parts)} ORDER BY {outer} LIMIT :page", **params)]


def count(s: Session, selection: Selection) -> int:
    """Return exactly how many runs match."""
    if selection.matching is not None:
        return selection.matching
    if not selection.branches:
        return 0
    conditions, params = list(selection.conditions), dict(selection.params)
    _bound(conditions, params, selection.since, selection.until)
    parts = [_branch_sql(s, branch, ("id",), conditions) for branch in selection.branches]
    union = " UNION ALL " if selection.is_disjoint else " UNION "
    row = s.one(f"SELECT COUNT(*) AS n FROM ({union.join(parts)}) AS hits", **params)
    return int(row["n"]) if row else 0


def _bound(conditions: list[str], params: dict[str, Any], since: str | None, until: str | None) -> None:
    if since:
        conditions.append("r.created_at >= :since")
        params["since"] = since
    if until:
        conditions.append("r.created_at < :until")
        params["until"] = until


def _order(branch: _Branch, order: str) -> str:
    return order.replace("r.id", "g.run_id") if branch.is_by_failure else order


def _branch_sql(s: Session, branch: _Branch, keys: Sequence[str], conditions: Sequence[str]) -> str:
    hint = s.index(branch.index) if branch.index else ""
    if branch.is_by_failure:
        # The cursor bounds the failures too: the walk begins there.
        on_failures = [
            condition.replace("r.id", "g.run_id") for condition in conditions if condition.startswith("r.id ")
        ]
        where = " AND ".join(["r.id = g.run_id", "g.reason_code = :reason", *conditions, *on_failures])
        return f"SELECT g.run_id AS id FROM operation_run_failures g{hint} CROSS JOIN operation_runs r WHERE {where} GROUP BY g.run_id"
    columns = ", ".join(f"r.{key}" for key in keys)
    where = " AND ".join([branch.anchor, *conditions])
    return f"SELECT {columns} FROM operation_runs r{hint} WHERE {where}"


def _states(s: Session, workspace_ids: Sequence[str], flt: RunFilter) -> list[dict[str, Any]]:
    """Return the kept counts that ``flt`` lets through, one row a state that occurs."""
    names, params = bind_list("w", list(workspace_ids))
    rows = s.all(
        "SELECT workspace_id, tenant_id, type, status, outcome, CAST(SUM(n) AS BIGINT) AS n FROM run_counts"
        f" WHERE workspace_id IN ({names}) GROUP BY workspace_id, tenant_id, type, status, outcome",
        **params,
    )
    wanted = (("status", flt.statuses), ("outcome", flt.outcomes), ("type", flt.types), ("tenant_id", flt.tenant_ids))
    return [
        row
        for row in rows
        if row["n"] > 0 and all(not values or row[column] in [str(v) for v in values] for column, values in wanted)
    ]


def _state_branches(states: Sequence[dict[str, Any]], params: dict[str, Any], *, by_tenant: bool) -> list[_Branch]:
    column, index = ("tenant_id", "runs_by_tenant") if by_tenant else ("workspace_id", "runs_by_state")
    keys = sorted({(str(state[column]), state["outcome"], state["type"]) for state in states})
    branches = []
    for i, (place, outcome, run_type) in enumerate(keys):
        params.update({f"kp{i}": place, f"ko{i}": outcome, f"kt{i}": run_type})
        branches.append(_Branch(index, f"r.{column} = :kp{i} AND r.outcome = :ko{i} AND r.type = :kt{i}"))
    return branches


def _search(
    s: Session, workspace_ids: Sequence[str], search: str, states: Sequence[dict[str, Any]], selection: Selection
) -> None:
    """Resolve the text to runs, names and tenants first, then walk each of them by its own index."""
    text, params = search.strip().casefold(), selection.params
    places = range(len(workspace_ids))
    selection.is_disjoint = False
    if ids := _ids_ending_in(s, workspace_ids, text):
        listed, more = bind_list("si", ids)
        params.update(more)
        selection.branches.append(_Branch("", f"r.id IN ({listed})"))
    names = [name for name in _initiators(s, workspace_ids) if text in name.casefold()]
    _, more = bind_list("sn", names)
    params.update(more)
    selection.branches += [
        _Branch("runs_by_initiator", f"r.workspace_id = :w{w} AND r.initiator_name = :sn{n}")
        for w in places
        for n in range(len(names))
    ]
    spaces, more = bind_list("w", list(workspace_ids))
    rows = s.all(f"SELECT id, name FROM tenants WHERE workspace_id IN ({spaces})", **more)
    tenants = {row["id"] for row in rows if text in row["name"].casefold()}
    selection.branches += _state_branches(
        [state for state in states if state["tenant_id"] in tenants], params, by_tenant=True
    )
    if len(selection.branches) > MAX_BRANCHES:
        listed_names, more_names = bind_list("sn", names)
        listed_ids, more_ids = bind_list("si", ids)
        listed_tenants, more_tenants = bind_list("sx", sorted(tenants))
        params.update(more_names | more_ids | more_tenants)
        selection.conditions.append(
            f"(r.initiator_name IN ({listed_names}) OR r.id IN ({listed_ids}) OR r.tenant_id IN ({listed_tenants}))"
        )
        selection.branches = [_Branch("runs_by_time", f"r.workspace_id = :w{w}") for w in places]
    if not selection.branches:
        selection.matching = 0


def _ids_ending_in(s: Session, workspace_ids: Sequence[str], text: str) -> list[str]:
    """Return the runs whose id ends in ``text``, and those that belong to a set or restore whose id does."""
    clause = suffix_clause(text) if looks_like_id(text) else None
    if clause is None:
        return []
    where, params = clause
    rows = s.all(
        f"SELECT id, workspace_id FROM operation_runs WHERE {where}"
        f" UNION SELECT capture_run_id, workspace_id FROM backup_sets WHERE {where}"
        f" UNION SELECT fetch_run_id, workspace_id FROM backup_sets WHERE {where}"
        f" UNION SELECT preview_run_id, workspace_id FROM restore_runs WHERE {where}"
        " UNION SELECT run_id, workspace_id FROM restore_executions WHERE restore_run_id IN"
        f" (SELECT id FROM restore_runs WHERE {where})",
        **params,
    )
    return sorted((row["id"] for row in rows if row["workspace_id"] in workspace_ids), reverse=True)[:MAX_SEARCH_IDS]


def _initiators(s: Session, workspace_ids: Sequence[str]) -> list[str]:
    """Return every initiator's name, by jumping from one to the next along the index: some µs each, however many runs."""
    first = (
        f"SELECT MIN(initiator_name) FROM operation_runs{s.index('runs_by_initiator')} WHERE workspace_id = :workspace"
    )
    found: set[str] = set()
    for workspace_id in workspace_ids:
        rows = s.all(
            f"WITH RECURSIVE names (name) AS ({first} UNION ALL"
            f" SELECT ({first} AND initiator_name > names.name) FROM names WHERE names.name IS NOT NULL)"
            " SELECT name FROM names WHERE name IS NOT NULL",
            workspace=workspace_id,
        )
        found.update(row["name"] for row in rows)
    return sorted(found)
