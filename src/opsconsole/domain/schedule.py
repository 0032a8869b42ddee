"""A schedule: a cron or interval rule that starts a backup or a drift check."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from opsconsole.errors import UsageError


class ScheduleKind(StrEnum):
    """What a schedule starts."""

    BACKUP = "backup"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Rule:
    """When a schedule fires: five cron fields in a time zone, or an interval. Exactly one of ``cron`` and ``every`` is set."""

    cron: str = ""
    every: str = ""
    timezone: str = "UTC"

    @property
    def text(self) -> str:
        """Return the rule as it is stored and shown."""
        return f"every {self.every}" if self.every else f"cron {self.cron} ({self.timezone})"


@dataclass(frozen=True, slots=True)
class Schedule:
    """One row of ``schedules``. ``next_fire_at`` is the truth about when it fires (text time; None while paused)."""

    id: str
    workspace_id: str
    workspace: str
    tenant_id: str
    tenant: str
    kind: ScheduleKind
    rule: Rule
    inputs: dict[str, Any]
    is_paused: bool
    initiator: str
    initiator_name: str
    created_at: str
    next_fire_at: str | None
    last_fired_at: str | None
    last_run_id: str | None
    last_error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the schedule as JSON."""
        return {
            "id": self.id,
            "workspace": self.workspace,
            "tenant": self.tenant,
            "kind": self.kind.value,
            "rule": self.rule.text,
            "cron": self.rule.cron or None,
            "every": self.rule.every or None,
            "timezone": self.rule.timezone,
            "inputs": self.inputs,
            "paused": self.is_paused,
            "initiator": self.initiator_name,
            "created_at": self.created_at,
            "next_fire_at": self.next_fire_at,
            "last_fired_at": self.last_fired_at,
            "last_run": self.last_run_id,
            "last_error": self.last_error,
        }


_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_INTERVAL = re.compile(r"(\d{1,5})\s*([mhdw])")


def parse_interval(text: str) -> timedelta:
    """Return the interval that ``text`` names: a number and m, h, d or w. Raises UsageError, also below one minute."""
    match = _INTERVAL.fullmatch(text.strip().lower())
    if not match or int(match[1]) == 0:
        raise UsageError(
            f"{text!r} is not an interval.",
            "Use a number and m, h, d or w, at least one minute: 15m, 24h, 7d.",
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
