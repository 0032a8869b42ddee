"""Schedules: ``next_fire_at`` is the truth, taken by compare-and-set so that each time fires once over all processes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
from opsconsole.store.columns import to_json_text
from opsconsole.store.database import Row, Session, bind_list
from opsconsole.store.lookup import resolve_suffix

_SELECT = (
    "SELECT x.id, x.workspace_id, w.name AS workspace, x.tenant_id, t.name AS tenant, x.kind, x.cron, x.every,"
    " x.timezone, x.inputs, x.paused, x.initiator, x.initiator_name, x.created_at, x.next_fire_at, x.last_fired_at,"
    " x.last_run_id, x.last_error FROM schedules x JOIN workspaces w ON w.id = x.workspace_id"
    " JOIN tenants t ON t.id = x.tenant_id"
)


def insert_schedule(
    s: Session,
    *,
    id: str,
    workspace_id: str,
    tenant_id: str,
    kind: ScheduleKind,
    rule: Rule,
    inputs: dict[str, Any],
    initiator: str,
    initiator_name: str,
    created_at: str,
    next_fire_at: str,
) -> None:
    """Add a schedule."""
    s.run(
        "INSERT INTO schedules (id, workspace_id, tenant_id, kind, cron, every, timezone, inputs, paused, initiator,"
        " initiator_name, created_at, next_fire_at) VALUES (:id, :workspace_id, :tenant_id, :kind, :cron, :every,"
        " :timezone, :inputs, 0, :initiator, :initiator_name, :created_at, :next_fire_at)",
        id=id,
        workspace_id=workspace_id,
        tenant_id=tenant_id,
        kind=kind.value,
        cron=rule.cron,
        every=rule.every,
        timezone=rule.timezone,
        inputs=to_json_text(inputs),
        initiator=initiator,
        initiator_name=initiator_name,
        created_at=created_at,
        next_fire_at=next_fire_at,
    )


def list_schedules(s: Session, workspace_ids: Sequence[str]) -> list[Schedule]:
    """Return the schedules of the given workspaces, oldest first."""
    names, params = bind_list("w", list(workspace_ids))
    return [_to_schedule(row) for row in s.all(f"{_SELECT} WHERE x.workspace_id IN ({names}) ORDER BY x.id", **params)]


def get_schedule(s: Session, schedule_id: str) -> Schedule | None:
    """Return a schedule by its whole id."""
    row = s.one(f"{_SELECT} WHERE x.id = :id", id=schedule_id)
    return _to_schedule(row) if row else None


def resolve_schedule_id(s: Session, ref: str, workspace_ids: Sequence[str]) -> list[str]:
    """Return the ids of schedules that end in ``ref``, two at most, only within the given workspaces."""
    return resolve_suffix(s, "schedules", ref, workspace_ids)


def set_paused(s: Session, schedule_id: str, paused: bool, next_fire_at: str | None) -> bool:
    """Pause a schedule (it then has no next time), or resume it; False if there is none."""
    return bool(
        s.run(
            "UPDATE schedules SET paused = :paused, next_fire_at = :next WHERE id = :id",
            id=schedule_id,
            paused=int(paused),
            next=next_fire_at,
        )
    )


def delete_schedule(s: Session, schedule_id: str) -> bool:
    """Remove a schedule; False if there is none."""
    return bool(s.run("DELETE FROM schedules WHERE id = :id", id=schedule_id))


def due_schedules(s: Session, now: str, tenant_ids: Sequence[str]) -> list[Schedule]:
    """Return the schedules of these tenants whose time has come, the longest waiting first."""
    names, params = bind_list("t", list(tenant_ids))
    rows = s.all(
        f"{_SELECT} WHERE x.paused = 0 AND x.next_fire_at <= :now AND x.tenant_id IN ({names}) ORDER BY x.next_fire_at, x.id",
        now=now,
        **params,
    )
    return [_to_schedule(row) for row in rows]


def next_due(s: Session, tenant_ids: Sequence[str]) -> str | None:
    """Return when the next schedule of these tenants is due (text time), or None if none ever is."""
    names, params = bind_list("t", list(tenant_ids))
    row = s.one(
        f"SELECT MIN(next_fire_at) AS next FROM schedules WHERE paused = 0 AND tenant_id IN ({names})", **params
    )
    return row["next"] if row else None


CUT_SHORT = "The engine ended while this was being started."
"""Stands on a schedule from the taking of a fire to the note of what came of it: an engine killed in between leaves it."""


def take_fire(s: Session, schedule_id: str, expected_next: str, new_next: str | None, now: str) -> bool:
    """Take one firing for this process; False if another one took it, or the schedule was paused or removed."""
    return bool(
        s.run(
            "UPDATE schedules SET next_fire_at = :new, last_fired_at = :now, last_error = :error"
            " WHERE id = :id AND paused = 0 AND next_fire_at = :expected",
            id=schedule_id,
            expected=expected_next,
            new=new_next,
            now=now,
            error=CUT_SHORT,
        )
    )


def note_fire(s: Session, schedule_id: str, run_id: str | None, error: str | None) -> None:
    """Note what a firing started, or why it started nothing."""
    s.run(
        "UPDATE schedules SET last_run_id = COALESCE(:run, last_run_id), last_error = :error WHERE id = :id",
        id=schedule_id,
        run=run_id,
        error=error,
    )


def _to_schedule(row: Row) -> Schedule:
    values = dict(row)
    rule = Rule(values.pop("cron"), values.pop("every"), values.pop("timezone"))
    values["kind"] = ScheduleKind(row["kind"])
    values["inputs"] = json.loads(row["inputs"])
    values["is_paused"] = bool(values.pop("paused"))
    return Schedule(**values, rule=rule)
