"""Writing what a list shows to a file, all of it, page by page: CSV, or JSON Lines with the objects of contract.md."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TextIO, TypeVar

from opsconsole.domain.json_text import JsonText, to_document
from opsconsole.domain.plain_text import plain
from opsconsole.errors import UsageError
from opsconsole.service.export import private_file

T = TypeVar("T")

EXPORT_PAGE = 1_000
"""Rows read and written at a time: nothing else of the list is held."""

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins with one of these would be run by a spreadsheet."""

RUN_CELLS = (
    "id", "tenant", "workspace", "type", "status", "outcome", "initiator", "created_at", "started_at", "completed_at",
    "attempt", "retry_of", "context.counters.total", "context.counters.processed", "context.counters.failed",
    "context.counters.skipped", "context.counters.unchanged", "context.counters.awaiting", "context.graph.requests",
)  # fmt: skip
"""Columns of exported runs, as paths into their JSON."""

SET_CELLS = (
    "id", "tenant", "workspace", "created_at", "initiator", "complete", "missing", "counts.listed", "counts.fetched",
    "counts.failed", "counts.skipped", "by_type", "capture_run", "fetch_run",
)  # fmt: skip
"""Columns of exported backup sets."""

ITEM_CELLS = ("id", "policy_type", "policy_id", "policy_name", "status", "assignments", "failure", "fetch_run")
"""Columns of the exported items of a set."""

RESTORE_CELLS = (
    "id", "tenant", "workspace", "backup_set", "mode", "status", "plan_hash", "undo_of", "undone_by", "created_at",
    "initiator", "preview_run", "counts.unchanged", "counts.will_change", "counts.blocked", "executions",
)  # fmt: skip
"""Columns of exported restore runs."""

PLAN_CELLS = (
    "id", "policy_type", "policy_id", "policy_name", "state", "plan_state", "added", "removed", "dangers",
    "unresolved", "failure",
)  # fmt: skip
"""Columns of the exported items of a plan."""

FAILURE_CELLS = (
    "code", "reason_code", "message", "subject.policy_type", "subject.policy_id", "subject.policy_name",
)  # fmt: skip
"""Columns of exported failures."""

CHECK_CELLS = (
    "id", "tenant", "workspace", "set", "status", "outcome", "initiator", "created_at", "started_at", "completed_at",
    "differences.changed", "differences.new", "differences.gone", "differences.same", "differences.unknown",
)  # fmt: skip
"""Columns of exported drift checks."""

DIFFERENCE_CELLS = ("kind", "policy_type", "policy_id", "policy_name", "added", "removed")
"""Columns of exported differences."""

AUDIT_CELLS = (
    "seq", "created_at", "actor", "action", "outcome", "workspace", "tenant", "resource_type", "resource_id",
    "details", "id", "prev_hash", "hash",
)  # fmt: skip
"""Columns of exported audit entries, as `audit export` has them."""


class PageOf(Protocol[T]):
    """A page of any list."""

    @property
    def items(self) -> list[T]: ...
    @property
    def next_cursor(self) -> str | None: ...


@dataclass(frozen=True)
class ListExport(Generic[T]):
    """A list that can be written: how it is read, what each row is as JSON, and which cells a CSV file has.

    ``noun`` is what its rows are called, in the plural; ``count`` tells how many there are, where that is known.
    """

    noun: str
    cells: tuple[str, ...]
    to_json: Callable[[T], dict[str, Any]]
    read: Callable[[int, str | None], PageOf[T]]
    count: Callable[[], int] | None = None


class ExportStopped(Exception):
    """Somebody who watched the export ended it; the file is gone again."""


def write_list(export: ListExport[Any], path: Path, watch: Callable[[int], bool] = lambda _: True) -> int:
    """Write every row to a new file of mode 0600 and return how many: CSV for ``.csv``, else JSON Lines.

    ``watch`` is told after each page how many rows were written, and may end it by returning False: then raises
    ExportStopped. Raises UsageError rather than overwrite; a file that is not whole does not stay.
    """
    try:
        with private_file(path, errors="replace") as file:
            return _write(export, file, path.suffix.lower() == ".csv", watch)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        said = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(
            f"Cannot write {str(path)!r}: {said}.",
            "Name a new file in a folder that is there, with room on its disk, then export again.",
        ) from None


def _write(export: ListExport[Any], file: TextIO, is_csv: bool, watch: Callable[[int], bool]) -> int:
    table = csv.writer(file)
    if is_csv:
        table.writerow([name.rpartition(".")[2] for name in export.cells])
    written, cursor = 0, None
    while True:
        page = export.read(EXPORT_PAGE, cursor)
        for row in page.items:
            value = export.to_json(row)
            if is_csv:
                table.writerow([_cell(value, name) for name in export.cells])
            else:
                file.write(to_document(value) + "\n")
        written += len(page.items)
        cursor = page.next_cursor
        if not watch(written):
            raise ExportStopped
        if cursor is None:
            return written


def _cell(value: Any, name: str) -> object:
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, (dict, list, JsonText)):
        return to_document(value)
    if not isinstance(value, str):
        return value
    # Whoever looks at the table in a terminal is not to be moved about by a name; JSON Lines hold it byte for byte.
    shown = plain(value)
    # As it was and as it is written: a formula may begin behind a character that is not shown.
    return f"'{shown}" if value.startswith(FORMULAS) or shown.startswith(FORMULAS) else shown
