"""Which runs a list shows, and how to reach them fast: at a million runs no filter may walk the table.

A page is read through *branches*: each walks one index that ends in what the list is sorted by and id, so that it yields
its first runs at once and stops at the page's size; the branches of a page are merged. The kept counts of runs say which
branches can hold anything at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from opsconsole.domain.ids import looks_like_id
from opsconsole.domain.run import Outcome
from opsconsole.domain.run_sort import RunSort
from opsconsole.store.database import Session, bind_list
from opsconsole.store.lookup import suffix_clause
from opsconsole.store.run_walks import MAX_BRANCHES, Branch, Selection, is_at_most

FEW_ROWS = 20_000
"""A selection by state this small is walked whole, rather than another index in the hope of hits: 20 ms."""

FEW_TO_SORT = 10_000
"""Runs of a span of time, or with one reason, this few are read and sorted for a page: 20 ms."""

MAX_SEARCH_IDS = 200
"""How many runs a search by the end of an id may name; four digits name some 15 in a million."""


class RunFilter(Struct, frozen=True):
    """Which runs; an empty field does not restrict. Texts are times, ids and the values of the domain's words.

    ``since`` is included, ``until`` is not. ``by`` is an initiator's name, ``search`` the end of an id (of a run, set
    or restore), or a part of a tenant's or initiator's name. ``is_reversed`` turns the order round.
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
    sort: str = RunSort.STARTED
    is_reversed: bool = False

    @property
    def is_by_state(self) -> bool:
        """Tell whether the kept counts alone answer how many runs match."""
        return not (self.since or self.until or self.reason or self.by or self.search)

    @property
    def restricts_state(self) -> bool:
        """Tell whether status, outcome, type or tenant restrict."""
        return bool(self.statuses or self.outcomes or self.types or self.tenant_ids)


def select(s: Session, workspace_ids: Sequence[str], flt: RunFilter) -> Selection:
    """Return how to reach the runs of ``flt`` within the given workspaces."""
    if not workspace_ids:
        return Selection([], {}, matching=0)
    _, params = bind_list("w", list(workspace_ids))
    selection = Selection(
        [], params, since=flt.since, until=flt.until, sort=RunSort(flt.sort), is_reversed=flt.is_reversed
    )
    ending = "" if selection.sort is RunSort.STARTED else f"_{selection.sort.value}"
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

    by_name: list[Branch] = []
    if flt.by:
        wanted = flt.by.strip().casefold()
        known = [name for name in _initiators(s, workspace_ids) if name.casefold() == wanted]
        names, more = bind_list("by", known)
        selection.conditions.append(f"r.initiator_name IN ({names})")
        params.update(more)
        by_name = [
            Branch(f"runs_by_initiator{ending}", f"r.workspace_id = :w{w} AND r.initiator_name = :by{n}")
            for w in range(len(workspace_ids))
            for n in range(len(known))
        ]
        if not known:
            selection.matching = 0
            return selection
    if flt.reason:
        # Failures are found by their run's id, so their runs come in its order: the same, as ids sort by time.
        selection.is_by_id = not ending
        params["reason"] = str(flt.reason)
        selection.conditions.append(
            "EXISTS (SELECT 1 FROM operation_run_failures f WHERE f.reason_code = :reason AND f.run_id = r.id)"
        )

    if flt.search:
        _search(s, workspace_ids, flt.search, states, selection, ending)
        return selection
    if ending:
        selection.branches = _sorted_branches(s, workspace_ids, flt, selection, states, by_name, ending)
        return selection
    if flt.restricts_state and (count <= FEW_ROWS or not (flt.reason or flt.by)):
        selection.branches = _state_branches(states, params, by_tenant=bool(flt.tenant_ids))
    elif flt.reason:
        names, _ = bind_list("w", list(workspace_ids))
        selection.conditions[-1] = f"r.workspace_id IN ({names})"
        selection.branches = [Branch("failures_by_reason", "", is_by_failure=True)]
    elif flt.by:
        selection.branches = by_name
    if not selection.branches or len(selection.branches) > MAX_BRANCHES:
        selection.branches = [Branch("runs_by_time", f"r.workspace_id = :w{w}") for w in range(len(workspace_ids))]
    return selection


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


def _sorted_branches(
    s: Session,
    workspace_ids: Sequence[str],
    flt: RunFilter,
    selection: Selection,
    states: Sequence[dict[str, Any]],
    by_name: list[Branch],
    ending: str,
) -> list[Branch]:
    """Return the walks of a list by time taken or failures: along that order, unless few runs are left to be sorted."""
    params = selection.params
    by_time = [Branch("runs_by_time", f"r.workspace_id = :w{w}") for w in range(len(workspace_ids))]
    if (flt.since or flt.until) and is_at_most(s, FEW_TO_SORT, by_time, selection):
        selection.is_collected = True
        return by_time
    if flt.reason:
        rows = s.all(
            "SELECT 1 AS one FROM operation_run_failures WHERE reason_code = :reason LIMIT :few",
            reason=params["reason"],
            few=FEW_TO_SORT + 1,
        )
        if len(rows) <= FEW_TO_SORT:
            selection.is_collected = True
            selection.conditions[-1] = f"r.workspace_id IN ({bind_list('w', list(workspace_ids))[0]})"
            return [Branch("failures_by_reason", "", is_by_failure=True)]
        # A run that succeeded has no failure record: that is what the outcome says.
        states = [state for state in states if state["outcome"] != Outcome.SUCCEEDED]
    elif flt.by and not (flt.restricts_state and sum(int(state["n"]) for state in states) <= FEW_ROWS):
        return by_name
    return _state_branches(states, params, by_tenant=bool(flt.tenant_ids), ending=ending)


def _state_branches(
    states: Sequence[dict[str, Any]], params: dict[str, Any], *, by_tenant: bool, ending: str = ""
) -> list[Branch]:
    column, index = ("tenant_id", "runs_by_tenant") if by_tenant else ("workspace_id", "runs_by_state")
    keys = sorted({(str(state[column]), state["outcome"], state["type"]) for state in states})
    branches = []
    for i, (place, outcome, run_type) in enumerate(keys):
        params.update({f"kp{i}": place, f"ko{i}": outcome, f"kt{i}": run_type})
        branches.append(Branch(index + ending, f"r.{column} = :kp{i} AND r.outcome = :ko{i} AND r.type = :kt{i}"))
    return branches


def _search(
    s: Session,
    workspace_ids: Sequence[str],
    search: str,
    states: Sequence[dict[str, Any]],
    selection: Selection,
    ending: str,
) -> None:
    """Resolve the text to runs, names and tenants first, then walk each of them by its own index."""
    text, params = search.strip().casefold(), selection.params
    places = range(len(workspace_ids))
    selection.is_disjoint = False
    if ids := _ids_ending_in(s, workspace_ids, text):
        listed, more = bind_list("si", ids)
        params.update(more)
        selection.branches.append(Branch("", f"r.id IN ({listed})"))
    names = [name for name in _initiators(s, workspace_ids) if text in name.casefold()]
    _, more = bind_list("sn", names)
    params.update(more)
    selection.branches += [
        Branch(f"runs_by_initiator{ending}", f"r.workspace_id = :w{w} AND r.initiator_name = :sn{n}")
        for w in places
        for n in range(len(names))
    ]
    spaces, more = bind_list("w", list(workspace_ids))
    rows = s.all(f"SELECT id, name FROM tenants WHERE workspace_id IN ({spaces})", **more)
    tenants = {row["id"] for row in rows if text in row["name"].casefold()}
    selection.branches += _state_branches(
        [state for state in states if state["tenant_id"] in tenants], params, by_tenant=True, ending=ending
    )
    if len(selection.branches) > MAX_BRANCHES and not ending:
        listed_names, more_names = bind_list("sn", names)
        listed_ids, more_ids = bind_list("si", ids)
        listed_tenants, more_tenants = bind_list("sx", sorted(tenants))
        params.update(more_names | more_ids | more_tenants)
        selection.conditions.append(
            f"(r.initiator_name IN ({listed_names}) OR r.id IN ({listed_ids}) OR r.tenant_id IN ({listed_tenants}))"
        )
        selection.branches = [Branch("runs_by_time", f"r.workspace_id = :w{w}") for w in places]
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
