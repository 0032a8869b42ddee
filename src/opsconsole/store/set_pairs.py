"""The policies of two sets side by side, page by page: neither set is ever held whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opsconsole.store.database import Session
from opsconsole.store.text_search import holds_part, part_pattern

_BOTH = (
    "FROM backup_items a LEFT JOIN backup_items b"
    " ON b.set_id = :second AND b.policy_type = a.policy_type AND b.policy_id = a.policy_id"
    " WHERE a.set_id = :first AND a.policy_type = :type"
)

_EQUAL = "a.status = 'fetched' AND b.status = 'fetched' AND a.assignments = b.assignments"
"""The same bytes need no second look: most policies of two sets are alike."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One policy in two sets: its assignments in each, None where they are not known."""

    policy_id: str
    policy_name: str
    first: str | None
    second: str | None
    is_in_first: bool
    is_in_second: bool


def pairs_of_first(
    s: Session, first: str, second: str, policy_type: str, *, search: str | None, after: str, limit: int
) -> list[Pair]:
    """Return the policies of ``first`` beside those of ``second``, by policy id; those with the same bytes are left out."""
    part, params = _part("COALESCE(b.policy_name, a.policy_name)", "a.policy_id", search)
    rows = s.all(
        "SELECT a.policy_id, COALESCE(b.policy_name, a.policy_name) AS policy_name,"
        " CASE WHEN a.status = 'fetched' THEN a.assignments END AS first,"
        " CASE WHEN b.status = 'fetched' THEN b.assignments END AS second,"
        " CASE WHEN b.status IS NULL THEN 0 ELSE 1 END AS in_second"
        f" {_BOTH} AND a.policy_id > :after AND CASE WHEN {_EQUAL} THEN 0 ELSE 1 END = 1{part}"
        " ORDER BY a.policy_id LIMIT :limit",
        first=first,
        second=second,
        type=policy_type,
        after=after,
        limit=limit,
        **params,
    )
    return [
        Pair(row["policy_id"], row["policy_name"], row["first"], row["second"], True, bool(row["in_second"]))
        for row in rows
    ]


def pairs_only_in_second(
    s: Session, first: str, second: str, policy_type: str, *, search: str | None, after: str, limit: int
) -> list[Pair]:
    """Return the policies of ``second`` that ``first`` does not have, by policy id."""
    part, params = _part("b.policy_name", "b.policy_id", search)
    rows = s.all(
        "SELECT b.policy_id, b.policy_name, CASE WHEN b.status = 'fetched' THEN b.assignments END AS second"
        " FROM backup_items b WHERE b.set_id = :second AND b.policy_type = :type AND b.policy_id > :after"
        " AND NOT EXISTS (SELECT 1 FROM backup_items a WHERE a.set_id = :first"
        f" AND a.policy_type = b.policy_type AND a.policy_id = b.policy_id){part} ORDER BY b.policy_id LIMIT :limit",
        first=first,
        second=second,
        type=policy_type,
        after=after,
        limit=limit,
        **params,
    )
    return [Pair(row["policy_id"], row["policy_name"], None, row["second"], False, True) for row in rows]


def count_equal(s: Session, first: str, second: str, policy_type: str, *, search: str | None) -> int:
    """Return how many policies have the same bytes in both sets: those that ``pairs_of_first`` leaves out."""
    part, params = _part("b.policy_name", "a.policy_id", search)
    rows = s.all(
        f"SELECT COUNT(*) AS n {_BOTH} AND {_EQUAL}{part}", first=first, second=second, type=policy_type, **params
    )
    return int(rows[0]["n"])


def _part(name: str, policy_id: str, search: str | None) -> tuple[str, dict[str, Any]]:
    return (f" AND {holds_part(name, policy_id)}", {"part": part_pattern(search)}) if search else ("", {})
