"""What operators type to narrow a list: words of a closed set, and moments."""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from opsconsole.domain.clock import Clock, system_clock
from opsconsole.domain.filter_words import read_moment
from opsconsole.errors import UsageError

E = TypeVar("E", bound=StrEnum)


def one_of(kind: type[E], word: str, option: str) -> E:
    """Return the member that ``word`` names, in full or by its last part (``fetch`` for ``assignments.fetch``).

    Raises UsageError, which lists what there is.
    """
    text = word.strip().lower()
    by_word = {member.value: member for member in kind}
    by_word |= {value.rsplit(".", 1)[-1]: member for value, member in list(by_word.items())}
    if text in by_word:
        return by_word[text]
    near = get_close_matches(text, list(by_word), n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    raise UsageError(
        f"{option} does not know {word!r}.{guess}", f"It is one of: {', '.join(member.value for member in kind)}."
    )


def parse_moment(text: str | None, option: str, clock: Clock = system_clock) -> str | None:
    """Return the moment, as the store keeps it, that a time, a date or an age (``7d``) names. Raises UsageError.

    A time without a zone is the reader's own.
    """
    if text is None:
        return None
    moment = read_moment(text, clock())
    if moment is None:
        raise UsageError(
            f"{option} does not understand {text!r}.",
            "Use a time such as 2026-08-20T14:00, a date, or an age such as 7d.",
        )
    return moment
