"""The mapping file: CSV ``kind,from,to`` that settles targets which cannot be found by id or name."""

from __future__ import annotations

import csv
import io
from typing import Any

from opsconsole.errors import UsageError

DROP = "drop"
"""In ``to``: leave every target with this group or filter out."""


def parse_mapping(text: str) -> list[dict[str, str]]:
    """Return the file's lines as ``{"kind", "from", "to"}``. Raises UsageError naming the line that is wrong.

    A byte-order mark is allowed: spreadsheets write one.
    """
    lines = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), strict=True)) if text.strip() else []
    hint = "The file is CSV with the header kind,from,to; kind is group or filter; to is an id, an exact name or drop."
    if not lines or [cell.strip().lower() for cell in lines[0]] != ["kind", "from", "to"]:
        raise UsageError("The mapping file does not begin with the header kind,from,to.", hint)
    entries: list[dict[str, str]] = []
    seen: set[tuple[str, str]] = set()
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != 3:
            raise UsageError(f"Line {number} of the mapping file has {len(cells)} values, not 3.", hint)
        kind, source, target = cells[0].strip().lower(), cells[1], cells[2]
        if kind not in ("group", "filter"):
            raise UsageError(f"Line {number} of the mapping file has the kind {cells[0]!r}.", hint)
        if not source.strip() or not target.strip():
            raise UsageError(f"Line {number} of the mapping file has an empty value.", hint)
        if (kind, source.lower()) in seen:
            raise UsageError(f"Line {number} of the mapping file maps {source!r} a second time.", hint)
        seen.add((kind, source.lower()))
        entries.append({"kind": kind, "from": source, "to": target})
    return entries


def read_mapping(text: str | None) -> list[dict[str, Any]]:
    """Return the mapping of a file's text, or none. Raises UsageError for a text that is no CSV."""
    if text is None:
        return []
    try:
        return list(parse_mapping(text))
    except csv.Error as error:
        raise UsageError(f"The mapping file is no CSV: {error}.", "Save it as CSV with commas.") from None
