"""JSON as text: finds the places of members and elements, so that what stays is never decoded and written anew."""

import json
import re
from collections.abc import Collection
from typing import NamedTuple

# Strings are swallowed whole, so that a brace or a comma inside one is never taken for structure.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]', re.DOTALL)


_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Member(NamedTuple):
    """A member of an object text: its key, and where the member, its value and the member's end stand."""

    key: str
    start: int
    value: int
    end: int


def members(text: str) -> list[Member]:
    """The top-level members of an object, in order; `text` must be valid JSON."""
    found: list[Member] = []
    depth = 0
    key_start, key, value = -1, "", -1
    for token in _TOKEN.finditer(text):
        sign = token.group()
        if sign in "{[":
            depth += 1
        elif sign in "]}":
            depth -= 1
            if depth == 0 and value >= 0:
                found.append(_member(text, key, key_start, value, token.start()))
        elif depth == 1:
            if sign == ":":
                value = token.end()
            elif sign == ",":
                found.append(_member(text, key, key_start, value, token.start()))
                value = -1
            elif value < 0:
                key_start, key = token.start(), json.loads(sign)
    return found


def _member(text: str, key: str, start: int, value: int, end: int) -> Member:
    """A member whose value is trimmed of the blanks around it."""
    while text[value].isspace():
        value += 1
    while text[end - 1].isspace():
        end -= 1
    return Member(key, start, value, end)


def elements(text: str) -> list[str]:
    """The texts of an array's top-level elements, trimmed; `text` must be valid JSON."""
    found: list[str] = []
    depth = 0
    start = -1
    for token in _TOKEN.finditer(text):
        sign = token.group()
        if sign in "{[":
            depth += 1
            if depth == 1:
                start = token.end()
        elif sign in "]}":
            depth -= 1
            if depth == 0:
                found.append(text[start : token.start()].strip())
        elif sign == "," and depth == 1:
            found.append(text[start : token.start()].strip())
            start = token.end()
    return [element for element in found if element]


def without(text: str, keys: Collection[str]) -> tuple[str, dict[str, str]]:
    """The object text less the named members, all else as it was, and the value texts that were cut out."""
    all_members = members(text)
    kept = [index for index, member in enumerate(all_members) if member.key not in keys]
    cut = {member.key: text[member.value : member.end] for member in all_members if member.key in keys}
    if not cut:
        return text, cut
    pieces = [text[: all_members[0].start]]
    for index in kept:
        member = all_members[index]
        pieces.append(text[member.start : member.end])
        if index != kept[-1]:
            pieces.append(text[member.end : all_members[index + 1].start])
    pieces.append(text[all_members[-1].end :])
    return "".join(pieces), cut


def with_first(text: str, member: str) -> str:
    """The object text with one more member, written as `"key":value`, before all others."""
    brace = text.index("{") + 1
    comma = "" if text[brace:].lstrip().startswith("}") else ","
    return f"{text[:brace]}{member}{comma}{text[brace:]}"


def quoted(value: str) -> str:
    """A JSON string of that value: in characters where UTF-8 has them, in escapes where half a surrogate pair stands."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isascii() or not _LONE_SURROGATE.search(text) else json.dumps(value)
