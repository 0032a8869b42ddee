"""Whether everything that the promises rest on is still in the database: tables, constraints, indexes, triggers."""

from __future__ import annotations

from dataclasses import dataclass

from opsconsole.store.database import Database


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One finding of ``db check``."""

    name: str
    ok: bool
    detail: str = ""


def check_store(db: Database) -> list[CheckLine]:
    """Return one line for each part of the schema, and whether it is there and enforced."""
    raise NotImplementedError
