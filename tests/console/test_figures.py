"""Numbers and times as screens show them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.console.figures import age, at, grouped, left, short_number, sparkline, took
from opsconsole.domain.clock import to_text

NOW = datetime(2026, 8, 20, 14, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, ""), (0.42, "0.4s"), (12.9, "12s"), (211, "3m31"), (7500, "2h05"), (273_600, "3d04"), (59.99, "59s")],
)
def test_durations(seconds: float | None, shown: str) -> None:
    assert took(seconds) == shown


@given(st.floats(0, 8_000_000))
def test_a_duration_takes_at_most_five_columns(seconds: float) -> None:
    assert len(took(seconds)) <= 5


@given(st.integers(0, 10**11))
def test_a_short_number_takes_at_most_six_columns(number: int) -> None:
    assert len(short_number(number)) <= 6


def test_numbers() -> None:
    assert [grouped(48_211), short_number(9_999), short_number(48_211), short_number(1_300_000)] == [
        "48,211",
        "9,999",
        "48.2k",
        "1.3M",
    ]
    assert [left(42), left(725), left(7800)] == ["0:42", "12:05", "2h10"]


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(minutes=4), "13:58:07"),
        (timedelta(days=1), "19 Aug"),
        (timedelta(days=300), "Oct 2025"),
    ],
)
def test_a_moment_takes_at_most_eight_columns(ago: timedelta, shown: str) -> None:
    assert at(to_text(NOW - ago), NOW, UTC) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=12), "12 d"),
        (timedelta(seconds=-5), "just now"),
    ],
)
def test_ages(ago: timedelta, shown: str) -> None:
    assert age(to_text(NOW - ago), NOW) == shown


def test_a_sparkline_is_as_wide_as_asked() -> None:
    assert sparkline([0, 1, 2, 3, 4], 3) == "▄▆▇"
    assert sparkline([0.0, 0.0], 10) == "▁▁"
    assert sparkline([], 10) == ""
