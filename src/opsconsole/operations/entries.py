"""Assignment arrays as text: taken apart and put together without touching a byte that need not change (promise 4)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from opsconsole.domain.assignment import FILTER_ID_FIELD, Assignment, is_direct, parse_assignment

_ENTRIES = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Entry:
    """One assignment: its text as Graph sent it, what it says, and its canonical form."""

    text: str
    value: Mapping[str, Any]
    canonical: Assignment


def read_entries(array_text: str) -> tuple[Entry, ...]:
    """Return the direct entries of an array of assignments; those of policy sets are never compared or posted.

    Raises ValueError for a text that is no array of objects.
    """
    try:
        raws = _ENTRIES.decode(array_text)
    except msgspec.DecodeError as error:
        raise ValueError("no array of assignments") from error
    found = []
    for raw in raws:
        text = bytes(raw).decode()
        value = json.loads(text)
        if not isinstance(value, dict) or not isinstance(value.get("target"), dict):
            raise ValueError("an assignment is no object, or has no target")
        if is_direct(value):
            found.append(Entry(text, value, parse_assignment(value)))
    return tuple(found)


def canonical_set(array_text: str) -> tuple[Assignment, ...]:
    """Return the canonical set of the direct entries of an array, sorted."""
    return tuple(sorted({entry.canonical for entry in read_entries(array_text)}))


def with_ids(entry: Entry, group_id: str | None, filter_id: str | None) -> Entry:
    """Return the entry with another group or filter id in its target; every other byte of its values stays."""
    fields = _FIELDS.decode(entry.text)
    target = _FIELDS.decode(bytes(fields["target"]))
    if group_id is not None:
        target["groupId"] = msgspec.Raw(msgspec.json.encode(group_id))
    if filter_id is not None:
        target[FILTER_ID_FIELD] = msgspec.Raw(msgspec.json.encode(filter_id))
    fields["target"] = msgspec.Raw(msgspec.json.encode(target))
    text = msgspec.json.encode(fields).decode()
    value = json.loads(text)
    return Entry(text, value, parse_assignment(value))


def array_of(entries: Iterable[Entry]) -> str:
    """Return the array text of entries."""
    return "[" + ",".join(entry.text for entry in entries) + "]"
