"""Which entries of the trail a list shows, and how to reach them fast: each branch of a page walks one index along ``seq``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from opsconsole.domain.audit import Action, AuditEntry, AuditOutcome, outcomes_of
from opsconsole.domain.clock import from_text, to_text
from opsconsole.store.database import Session, bind_list
from opsconsole.store.lookup import ID_LENGTH, LAST_DIGITS, suffix_clause

SELECT_ENTRY = (
    "SELECT id, seq, workspace_id, tenant_id, actor, action, resource_type, resource_id, outcome, details, created_at,"
    " prev_hash, hash FROM audit_logs"
)

CLOCK_SLACK = timedelta(hours=1)
"""Entries stand in the order of their commits: the clocks of two machines, and a long transaction, may differ by this much."""

MAX_BRANCHES = 60
"""SQLite joins at most 500 parts; long before that, one walk along the workspace costs less."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; an empty field does not restrict. ``since`` is included, ``until`` is not.

    ``actors`` are whole names, whatever their case. ``search`` is the end of an entry's id, the end of the id of what it
    is about, or a part of an action's or actor's text.
    """

    actors: Sequence[str] = ()
    actions: Sequence[str] = ()
    outcomes: Sequence[str] = ()
    tenant_ids: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    search: str | None = None


@dataclass(slots=True)
class _Selection:
    """Branches as (index for SQLite, anchor), and what holds in all of them."""

    branches: list[tuple[str, str]] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    is_disjoint: bool = True


def list_entries(
    s: Session,
    workspace_ids: Sequence[str],
    flt: AuditFilter = AuditFilter(),
    *,
    limit: int,
    cursor: str | None = None,
    store_wide: bool = True,
    is_oldest_first: bool = False,
) -> tuple[list[AuditEntry], str | None]:
    """Return a page of entries, newest first unless told otherwise, and the cursor of the next page (a ``seq``).

    Entries of the store as a whole, of no workspace, come with those of the workspaces unless ``store_wide`` is off.
    """
    selection = _select(s, workspace_ids, flt, store_wide=store_wide)
    if not selection.branches:
        return [], None
    order, compare = ("ASC", ">") if is_oldest_first else ("DESC", "<")
    conditions, params = list(selection.conditions), dict(selection.params)
    if cursor:
        conditions.append(f"seq {compare} :cursor")
        params["cursor"] = int(cursor)
    # Each branch walks one index from its newest entry and stops at the page's size.
    parts = [
        f"SELECT * FROM ({SELECT_ENTRY}{s.index(index) if index else ''} WHERE {' AND '.join([where, *conditions])}"
        f" ORDER BY seq {order} LIMIT :page) AS b{i}"
        for i, (index, where) in enumerate(selection.branches)
    ]
    rows = s.all(f"{' UNION '.join(parts)} ORDER BY seq {order} LIMIT :page", **params, page=limit + 1)
    entries = [AuditEntry(**row) for row in rows[:limit]]
    return entries, str(entries[-1].seq) if len(rows) > limit else None


def count_entries(
    s: Session,
    workspace_ids: Sequence[str],
    flt: AuditFilter = AuditFilter(),
    *,
    after_seq: int = 0,
    store_wide: bool = True,
) -> tuple[int, int]:
    """Return exactly how many entries behind ``after_seq`` match, and up to which ``seq`` was counted.

    The trail only grows: what was counted once need not be counted again.
    """
    row = s.one("SELECT seq FROM audit_head WHERE id = 1")
    upto = int(row["seq"]) if row else 0
    if after_seq >= upto:
        return 0, upto
    if flt == AuditFilter() and store_wide and _are_all(s, workspace_ids):
        return upto - after_seq, upto
    selection = _select(s, workspace_ids, flt, store_wide=store_wide)
    if not selection.branches:
        return 0, upto
    conditions = [*selection.conditions, "seq <= :upto", *(["seq > :after"] if after_seq else [])]
    params = {**selection.params, "upto": upto, **({"after": after_seq} if after_seq else {})}
    parts = [
        f"SELECT seq FROM audit_logs{s.index(index) if index else ''} WHERE {' AND '.join([where, *conditions])}"
        for index, where in selection.branches
    ]
    union = " UNION ALL " if selection.is_disjoint else " UNION "
    return int(s.all(f"SELECT COUNT(*) AS n FROM ({union.join(parts)}) AS hits", **params)[0]["n"]), upto


def _are_all(s: Session, workspace_ids: Sequence[str]) -> bool:
    rows = s.all("SELECT id FROM workspaces")
    return {row["id"] for row in rows} <= set(workspace_ids)


def _select(s: Session, workspace_ids: Sequence[str], flt: AuditFilter, *, store_wide: bool) -> _Selection:
    names, params = bind_list("w", list(workspace_ids))
    selection = _Selection(params=params)
    scope = f"(workspace_id IN ({names}){' OR workspace_id IS NULL' if store_wide else ''})"
    if flt.outcomes:
        _restrict(selection, "outcome", "oc", flt.outcomes)
    if flt.tenant_ids:
        _restrict(selection, "tenant_id", "tn", flt.tenant_ids)
    _bound(s, selection, flt)
    actors: list[str] = []
    if flt.actors:
        wanted = {name.casefold() for name in flt.actors}
        actors = [name for name in _actors(s) if name.casefold() in wanted]
        if not actors:
            return selection
        _restrict(selection, "actor", "ac", actors)
    actions = _actions(flt)
    if actions is not None:
        if not actions:
            return selection
        _restrict(selection, "action", "an", actions)
    if flt.search:
        selection.is_disjoint = False
        selection.branches = _search_branches(s, flt.search, params)
        if len(selection.branches) > MAX_BRANCHES:
            selection.conditions.append(f"({' OR '.join(anchor for _, anchor in selection.branches)})")
            selection.branches = _by_workspace(workspace_ids, store_wide=store_wide)
    elif actions is not None:
        selection.branches = [("audit_by_action", f"action = :an{i}") for i in range(len(actions))]
    elif actors:
        selection.branches = [("audit_by_actor", f"actor = :ac{i}") for i in range(len(actors))]
    else:
        selection.branches = _by_workspace(workspace_ids, store_wide=store_wide)
        return selection
    selection.conditions.append(scope)
    return selection


def _by_workspace(workspace_ids: Sequence[str], *, store_wide: bool) -> list[tuple[str, str]]:
    branches = [("audit_by_workspace", f"workspace_id = :w{i}") for i in range(len(workspace_ids))]
    return [*branches, ("audit_by_workspace", "workspace_id IS NULL")] if store_wide else branches


def _restrict(selection: _Selection, column: str, prefix: str, values: Sequence[str]) -> None:
    names, more = bind_list(prefix, [str(value) for value in values])
    selection.conditions.append(f"{column} IN ({names})")
    selection.params.update(more)


def _actions(flt: AuditFilter) -> list[str] | None:
    """Return the actions that can match, by name and by the outcomes that they can have; None where any can."""
    chosen = [str(action) for action in flt.actions] or None
    rare = set(flt.outcomes) - {AuditOutcome.SUCCEEDED.value}
    if not flt.outcomes or AuditOutcome.SUCCEEDED.value in flt.outcomes:
        return chosen
    able = [action.value for action in Action if rare & {outcome.value for outcome in outcomes_of(action)}]
    return able if chosen is None else [action for action in chosen if action in able]


def _bound(s: Session, selection: _Selection, flt: AuditFilter) -> None:
    """Bound by time exactly, and by place in the chain, which the indexes follow, with room for clocks that differ."""
    for name, moment, compare, slack in (
        ("since", flt.since, ">=", -CLOCK_SLACK),
        ("until", flt.until, "<", CLOCK_SLACK),
    ):
        if moment is None:
            continue
        selection.conditions += [f"created_at {compare} :{name}", f"seq {compare} :{name}_seq"]
        selection.params[name] = moment
        selection.params[f"{name}_seq"] = _seq_at(s, to_text(from_text(moment) + slack))


def _seq_at(s: Session, moment: str) -> int:
    """Return the first ``seq`` whose entry is not older than ``moment``: found in some twenty steps among a million."""
    row = s.one("SELECT MAX(seq) AS last FROM audit_logs")
    low, high = 1, int((row or {}).get("last") or 0) + 1
    while low < high:
        middle = (low + high) // 2
        at = s.one("SELECT created_at FROM audit_logs WHERE seq >= :seq ORDER BY seq LIMIT 1", seq=middle)
        if at is not None and at["created_at"] < moment:
            low = middle + 1
        else:
            high = middle
    return low


def _search_branches(s: Session, search: str, params: dict[str, Any]) -> list[tuple[str, str]]:
    text = search.strip().casefold()
    branches = []
    if clause := suffix_clause(text):
        branches.append(("audit_by_last_digits" if len(text) < ID_LENGTH else "", clause[0]))
        params.update(clause[1], resource_end=text[-LAST_DIGITS:])
        tail = f"substr(resource_id, {ID_LENGTH - len(text) + 1}) = :ref"
        branches.append(
            ("audit_by_resource", f"substr(resource_id, {ID_LENGTH - LAST_DIGITS + 1}) = :resource_end AND {tail}")
        )
    found = [("audit_by_actor", "actor", name) for name in _actors(s) if text in name.casefold()]
    found += [("audit_by_action", "action", known.value) for known in Action if text in known.value]
    for i, (index, column, value) in enumerate(found):
        params[f"hit{i}"] = value
        branches.append((index, f"{column} = :hit{i}"))
    return branches


def _actors(s: Session) -> list[str]:
    """Return every actor's name, by jumping from one to the next along the index: some µs each, however many entries."""
    rows = s.all(
        "WITH RECURSIVE actors (name) AS (SELECT MIN(actor) FROM audit_logs UNION ALL"
        " SELECT (SELECT MIN(actor) FROM audit_logs WHERE actor > actors.name) FROM actors WHERE actors.name IS NOT NULL)"
        " SELECT name FROM actors WHERE name IS NOT NULL"
    )
    return [row["name"] for row in rows]
