"""A schedule's rule in words: the common shapes of cron and intervals; any other rule as it was written."""

from __future__ import annotations

import re

from opsconsole.domain.schedule import Rule

_UNITS: dict[str, tuple[str, str]] = {
    "m": ("minute", "min"),
    "h": ("hour", "h"),
    "d": ("day", "days"),
    "w": ("week", "weeks"),
}
"""Each unit of an interval: the word for one, and for several."""

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""Cron's weekday numbers, 0 and 7 both Sunday."""

_SHORT_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_INTERVAL = re.compile(r"(?:every\s+)?(\d{1,5})\s*([mhdw])", re.IGNORECASE)


def rule_words(rule: Rule) -> str:
    """Return ``every day at 03:00 (Europe/Zurich)``, ``every 6 h``; a rule of no common shape as its cron text."""
    if rule.every:
        return _interval_words(rule.every)
    return f"{cron_words(rule.cron) or rule.cron} ({rule.timezone})"


def short_rule_words(rule: Rule) -> str:
    """Return a rule as it stands in a list: days by three letters, the zone left out."""
    words = (cron_words(rule.cron) if rule.cron else None) or rule_words(rule)
    for day in _DAYS:
        words = words.replace(day, day[:3])
    return words


def cron_words(cron: str) -> str | None:
    """Return what five cron fields mean, without their zone; None where no sentence fits."""
    fields = cron.lower().split()
    if len(fields) != 5:
        return None
    minute, hour, day, month, weekday = fields
    if month != "*":
        return None
    if day == "*" and weekday == "*" and (words := _within_a_day(minute, hour)):
        return words
    times = _times(minute, hour)
    if times is None:
        return None
    if day == "*":
        days = _days(weekday)
        return f"{days} at {times}" if days else None
    if weekday == "*" and day.isdigit():
        return f"on day {int(day)} of each month at {times}"
    return None


def read_rule(text: str, timezone: str) -> Rule:
    """Return the rule that was typed: an interval such as ``6h`` or ``every 6 h``, else cron fields. Nothing is checked."""
    clean = " ".join(text.split())
    if match := _INTERVAL.fullmatch(clean):
        return Rule(every=f"{int(match[1])}{match[2].lower()}")
    return Rule(cron=clean.removeprefix("cron "), timezone=timezone.strip())


def _interval_words(every: str) -> str:
    match = _INTERVAL.fullmatch(every.strip())
    if not match:
        return f"every {every}"
    one, several = _UNITS[match[2].lower()]
    number = int(match[1])
    return f"every {one}" if number == 1 else f"every {number} {several}"


def _within_a_day(minute: str, hour: str) -> str | None:
    if hour == "*":
        if minute == "*":
            return "every minute"
        if (step := _step(minute, 60)) is not None:
            return f"every {step} min"
        return f"every hour at :{int(minute):02d}" if minute.isdigit() else None
    if minute.isdigit() and (step := _step(hour, 24)) is not None:
        return f"every {step} h from 00:{int(minute):02d}"
    return None


def _step(field: str, whole: int) -> int | None:
    """Return N of ``*/N`` where N divides the whole: any other step has a shorter last round, which the words would hide."""
    head, slash, step = field.partition("/")
    return int(step) if head == "*" and slash and step.isdigit() and int(step) > 1 and whole % int(step) == 0 else None


def _times(minute: str, hour: str) -> str | None:
    hours = hour.split(",")
    if not minute.isdigit() or not all(one.isdigit() for one in hours):
        return None
    clocks = [f"{int(one):02d}:{int(minute):02d}" for one in sorted(set(hours), key=int)]
    return clocks[0] if len(clocks) == 1 else f"{', '.join(clocks[:-1])} and {clocks[-1]}"


def _days(field: str) -> str | None:
    if field == "*":
        return "every day"
    low, dash, high = field.partition("-")
    if dash:
        first, last = _weekday(low), _weekday(high)
        return None if first is None or last is None else f"{_DAYS[first]} to {_DAYS[last]}"
    numbers = [_weekday(one) for one in field.split(",")]
    if any(number is None for number in numbers):
        return None
    names = [_DAYS[number] for number in numbers if number is not None]
    return f"every {names[0]}" if len(names) == 1 else f"every {', '.join(names[:-1])} and {names[-1]}"


def _weekday(text: str) -> int | None:
    if text.isdigit() and int(text) <= 7:
        return int(text)
    return _SHORT_DAYS.index(text) if text in _SHORT_DAYS else None
