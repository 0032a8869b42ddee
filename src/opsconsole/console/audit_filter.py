"""What may be typed into the filter of the trail, and the query it stands for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from opsconsole.console.run_filter import moment_of
from opsconsole.domain.audit import Action, AuditOutcome
from opsconsole.errors import UsageError

if TYPE_CHECKING:
    from opsconsole.service.audit import AuditQuery

WORDS = ("actor", "action", "outcome", "tenant", "since", "until")
"""What may stand before a colon; text without a colon is searched in ids, actors and actions."""

_SHORT = {"done": AuditOutcome.SUCCEEDED, "partial": AuditOutcome.PARTIALLY_SUCCEEDED}
"""How the screens call outcomes, beside their own names."""


def parse_audit_filter(text: str, now: datetime, zone: tzinfo | None = None) -> AuditQuery:
    """Return the query that ``actor:alice action:restore since:7d`` stands for.

    Several values of one word are joined by commas; an action may be named by a part of it. Raises UsageError naming
    the word and what it may be.
    """
    from opsconsole.service.audit import AuditQuery

    query = AuditQuery()
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
        parts = [part for part in value.split(",") if part]
        match word:
            case "actor":
                query = replace(query, actors=tuple(parts))
            case "action":
                query = replace(query, actions=tuple(dict.fromkeys(one for part in parts for one in _actions(part))))
            case "outcome":
                query = replace(query, outcomes=tuple(_outcome(part) for part in parts))
            case "tenant":
                query = replace(query, tenant=value)
            case "since":
                query = replace(query, since=moment_of(word, value, now, zone))
            case "until":
                query = replace(query, until=moment_of(word, value, now, zone))
    return replace(query, search=" ".join(loose)) if loose else query


def _actions(part: str) -> list[Action]:
    text = part.lower()
    exact = [action for action in Action if action.value == text]
    found = exact or [action for action in Action if text in action.value]
    if not found:
        raise UsageError(f"action:{part} is not known.", f"One of {', '.join(action.value for action in Action)}.")
    return found


def _outcome(part: str) -> AuditOutcome:
    text = part.lower()
    known = {outcome.value: outcome for outcome in AuditOutcome} | _SHORT
    near = known.get(text) or next((one for name, one in known.items() if name.startswith(text)), None)
    if near is None:
        raise UsageError(f"outcome:{part} is not known.", f"One of {', '.join(sorted(known))}.")
    return near
