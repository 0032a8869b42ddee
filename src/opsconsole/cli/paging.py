"""Pages of lists that are short enough to be read whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from opsconsole.service.cursors import number_cursor

T = TypeVar("T")


def page_of(items: Sequence[T], limit: int, cursor: str | None) -> tuple[list[T], str | None]:
    """Return one page of ``items`` and the cursor of the next one. Raises UsageError for a cursor that no page gave."""
    start = int(number_cursor(cursor) or 0)
    end = start + limit
    return list(items[start:end]), str(end) if end < len(items) else None
