"""Which backup sets and restore runs a list shows: both belong to a tenant, were made by somebody at some time, and have a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsconsole.store.database import Session, bind_list
from opsconsole.store.lookup import resolve_suffix
from opsconsole.store.text_search import holds_part, part_pattern

MAX_SEARCH_IDS = 200
"""How many records a search by the end of an id may name."""


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records; an empty field does not restrict. ``since`` is included, ``until`` is not.

    ``by`` is an initiator's name; ``search`` the end of an id, or a part of a tenant's or initiator's name.
    """

    states: Sequence[str] = ()
    tenant_ids: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    by: str | None = None
    search: str | None = None


EVERY_RECORD = RecordFilter()
"""Restricts nothing."""


def record_conditions(
    s: Session,
    workspace_ids: Sequence[str],
    flt: RecordFilter,
    *,
    table: str,
    alias: str,
    of_state: Mapping[str, str],
) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions of a filter and their parameters; ``of_state`` has the condition of each state."""
    spaces, params = bind_list("w", list(workspace_ids))
    conditions = [f"{alias}.workspace_id IN ({spaces})"]
    if flt.states:
        conditions.append(f"({' OR '.join(of_state[str(state)] for state in flt.states)})")
    if flt.tenant_ids:
        names, more = bind_list("tn", list(flt.tenant_ids))
        conditions.append(f"{alias}.tenant_id IN ({names})")
        params.update(more)
    for name, compare in (("since", ">="), ("until", "<")):
        if bound := getattr(flt, name):
            conditions.append(f"{alias}.created_at {compare} :{name}")
            params[name] = bound
    if flt.by:
        conditions.append(f"LOWER({alias}.initiator_name) = LOWER(CAST(:by AS TEXT))")
        params["by"] = flt.by.strip()
    if flt.search:
        text = flt.search.strip()
        ids, with_ids = bind_list("si", resolve_suffix(s, table, text, workspace_ids, limit=MAX_SEARCH_IDS))
        known = s.all(
            f"SELECT id, name FROM tenants WHERE workspace_id IN ({spaces})",
            **{name: value for name, value in params.items() if name.startswith("w")},
        )
        fitting = [row["id"] for row in known if text.casefold() in row["name"].casefold()]
        tenants, with_tenants = bind_list("sx", fitting)
        conditions.append(
            f"({alias}.id IN ({ids}) OR {alias}.tenant_id IN ({tenants}) OR {holds_part(f'{alias}.initiator_name')})"
        )
        params.update(with_ids | with_tenants, part=part_pattern(text))
    return conditions, params
