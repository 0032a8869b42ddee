"""A schedule in words: when it fires, what it starts, how its last fire went."""

from __future__ import annotations

from opsconsole.console.desk.schedules import ScheduleView
from opsconsole.console.figures import age, at_length
from opsconsole.console.fire_times import fire_at_length, until, zone_name
from opsconsole.console.folding import wrapped
from opsconsole.console.pen import Pen, Span
from opsconsole.console.policy_words import type_words
from opsconsole.console.rule_words import rule_words
from opsconsole.console.states import State, state_of_run
from opsconsole.domain.clock import from_text
from opsconsole.domain.ids import short_id
from opsconsole.domain.schedule import Schedule, ScheduleKind

LABEL = 9
"""Columns of the names of the facts."""

SCHEDULE_STATES: dict[str, State] = {
    "active": State("✓", "active", "good", "+"),
    "paused": State("‖", "paused", "ended", "="),
    "trouble": State("!", "trouble", "danger", "!"),
}
"""Trouble: the last fire started nothing; it fires again at its next time."""


def state_of_schedule(schedule: Schedule) -> State:
    """Return how a schedule is shown."""
    if schedule.is_paused:
        return SCHEDULE_STATES["paused"]
    return SCHEDULE_STATES["trouble" if schedule.last_error else "active"]


def starts_words(schedule: Schedule) -> str:
    """Return what a schedule starts: ``backup of all policy types``, ``drift check against the latest set``."""
    if schedule.kind is ScheduleKind.BACKUP:
        return types_words(schedule.inputs.get("types") or ())
    return set_words(str(schedule.inputs.get("set") or "latest"))


def types_words(types: object) -> str:
    """Return which policy types a backup lists."""
    chosen = [type_words(str(key)) for key in types] if isinstance(types, (list, tuple)) else []
    return f"backup of {len(chosen)} types: {', '.join(chosen)}" if chosen else "backup of all policy types"


def set_words(set_ref: str) -> str:
    """Return which set a drift check compares with the tenant."""
    return f"drift check against {'the latest set' if set_ref == 'latest' else f'set {short_id(set_ref)}'}"


def schedule_facts(view: ScheduleView, pen: Pen, width: int) -> list[list[Span]]:
    """Return what is known of one schedule, in lines of at most ``width`` columns."""
    schedule = view.schedule
    lines = [
        *_fact(pen, width, "Starts", starts_words(schedule), "strong"),
        *_fact(pen, width, "Tenant", schedule.tenant),
        *_fact(pen, width, "Rule", rule_words(schedule.rule)),
        *_next(schedule, pen, width),
        *_last(view, pen, width),
    ]
    lines += _fact(
        pen, width, "Added", f"{at_length(schedule.created_at, pen.zone)[:16]} by {schedule.initiator_name}", "dim"
    )
    if schedule.last_error:
        lines += _fact(pen, width, "Trouble", schedule.last_error, "danger")
    return lines


def _next(schedule: Schedule, pen: Pen, width: int) -> list[list[Span]]:
    if schedule.is_paused or not schedule.next_fire_at:
        return _fact(pen, width, "Next", "paused: does not fire until it is resumed", "ended")
    local = f"{fire_at_length(from_text(schedule.next_fire_at), pen.zone)}, {until(schedule.next_fire_at, pen.now)}"
    own = zone_name(pen.zone)
    is_elsewhere = bool(schedule.rule.cron) and schedule.rule.timezone != own
    return _fact(pen, width, "Next", f"{local} (your zone, {own})" if is_elsewhere else local)


def _last(view: ScheduleView, pen: Pen, width: int) -> list[list[Span]]:
    schedule, run = view.schedule, view.last_run
    fired = schedule.last_fired_at
    words = f"{at_length(fired, pen.zone)[:16]}, {age(fired, pen.now)}" if fired else "never fired by itself"
    if fired and not words.endswith("just now"):
        words += " ago"
    lines = _fact(pen, width, "Last", words)
    if run is not None:
        state = state_of_run(run)
        lines.append(
            [
                (" " * LABEL, pen.ink("dim")),
                (pen.state(state), pen.ink(state.ink)),
                (f"  run {short_id(run.id)}", pen.ink("dim")),
            ]
        )
    return lines


def _fact(pen: Pen, width: int, name: str, value: str, ink: str = "text") -> list[list[Span]]:
    first, *rest = wrapped(value, max(16, width - LABEL))
    return [
        [*pen.cell(name, LABEL, "dim"), (pen.drawn(first), pen.ink(ink))],
        *([(" " * LABEL, pen.ink(ink)), (pen.drawn(more), pen.ink(ink))] for more in rest),
    ]
