"""Schedules: intervals in words, and nothing shorter than a minute."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opsconsole.domain.schedule import Rule, parse_interval
from opsconsole.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1m", timedelta(minutes=1)),
        ("15m", timedelta(minutes=15)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        (" 90 M ", timedelta(minutes=90)),
    ],
)
def test_an_interval_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert parse_interval(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0m", "00h", "30s", "1", "m", "-1h", "1.5h", "1h30m", "1y", "h1", "1_0m", "999999m"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_interval(text)
    assert "24h" in (caught.value.hint or "")


def test_a_rule_is_shown_as_it_was_given() -> None:
    assert Rule(every="24h").text == "every 24h"
    assert Rule(cron="0 3 * * 1-5", timezone="Europe/Berlin").text == "cron 0 3 * * 1-5 (Europe/Berlin)"
