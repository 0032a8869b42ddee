"""What is read out of a policy and an assignment as Graph sent them, without touching their text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from opsconsole.graph.jsontext import NoJson, array_parts, object_parts, value_of
from opsconsole.graph.policy_type import PolicyType

_BROKEN = str.maketrans({"\x00": "\ufffd", **{chr(code): "\ufffd" for code in range(0xD800, 0xE000)}})
"""No database keeps a NUL or half a surrogate pair; in names they are made visible, in payloads they stay escaped."""


class _Head(msgspec.Struct, gc=False):
    """The members of a policy that are looked at; all others are skipped over, a third of the cost of cutting each out."""

    id: str | None = None
    display_name: str | None = msgspec.field(default=None, name="displayName")
    name: str | None = None
    priority: int | None = None
    kind: str | None = msgspec.field(default=None, name="@odata.type")
    state: str | None = msgspec.field(default=None, name="publishingState")
    assignments: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    next_link: str | None = msgspec.field(default=None, name="assignments@odata.nextLink")


_HEAD = msgspec.json.Decoder(_Head)


class Entry:
    """One policy as a list or a read sent it: ``assignments`` is the array's own text, None where it did not come whole;
    ``skip_reason`` says why it cannot be assigned although its type can."""

    __slots__ = ("assignments", "id", "name", "skip_reason", "text")

    def __init__(self, raw: bytes, policy_type: PolicyType) -> None:
        """Cut the policy up. Raises NoJson for what is no object in UTF-8."""
        try:
            self.text = raw.decode()
        except UnicodeDecodeError:
            raise NoJson from None
        try:
            head = _HEAD.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            head = _read_slowly(raw)
        self.id = head.id or ""
        first, second = head.display_name, head.name
        if policy_type.name_field == "name":
            first, second = second, first
        self.name = clean_name(first or second or "")
        self.skip_reason = policy_type.why_unassignable(
            self.id, priority=head.priority, kind=head.kind or "", state=head.state or ""
        )
        array = bytes(head.assignments)
        self.assignments = array.decode() if array.startswith(b"[") and not head.next_link else None


def _read_slowly(raw: bytes) -> _Head:
    """Return what can be read of a policy with a member of another kind than usual, or with text that msgspec refuses."""
    parts = object_parts(raw)
    priority = value_of(parts.get("priority"))
    return _Head(
        _text(parts.get("id")),
        _text(parts.get("displayName")),
        _text(parts.get("name")),
        priority if isinstance(priority, int) else None,
        _text(parts.get("@odata.type")),
        _text(parts.get("publishingState")),
        msgspec.Raw(parts.get("assignments", b"")),
        "more" if value_of(parts.get("assignments@odata.nextLink")) else None,
    )


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
