"""The lines at the head of a run's screen: state, progress, counters that add up, Graph, phases."""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.console.figures import at_length, grouped, left, seconds_between, sparkline, took
from opsconsole.console.folding import wrapped
from opsconsole.console.log_lines import phase_spans, waits_now
from opsconsole.console.pen import Pen, Span, width_of
from opsconsole.console.run_columns import progress_of, seconds_left, target_of
from opsconsole.console.states import TYPE_WORDS, state_of_run
from opsconsole.domain.clock import from_text
from opsconsole.domain.plain_text import cut
from opsconsole.domain.run import GraphUse, OperationRun, Status
from opsconsole.domain.run_event import RunEvent, phases_of

_COUNTERS = (
    ("processed", "good"),
    ("failed", "bad"),
    ("skipped", "text"),
    ("unchanged", "text"),
    ("awaiting", "partial"),
)

LABEL_WIDTH = 10
"""Columns of the words at the left, so that the figures stand in one line."""


def run_facts(
    run: OperationRun,
    pen: Pen,
    width: int,
    rates: list[float],
    waiting_for: str | None = None,
    log: Sequence[RunEvent] = (),
) -> list[list[Span]]:
    """Return the lines, each at most ``width`` columns; as many, whatever the run waits for."""
    return [
        _state_line(run, pen, width),
        *_progress_lines(run, pen, width, waiting_for, log),
        _counter_line(run, pen),
        _graph_line(run, pen),
        _time_line(run, pen, width, rates),
        _phase_line(run, pen, width, log),
    ]


def _label(pen: Pen, text: str) -> list[Span]:
    return pen.cell(f" {text}", LABEL_WIDTH, "dim")


def _state_line(run: OperationRun, pen: Pen, width: int) -> list[Span]:
    state = state_of_run(run)
    tail = f"by {run.initiator_name}" + (f" · attempt {run.attempt}" if run.attempt > 1 else "")
    tail = cut(tail, width // 3)
    head: list[Span] = [
        (f" {pen.state(state)}", pen.ink(state.ink)),
        (f"  {TYPE_WORDS[run.type]}", pen.ink("strong")),
    ]
    room = width - width_of(head) - len(tail) - 5
    head += [(f"  {cut(target_of(run), room)}", pen.ink("text"))]
    gap = width - width_of(head) - width_of([(tail, pen.ink("dim"))]) - 1
    return [*head, (" " * max(1, gap), pen.ink("text")), (tail, pen.ink("dim"))]


def _progress_lines(
    run: OperationRun, pen: Pen, width: int, waiting_for: str | None, log: Sequence[RunEvent]
) -> list[list[Span]]:
    words = _wait_words(run, pen, log) or (f"waits for {waiting_for}" if waiting_for else "")
    if run.status is Status.QUEUED:
        said = wrapped(words or "waits for its turn", width - 2)[:2]
        lines = [[(f" {pen.drawn(line)}", pen.ink("partial" if words else "dim"))] for line in said]
        return [*lines, []][:2]
    below: list[Span] = [(f" {cut(words, width - 2)}", pen.ink("partial"))] if words else []
    return [_progress_line(run, pen, width), below]


def _wait_words(run: OperationRun, pen: Pen, log: Sequence[RunEvent]) -> str:
    """Return what a running run waits for, until when, and how long that still is."""
    until = run.context.get("waiting_until")
    if not until or run.status is not Status.RUNNING:
        return ""
    wait = waits_now(log)
    cause = wait.text if wait is not None else "Graph asked to wait"
    remaining = (from_text(str(until)) - pen.now).total_seconds()
    goes_on = f" · goes on in {left(remaining)}" if remaining >= 1 else " · goes on now"
    return pen.drawn(f"{cause} until {at_length(str(until), pen.zone)[-8:]}{goes_on}")


def _progress_line(run: OperationRun, pen: Pen, width: int) -> list[Span]:
    done, total = progress_of(run)
    state = state_of_run(run)
    percent = f" {done * 100 // total if total else 0:>3} %"
    counted = f"   {grouped(done)} of {grouped(total)}" if total else f"   {grouped(done)} so far"
    spent = seconds_between(run.started_at, run.completed_at, pen.now)
    words = f"   {took(spent)}"
    if spent and done and spent > 1:
        words += f" · {done / spent:,.1f}/s"
    remaining = seconds_left(run, pen) if run.status is Status.RUNNING else None
    if remaining is not None:
        words += f" · {left(remaining)} left"
    bar = max(8, width - 2 - len(percent) - len(counted) - len(words))
    ink = "running" if run.is_active else state.ink
    return [
        (" ", pen.ink("text")),
        *pen.bar(done, total, min(bar, 60), ink),
        (percent, pen.ink("strong")),
        (counted, pen.ink("text")),
        (pen.drawn(words), pen.ink("dim")),
    ]


def _counter_line(run: OperationRun, pen: Pen) -> list[Span]:
    counters = run.counters
    line = _label(pen, "Items")
    for name, ink in _COUNTERS:
        number = getattr(counters, name)
        line += [
            (f"{grouped(number)} ", pen.ink(ink if number else "faint")),
            (f"{name}   ", pen.ink("dim" if number else "faint")),
        ]
    if not run.is_active and not counters.adds_up:
        line.append((f"does not add up to {grouped(counters.total)}", pen.ink("danger")))
    return line


def _graph_line(run: OperationRun, pen: Pen) -> list[Span]:
    use = GraphUse.from_json(run.context.get("graph") or {})
    line = _label(pen, "Graph")
    for number, word, ink in (
        (use.requests, "request" if use.requests == 1 else "requests", "text"),
        (use.subrequests, "in batches", "text"),
        (use.throttled, "throttled", "partial"),
        (use.retried, "retried", "text"),
    ):
        line += [
            (f"{grouped(number)} ", pen.ink(ink if number else "faint")),
            (f"{word}   ", pen.ink("dim" if number else "faint")),
        ]
    if use.waited_ms:
        line.append((f"waited {took(use.waited_ms / 1000)}", pen.ink("partial")))
    return line


def _time_line(run: OperationRun, pen: Pen, width: int, rates: list[float]) -> list[Span]:
    waited = seconds_between(run.created_at, run.started_at or run.completed_at, pen.now)
    line = [*_label(pen, "Time"), (f"{at_length(run.created_at, pen.zone)}", pen.ink("text"))]
    line.append((pen.drawn(f"  queued {took(waited)}"), pen.ink("dim")))
    if run.started_at:
        spent = took(seconds_between(run.started_at, run.completed_at, pen.now))
        line.append((pen.drawn(f" → {'running' if run.is_active else 'ran'} {spent}"), pen.ink("dim")))
    if len(rates) > 1:
        room = min(24, width - width_of(line) - 10)
        if room > 4:
            line += [("   pace ", pen.ink("dim")), (pen.drawn(sparkline(rates, room)), pen.ink("running"))]
    return line


def _phase_line(run: OperationRun, pen: Pen, width: int, log: Sequence[RunEvent]) -> list[Span]:
    phases = phases_of(log, run.completed_at)
    line = _label(pen, "Phases")
    if not phases:
        return [*line, ("none yet" if run.is_active else "not logged", pen.ink("faint"))]
    return [*line, *phase_spans(phases, pen, width - width_of(line) - 1)]
