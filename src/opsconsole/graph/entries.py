"""What is read out of a policy and an assignment as Graph sent them, without touching their text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from opsconsole.graph.jsontext import array_parts, object_parts, value_of

_BROKEN = str.maketrans({"\x00": "\ufffd", **{chr(code): "\ufffd" for code in range(0xD800, 0xE000)}})
"""No database keeps a NUL or half a surrogate pair; in names they are made visible, in payloads they stay escaped."""


class Entry:
    """One policy as a list or a read sent it: ``assignments`` is the array's own text, None where it did not come whole."""

    __slots__ = ("assignments", "id", "name", "priority", "text")

    def __init__(self, raw: bytes, name_field: str) -> None:
        """Cut the policy up. Raises NoJson for what is no object in UTF-8."""
        parts = object_parts(raw)
        self.text = raw.decode()
        self.id = _text(parts.get("id"))
        names = (name_field, "displayName", "name")
        self.name = clean_name(next((name for field in names if (name := _text(parts.get(field)))), ""))
        priority = value_of(parts.get("priority"))
        self.priority = priority if isinstance(priority, int) else None
        array = parts.get("assignments", b"")
        has_more = value_of(parts.get("assignments@odata.nextLink"))
        self.assignments = array.decode() if array.startswith(b"[") and not has_more else None


def _text(raw: bytes | None) -> str:
    value = value_of(raw)
    return value if isinstance(value, str) else ""


def clean_name(name: str) -> str:
    """Return a name that every database keeps."""
    return name if name.isprintable() else name.translate(_BROKEN)


def split_array(text: str) -> list[str]:
    """Return the elements of a JSON array, each as it stands there. Raises ValueError for anything else."""
    return [part.decode() for part in array_parts(text.encode())]


def join_array(parts: Sequence[str]) -> str:
    """Return the array of ``parts``, each as it stands."""
    return f"[{','.join(parts)}]"


def load(text: str) -> dict[str, Any]:
    """Return one element as a value. Raises ValueError where it is no object."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def without_keys(text: str, is_dropped: Callable[[str], bool]) -> str:
    """Return the object without the members whose name ``is_dropped``; the values of the others stay byte for byte."""
    members = object_parts(text.encode())
    kept = (f"{json.dumps(name)}:{part.decode()}" for name, part in members.items() if not is_dropped(name))
    return f"{{{','.join(kept)}}}"


def member(text: str, name: str) -> str | None:
    """Return the value of one member as it stands, or None."""
    part = object_parts(text.encode()).get(name)
    return part.decode() if part is not None else None
