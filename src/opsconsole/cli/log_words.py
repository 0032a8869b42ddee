"""The log of a run on a terminal: a line each, times in the reader's zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsconsole.cli.states import drawable
from opsconsole.cli.text import clock_time, duration, moment, number
from opsconsole.domain.clock import from_text
from opsconsole.domain.run_event import WAITS, EventKind, Phase, RunEvent
from opsconsole.service import runs

if TYPE_CHECKING:
    from opsconsole.cli.invocation import Invocation


def log_line(event: RunEvent) -> str:
    """Return a line of a log: when, what, until when, how often, how long."""
    words = event.text
    if event.kind in WAITS and (until := event.data.get("until")):
        words += f" until {clock_time(from_text(str(until)))}"
    if event.times > 1:
        words += f" {drawable('×', 'x')}{number(event.times)}"
    if event.kind is EventKind.PHASE and event.ended_at:
        words += f", {duration((from_text(event.ended_at) - from_text(event.at)).total_seconds())}"
    elif waited_s := event.data.get("waited_s"):
        words += f", {duration(float(waited_s))} in all"
    return f"{moment(event.at)}  {words}"


def phase_words(phases: Sequence[Phase]) -> str:
    """Return the phases with their lengths in one line; one that lasts without a length."""
    return ", ".join(
        f"{phase.name} {duration((from_text(phase.ended_at) - from_text(phase.began_at)).total_seconds())}"
        if phase.ended_at
        else f"{phase.name} {drawable('…', '...')}"
        for phase in phases
    )


class LogTeller:
    """Tells on stderr the lines of a run's log that are new since the last look."""

    def __init__(self, invocation: Invocation, run_id: str) -> None:
        self._invocation = invocation
        self._run_id = run_id
        self._told = 0

    def tell(self) -> None:
        """Tell what is new; a line that only grew is not told again."""
        for event in runs.run_log(self._invocation.caller(), self._run_id, after_seq=self._told):
            self._told = event.seq
            self._invocation.out.note(log_line(event))
