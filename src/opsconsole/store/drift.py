"""What a drift check found, policy by policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opsconsole.domain.difference import EVERYTHING, DifferenceFilter
from opsconsole.store.columns import to_json_text
from opsconsole.store.database import Row, Session, bind_list
from opsconsole.store.text_search import holds_part, part_pattern


@dataclass(frozen=True, slots=True)
class DriftItem:
    """One policy that differs: ``kind`` is changed, new or gone; ``added`` and ``removed`` are targets as JSON."""

    kind: str
    policy_type: str
    policy_id: str
    policy_name: str
    added: tuple[dict[str, Any], ...] = ()
    removed: tuple[dict[str, Any], ...] = ()
    seq: int = 0


def add_drift_items(s: Session, run_id: str, workspace_id: str, rows: Sequence[DriftItem]) -> None:
    """Add findings behind those that are there. The caller holds the run's lock."""
    if not rows:
        return
    last = s.one("SELECT COALESCE(MAX(seq), 0) AS seq FROM drift_items WHERE run_id = :id", id=run_id) or {"seq": 0}
    s.many(
        "INSERT INTO drift_items (run_id, workspace_id, seq, kind, policy_type, policy_id, policy_name, added, removed)"
        " VALUES (:run_id, :workspace_id, :seq, :kind, :policy_type, :policy_id, :policy_name, :added, :removed)",
        [
            {
                "run_id": run_id,
                "workspace_id": workspace_id,
                "seq": seq,
                "kind": item.kind,
                "policy_type": item.policy_type,
                "policy_id": item.policy_id,
                "policy_name": item.policy_name,
                "added": to_json_text(item.added),
                "removed": to_json_text(item.removed),
            }
            for seq, item in enumerate(rows, int(last["seq"]) + 1)
        ],
    )


def clear_drift_items(s: Session, run_id: str) -> int:
    """Forget the findings of a check that starts anew after its worker was lost."""
    return s.run("DELETE FROM drift_items WHERE run_id = :id", id=run_id)


def list_drift_items(
    s: Session, run_id: str, flt: DifferenceFilter = EVERYTHING, *, limit: int | None = None, after_seq: int = 0
) -> list[DriftItem]:
    """Return findings in order, those after ``after_seq``."""
    where, params = _where(run_id, flt)
    if limit is not None:
        params["limit"] = limit
    rows = s.all(
        "SELECT kind, policy_type, policy_id, policy_name, added, removed, seq FROM drift_items"
        f" WHERE {where} AND seq > :after ORDER BY seq{'' if limit is None else ' LIMIT :limit'}",
        after=after_seq,
        **params,
    )
    return [_to_item(row) for row in rows]


def count_drift_items(s: Session, run_id: str, flt: DifferenceFilter = EVERYTHING) -> dict[str, int]:
    """Return how many findings there are of each kind."""
    where, params = _where(run_id, flt)
    rows = s.all(f"SELECT kind, COUNT(*) AS n FROM drift_items WHERE {where} GROUP BY kind", **params)
    return {row["kind"]: int(row["n"]) for row in rows}


def _where(run_id: str, flt: DifferenceFilter) -> tuple[str, dict[str, Any]]:
    conditions, params = ["run_id = :id"], dict[str, Any](id=run_id)
    for column, prefix, values in (("kind", "k", flt.kinds), ("policy_type", "t", flt.types)):
        if values:
            names, more = bind_list(prefix, list(values))
            conditions.append(f"{column} IN ({names})")
            params.update(more)
    if flt.search:
        conditions.append(holds_part("policy_name", "policy_id"))
        params["part"] = part_pattern(flt.search)
    return " AND ".join(conditions), params


def _to_item(row: Row) -> DriftItem:
    return DriftItem(**{**row, "added": tuple(json.loads(row["added"])), "removed": tuple(json.loads(row["removed"]))})
