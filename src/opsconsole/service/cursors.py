"""Where a list goes on: only what a page gave is a cursor of it."""

from __future__ import annotations

from opsconsole.domain.ids import ID_LENGTH, looks_like_id
from opsconsole.domain.run_sort import RunSort
from opsconsole.errors import UsageError

MAX_DIGITS = 18
"""What fits into 64 bits whatever the digits are."""


def id_cursor(cursor: str | None) -> str | None:
    """Return the cursor of a list that is ordered by id. Raises UsageError for one that no page gave."""
    # A shortened id names no place in a list.
    if cursor is not None and not (len(cursor) == ID_LENGTH and looks_like_id(cursor)):
        raise _no_cursor(cursor)
    return cursor


def number_cursor(cursor: str | None) -> str | None:
    """Return the cursor of a list that is ordered by number. Raises UsageError for one that no page gave."""
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= MAX_DIGITS):
        raise _no_cursor(cursor)
    return cursor


def run_cursor(cursor: str | None, sort: RunSort) -> str | None:
    """Return the cursor of a list of runs, which names a value as well where it is not sorted by time.

    Raises UsageError for one that no page of this order gave.
    """
    if cursor is None or sort is RunSort.STARTED:
        return id_cursor(cursor)
    value, mark, run_id = cursor.partition(":")
    digits = value.removeprefix("-")
    if (
        not mark
        or not digits.isascii()
        or not digits.isdecimal()
        or len(digits) > MAX_DIGITS
        or id_cursor(run_id) is None
    ):
        raise _no_cursor(cursor)
    return cursor


def _no_cursor(cursor: str) -> UsageError:
    return UsageError(f"{cursor!r} is no cursor of this list.", "Use the `next_cursor` of the page before.")
