"""Which runs a list shows, and how to reach them fast: at a million runs no filter may walk the table.

A page is read through *branches*: each walks one index that has the id last, so that it yields its newest ids first
and stops at the page's size; the branches of a page are merged. Every branch carries the whole condition, so the
choice of branches decides only the speed. The kept counts of runs say which branches can hold anything at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opsconsole.domain.ids import looks_like_id
from opsconsole.store.database import Session, bind_list
from opsconsole.store.lookup import LAST_DIGITS, suffix_clause

MAX_BRANCHES = 60
"""More of them cost more than they save: planning and merging take some 10 µs each."""

FEW_ROWS = 20_000
"""A selection by state this small is walked whole, rather than another index in the hope of hits: 20 ms."""

MAX_SEARCH_IDS = 200
"""How many runs a search by the end of an id may name; four digits name some 15 in a million."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs; an empty field does not restrict. Texts are times, ids and the values of the domain's words.

    ``by`` is an initiator's name or key, ``search`` the end of an id (of a run, set or restore), or a part of a
    tenant's or initiator's name.
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
    """One walk along an index: the index's name for SQLite, its equality condition, and where it starts from."""

    index: str
    anchor: str
    is_by_reason: bool = False


@dataclass(slots=True)
class Selection:
    """A filter made ready for one store: the condition, its parameters, and the branches that reach it."""

    condition: str
    params: dict[str, Any]
    branches: list[_Branch]
    matching: int | None
    by_time: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing can match."""
        return self.matching == 0 or not self.branches


def select(s: Session, workspace_ids: Sequence[str], flt: RunFilter) -> Selection:
    """Return how to reach the runs of ``flt`` within the given workspaces."""
    if not workspace_ids:
        return Selection("1 = 0", {}, [], 0)
    names, params = bind_list("w", list(workspace_ids))
    conditions = [f"r.workspace_id IN ({names})"]
    for column, prefix, values in (
        ("status", "st", flt.statuses),
        ("outcome", "oc", flt.outcomes),
        ("type", "ty", flt.types),
        ("tenant_id", "tn", flt.tenant_ids),
    ):
        if values:
            names, more = bind_list(prefix, [str(value) for value in values])
            conditions.append(f"r.{column} IN ({names})")
            params.update(more)
    if flt.since:
        conditions.append("r.created_at >= :since")
        params["since"] = flt.since
    if flt.until:
        conditions.append("r.created_at < :until")
        params["until"] = flt.until
    states = _states(s, workspace_ids, flt)
    matching = sum(int(state["n"]) for state in states)
    selection = Selection("", params, [], matching, by_time=bool(flt.since or flt.until))

    names_by: list[str] = []
    if flt.by:
        wanted = flt.by.casefold()
        names_by = [name for name in _initiators(s) if name.casefold() == wanted]
        names, more = bind_list("by", names_by)
        conditions.append(f"(r.initiator_name IN ({names}) OR r.initiator = :by_key)")
        params.update(more, by_key=flt.by)
    if flt.reason:
        conditions.append(
            "EXISTS (SELECT 1 FROM operation_run_failures f WHERE f.reason_code = :reason AND f.run_id = r.id)"
        )
        params["reason"] = str(flt.reason)

    if flt.search:
        selection.branches = _search_branches(s, workspace_ids, flt.search, conditions, params, states)
    elif flt.restricts_state and (flt.is_by_state or matching <= FEW_ROWS):
        selection.branches = _state_branches(states, params, by_tenant=bool(flt.tenant_ids))
    elif flt.reason:
        selection.branches = [_Branch("failures_by_reason", "", is_by_reason=True)]
    elif names_by:
        selection.branches = [_Branch("runs_by_initiator", f"r.initiator_name = :by{i}") for i in range(len(names_by))]
    if not selection.branches and not (flt.search and matching):
        index = "runs_by_time" if selection.by_time else _SCOPE_INDEX
        selection.branches = [_Branch(index, f"r.workspace_id = :w{i}") for i in range(len(workspace_ids))]
    if len(selection.branches) > MAX_BRANCHES:
        selection.branches = [_Branch("", "")]
    selection.condition = " AND ".join(conditions)
    return selection


_SCOPE_INDEX = "sqlite_autoindex_operation_runs_2"
"""SQLite's name for the unique key (workspace_id, id)."""


def page_ids(s: Session, selection: Selection, *, limit: int, cursor: str | None, backwards: bool) -> list[str]:
    """Return the ids next to ``cursor``, nearest first: older ones, or newer ones if ``backwards``."""
    if selection.is_empty:
        return []
    order = "ASC" if backwards else "DESC"
    compare = ">" if backwards else "<"
    keys = ("created_at", "id") if selection.by_time else ("id",)
    condition, params = selection.condition, dict(selection.params, page=limit)
    if cursor:
        params["cursor"] = cursor
        place = ":cursor"
        if selection.by_time:
            at = s.one("SELECT created_at FROM operation_runs WHERE id = :cursor", cursor=cursor)
            if at is None:
                return []
            params["cursor_at"] = at["created_at"]
            place = "(:cursor_at, :cursor)"
        left = ", ".join(f"r.{key}" for key in keys)
        condition += f" AND {f'({left})' if selection.by_time else left} {compare} {place}"
    inner = ", ".join(f"r.{key} {order}" for key in keys)
    outer = ", ".join(f"{key} {order}" for key in keys)
    columns = ", ".join(f"r.{key}" for key in keys)
    parts = [
        f"SELECT {', '.join(keys)} FROM ({_branch_sql(s, branch, columns, condition)} ORDER BY {inner} LIMIT :page) AS b{i}"
        for i, branch in enumerate(selection.branches)
    ]
    sql = " UNION ".join(parts) + f" ORDER BY {outer} LIMIT :page"
    return [row["id"] for row in s.all(sql, **params)]


def count(s: Session, selection: Selection, flt: RunFilter) -> int:
    """Return exactly how many runs match."""
    if selection.is_empty:
        return 0
    if flt.is_by_state and selection.matching is not None:
        return selection.matching
    parts = [_branch_sql(s, branch, "r.id", selection.condition) for branch in selection.branches]
    row = s.one(f"SELECT COUNT(*) AS n FROM ({' UNION '.join(parts)}) AS hits", **selection.params)
    return int(row["n"]) if row else 0


def _branch_sql(s: Session, branch: _Branch, columns: str, condition: str) -> str:
    hint = f" INDEXED BY {branch.index}" if s.dialect == "sqlite" and branch.index else ""
    if branch.is_by_reason:
        return (
            f"SELECT {columns} FROM operation_run_failures g{hint} CROSS JOIN operation_runs r"
            f" WHERE r.id = g.run_id AND g.reason_code = :reason AND {condition} GROUP BY {columns}"
        )
    anchor = f"{branch.anchor} AND " if branch.anchor else ""
    return f"SELECT {columns} FROM operation_runs r{hint} WHERE {anchor}{condition}"


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
    if len(keys) > MAX_BRANCHES:
        return []
    branches = []
    for i, (place, outcome, run_type) in enumerate(keys):
        params.update({f"kp{i}": place, f"ko{i}": outcome, f"kt{i}": run_type})
        branches.append(_Branch(index, f"r.{column} = :kp{i} AND r.outcome = :ko{i} AND r.type = :kt{i}"))
    return branches


def _search_branches(
    s: Session,
    workspace_ids: Sequence[str],
    search: str,
    conditions: list[str],
    params: dict[str, Any],
    states: Sequence[dict[str, Any]],
) -> list[_Branch]:
    """Resolve the text to ids, names and tenants first, then walk each of them by its own index."""
    text = search.strip().casefold()
    ids = _ids_ending_in(s, workspace_ids, text)
    names = [name for name in _initiators(s) if text in name.casefold()]
    tenants = [row["id"] for row in s.all("SELECT id, name FROM tenants") if text in row["name"].casefold()]
    parts: list[str] = []
    branches: list[_Branch] = []
    if ids:
        listed, more = bind_list("si", ids)
        parts.append(f"r.id IN ({listed})")
        params.update(more)
        branches.append(_Branch("", f"r.id IN ({listed})"))
    if names:
        listed, more = bind_list("sn", names)
        parts.append(f"r.initiator_name IN ({listed})")
        params.update(more)
        branches += [_Branch("runs_by_initiator", f"r.initiator_name = :sn{i}") for i in range(len(names))]
    if tenants:
        listed, more = bind_list("sx", tenants)
        parts.append(f"r.tenant_id IN ({listed})")
        params.update(more)
        hits = [state for state in states if state["tenant_id"] in tenants]
        branches += _state_branches(hits, params, by_tenant=True) or ([_Branch("", "")] if hits else [])
    conditions.append(f"({' OR '.join(parts)})" if parts else "1 = 0")
    return branches


def _ids_ending_in(s: Session, workspace_ids: Sequence[str], text: str) -> list[str]:
    """Return the runs whose id ends in ``text``, and those that belong to a set or restore whose id does."""
    if not looks_like_id(text) or len(text) < LAST_DIGITS:
        return []
    clause, params = suffix_clause(text) or ("1 = 0", {})
    names, spaces = bind_list("w", list(workspace_ids))
    scope = f"{clause} AND workspace_id IN ({names})"
    rows = s.all(
        f"SELECT id FROM (SELECT id FROM operation_runs WHERE {scope} ORDER BY id DESC LIMIT {MAX_SEARCH_IDS}) AS a"
        f" UNION SELECT capture_run_id FROM backup_sets WHERE {scope}"
        f" UNION SELECT fetch_run_id FROM backup_sets WHERE {scope}"
        f" UNION SELECT preview_run_id FROM restore_runs WHERE {scope}"
        f" UNION SELECT e.run_id FROM restore_executions e WHERE e.restore_run_id IN"
        f" (SELECT id FROM restore_runs WHERE {scope})",
        **params,
        **spaces,
    )
    return [row["id"] for row in rows][:MAX_SEARCH_IDS]


def _initiators(s: Session) -> list[str]:
    """Return every initiator's name, by jumping from one to the next along the index: some µs each, however many runs."""
    rows = s.all(
        "WITH RECURSIVE names (name) AS ("
        " SELECT MIN(initiator_name) FROM operation_runs"
        " UNION ALL SELECT (SELECT MIN(initiator_name) FROM operation_runs WHERE initiator_name > names.name)"
        " FROM names WHERE names.name IS NOT NULL)"
        " SELECT name FROM names WHERE name IS NOT NULL"
    )
    return [row["name"] for row in rows]
