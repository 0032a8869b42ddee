"""The failures of a run with one reason: which policies, what Graph said, and the request id that support can follow."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.keys import bindings_of
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.window import Source
from opsconsole.domain.failure import REASONS, Failure, Reason
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain

Row = tuple[int, Failure]


class FailuresScreen(LiveScreen):
    """Opened from a run's group of failures."""

    place = "failures"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    FailuresScreen #why { padding: 1 1; }
    FailuresScreen #detail { height: 7; padding: 0 1; }
    """

    def __init__(self, run_id: str, reason: Reason) -> None:
        super().__init__()
        self._run_id = run_id
        self._reason = reason

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("runs", short_id(self._run_id), self._reason.value.replace("_", " "))
        yield Banner()
        yield Facts(id="why", wraps=True)
        yield WindowTable(
            (
                Column("Policy", 10, lambda row, pen, width: pen.cell(_name(row[1]), width), flex=3),
                Column("Type", 12, lambda row, pen, width: pen.cell(row[1].subject.policy_type, width, "dim"), flex=1),
                Column("Code", 27, lambda row, pen, width: pen.cell(row[1].code.value, width, "dim"), from_width=100),
                Column(
                    "HTTP", 4, lambda row, pen, width: pen.cell(_status(row[1]), width, "bad", right=True), right=True
                ),
            )
        )
        yield Facts(id="detail", classes="-ruled", wraps=True)
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the failures."""
        super().on_mount()
        facts = self.query_one("#why", Facts)
        pen, info = facts.pen, REASONS[self._reason]
        facts.show(
            [
                [(info.explanation, pen.ink("text"))],
                [(pen.drawn(f"→ {info.next_step}"), pen.ink("key"))],
            ]
        )
        desk, run_id, reason = self.desk, self._run_id, self._reason
        self.query_one(WindowTable).show(
            Source[Row](
                key=lambda row: f"{row[0]:012d}",
                load=lambda limit, cursor: desk.failures(run_id, reason, limit, cursor),
                is_newest_first=False,
            )
        )

    @on(WindowTable.Moved)
    def _show_detail(self) -> None:
        facts = self.query_one("#detail", Facts)
        pen, failure = facts.pen, self._current()
        if failure is None:
            facts.show([])
            return
        subject, trace = failure.subject, failure.trace
        lines = [
            [(plain(_name(failure)), pen.ink("strong"))],
            [(plain(f"{subject.policy_type} {subject.policy_id}".strip()), pen.ink("dim"))],
            [(plain(failure.message), pen.ink("text"))],
        ]
        if trace.request_id or trace.graph_code:
            lines.append(
                [
                    (plain(f"{trace.graph_code}  ".lstrip()), pen.ink("bad")),
                    ("request ", pen.ink("dim")),
                    (plain(trace.request_id or trace.client_request_id), pen.ink("text")),
                ]
            )
        facts.show(lines)

    def copied(self) -> str:
        """Return the request id of the failure under the cursor, or the policy's id."""
        failure = self._current()
        if failure is None:
            return ""
        return plain(failure.trace.request_id or failure.trace.client_request_id or failure.subject.policy_id)

    def _current(self) -> Failure | None:
        current = self.query_one(WindowTable).current
        return current[1] if isinstance(current, tuple) else None


def _name(failure: Failure) -> str:
    subject = failure.subject
    return subject.policy_name or subject.policy_id or subject.policy_type or "the whole run"


def _status(failure: Failure) -> str:
    return str(failure.trace.http_status or "")
