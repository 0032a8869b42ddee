"""What may be typed into the filter of each list but Runs, and the query that it stands for; the words are the commands' options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsconsole.console.run_filter import BY, SINCE, TENANT, UNTIL
from opsconsole.domain.backup import ItemStatus
from opsconsole.domain.filter_words import Filtered, FilterWord
from opsconsole.domain.restore import ItemState, RestoreStatus
from opsconsole.graph.policy_types import supported_types

if TYPE_CHECKING:
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
