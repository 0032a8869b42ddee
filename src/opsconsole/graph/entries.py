"""What is read out of a policy and an assignment as Graph sent them, without touching their text."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_BROKEN = str.maketrans({"\x00": "\ufffd", **{chr(code): "\ufffd" for code in range(0xD800, 0xE000)}})
"""No database keeps a NUL or half a surrogate pair; in names they are made visible, in payloads they stay escaped."""


class _Entry(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    display_name: str | None = msgspec.field(default=None, name="displayName")
    priority: int | None = None
    assignments: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    next_link: str | None = msgspec.field(default=None, name="assignments@odata.nextLink")


class Entry:
    """One listed policy: ``assignments`` is the array's own text, None where it did not come whole."""

    __slots__ = ("assignments", "id", "name", "next_link", "priority", "text")

    def __init__(self, raw: bytes, name_field: str) -> None:
        """Cut the policy up. Raises msgspec.DecodeError for what is no policy."""
        entry = _ENTRY.decode(raw)
        self.text = raw.decode()
        self.id = entry.id or ""
        named = entry.name if name_field == "name" else entry.display_name
        self.name = clean_name(named or entry.display_name or entry.name or "")
        self.priority = entry.priority
        self.next_link = entry.next_link
        self.assignments: str | None = None
        if isinstance(entry.assignments, msgspec.Raw) and not entry.next_link:
            array = bytes(entry.assignments)
            if array.startswith(b"["):
                self.assignments = array.decode()


_ENTRY = msgspec.json.Decoder(_Entry)


def clean_name(name: str) -> str:
    """Return a name that every database keeps."""
    return name.translate(_BROKEN)


def split_array(text: str) -> list[str]:
    """Return the elements of a JSON array, each as it stands there. Raises ValueError for anything else."""
    try:
        return [bytes(raw).decode() for raw in _ARRAY.decode(text)]
    except msgspec.DecodeError as error:
        raise ValueError("not a JSON array") from error


def join_array(parts: list[str]) -> str:
    """Return the array of ``parts``, each as it stands."""
    return f"[{','.join(parts)}]"


def load(text: str) -> dict[str, Any]:
    """Return one element as a value. Raises ValueError where it is no object."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def without_keys(text: str, is_dropped: Any) -> str:
    """Return the object without the members that ``is_dropped(name)``; the values of the others stay byte for byte."""
    members = _OBJECT.decode(text)
    kept = (
        f"{json.dumps(name, ensure_ascii=False)}:{bytes(raw).decode()}"
        for name, raw in members.items()
        if not is_dropped(name)
    )
    return f"{{{','.join(kept)}}}"


def member(text: str, name: str) -> str | None:
    """Return the value of one member as it stands, or None."""
    raw = _OBJECT.decode(text).get(name)
    return bytes(raw).decode() if raw is not None else None


_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
