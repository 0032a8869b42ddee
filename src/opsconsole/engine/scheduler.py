"""The only file that knows APScheduler: it runs the duties and the claimed runs as jobs, and works out next fire times."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from opsconsole.domain.schedule import Rule, parse_interval
from opsconsole.errors import UsageError

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Cron's weekday numbers, 0 and 7 both Sunday; APScheduler counts from Monday, and refuses 7."""

MAX_JOBS = 64
"""Jobs of one kind at a time; the claim decides how many runs there are, so this only must not be in its way."""


class Scheduler:
    """Runs coroutines at an interval or at once, on the running loop. A tick that comes late or twice runs once."""

    def __init__(self) -> None:
        # Its own logger would report each late tick of a busy machine as a warning on the terminal.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = AsyncIOScheduler(
            timezone=ZoneInfo("UTC"),
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._began = datetime.now(UTC)

    def start(self) -> None:
        """Start ticking; all intervals count from here."""
        self._began = datetime.now(UTC)
        self._scheduler.start()

    def every(self, interval_s: float, name: str, function: Callable[[], Awaitable[None]]) -> None:
        """Run ``function`` every ``interval_s`` seconds; it is never run while it still runs.

        All count from the same moment: where intervals are multiples of each other, one waking serves them all.
        """
        first = self._began + timedelta(seconds=interval_s)
        self._scheduler.add_job(function, "interval", seconds=interval_s, start_date=first, id=name)

    def now(self, name: str, function: Callable[[], Awaitable[None]]) -> None:
        """Run ``function`` once, at once."""
        self._scheduler.add_job(function, id=name, max_instances=MAX_JOBS)

    def pause(self) -> None:
        """Start nothing more; what runs, runs on."""
        if self._scheduler.running:
            self._scheduler.pause()

    def stop(self) -> None:
        """Stop for good. APScheduler cancels what still runs: pause, and let it end, before."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def next_fire(rule: Rule, after: datetime) -> datetime:
    """Return the first time after ``after`` at which the rule fires, in UTC. Raises UsageError for a rule that is wrong.

    An interval counts from ``after``, which the caller keeps in the store: not from the start of a process, or "every
    24 h" would never come on a laptop.
    """
    if rule.every:
        return after + parse_interval(rule.every)
    fields = rule.cron.split()
    hint = "Five fields: minute, hour, day of month, month, day of week. For example '0 3 * * 1-5'."
    if len(fields) != 5:
        raise UsageError(f"{rule.cron!r} has {len(fields)} fields.", hint)
    try:
        zone = ZoneInfo(rule.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"There is no time zone {rule.timezone!r}.", "Use a name such as Europe/Berlin or UTC."
        ) from None
    minute, hour, day, month, weekday = fields
    # Cron fires on either where both the day of the month and the weekday are narrowed; the trigger class wants both.
    is_either = not day.startswith("*") and not weekday.startswith("*")
    days = [(day, "*"), ("*", weekday)] if is_either else [(day, weekday)]
    try:
        triggers = [
            CronTrigger(minute=minute, hour=hour, day=one, month=month, day_of_week=_weekdays(other), timezone=zone)
            for one, other in days
        ]
        following = [_after(trigger, after.astimezone(zone)) for trigger in triggers]
    except (ValueError, TypeError) as error:
        raise UsageError(f"{rule.cron!r} is not a cron rule: {error}.", hint) from None
    found = min((moment for moment in following if moment is not None), default=None)
    if found is None:
        raise UsageError(f"{rule.cron!r} never fires.", hint)
    return found


def _after(trigger: CronTrigger, moment: datetime) -> datetime | None:
    """Return the trigger's first time after ``moment``, in UTC: two zones' clocks must not be compared at a change of time."""
    utc = ZoneInfo("UTC")
    found = trigger.get_next_fire_time(None, moment)
    if found is not None and found.astimezone(utc) <= moment.astimezone(utc):
        found = trigger.get_next_fire_time(found, moment)
    return None if found is None else found.astimezone(utc)


def following_fire(rule: Rule, planned: datetime, now: datetime) -> datetime:
    """Return the time after ``now`` at which a rule that was due at ``planned`` fires next; an interval keeps its beat.

    What was missed in between is not made up for: it was fired once, now.
    """
    if not rule.every:
        return next_fire(rule, now)
    step = parse_interval(rule.every)
    missed = max(0, int((now - planned) / step))
    return planned + step * (missed + 1)


def _weekdays(field: str) -> str:
    """Return cron's weekday field in names, which mean the same to everybody: ``1-5`` is Monday to Friday, ``0`` is Sunday."""
    parts = []
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        if span == "*" and not step:
            parts.append(part)
            continue
        if span == "*":
            span = "0-6"  # steps count from Sunday, as cron's numbers do
        low, dash, high = span.partition("-")
        first, last = _weekday(low), _weekday(high) if dash else _weekday(low)
        if dash and last < first:
            last += 7
        stride = int(step) if step else 1
        if stride < 1:
            raise ValueError("a step must be at least 1")
        end = last if dash or not step else 6
        parts.extend(_WEEKDAYS[number % 7] for number in range(first, end + 1, stride))
    return ",".join(dict.fromkeys(parts))


def _weekday(text: str) -> int:
    if text.isdigit() and int(text) <= 7:
        return int(text)
    if text[:3] in _WEEKDAYS and len(text) == 3:
        return _WEEKDAYS.index(text)
    raise ValueError(f"{text!r} is no day of the week")
