"""What may be typed into the filter of Runs."""

from datetime import UTC, datetime

import pytest

from opsconsole.console.filters import AUDIT_WORDS, FAILURE_WORDS
from opsconsole.console.run_filter import RUN_WORDS, run_query
from opsconsole.domain.failure import Reason
from opsconsole.domain.filter_words import complete, parse_filter
from opsconsole.domain.run import Outcome, RunType, Status
from opsconsole.errors import UsageError
from opsconsole.service.runs import RunQuery

NOW = datetime(2026, 8, 20, 14, 0, tzinfo=UTC)


def parse(text: str) -> RunQuery:
    return run_query(parse_filter(text, RUN_WORDS, NOW, UTC))


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


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("reason:group", ("group_not_found", "group_ambiguous")),
        ("type:assignments", ("assignments.fetch", "assignments.drift")),
        ("outcome:failed,p", ("pending", "partially_succeeded")),
    ],
)
def test_a_beginning_of_several_words_is_none_of_them(text: str, choices: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text)
    assert "may be several" in raised.value.message
    assert all(choice in raised.value.hint for choice in choices)


def test_several_beginnings_of_the_same_word_are_that_word() -> None:
    (restores,) = parse_filter("action:resto", AUDIT_WORDS, NOW).all("action")
    assert len(restores) > 1 and all("restore" in action.value.split(".") for action in restores)
    assert parse("outcome:part").outcomes == (Outcome.PARTIALLY_SUCCEEDED,)


def test_text_with_a_colon_is_searched_in_quotation_marks() -> None:
    assert parse('"Win: base line" alice').search == "Win: base line alice"
    assert complete('"Win: out', 9, RUN_WORDS, {}).choices == ()


def test_a_filter_without_words_names_none() -> None:
    with pytest.raises(UsageError) as raised:
        parse_filter("outcome:failed", FAILURE_WORDS, NOW)
    assert "One of" not in raised.value.hint and "quotation marks" in raised.value.hint
