"""The log of a run: what happened while it was carried out, line by line, following a run that works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.figures import grouped
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.log_lines import clock, event_words, length_of, shown_events, times_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.states import LOG_STATES, TYPE_WORDS, state_of_run
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.failure import REASONS, Reason
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import OperationRun, Outcome
from opsconsole.domain.run_event import RunEvent

FAILED = (Outcome.FAILED, Outcome.PARTIALLY_SUCCEEDED)
"""Outcomes after which the log begins with what failed."""


def _glyph(row: RunEvent, pen: Pen, width: int) -> list[Span]:
    state = LOG_STATES[row.kind]
    return pen.cell(state.ascii if pen.is_ascii else state.glyph, width, state.ink)


def _text(row: RunEvent, pen: Pen, width: int) -> list[Span]:
    ink = LOG_STATES[row.kind].ink
    return pen.cell(event_words(row, pen), width, "text" if ink == "dim" else ink)


LOG_COLUMNS: tuple[Column[RunEvent], ...] = (
    Column("Time", 8, lambda row, pen, width: pen.cell(clock(row.at, pen), width, "dim")),
    Column("", 1, _glyph),
    Column("Kind", 11, lambda row, pen, width: pen.cell(LOG_STATES[row.kind].word, width, "dim"), from_width=90),
    Column("What happened", 20, _text, flex=1),
    Column("Times", 6, lambda row, pen, width: pen.cell(times_of(row), width, "strong", right=True), right=True),
    Column("Took", 5, lambda row, pen, width: pen.cell(length_of(row, pen), width, "dim", right=True), right=True),
)


@dataclass(frozen=True, slots=True)
class _Shown:
    run: OperationRun
    events: Sequence[RunEvent]


class RunLogScreen(LiveScreen):
    """Opened from a run; of a failed one it shows at first what failed."""

    place = "log"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    RunLogScreen #facts { padding: 1 0; }
    RunLogScreen #whole { height: 4; padding: 0 1; }
    """

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id
        self._only_trouble: bool | None = None
        self._events: Sequence[RunEvent] = ()

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("runs", short_id(self._run_id), "log")
        yield Banner()
        yield Facts(id="facts")
        yield WindowTable(LOG_COLUMNS, empty=self._empty)
        yield Facts(id="whole", classes="-ruled", keeps_last=True)
        yield FooterLine(self.place)

    # What it fetches and shows

    def fetch(self) -> _Shown:
        """Read the run and its log."""
        report = self.desk.run_report(self._run_id)
        return _Shown(report.run, report.log)

    def receive(self, data: _Shown) -> None:
        """Show it; a cursor on the last line stays on the last line."""
        self._events = data.events
        if self._only_trouble is None:
            self._only_trouble = data.run.outcome in FAILED
        facts, table = self.query_one("#facts", Facts), self.query_one(WindowTable)
        shown = shown_events(data.events, only_trouble=self._only_trouble)
        pen, state = facts.pen, state_of_run(data.run)
        lines = "line" if len(data.events) == 1 else "lines"
        count = f"{grouped(len(shown))} of {grouped(len(data.events))} {lines}"
        facts.show(
            [
                [
                    (f" {pen.state(state)}", pen.ink(state.ink)),
                    (f"  {TYPE_WORDS[data.run.type]}", pen.ink("strong")),
                    (f"   {count}", pen.ink("text")),
                    (": what failed, and how it ended" if self._only_trouble else "", pen.ink("dim")),
                ]
            ]
        )
        stood_last = table.is_loaded and bool(table.rows) and table.cursor == len(table.rows) - 1
        table.put(shown, lambda row: f"{row.seq:012d}")
        if stood_last and data.run.is_active:
            table.jump_down()

    def _empty(self, pen: Pen) -> list[list[Span]]:
        if self._events:
            return [
                [("No line tells of a failure.", pen.ink("strong"))],
                [("c", pen.ink("key")), (" shows every line.", pen.ink("text"))],
            ]
        return [
            [("Nothing is logged for this run.", pen.ink("strong"))],
            [("Lines come once an engine takes it up; runs of older versions", pen.ink("dim"))],
            [("have none.", pen.ink("dim"))],
        ]

    @on(WindowTable.Moved)
    def _show_whole(self) -> None:
        facts, event = self.query_one("#whole", Facts), self._current()
        pen = facts.pen
        if event is None:
            facts.show([])
            return
        words = event_words(event, pen)
        if event.times > 1 and event.ended_at:
            words += f"  {times_of(event)}, last at {clock(event.ended_at, pen)}"
        lines = [[(pen.drawn(words), pen.ink("text"))]]
        if (reason := _reason(event)) is not None:
            lines.append([(pen.drawn(f"→ {REASONS[reason].next_step}"), pen.ink("key"))])
        facts.show(lines)

    # What is done to it

    def why_not(self, key_id: str) -> str | None:
        """Say why nothing opens from the line under the cursor."""
        event = self._current()
        if key_id == "open" and (event is None or _reason(event) is None):
            return "Only a line about failures opens: it leads to the policies that failed."
        return None

    def label_of(self, key: Key) -> str:
        """Name what ``c`` shows next."""
        if key.id == "log_lines":
            return "every line" if self._only_trouble else "failures only"
        return super().label_of(key)

    def action_log_lines(self) -> None:
        """Show only what failed, or every line again."""
        self._only_trouble = not self._only_trouble
        if isinstance(self._data, _Shown):
            self.receive(self._data)
        self.look_at_keys()

    def action_open(self) -> None:
        """Open the failures that the line under the cursor counts."""
        event = self._current()
        if self.refuses("open") or event is None:
            return
        from opsconsole.console.screens.failures import FailuresScreen

        if (reason := _reason(event)) is not None:
            self.app.push_screen(FailuresScreen(self._run_id, reason))

    def copied(self) -> str:
        """Return the run's id."""
        return self._run_id

    def _current(self) -> RunEvent | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, RunEvent) else None


def _reason(event: RunEvent) -> Reason | None:
    value = event.data.get("reason")
    return Reason(value) if value in set(Reason) else None
