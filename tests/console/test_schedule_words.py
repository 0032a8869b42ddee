"""Rules in words, times until they fire, and the zone they are shown in."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from opsconsole.console.fire_times import fire_at, until, zone_name
from opsconsole.console.folding import wrapped
from opsconsole.console.rule_words import cron_words, read_rule, rule_words
from opsconsole.domain.clock import to_text
from opsconsole.domain.plain_text import cell_width
from opsconsole.domain.schedule import Rule

from .memory_desk import NOW

WORDS = {
    "0 3 * * *": "every day at 03:00",
    "30 22 * * 1-5": "Monday to Friday at 22:30",
    "0 3,15 * * *": "every day at 03:00 and 15:00",
    "5 18,6,12 * * *": "every day at 06:05, 12:05 and 18:05",
    "0 3 * * 0": "every Sunday at 03:00",
    "0 3 * * 7": "every Sunday at 03:00",
    "0 3 * * sat,SUN": "every Saturday and Sunday at 03:00",
    "15 * * * *": "every hour at :15",
    "* * * * *": "every minute",
    "*/20 * * * *": "every 20 min",
    "30 */6 * * *": "every 6 h from 00:30",
    "0 1 1 * *": "on day 1 of each month at 01:00",
}

NO_WORDS = (
    "*/7 * * * *",
    "0 */5 * * *",
    "*/20 8-17 * * 1-5",
    "0 3 1 * 1",
    "0 3 * 6 *",
    "0 3 * * 1-5/2",
    "0 3 1-7 * *",
    "0 3 * * funday",
    "0 3 * *",
    "",
)
"""Rules that no short sentence tells in full: these are shown as they were written."""


@pytest.mark.parametrize("cron", WORDS)
def test_common_rules_are_sentences(cron: str) -> None:
    assert cron_words(cron) == WORDS[cron]
    assert rule_words(Rule(cron=cron, timezone="Europe/Zurich")) == f"{WORDS[cron]} (Europe/Zurich)"


@pytest.mark.parametrize("cron", NO_WORDS)
def test_a_rule_of_no_common_shape_is_shown_as_it_was_written(cron: str) -> None:
    assert cron_words(cron) is None
    assert rule_words(Rule(cron=cron)) == f"{cron} (UTC)"


@pytest.mark.parametrize(
    ("every", "words"),
    [("6h", "every 6 h"), ("1h", "every hour"), ("1d", "every day"), ("7d", "every 7 days"), ("15m", "every 15 min"),
     ("2w", "every 2 weeks"), ("1w", "every week")],
)  # fmt: skip
def test_intervals_are_sentences(every: str, words: str) -> None:
    assert rule_words(Rule(every=every)) == words


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("6h", Rule(every="6h")),
        (" every  6 H ", Rule(every="6h")),
        ("0 3  * * *", Rule(cron="0 3 * * *", timezone="Europe/Zurich")),
        ("cron 0 3 * * *", Rule(cron="0 3 * * *", timezone="Europe/Zurich")),
        ("at noon", Rule(cron="at noon", timezone="Europe/Zurich")),
    ],
)
def test_what_is_typed_is_an_interval_or_cron_fields(typed: str, rule: Rule) -> None:
    assert read_rule(typed, " Europe/Zurich ") == rule


@pytest.mark.parametrize(
    ("ahead", "words", "left"),
    [
        (timedelta(seconds=-5), "today 14:02", "due now"),
        (timedelta(seconds=30), "today 14:02", "in under a minute"),
        (timedelta(minutes=17), "today 14:19", "in 17 min"),
        (timedelta(hours=13), "21 Aug 03:02", "in 13 h"),
        (timedelta(days=3), "23 Aug 14:02", "in 3 d"),
        (timedelta(days=370), "Aug 2027", "in 370 d"),
    ],
)
def test_the_next_time_is_said_in_the_admins_zone(ahead: timedelta, words: str, left: str) -> None:
    moment = to_text(NOW + ahead)
    assert fire_at(moment, NOW, UTC) == words and len(words) <= 12
    assert until(moment, NOW) == left
    assert fire_at(None, NOW, UTC) == ""


def test_another_zone_has_its_own_day() -> None:
    moment = to_text(NOW + timedelta(hours=11))
    assert fire_at(moment, NOW, ZoneInfo("Asia/Tokyo")) == "21 Aug 10:02"
    assert fire_at(to_text(NOW), NOW, ZoneInfo("Asia/Tokyo")) == "today 23:02"


def test_the_zone_of_the_machine_is_found_by_name(tmp_path: Path) -> None:
    zones = tmp_path / "zoneinfo" / "Europe"
    zones.mkdir(parents=True)
    (zones / "Zurich").write_text("")
    link = tmp_path / "localtime"
    link.symlink_to(zones / "Zurich")
    assert zone_name(ZoneInfo("Asia/Tokyo")) == "Asia/Tokyo" and zone_name(UTC) == "UTC"
    assert zone_name(None, {}, link) == "Europe/Zurich"
    assert zone_name(None, {"TZ": ":America/New_York"}, link) == "America/New_York"
    assert zone_name(None, {"TZ": "CET-1CEST"}, link) == "Europe/Zurich", "a rule of POSIX is no name"
    assert zone_name(None, {"TZ": "../../etc/passwd"}, tmp_path / "nothing") == "UTC"


@pytest.mark.parametrize("width", [16, 23, 40])
@pytest.mark.parametrize(
    "text", ["The fetch of the newest set is still active.", "a" * 70, "日本語" * 20 + " end", "", "short"]
)
def test_words_are_broken_only_where_they_fit_on_no_line(text: str, width: int) -> None:
    lines = wrapped(text, width, "  ")
    assert all(cell_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split()), "nothing is lost"
    if all(cell_width(word) <= width - 2 for word in text.split()):
        assert " ".join(" ".join(lines).split()) == text
