"""The log of a run as its worker keeps it: lines gathered in memory, repeated ones folded, written with the next commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from opsconsole.domain.clock import Clock, from_text, to_text
from opsconsole.domain.run_event import MAX_EVENTS, WAITS, EventKind, RunEvent

EPOCH_LINES = 10_000
"""Numbers set apart for the lines of one worker, so that the next one's stand behind them without asking the store."""

FOLD_WITHIN_S = 60.0
"""The same thing again within a minute is the same line, with a count: a log tells what happened, not how often it was seen."""

RESERVED = 2
"""Of a run's lines: one says that others were left out, one how it ended."""


class RunLog:
    """Lines of one worker. ``before`` is how many the run had already; with what is gathered here it never exceeds its bound."""

    def __init__(self, epoch: int, clock: Clock, before: int = 0) -> None:
        self._clock = clock
        self._first = epoch * EPOCH_LINES
        self._room = max(0, MAX_EVENTS - RESERVED - before)
        self._is_told = before >= MAX_EVENTS - RESERVED
        self._lines: list[RunEvent] = []
        self._dirty: dict[int, int] = {}
        self._changes = 0
        self._folds: dict[tuple[EventKind, str], int] = {}
        self._phase: int | None = None
        self._waiting: dict[int, datetime] = {}

    def phase(self, name: str) -> None:
        """Begin a phase, and with it end the one before."""
        self.end_phase()
        self._folds.clear()
        self._phase = self._add(EventKind.PHASE, name, {})

    def end_phase(self) -> None:
        """End the phase that lasts."""
        if self._phase is not None:
            self._change(self._phase, ended_at=to_text(self._clock()))
            self._phase = None

    def note(self, kind: EventKind, text: str, *, times: int = 1, **data: Any) -> None:
        """Tell of something; the same text soon after is the same line with a count, and the newest ``data``.

        A wait lasts until ``end_waits``.
        """
        now = self._clock()
        self._end_waits(now, only_over=True)
        place = self._folds.get((kind, text))
        if place is not None and self._is_recent(self._lines[place], now):
            line = self._lines[place]
            self._change(place, times=line.times + times, ended_at=to_text(now), data={**line.data, **data})
        else:
            place = self._add(kind, text, data, times)
            if place is not None:
                self._folds[kind, text] = place
        if kind in WAITS and place is not None:
            self._waiting.setdefault(place, now)

    def end_waits(self) -> None:
        """Close the lines about waits: nothing waits any more."""
        self._end_waits(self._clock(), only_over=False)

    def _end_waits(self, now: datetime, *, only_over: bool) -> None:
        # Waits overlap: one for another part of Graph may begin before this one's end was noticed.
        for place, began in list(self._waiting.items()):
            line = self._lines[place]
            until = from_text(str(line.data["until"])) if line.data.get("until") else None
            if only_over and (until is None or until > now):
                continue
            end = min(now, until) if until is not None else now
            waited_s = float(line.data.get("waited_s", 0.0)) + max(0.0, (end - began).total_seconds())
            self._change(place, ended_at=to_text(end), data={**line.data, "waited_s": round(waited_s, 3)})
            del self._waiting[place]

    def close(self) -> None:
        """End everything that lasts: the worker lets the run go."""
        self.end_waits()
        self.end_phase()

    def unwritten(self) -> tuple[list[RunEvent], dict[int, int]]:
        """Return the lines that the store does not have as they are, and what to hand to ``written`` once it has."""
        return [self._lines[place] for place in sorted(self._dirty)], dict(self._dirty)

    def written(self, states: dict[int, int]) -> None:
        """Take note that these lines were committed; what changed meanwhile stays to be written."""
        for place, state in states.items():
            if self._dirty.get(place) == state:
                del self._dirty[place]

    @property
    def lines(self) -> Sequence[RunEvent]:
        """Return the lines of this worker."""
        return self._lines

    def _is_recent(self, line: RunEvent, now: datetime) -> bool:
        return (now - from_text(line.ended_at or line.at)).total_seconds() <= FOLD_WITHIN_S

    def _add(self, kind: EventKind, text: str, data: dict[str, Any], times: int = 1) -> int | None:
        if len(self._lines) >= self._room:
            if self._is_told:
                return None
            self._is_told = True
            kind, text, data, times = EventKind.LEFT_OUT, "The log is full: what came later is left out.", {}, 1
        place = len(self._lines)
        self._lines.append(RunEvent(self._first + place, to_text(self._clock()), kind, text, None, times, data))
        self._mark(place)
        return place if kind is not EventKind.LEFT_OUT else None

    def _change(self, place: int, **values: Any) -> None:
        self._lines[place] = replace(self._lines[place], **values)
        self._mark(place)

    def _mark(self, place: int) -> None:
        self._changes += 1
        self._dirty[place] = self._changes
