"""JSON cut up without touching its text: the parts of an array or object, each as it stands there."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BLANKS = re.compile(r"[ \t\r\n]*")


class NoJson(ValueError):
    """The text is no JSON in UTF-8, or not of the form that was asked for."""


def array_parts(raw: bytes, *, is_checked: bool = False) -> list[bytes]:
    """Return the elements of an array; ``is_checked`` says that it is a part of something, and so UTF-8 for certain.

    Raises NoJson for anything else.
    """
    try:
        if not is_checked:
            raw.decode()
        return [bytes(part) for part in _ARRAY.decode(raw)]
    except (UnicodeDecodeError, RecursionError):
        raise NoJson from None
    except msgspec.DecodeError:
        return _array(_checked(raw, list))


def object_parts(raw: bytes) -> dict[str, bytes]:
    """Return the values of an object's members by name, the last one of a name. Raises NoJson for anything else."""
    try:
        raw.decode()
        return {name: bytes(part) for name, part in _OBJECT.decode(raw).items()}
    except (UnicodeDecodeError, RecursionError):
        raise NoJson from None
    except msgspec.DecodeError:
        return _object(_checked(raw, dict))


def value_of(raw: bytes | None) -> Any:
    """Return a part as a value; None for what is not there or no JSON."""
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


# msgspec refuses half a surrogate pair, which JSON allows and .NET writes where it cut a text in the middle of an emoji.
# Then the standard library, slower, finds where each part ends.


def _checked(raw: bytes, kind: type[T]) -> str:
    try:
        text = raw.decode()
        if isinstance(json.loads(text, parse_constant=_refuse), kind):
            return text
    except (ValueError, RecursionError):
        raise NoJson from None
    raise NoJson


def _refuse(constant: str) -> None:
    raise NoJson(constant)


_DECODE = json.JSONDecoder().raw_decode


def _skip(text: str, place: int) -> int:
    match = _BLANKS.match(text, place)
    return match.end() if match else place


def _array(text: str) -> list[bytes]:
    parts = []
    place = _skip(text, _skip(text, 0) + 1)
    while text[place] != "]":
        _, end = _DECODE(text, place)
        parts.append(text[place:end].encode())
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)
    return parts


def _object(text: str) -> dict[str, bytes]:
    parts = {}
    place = _skip(text, _skip(text, 0) + 1)
    while text[place] != "}":
        name, end = _DECODE(text, place)
        place = _skip(text, _skip(text, end) + 1)
        _, end = _DECODE(text, place)
        parts[name] = text[place:end].encode()
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)
    return parts
