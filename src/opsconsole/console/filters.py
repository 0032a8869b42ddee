"""What may be typed into the filter of each list but Runs, and the query that it stands for; the words are the commands' options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsconsole.console.run_filter import BY, SINCE, TENANT, UNTIL
from opsconsole.domain.audit import Action, AuditOutcome
from opsconsole.domain.backup import ItemStatus
from opsconsole.domain.difference import KINDS, DifferenceFilter
from opsconsole.domain.filter_words import Filtered, FilterWord
from opsconsole.domain.restore import ItemState, RestoreStatus
from opsconsole.graph.policy_types import POLICY_TYPES, supported_types

if TYPE_CHECKING:
    from opsconsole.service.audit import AuditQuery
    from opsconsole.service.record_query import RecordQuery

_POLICY_TYPE = FilterWord("type", {one.key.lower(): one.key for one in supported_types()}, is_single=True)

SET_WORDS: tuple[FilterWord, ...] = (
    FilterWord("state", {one: one for one in ("active", "complete", "incomplete")}),
    TENANT,
    SINCE,
    UNTIL,
    BY,
)
"""Text without a colon is the end of an id, or a part of a tenant's or initiator's name."""

RESTORE_WORDS: tuple[FilterWord, ...] = (
    FilterWord("state", {one.value: one.value for one in RestoreStatus}),
    TENANT,
    SINCE,
    UNTIL,
    BY,
)
"""As for sets."""

ITEM_WORDS: tuple[FilterWord, ...] = (FilterWord("status", {one.value: one for one in ItemStatus}), _POLICY_TYPE)
"""Text without a colon is a part of a policy's name or id."""

PLAN_WORDS: tuple[FilterWord, ...] = (FilterWord("state", {one.value: one for one in ItemState}), _POLICY_TYPE)
"""As for the items of a set."""

FAILURE_WORDS: tuple[FilterWord, ...] = ()
"""Text is a part of a policy's name, id or type, or of the message."""

DIFFERENCE_WORDS: tuple[FilterWord, ...] = (
    FilterWord("kind", {one: one for one in KINDS}),
    FilterWord("type", {one.key.lower(): one.key for one in POLICY_TYPES.values()}),
)
"""As for the items of a set."""


def _actions_by_part() -> dict[str, tuple[Action, ...]]:
    """Return the actions that each run of an action's words names: ``restore`` all of restores, ``executed`` one."""
    found: dict[str, tuple[Action, ...]] = {}
    for action in Action:
        words = action.value.split(".")
        parts = {
            ".".join(words[first:last]) for first in range(len(words)) for last in range(first + 1, len(words) + 1)
        }
        for part in parts:
            found[part] = (*found.get(part, ()), action)
    return dict(sorted(found.items()))


AUDIT_WORDS: tuple[FilterWord, ...] = (
    FilterWord("actor"),
    FilterWord("action", _actions_by_part()),
    FilterWord(
        "outcome",
        {one.value: one for one in AuditOutcome}
        | {"done": AuditOutcome.SUCCEEDED, "partial": AuditOutcome.PARTIALLY_SUCCEEDED},
    ),
    TENANT,
    SINCE,
    UNTIL,
)
"""Text without a colon is the end of an id, or a part of an action's or actor's name."""


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which policies of a set or a plan; empty fields do not narrow."""

    states: tuple[str, ...] = ()
    policy_type: str | None = None
    search: str | None = None


def record_query(found: Filtered) -> RecordQuery:
    """Return the query for sets or restores that a filter of their words stands for."""
    from opsconsole.service.record_query import RecordQuery

    return RecordQuery(
        states=found.all("state"),
        tenant=found.one("tenant"),
        since=found.one("since"),
        until=found.one("until"),
        by=found.one("by"),
        search=found.search,
    )


def item_query(found: Filtered) -> ItemQuery:
    """Return the query for policies that a filter of their words stands for."""
    return ItemQuery(found.all("status") or found.all("state"), found.one("type"), found.search)


def audit_query(found: Filtered) -> AuditQuery:
    """Return the query for audit entries that a filter of ``AUDIT_WORDS`` stands for."""
    from opsconsole.service.audit import AuditQuery

    return AuditQuery(
        actors=found.all("actor"),
        actions=tuple(dict.fromkeys(action for actions in found.all("action") for action in actions)),
        outcomes=found.all("outcome"),
        tenant=found.one("tenant"),
        since=found.one("since"),
        until=found.one("until"),
        search=found.search,
    )


def difference_filter(found: Filtered) -> DifferenceFilter:
    """Return which differences a filter of ``DIFFERENCE_WORDS`` leaves."""
    return DifferenceFilter(found.all("kind"), found.all("type"), found.search)
