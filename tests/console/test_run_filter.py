"""What may be typed into the filter of Runs."""

from datetime import UTC, datetime

import pytest

from opsconsole.console.run_filter import parse_run_filter
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.errors import UsageError
from opsconsole.service.runs import RunQuery

NOW = datetime(2026, 8, 20, 14, 0, tzinfo=UTC)


def parse(text: str) -> RunQuery:
    return parse_run_filter(text, NOW, UTC)


def test_words_narrow_and_the_rest_is_searched() -> None:
    query = parse("outcome:failed,partial type:restore by:alice tenant:contoso reason:timeout 8c41d2 nightly")
    assert query == RunQuery(
        outcomes=(Outcome.FAILED, Outcome.PARTIALLY_SUCCEEDED),
        types=(RunType.RESTORE,),
        by="alice",
        tenant="contoso",
        reason=Reason.TIMEOUT,
        search="8c41d2 nightly",
    )


def test_the_beginning_of_a_word_is_enough_while_typing() -> None:
    assert parse("outcome:fa").outcomes == (Outcome.FAILED,)
    assert parse("status:q").statuses == (Status.QUEUED,)
    assert parse("type:cap").types == (RunType.CAPTURE,)
    assert parse("outcome:") == RunQuery()


def test_times_are_intervals_or_dates() -> None:
    assert parse("since:7d").since == "2026-08-13T14:00:00.000000Z"
    assert parse("until:2026-08-01").until == "2026-08-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    "text", ["outcome:great", "type:nothing", "since:soon", "reason:bad_luck", "outcome:failed,", "foo:bar", "state:"]
)
def test_what_is_not_known_is_named(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text)
    assert text.partition(":")[0] in raised.value.message
