"""Next fire times: cron's own weekdays, ranges, steps and time zones; intervals count from the last fire; wrong rules say so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from opsconsole.domain.schedule import Rule
from opsconsole.engine.scheduler import Scheduler, following_fire, next_fire
from opsconsole.errors import UsageError

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def fires(cron: str, count: int, after: datetime = MONDAY, timezone: str = "UTC") -> list[datetime]:
    """The next times at which a rule fires."""
    found = []
    for _ in range(count):
        after = next_fire(Rule(cron=cron, timezone=timezone), after)
        found.append(after)
    return found


@pytest.mark.parametrize("weekday", ["0", "7", "sun", "SUN"])
def test_zero_and_seven_are_sunday(weekday: str) -> None:
    assert fires(f"0 3 * * {weekday}", 2) == [datetime(2026, 3, 8, 3, tzinfo=UTC), datetime(2026, 3, 15, 3, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("*", {0, 1, 2, 3, 4, 5, 6}),
        ("1-5", {0, 1, 2, 3, 4}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("5-7", {4, 5, 6}),
        ("6-7", {5, 6}),
        ("0-6", {0, 1, 2, 3, 4, 5, 6}),
        ("0,3", {6, 2}),
        ("1", {0}),
        ("6", {5}),
        ("fri-mon", {4, 5, 6, 0}),
        ("1-5/2", {0, 2, 4}),
        ("*/2", {6, 1, 3, 5}),
        ("*/3", {6, 2, 5}),
        ("0/2", {6, 1, 3, 5}),
        ("sat,sun", {5, 6}),
        ("0-7", {0, 1, 2, 3, 4, 5, 6}),
    ],
)
def test_weekdays_are_crons(field: str, days: set[int]) -> None:
    found = {moment.weekday() for moment in fires(f"0 3 * * {field}", 14)}
    assert found == days


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("*/15 * * * *", ["08:15", "08:30", "08:45", "09:00"]),
        ("5,50 9-10 * * *", ["09:05", "09:50", "10:05", "10:50"]),
        ("0 */6 * * *", ["12:00", "18:00", "00:00", "06:00"]),
        ("0 8 * * *", ["08:00", "08:00"]),
    ],
)
def test_minutes_and_hours(cron: str, expected: list[str]) -> None:
    found = fires(cron, len(expected))
    assert [f"{moment:%H:%M}" for moment in found] == expected
    assert found[0] > MONDAY, "a rule that fires now has fired: the next time is later"


def test_days_and_months() -> None:
    assert fires("0 0 29 2 *", 1) == [datetime(2028, 2, 29, tzinfo=UTC)]
    assert fires("30 4 1 1,7 *", 2) == [
        datetime(2026, 7, 1, 4, 30, tzinfo=UTC),
        datetime(2027, 1, 1, 4, 30, tzinfo=UTC),
    ]


def test_a_day_of_the_month_and_a_weekday_fire_on_either_as_in_cron() -> None:
    found = fires("0 3 10 * 5", 4)
    assert [f"{moment:%m-%d}" for moment in found] == ["03-06", "03-10", "03-13", "03-20"]
    both = fires("0 3 */10 * 5", 2)
    assert all(moment.weekday() == 4 for moment in both), "a star narrows nothing"


def test_a_rule_fires_at_the_time_of_its_zone_in_summer_and_winter() -> None:
    found = fires("0 3 * * *", 3, datetime(2026, 3, 27, 12, tzinfo=UTC), "Europe/Berlin")
    assert [f"{moment:%m-%d %H:%M}" for moment in found] == ["03-28 02:00", "03-29 01:00", "03-30 01:00"]


def test_an_hour_that_a_clock_change_leaves_out_is_not_fired_twice_nor_lost() -> None:
    found = fires("30 2 * * *", 4, datetime(2026, 3, 27, 12, tzinfo=UTC), "Europe/Berlin")
    assert all(one < two for one, two in pairwise(found))
    assert len({f"{moment:%m-%d}" for moment in found}) >= 3


def test_an_hour_that_comes_twice_fires_in_order() -> None:
    found = fires("30 2 * * *", 3, datetime(2026, 10, 24, 12, tzinfo=UTC), "Europe/Berlin")
    assert all(one < two for one, two in pairwise(found))
    assert f"{found[0]:%m-%d %H:%M}" in ("10-25 00:30", "10-25 01:30")
    assert f"{found[-1]:%H:%M}" == "01:30"


def test_an_interval_counts_from_the_moment_it_is_given() -> None:
    assert next_fire(Rule(every="1m"), MONDAY) == MONDAY + timedelta(minutes=1)
    assert next_fire(Rule(every="24h"), MONDAY) == MONDAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("cron", "timezone"),
    [
        ("0 3 * *", "UTC"),
        ("0 3 * * * *", "UTC"),
        ("60 3 * * *", "UTC"),
        ("0 24 * * *", "UTC"),
        ("0 3 0 * *", "UTC"),
        ("0 3 * 13 *", "UTC"),
        ("0 3 * * 8", "UTC"),
        ("0 3 * * funday", "UTC"),
        ("0 3 * * 1-9", "UTC"),
        ("0 3 * * */0", "UTC"),
        ("0 3 * * */x", "UTC"),
        ("0 3 30 2 *", "UTC"),
        ("x 3 * * *", "UTC"),
        ("0 3 * * *", "Mars/Olympus"),
        ("0 3 * * *", "../etc/passwd"),
        ("0 3 * * *", ""),
        ("", "UTC"),
    ],
)
def test_a_wrong_rule_is_a_usage_error_with_a_hint(cron: str, timezone: str) -> None:
    with pytest.raises(UsageError) as caught:
        next_fire(Rule(cron=cron, timezone=timezone), MONDAY)
    assert caught.value.hint


def test_an_interval_keeps_its_beat_and_makes_up_for_nothing() -> None:
    rule = Rule(every="1h")
    planned = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
    assert following_fire(rule, planned, planned + timedelta(seconds=2)) == planned + timedelta(hours=1)
    assert following_fire(rule, planned, planned + timedelta(hours=5, minutes=7)) == planned + timedelta(hours=6)
    assert following_fire(rule, planned, planned - timedelta(minutes=1)) == planned + timedelta(hours=1)


def test_ticks_of_the_same_beat_come_together() -> None:
    """One waking serves them all: an engine at rest costs little."""

    async def tick() -> None:
        pass

    async def look() -> None:
        scheduler = Scheduler()
        scheduler.start()
        scheduler.pause()
        for name, interval_s in (("one", 60.0), ("other", 60.0), ("rarer", 180.0)):
            scheduler.every(interval_s, name, tick)
        one, other, rarer = (job.next_run_time for job in scheduler._scheduler.get_jobs())
        scheduler.stop()
        assert one == other and rarer - one == timedelta(seconds=120)

    asyncio.run(look())
