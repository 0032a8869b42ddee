"""The log of a run as screens draw it: a glyph and an ink a line, times in the reader's zone, and the phases in one line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from opsconsole.console.figures import at_length, grouped, seconds_between, took
from opsconsole.console.pen import Pen, Span, width_of
from opsconsole.console.states import LOG_STATES
from opsconsole.domain.run_event import TROUBLE, WAITS, EventKind, Phase, RunEvent

MIN_WIDTH = 16
"""Narrower than this nothing can be read."""

TIME_WIDTH = 8
"""Columns of the clock at the left of a line."""


def clock(moment: str, pen: Pen) -> str:
    """Return the time of day of a line."""
    return at_length(moment, pen.zone)[-TIME_WIDTH:]


def event_words(event: RunEvent, pen: Pen) -> str:
    """Return what a line says: its text, with the time up to which a wait lasts."""
    until = event.data.get("until")
    return f"{event.text} until {clock(str(until), pen)}" if until and event.kind in WAITS else event.text


def length_of(event: RunEvent, pen: Pen) -> str:
    """Return how long a phase or the waits of a line took; nothing for what has no length."""
    if event.kind is EventKind.PHASE:
        return took(seconds_between(event.at, event.ended_at, pen.now)) if event.ended_at else ""
    waited_s = event.data.get("waited_s")
    return took(float(waited_s)) if waited_s and event.kind in WAITS else ""


def times_of(event: RunEvent) -> str:
    """Return how often a line's thing happened, where that was more than once."""
    return f"×{grouped(event.times)}" if event.times > 1 else ""


def shown_events(events: Sequence[RunEvent], *, only_trouble: bool) -> list[RunEvent]:
    """Return the lines to show: all of them, or what failed, who was lost, and how it ended."""
    return [event for event in events if not only_trouble or event.kind in TROUBLE]


def waits_now(events: Sequence[RunEvent]) -> RunEvent | None:
    """Return the line of the wait that lasts, or the newest wait."""
    return next((event for event in reversed(events) if event.kind in WAITS), None)


def panel_lines(events: Sequence[RunEvent], pen: Pen, width: int, height: int) -> list[list[Span]]:
    """Return the newest lines of a log that fit beside something else, folded, the newest last."""
    blocks: list[list[list[Span]]] = []
    used = 0
    for event in reversed(events):
        state = LOG_STATES[event.kind]
        tail = "  ".join(part for part in (times_of(event), length_of(event, pen)) if part)
        text = f"{event_words(event, pen)}  {tail}".rstrip()
        ink = pen.ink("text" if state.ink == "dim" else state.ink)
        glyph = state.ascii if pen.is_ascii else state.glyph
        block: list[list[Span]] = []
        for index, line in enumerate(textwrap.wrap(text, max(MIN_WIDTH, width - TIME_WIDTH - 3))):
            lead = f"{clock(event.at, pen)} {glyph} " if index == 0 else " " * (TIME_WIDTH + 3)
            block.append([(lead, pen.ink("dim") if index else pen.ink(state.ink)), (pen.drawn(line), ink)])
        if used + len(block) > height:
            break
        used += len(block)
        blocks.append(block)
    return [line for block in reversed(blocks) for line in block]


def phase_spans(phases: Sequence[Phase], pen: Pen, room: int) -> list[Span]:
    """Return the phases with their lengths, the newest whole where not all fit into ``room`` columns."""
    parts: list[list[Span]] = []
    for phase in phases:
        length = took(seconds_between(phase.began_at, phase.ended_at, pen.now))
        lasts = phase.ended_at is None
        parts.append(
            [
                (phase.name, pen.ink("running" if lasts else "text")),
                (f" {length}", pen.ink("running" if lasts else "dim")),
            ]
        )
    kept: list[Span] = []
    for index, part in enumerate(reversed(parts)):
        gap: list[Span] = [(pen.drawn(" → "), pen.ink("faint"))] if kept else []
        if width_of([*part, *gap, *kept]) > room - (2 if index < len(parts) - 1 else 0):
            return [(pen.drawn("… "), pen.ink("dim")), *kept]
        kept = [*part, *gap, *kept]
    return kept
