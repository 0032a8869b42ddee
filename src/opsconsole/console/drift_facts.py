"""A drift check in words: what was compared, what differs, and, not to be missed, what could not be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsconsole.console.figures import at_length, grouped, seconds_between, took
from opsconsole.console.folding import wrapped
from opsconsole.console.pen import Pen, Span
from opsconsole.console.run_columns import progress_of
from opsconsole.console.states import State, state_of_run
from opsconsole.domain.failure import Failure
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain
from opsconsole.domain.run import Outcome, Status

if TYPE_CHECKING:
    from opsconsole.service.drift import DriftCheck

NUMBERS: tuple[tuple[str, str, str, str], ...] = (
    ("changed", "~", "changed", "changed"),
    ("new", "+", "new", "added"),
    ("gone", "-", "gone", "removed"),
    ("same", "=", "the same", "text"),
    ("unknown", "?", "not compared", "danger"),
)
"""Each count: its name, its sign, its words, its ink."""

MAX_WHY = 3
"""Lines of why something was not compared: the run names every reason."""

_SAME = State("=", "no drift", "good", "=")
_DRIFTED = State("~", "drift", "changed", "~")
_PARTLY = State("?", "in part", "partial", "?")


def state_of_check(check: DriftCheck) -> State:
    """Return how a check is shown: once it ended, by what it found; *no drift* only where everything was compared."""
    run = check.run
    if run.status is not Status.COMPLETED or run.outcome in (Outcome.FAILED, Outcome.CANCELLED):
        return state_of_run(run)
    if check.differing:
        return _DRIFTED
    return _PARTLY if check.unknown or run.outcome is not Outcome.SUCCEEDED else _SAME


def numbers(check: DriftCheck, pen: Pen) -> list[Span]:
    """Return the counts in signs, short enough for a column: ``~12 +3 -1 =1,188 ?4``."""
    spans: list[Span] = []
    for name, sign, _, ink in NUMBERS:
        number = check.counts[name]
        if number or name == "changed":
            spans.append((f"{' ' if spans else ''}{sign}{grouped(number)}", pen.ink(ink if number else "faint")))
    return spans


def count_words(counts: dict[str, int], pen: Pen) -> list[Span]:
    """Return the counts in words, each with its sign; what was not compared is left out where that is nothing."""
    line: list[Span] = [(" ", pen.ink("text"))]
    for name, sign, words, ink in NUMBERS:
        number = counts.get(name, 0)
        if name == "unknown" and not number:
            continue
        line += [
            (f"{sign} {grouped(number)} ", pen.ink(ink if number else "faint")),
            (f"{words}   ", pen.ink("dim" if number else "faint")),
        ]
    return line


def check_facts(check: DriftCheck, failures: Sequence[Failure], pen: Pen, width: int) -> list[list[Span]]:
    """Return the lines at the head of a check; why something was not compared is never cut."""
    run, state = check.run, state_of_check(check)
    when = at_length(run.started_at or run.created_at, pen.zone)
    first: list[Span] = [
        (f" {pen.state(state)}", pen.ink(state.ink)),
        (f"  {plain(run.tenant or '')}", pen.ink("strong")),
        (pen.drawn(f" against set {short_id(check.set_id)}"), pen.ink("text")),
        (f"  {when} by {plain(run.initiator_name)}", pen.ink("dim")),
    ]
    if run.outcome is Outcome.FAILED and not check.differing and not check.same:
        return [first, [(" nothing was compared", pen.ink("danger"))], *_rest(check, failures, pen, width)]
    return [first, count_words(check.counts, pen), *_rest(check, failures, pen, width)]


def _rest(check: DriftCheck, failures: Sequence[Failure], pen: Pen, width: int) -> list[list[Span]]:
    run = check.run
    done, total = progress_of(run)
    if run.status is Status.QUEUED:
        return [[(" waiting for an engine to take it up", pen.ink("dim"))]]
    if run.status is Status.RUNNING:
        spent = took(seconds_between(run.started_at, None, pen.now))
        words = f" {grouped(done)} of {grouped(total)} compared · {spent}" if total else " the tenant is being listed"
        bar = pen.bar(done, total, 16)
        return [[(" ", pen.ink("text")), *bar, (pen.drawn(f"{words} · types fill in below"), pen.ink("dim"))]]
    if run.outcome is Outcome.CANCELLED:
        return [[(pen.drawn(" ⚠ cancelled: the rest was not compared"), pen.ink("partial"))]]
    if not check.unknown and run.outcome is Outcome.SUCCEEDED:
        spent = took(seconds_between(run.started_at, run.completed_at, pen.now))
        return [[(pen.drawn(f" everything in the set was compared, in {spent}"), pen.ink("dim"))]]
    why = next((plain(failure.message) for failure in failures), "the set does not hold their assignments.")
    others = f" (o: all {grouped(run.failed_count)} failures)" if run.failed_count > 1 else ""
    lines = wrapped(f"⚠ not compared: {why}{others}", width - 2)
    return [[(pen.drawn(f" {line}"), pen.ink("danger"))] for line in lines[:MAX_WHY]]
