"""What times, numbers, ids and messages look like on a terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from opsconsole.domain.clock import from_text
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain

SHORT_S = 0.95
"""Below this, a length is told in tenths of a second: rounded, it is still under a whole one."""

TENTH_S = 0.05
"""Below this, not even a tenth is left after rounding."""


def sentence(text: str) -> str:
    """Return ``text`` made harmless, its line breaks kept: for messages that have several lines of their own."""
    return "\n".join(plain(line) for line in text.splitlines())


def moment(text: str | None) -> str:
    """Return a stored time in the reader's own zone, to the second; ``-`` for none."""
    return f"{from_text(text).astimezone():%Y-%m-%d %H:%M:%S}" if text else "-"


def zone_word(now: datetime | None = None) -> str:
    """Return what the times in a table are in: ``UTC``, or ``local`` where the reader's zone is another one."""
    here = (now or datetime.now(UTC)).astimezone()
    return "UTC" if here.utcoffset() == timedelta(0) and here.tzname() in ("UTC", "GMT") else "local"


def moment_in_zone(text: str | None) -> str:
    """Return a stored time in the reader's own zone, with the zone; ``-`` for none: for a time that stands alone."""
    return f"{moment(text)} {from_text(text).astimezone():%Z}".rstrip() if text else "-"


def clock_time(when: datetime) -> str:
    """Return the time of day in the reader's own zone, to the second."""
    return f"{when.astimezone():%H:%M:%S}"


def number(value: int) -> str:
    """Return ``value`` with thousands set apart."""
    return f"{value:,}"


def counted(value: int, noun: str, plural: str = "") -> str:
    """Return ``value`` with its noun in the right number: ``1 run``, ``2 runs``."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a length of time as ``0.4 s``, ``0m12``, ``4m08`` or ``2h05``."""
    if seconds < SHORT_S:
        return f"{seconds:.1f} s" if seconds >= TENTH_S else "<0.1 s"
    whole = max(1, int(seconds))
    if whole >= 3600:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    return f"{whole // 60}m{whole % 60:02d}"


def took(started_at: str | None, completed_at: str | None) -> str:
    """Return how long something took; ``-`` unless it began and ended."""
    if not started_at or not completed_at:
        return "-"
    return duration((from_text(completed_at) - from_text(started_at)).total_seconds())


def short(identifier: str | None) -> str:
    """Return what a table shows of an id; ``-`` for none."""
    return short_id(identifier) if identifier else "-"
