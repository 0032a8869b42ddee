"""What may be typed into the filter of Runs, and the query it stands for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, TypeVar

from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.errors import UsageError

if TYPE_CHECKING:
    from opsconsole.service.runs import RunQuery

T = TypeVar("T")

WORDS = ("outcome", "status", "type", "tenant", "since", "until", "reason", "by")
"""What may stand before a colon; text without a colon is searched in ids, initiators, tenants and set names."""

_OUTCOMES = {outcome.value: outcome for outcome in Outcome} | {"partial": Outcome.PARTIALLY_SUCCEEDED}
_TYPES = {kind.value: kind for kind in RunType} | {kind.value.split(".")[1]: kind for kind in RunType}
_STATUSES = {status.value: status for status in Status}
_REASONS = {reason.value: reason for reason in Reason}


def parse_run_filter(text: str, now: datetime, zone: tzinfo | None = None) -> RunQuery:
    """Return the query that ``outcome:failed type:restore since:7d alice`` stands for.

    Several values of one word are joined by commas. Raises UsageError naming the word and what it may be.
    """
    from opsconsole.service.runs import RunQuery

    query = RunQuery()
    loose: list[str] = []
    for token in text.split():
        word, colon, value = token.partition(":")
        word = word.lower()
        if not colon:
            loose.append(token)
            continue
        if word not in WORDS:
            raise UsageError(
                f"{word}: is no word of this filter.", f"One of {', '.join(WORDS)}; or text without a colon."
            )
        if not value:
            continue  # still being typed
        match word:
            case "outcome":
                query = replace(query, outcomes=_each(word, value, _OUTCOMES))
            case "status":
                query = replace(query, statuses=_each(word, value, _STATUSES))
            case "type":
                query = replace(query, types=_each(word, value, _TYPES))
            case "reason":
                query = replace(query, reason=_each(word, value, _REASONS)[0])
            case "since":
                query = replace(query, since=_moment(word, value, now, zone))
            case "until":
                query = replace(query, until=_moment(word, value, now, zone))
            case "tenant":
                query = replace(query, tenant=value)
            case "by":
                query = replace(query, by=value)
    return replace(query, search=" ".join(loose)) if loose else query


def _each(word: str, value: str, known: dict[str, T]) -> tuple[T, ...]:
    chosen: list[T] = []
    for part in value.lower().split(","):
        near = known.get(part) or next((entry for name, entry in known.items() if part and name.startswith(part)), None)
        if near is None:
            names = sorted(name for name in known if "." not in name)
            raise UsageError(f"{word}:{part} is not known.", f"One of {', '.join(names)}.")
        if near not in chosen:
            chosen.append(near)
    return tuple(chosen)


def _moment(word: str, value: str, now: datetime, zone: tzinfo | None) -> str:
    from opsconsole.domain.schedule import parse_interval

    try:
        return to_text(now - parse_interval(value))
    except UsageError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise UsageError(f"{word}:{value} is no time.", "Use 15m, 24h, 7d or a date such as 2026-08-20.") from None
    return to_text(moment if moment.tzinfo else moment.replace(tzinfo=zone or datetime.now().astimezone().tzinfo))
