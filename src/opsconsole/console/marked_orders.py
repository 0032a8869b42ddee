"""Orders about marked runs: one question for all, in numbers; which can, which cannot, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.figures import counted, grouped
from opsconsole.console.orders import WIDTH, fact, left_undone, said, why_not_cancel, why_not_retry
from opsconsole.console.pen import Pen, Span
from opsconsole.domain.access import CAPABILITY_OF_RUN
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import cut
from opsconsole.domain.run import OperationRun, RunType, Status
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen

WHYS_SHOWN = 4
"""Reasons a confirmation has room for; the others are counted."""

Why = Callable[[OperationRun], str | None]


def ask_cancel_marked(screen: LiveScreen, runs: Sequence[OperationRun]) -> None:
    """Ask whether the marked runs that can be cancelled are to be."""
    able, unable = _parted(screen, runs, why_not_cancel)
    queued = sum(1 for run in able if run.status is Status.QUEUED)

    def lines(pen: Pen) -> list[list[Span]]:
        return [
            fact(pen, "Marked", f"{grouped(len(runs))} runs", "strong"),
            fact(pen, "Cancels", f"{grouped(queued)} queued, which end at once"),
            fact(pen, "", f"{grouped(len(able) - queued)} running, which stop after what is in hand"),
            *_whys(pen, unable),
            [],
            said(pen, "What is done stays done."),
        ]

    question = Question("Cancel the marked runs?", lines, f"Cancel {grouped(len(able))}", cancel="Keep them")
    _ask(screen, able, unable, question, lambda run: screen.desk.cancel_run(run.id), "cancelled")


def ask_retry_marked(screen: LiveScreen, runs: Sequence[OperationRun]) -> None:
    """Ask whether what the marked runs left undone is to be started again; nothing that writes to a tenant is among it."""
    able, unable = _parted(screen, runs, _why_not_retry)

    def lines(pen: Pen) -> list[list[Span]]:
        return [
            fact(pen, "Marked", f"{grouped(len(runs))} runs", "strong"),
            fact(
                pen,
                "Retries",
                f"{counted(len(able), 'run')} with {counted(sum(map(left_undone, able)), 'item')} left undone",
            ),
            *_whys(pen, unable),
            [],
            said(pen, "New runs do only this; nothing is written to a tenant.", "good"),
        ]

    question = Question("Retry the marked runs?", lines, f"Retry {grouped(len(able))}")
    _ask(screen, able, unable, question, lambda run: screen.desk.retry_run(run.id), "started again")


def _why_not_retry(run: OperationRun) -> str | None:
    if run.type is RunType.RESTORE and why_not_retry(run) is None:
        return f"Run {short_id(run.id)} is a restore: it is retried by itself, since it writes."
    return why_not_retry(run)


def _parted(
    screen: LiveScreen, runs: Sequence[OperationRun], why_not: Why
) -> tuple[list[OperationRun], list[tuple[OperationRun, str]]]:
    able: list[OperationRun] = []
    unable: list[tuple[OperationRun, str]] = []
    for run in runs:
        capability = CAPABILITY_OF_RUN[run.type]
        if not screen.console_app.may(capability, run.workspace):
            unable.append((run, f"Run {short_id(run.id)} needs the capability {capability.value}."))
        elif reason := why_not(run):
            unable.append((run, reason))
        else:
            able.append(run)
    return able, unable


def _whys(pen: Pen, unable: Sequence[tuple[OperationRun, str]]) -> list[list[Span]]:
    if not unable:
        return []
    lines = [[], fact(pen, "Left out", f"{grouped(len(unable))} that cannot:", "partial")]
    lines += [said(pen, cut(reason, WIDTH), "dim") for _, reason in unable[:WHYS_SHOWN]]
    if len(unable) > WHYS_SHOWN:
        lines.append(said(pen, f"and {grouped(len(unable) - WHYS_SHOWN)} more", "dim"))
    return lines


def _ask(
    screen: LiveScreen,
    able: list[OperationRun],
    unable: list[tuple[OperationRun, str]],
    question: Question,
    order: Callable[[OperationRun], object],
    done: str,
) -> None:
    app = screen.console_app
    if not able:
        app.say(
            unable[0][1]
            if len(unable) == 1
            else f"None of the {len(unable)} marked runs can be {done}. The first: {unable[0][1]}"
        )
        return

    def give_all() -> tuple[int, list[str]]:
        given, wrong = 0, []
        for run in able:
            try:
                order(run)
                given += 1
            except OpsError as error:
                wrong.append(f"{short_id(run.id)}: {error.message}")
        return given, wrong

    def told(answer: tuple[int, list[str]]) -> None:
        given, wrong = answer
        screen.unmark()
        app.say(
            f"{grouped(given)} {done}" + (f"; {len(wrong)} not: {wrong[0]}" if wrong else ""),
            "error" if wrong else "information",
        )
        screen.started()

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(give_all, then=told)

    app.push_screen(ConfirmDialog(question), answered)
