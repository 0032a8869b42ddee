"""The mapping file: CSV ``kind,from,to`` that settles targets which cannot be found by id or name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from opsconsole.errors import UsageError

DROP = "drop"
"""In ``to``: leave every target with this group or filter out."""

_HINT = "The file is CSV with the header kind,from,to; kind is group or filter; to is an id, an exact name or drop."


def parse_mapping(text: str) -> list[dict[str, str]]:
    """Return the file's lines as ``{"kind", "from", "to"}``. Raises UsageError naming the line that is wrong.

    A byte-order mark is allowed: spreadsheets write one.
    """
    lines = _lines(text.lstrip("\ufeff"))
    _, header = next(lines, (0, []))
    if [cell.strip().lower() for cell in header] != ["kind", "from", "to"]:
        raise UsageError("The mapping file does not begin with the header kind,from,to.", _HINT)
    entries: list[dict[str, str]] = []
    seen: set[tuple[str, str]] = set()
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != 3:
            raise _wrong(number, f"has {len(cells)} {'value' if len(cells) == 1 else 'values'}, not 3")
        kind, source, target = cells[0].strip().lower(), cells[1], cells[2]
        if kind not in ("group", "filter"):
            raise _wrong(number, f"has the kind {cells[0]!r}")
        if not source.strip() or not target.strip():
            raise _wrong(number, "has an empty value")
        if (kind, source.lower()) in seen:
            raise _wrong(number, f"maps {source!r} a second time")
        seen.add((kind, source.lower()))
        entries.append({"kind": kind, "from": source, "to": target})
    return entries


def read_mapping(text: str | None) -> list[dict[str, Any]]:
    """Return the mapping of a file's text, or none where there is no file. Raises UsageError."""
    return [] if text is None else list(parse_mapping(text))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the number of the line it begins on: a quoted value may span several."""
    reader = csv.reader(io.StringIO(text), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _wrong(number, f"is no CSV ({error})") from None
        if any("\0" in cell for cell in cells):
            raise _wrong(number, "holds a NUL character")
        yield number, cells


def _wrong(number: int, what: str) -> UsageError:
    return UsageError(f"Line {number} of the mapping file {what}.", _HINT)
