"""The language of filters: ``outcome:failed type:restore since:7d alice``; the same words as the commands' options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any

from opsconsole.domain.clock import to_text
from opsconsole.errors import UsageError

_TOKEN = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
"""What stands between blanks; a name with blanks in it is put in quotation marks."""

MOMENTS = ("15m", "24h", "7d", "30d")
"""What is offered where a time is asked for; a date such as 2026-08-20 will do as well."""

QUOTED = "Put text with a colon in quotation marks."
"""Said where a filter knows no words."""


@dataclass(frozen=True)
class FilterWord:
    """What may stand before a colon. ``values`` are the words of a closed set and what each stands for.

    A word without values takes a name as it is, or a time where ``is_moment``. ``is_single``: the last value counts.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    is_moment: bool = False
    is_single: bool = False

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the values to choose from: of those that mean the same, the shortest."""
        shortest: dict[Any, str] = {}
        for text, value in self.values.items():
            if value not in shortest or len(text) < len(shortest[value]):
                shortest[value] = text
        return tuple(shortest.values())


class FilterError(UsageError):
    """A part of a filter is not understood: from ``start`` to before ``end``."""

    def __init__(self, message: str, hint: str, start: int, end: int) -> None:
        super().__init__(message, hint)
        self.start = start
        self.end = end


@dataclass(frozen=True)
class Filtered:
    """What a filter asks for: values by word, and the text that stood without a colon."""

    values: Mapping[str, tuple[Any, ...]]
    search: str | None = None

    def all(self, word: str) -> tuple[Any, ...]:
        """Return every value of a word."""
        return self.values.get(word, ())

    def one(self, word: str) -> Any:
        """Return the last value of a word, or None."""
        found = self.values.get(word)
        return found[-1] if found else None


def read_moment(text: str, now: datetime, zone: tzinfo | None = None) -> str | None:
    """Return the moment, as the store keeps it, that a time, a date or an age (``7d``) names; None for anything else.

    A time without a zone is the reader's own.
    """
    from opsconsole.domain.schedule import parse_interval  # most filters name no time

    try:
        return to_text(now - parse_interval(text))
    except (UsageError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone) if zone else moment.astimezone()
        return to_text(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def meant(values: Mapping[str, Any], text: str) -> dict[Any, str]:
    """Return what ``text`` may stand for, in full or by its beginning, each with its first name."""
    wanted = text.strip().lower()
    if wanted in values:
        return {values[wanted]: wanted}
    found: dict[Any, str] = {}
    for name, value in values.items():
        if wanted and name.startswith(wanted):
            found.setdefault(value, name)
    widest = min(found.values(), key=len, default="")
    if all(name.startswith(widest) for name in found.values()):  # ``restore`` before ``restore.executed``
        return {value: name for value, name in found.items() if name == widest}
    return found


def parse_filter(text: str, words: Sequence[FilterWord], now: datetime, zone: tzinfo | None = None) -> Filtered:
    """Return what a filter asks for; several values of one word are joined by commas. Raises FilterError."""
    known = {word.name: word for word in words}
    values: dict[str, tuple[Any, ...]] = {}
    loose: list[str] = []
    for match in _TOKEN.finditer(text):
        name, colon, rest = match[0].partition(":")
        if not colon or name.startswith('"'):
            loose.append(match[0].strip('"'))
            continue
        word = known.get(name.lower())
        start = match.start() + len(name) + 1
        if word is None:
            raise FilterError(
                f"{name}: is no word of this filter.",
                f"One of {', '.join(known)}; or text without a colon, or in quotation marks." if known else QUOTED,
                match.start(),
                start,
            )
        if not rest:
            continue  # still being typed
        found = _values_of(word, rest, start, partial(_meant, word, now=now, zone=zone))
        values[word.name] = found if word.is_single else (*values.get(word.name, ()), *found)
    return Filtered(
        {name: tuple(dict.fromkeys(found)) for name, found in values.items()}, " ".join(loose) if loose else None
    )


def _meant(word: FilterWord, part: str, *, now: datetime, zone: tzinfo | None) -> dict[Any, str]:
    if word.values:
        return meant(word.values, part)
    value = read_moment(part, now, zone) if word.is_moment else part.strip('"')
    return {value: part} if value else {}


def _values_of(word: FilterWord, rest: str, start: int, read: Callable[[str], dict[Any, str]]) -> tuple[Any, ...]:
    found: list[Any] = []
    for part in rest.split(",") if word.values else [rest]:
        values = read(part)
        if len(values) != 1:
            if word.is_moment:
                said, hint = f"{word.name}:{part} is no time.", "Use 15m, 24h, 7d or a date such as 2026-08-20."
            elif values:  # one of them at random would be another filter than was meant
                said, hint = f"{word.name}:{part} may be several.", f"Type on: {', '.join(values.values())}."
            else:
                said, hint = f"{word.name}:{part} is not known.", f"One of {', '.join(sorted(word.shown))}."
            raise FilterError(said, hint, start, start + max(1, len(part)))
        found += values
        start += len(part) + 1
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Completion:
    """What may stand where the caret is: the choices, and the part of the text that one of them replaces."""

    choices: tuple[str, ...]
    start: int
    end: int


def complete(text: str, caret: int, words: Sequence[FilterWord], names: Mapping[str, Sequence[str]]) -> Completion:
    """Return what may stand at the caret: words, or the values of the word before it; ``names`` are those of open sets."""
    match = next((found for found in _TOKEN.finditer(text) if found.start() <= caret <= found.end()), None)
    if match is None:
        return Completion(tuple(f"{word.name}:" for word in words), caret, caret)
    before = text[match.start() : caret]
    name, colon, rest = before.partition(":")
    if before.startswith('"'):
        return Completion((), caret, caret)
    if not colon:
        fitting = tuple(f"{word.name}:" for word in words if word.name.startswith(name.lower()))
        return Completion(fitting, match.start(), match.end())
    word = next((one for one in words if one.name == name.lower()), None)
    if word is None:
        return Completion((), caret, caret)
    part = rest.rpartition(",")[2] if word.values else rest
    start = caret - len(part)
    end = min([match.end(), *(place for place in [text.find(",", caret, match.end())] if place >= 0 and word.values)])
    offered = word.shown or (MOMENTS if word.is_moment else tuple(quoted(one) for one in names.get(word.name, ())))
    fitting = tuple(choice for choice in offered if choice.lower().startswith(part.lower()))
    return Completion(fitting, start, end)


def quoted(name: str) -> str:
    """Return a name as a filter takes it: in quotation marks where it has blanks."""
    return f'"{name}"' if re.search(r"\s", name) else name
