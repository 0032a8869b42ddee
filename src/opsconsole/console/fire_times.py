"""When a schedule fires, in the admin's own zone: the time in a column, and how long it is until then."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opsconsole.domain.clock import from_text

LOCALTIME = Path("/etc/localtime")
"""Where the machine says its zone: a link into the zones' folder."""


def fire_at(moment: str | None, now: datetime, zone: tzinfo | None) -> str:
    """Return a time in twelve columns: ``today 18:00``, ``21 Aug 03:00``, ``Aug 2027``."""
    if not moment:
        return ""
    local, today = from_text(moment).astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return local.strftime("today %H:%M")
    return local.strftime("%d %b %H:%M") if abs((local - today).days) < 300 else local.strftime("%b %Y")


def fire_at_length(moment: datetime, zone: tzinfo | None) -> str:
    """Return a time in full with its weekday: ``Fri 21 Aug 2026 03:00``."""
    return moment.astimezone(zone).strftime("%a %d %b %Y %H:%M")


def until(moment: str, now: datetime) -> str:
    """Return how long it is until a time, in one unit: ``in 5 min``, ``in 13 h``, ``in 3 d``; ``due now`` when it has come."""
    seconds = (from_text(moment) - now).total_seconds()
    if seconds <= 0:
        return "due now"
    if seconds < 60:
        return "in under a minute"
    if seconds < 3600:
        return f"in {int(seconds // 60)} min"
    if seconds < 2 * 86_400:
        return f"in {int(seconds // 3600)} h"
    return f"in {int(seconds // 86_400)} d"


def zone_name(zone: tzinfo | None, environ: Mapping[str, str] | None = None, localtime: Path = LOCALTIME) -> str:
    """Return the name of a zone, as rules keep it; of this machine's where none is given, ``UTC`` where it has no name."""
    if zone is not None:
        return str(getattr(zone, "key", None) or "UTC")
    named = (os.environ if environ is None else environ).get("TZ", "").lstrip(":")
    try:
        linked = str(localtime.resolve()).rpartition("zoneinfo/")[2]
    except OSError:
        linked = ""
    for name in (named, linked):
        if name and _is_zone(name):
            return name
    return "UTC"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
