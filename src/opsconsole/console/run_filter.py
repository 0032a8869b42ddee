"""What may be typed into the filters of Runs and of drift checks, and the query that it stands for; the words are the command's options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.domain.failure import Reason
from opsconsole.domain.filter_words import Filtered, FilterWord
from opsconsole.domain.run import Outcome, RunType, Status

if TYPE_CHECKING:
    from opsconsole.service.runs import RunQuery

SINCE = FilterWord("since", is_moment=True, is_single=True)
UNTIL = FilterWord("until", is_moment=True, is_single=True)
TENANT = FilterWord("tenant", is_single=True)
BY = FilterWord("by", is_single=True)

RUN_WORDS: tuple[FilterWord, ...] = (
    FilterWord("outcome", {one.value: one for one in Outcome} | {"partial": Outcome.PARTIALLY_SUCCEEDED}),
    FilterWord("status", {one.value: one for one in Status}),
    FilterWord("type", {one.value.split(".")[1]: one for one in RunType} | {one.value: one for one in RunType}),
    TENANT,
    SINCE,
    UNTIL,
    FilterWord("reason", {one.value: one for one in Reason}, is_single=True),
    BY,
)
"""Text without a colon is searched in ids, initiators, tenants and set names."""

CHECK_WORDS: tuple[FilterWord, ...] = tuple(word for word in RUN_WORDS if word.name != "type")
"""As for runs: a drift check is one."""


def run_query(found: Filtered) -> RunQuery:
    """Return the query for runs that a filter of ``RUN_WORDS`` stands for."""
    from opsconsole.service.runs import RunQuery

    return RunQuery(
        statuses=found.all("status"),
        outcomes=found.all("outcome"),
        types=found.all("type"),
        tenant=found.one("tenant"),
        since=found.one("since"),
        until=found.one("until"),
        reason=found.one("reason"),
        by=found.one("by"),
        search=found.search,
    )
