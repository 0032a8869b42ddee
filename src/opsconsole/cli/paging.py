"""Pages of lists that are short enough to be read whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from opsconsole.errors import UsageError

T = TypeVar("T")


MAX_CURSOR_DIGITS = 18
"""What fits into 64 bits whatever the digits are."""


def check_number(cursor: str) -> int:
    """Return the number that a list's cursor is. Raises UsageError for a cursor that no page gave."""
    if not (cursor.isascii() and cursor.isdecimal()) or len(cursor) > MAX_CURSOR_DIGITS:
        raise UsageError(f"{cursor!r} is no cursor of this list.", "Use the `next_cursor` of the page before.")
    return int(cursor)


def page_of(items: Sequence[T], limit: int, cursor: str | None) -> tuple[list[T], str | None]:
    """Return one page of ``items`` and the cursor of the next one. Raises UsageError for a cursor that no page gave."""
    start = check_number(cursor) if cursor is not None else 0
    end = start + limit
    return list(items[start:end]), str(end) if end < len(items) else None
