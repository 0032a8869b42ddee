"""Finding a row by the end of its id, among millions, through an index on the last four digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opsconsole.domain.ids import looks_like_id
from opsconsole.store.database import Session

ID_LENGTH = 36
"""Characters of a UUID text."""

LAST_DIGITS = 4
"""What the indexes hold: 65,536 different ends, so some 15 rows each in a million. Shorter ends are not looked up."""


def suffix_clause(ref: str, column: str = "id") -> tuple[str, dict[str, Any]] | None:
    """Return the condition that ``column`` ends in ``ref``, and its parameters; None where nothing can."""
    text = ref.strip().lower()
    if not looks_like_id(text):
        return None
    if len(text) == ID_LENGTH:
        return f"{column} = :ref", {"ref": text}
    return (
        f"substr({column}, {ID_LENGTH - LAST_DIGITS + 1}) = :ref_end AND substr({column}, :ref_from) = :ref",
        {"ref": text, "ref_end": text[-LAST_DIGITS:], "ref_from": ID_LENGTH - len(text) + 1},
    )


def resolve_suffix(s: Session, table: str, ref: str, workspace_ids: Sequence[str], limit: int = 2) -> list[str]:
    """Return the ids in ``table`` that end in ``ref``, at most ``limit``, newest first, only of the given workspaces."""
    clause = suffix_clause(ref)
    if clause is None or not workspace_ids:
        return []
    # The workspace is looked at here: in SQL it would tempt SQLite to walk a workspace rather than the few rows that fit.
    rows = s.all(f"SELECT id, workspace_id FROM {table} WHERE {clause[0]} ORDER BY id DESC", **clause[1])
    return [row["id"] for row in rows if row["workspace_id"] in workspace_ids][:limit]
