"""Pages of lists that are short enough to be read whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from opsconsole.errors import UsageError

T = TypeVar("T")


def page_of(items: Sequence[T], limit: int, cursor: str | None) -> tuple[list[T], str | None]:
    """Return one page of ``items`` and the cursor of the next one. Raises UsageError for a cursor that no page gave."""
    start = 0
    if cursor is not None:
        if not cursor.isdecimal():
            raise UsageError(f"{cursor!r} is no cursor of this list.", "Use the `next_cursor` of the page before.")
        start = int(cursor)
    end = start + limit
    return list(items[start:end]), str(end) if end < len(items) else None
