"""Keys of Schedules."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.domain.access import Capability

SCHEDULE_KEYS: tuple[Key, ...] = (
    Key(
        "schedule_new",
        "n",
        "n",
        "new…",
        "Add a schedule: what it starts, where and when. Shows its next times and asks first.",
        "new",
        places("schedules"),
        Capability.SCHEDULE_MANAGE,
        is_write=True,
    ),
    Key(
        "schedule_pause",
        "p",
        "p",
        "pause",
        "Stop the schedule from firing, or let it fire again from now on. Asks first.",
        "pause",
        places("schedules"),
        Capability.SCHEDULE_MANAGE,
        is_write=True,
    ),
    Key(
        "schedule_run",
        "r",
        "r",
        "run now",
        "Start at once what the schedule starts; its next time stays. Asks first.",
        "run_now",
        places("schedules"),
        Capability.SCHEDULE_MANAGE,
        is_write=True,
    ),
    Key(
        "schedule_remove",
        "x",
        "x",
        "remove",
        "Remove the schedule for good; the runs it started stay. Asks first.",
        "remove",
        places("schedules"),
        Capability.SCHEDULE_MANAGE,
        is_write=True,
    ),
)
"""In the order in which footers show them."""
