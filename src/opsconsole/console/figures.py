"""Numbers and times as screens show them: grouped thousands, ages in one unit, the same width for the same meaning."""

from __future__ import annotations

from datetime import datetime, tzinfo

from opsconsole.domain.clock import from_text


def grouped(number: int) -> str:
    """Return 48211 as ``48,211``."""
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 run``, ``2 runs``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def short_number(number: int) -> str:
    """Return a number in at most five characters: ``9,999``, ``48.2k``, ``1.3M``."""
    if number < 10_000:
        return f"{number:,}"
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= size:
            value = number / size
            return f"{value:.1f}{unit}" if value < 100 else f"{int(value)}{unit}"
    return str(number)


def seconds_between(start: str | None, end: str | None, now: datetime) -> float | None:
    """Return the seconds from ``start`` to ``end``, or to now while there is no end; None without a start."""
    if not start:
        return None
    until = from_text(end) if end else now
    return max(0.0, (until - from_text(start)).total_seconds())


def took(seconds: float | None) -> str:
    """Return a duration in at most five characters: ``0.4s``, ``12s``, ``3m31``, ``2h05``, ``3d04``."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}"


def left(seconds: float) -> str:
    """Return the time left as a clock: ``0:42``, ``12:05``, ``2h10``."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}" if whole < 3600 else f"{whole // 3600}h{whole % 3600 // 60:02d}"


def age(moment: str, now: datetime) -> str:
    """Return how long ago something was, in one unit: ``just now``, ``5 min``, ``3 h``, ``12 d``."""
    seconds = (now - from_text(moment)).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 2 * 86_400:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86_400)} d"


def at(moment: str | None, now: datetime, zone: tzinfo | None) -> str:
    """Return a time in eight columns: the clock today, day and month this year, year and month before."""
    if not moment:
        return ""
    local, today = from_text(moment).astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%d %b") if local.year == today.year else local.strftime("%b %Y")


def at_length(moment: str | None, zone: tzinfo | None) -> str:
    """Return a time in full: ``2026-08-20 13:58:40``."""
    return from_text(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def clock_minutes(now: datetime, zone: tzinfo | None) -> str:
    """Return the clock of the header: minutes, so that an idle screen is redrawn once a minute at most."""
    return now.astimezone(zone).strftime("%H:%M")


def sparkline(values: list[float], width: int) -> str:
    """Return the last ``width`` values as bars, each against the highest of them."""
    shown = values[-width:]
    top = max(shown, default=0.0)
    bars = "▁▂▃▄▅▆▇"
    return "".join(bars[min(6, int(value / top * 6.999))] if top > 0 else bars[0] for value in shown)
