"""Orders about one schedule: pausing, resuming, running and removing it. Each asks first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from opsconsole.console.dialogs.ask_rule import SHOWN_FIRES, fire_lines
from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.orders import fact, follow, said
from opsconsole.console.pen import Pen, Span
from opsconsole.console.rule_words import rule_words
from opsconsole.console.schedule_facts import starts_words
from opsconsole.domain.access import Capability

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.domain.schedule import Schedule

Lines = list[list[Span]]


def ask_pause(screen: LiveScreen, schedule: Schedule) -> None:
    """Ask whether a schedule is to stop firing; a paused one, whether it is to fire again."""
    if not screen.console_app.is_allowed(Capability.SCHEDULE_MANAGE, schedule.workspace):
        return
    if schedule.is_paused:
        screen.order_read(
            screen.desk.next_fires,
            schedule.rule,
            SHOWN_FIRES,
            then=lambda fires: _ask_resume(screen, schedule, fires),
        )
        return

    def lines(pen: Pen) -> Lines:
        return [*_about(pen, schedule), [], said(pen, "It does not fire until somebody resumes it.")]

    _confirm(
        screen,
        Question("Pause this schedule?", lines, "Pause"),
        lambda: _order(screen, screen.desk.pause_schedule, schedule),
    )


def _ask_resume(screen: LiveScreen, schedule: Schedule, fires: Sequence[datetime]) -> None:
    def lines(pen: Pen) -> Lines:
        return [
            *_about(pen, schedule),
            *fire_lines(tuple(fires), pen, schedule.rule),
            [],
            said(pen, "What it missed while paused is not made up for."),
        ]

    _confirm(
        screen,
        Question("Resume this schedule?", lines, "Resume"),
        lambda: _order(screen, screen.desk.resume_schedule, schedule),
    )


def ask_run_now(screen: LiveScreen, schedule: Schedule) -> None:
    """Ask whether what a schedule starts is to be started at once."""
    if not screen.console_app.is_allowed(Capability.SCHEDULE_MANAGE, schedule.workspace):
        return

    def lines(pen: Pen) -> Lines:
        return [
            *_about(pen, schedule),
            [],
            said(pen, "Starts it once, now; its next time stays."),
            said(pen, "Nothing is written to the tenant.", "good"),
        ]

    _confirm(
        screen,
        Question("Run this schedule now?", lines, "Run now"),
        lambda: screen.order(screen.desk.run_schedule, schedule.id, then=lambda started: follow(screen, started)),
    )


def ask_remove(screen: LiveScreen, schedule: Schedule) -> None:
    """Ask whether a schedule is to be removed for good."""
    if not screen.console_app.is_allowed(Capability.SCHEDULE_MANAGE, schedule.workspace):
        return

    def lines(pen: Pen) -> Lines:
        return [
            *_about(pen, schedule),
            [],
            said(pen, "1 schedule is removed for good: it never fires again.", "danger"),
            said(pen, "The runs and sets that it made stay."),
        ]

    question = Question("Remove this schedule?", lines, "Remove it", is_dangerous=True, cancel="Keep it")
    _confirm(screen, question, lambda: _order(screen, screen.desk.remove_schedule, schedule))


def _about(pen: Pen, schedule: Schedule) -> Lines:
    return [
        fact(pen, "Starts", starts_words(schedule), "strong"),
        fact(pen, "Tenant", schedule.tenant),
        fact(pen, "Rule", rule_words(schedule.rule)),
    ]


def _confirm(screen: LiveScreen, question: Question, go: Callable[[], None]) -> None:
    def answered(yes: bool | None) -> None:
        if yes:
            go()

    screen.app.push_screen(ConfirmDialog(question), answered)


def _order(screen: LiveScreen, call: Callable[[str], Schedule], schedule: Schedule) -> None:
    screen.order(call, schedule.id, then=lambda _: screen.store_changed())
