"""The failures of a run with one reason: which policies, what Graph said, and the request id that support can follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from opsconsole.console.failure_facts import failure_fields, failure_lines, failure_name
from opsconsole.console.figures import grouped
from opsconsole.console.filters import FAILURE_WORDS
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.policy_words import type_words
from opsconsole.console.retry_orders import ask_retry_part, item_name, why_not_retry_part
from opsconsole.console.screens.list_screen import Counted, ListScreen
from opsconsole.console.sources import PageLike, Source
from opsconsole.console.states import TYPE_WORDS, state_of_run
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.filter_words import Filtered
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain
from opsconsole.domain.run import OperationRun
from opsconsole.service.list_export import FAILURE_CELLS, ListExport

Row = tuple[int, Failure]

WIDE_FROM = 110
"""From this many columns on every field of a failure stands beside the list."""

COLUMNS: tuple[Column[Row], ...] = (
    Column("Policy", 10, lambda row, pen, width: pen.cell(failure_name(row[1]), width), flex=3),
    Column("Type", 20, lambda row, pen, width: pen.cell(type_words(row[1].subject.policy_type), width, "dim")),
    Column("HTTP", 4, lambda row, pen, width: pen.cell(_status(row[1]), width, "bad", right=True), right=True),
)


@dataclass(frozen=True, slots=True)
class _Shown:
    run: OperationRun
    count: int


class FailuresScreen(ListScreen):
    """Opened from a run's group of failures."""

    place = "failures"
    words = FAILURE_WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    FailuresScreen #head { padding: 1 0 0 0; }
    FailuresScreen WindowTable { width: 1fr; }
    FailuresScreen #detail { height: 9; max-height: 40%; padding: 0 1; }
    FailuresScreen #fields { display: none; width: 52; height: 1fr; padding: 0 1; border-left: solid $faint; }
    FailuresScreen.-wide #fields { display: block; }
    FailuresScreen.-wide #detail { display: none; }
    """

    def __init__(self, run_id: str, reason: Reason) -> None:
        super().__init__()
        self._run_id = run_id
        self._reason = reason
        self._shown: _Shown | None = None
        self._marked: dict[str, Failure] = {}

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("runs", short_id(self._run_id), self._reason.value.replace("_", " "))
        yield Banner()
        yield Facts(id="head")
        yield FilterLine("part of a policy's name, id or type, or of the message", self.words)
        with Horizontal():
            yield WindowTable(COLUMNS, empty=self._empty, is_markable=True)
            yield Facts(id="fields", wraps=True)
        yield Facts(id="detail", classes="-ruled", keeps_last=True)
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the failures."""
        self.relist()

    def source_of(self, found: Filtered) -> Source[Row]:
        """List the failures that the filter leaves."""
        desk, run_id, reason, search = self.desk, self._run_id, self._reason, found.search

        def load(limit: int, cursor: str | None, *, backwards: bool = False) -> PageLike[Row]:
            return desk.failures(run_id, reason, limit, cursor, search=search, backwards=backwards)

        return Source[Row](key=_key, load=load, load_back=partial(load, backwards=True), is_newest_first=False)

    def count_found(self, found: Filtered) -> int:
        """Count them."""
        return self.desk.count_failures(self._run_id, self._reason, found.search)

    def exported(self) -> ListExport[Row]:
        """Export them."""
        found = self._filtered
        return ListExport(
            "failures",
            FAILURE_CELLS,
            lambda row: row[1].to_json(),
            self.source_of(found).load,
            lambda: self.count_found(found),
        )

    def marked_copied(self, keys: Sequence[str]) -> Sequence[str]:
        """Return the request ids of the marked failures, or their policies' ids."""
        return [_copied(self._marked[key]) for key in keys if key in self._marked]

    # What it fetches and shows

    def fetch(self) -> Counted:
        """Read the run, and how many failures have this reason."""
        run = self.desk.run(self._run_id)
        total = self.count_found(Filtered({}))
        return Counted(self.count_found(self._filtered) if self._filter else total, total, run)

    def receive(self, data: Counted) -> None:
        """Show them, and lay the screen out for its width."""
        super().receive(data)
        self._shown = shown = _Shown(data.more, data.total)
        self.set_class(self.size.width >= WIDE_FROM, "-wide")
        facts = self.query_one("#head", Facts)
        pen, state = facts.pen, state_of_run(shown.run)
        policies = "failure" if shown.count == 1 else "failures"
        facts.show(
            [
                [
                    (f" {grouped(shown.count)} ", pen.ink("bad")),
                    (f"{policies} for the reason ", pen.ink("text")),
                    (self._reason.value.replace("_", " "), pen.ink("bad")),
                    (f"   {TYPE_WORDS[shown.run.type]} ", pen.ink("dim")),
                    (pen.state(state), pen.ink(state.ink)),
                ]
            ]
        )
        self._show_detail()

    def _empty(self, pen: Pen) -> list[list[Span]]:
        nothing: list[list[Span]] = [[("No failure has this reason any more.", pen.ink("dim"))]]
        return self.unfitting(pen, "failure") or nothing

    @on(WindowTable.Moved)
    def _show_detail(self) -> None:
        failure = self._current()
        below, beside = self.query_one("#detail", Facts), self.query_one("#fields", Facts)
        below.show(failure_lines(failure, below.pen) if failure else [])
        beside.show(failure_fields(failure, beside.pen) if failure else [])

    @on(WindowTable.Marked)
    def _keep_marked(self) -> None:
        table = self.query_one(WindowTable)
        here = {_key(row): row[1] for row in table.rows}
        # A marked row may have left the memory since: what it was about is kept from when it was marked.
        self._marked = {key: found for key in table.marked if (found := here.get(key) or self._marked.get(key))}

    # What is done to them

    def why_not(self, key_id: str) -> str | None:
        """Say why none of these can be retried."""
        if self._shown is None or key_id not in ("retry_reason", "retry_these"):
            return None
        if reason := why_not_retry_part(self._shown.run):
            return reason
        if key_id == "retry_these" and not self._chosen():
            return "This failure is about no single policy: retry the run."
        return None

    def label_of(self, key: Key) -> str:
        """Say how many ``r`` would take up."""
        if key.id == "retry_these":
            return f"retry {len(self._marked)}" if self._marked else "retry this"
        return super().label_of(key)

    def action_retry_these(self) -> None:
        """Ask, then start again only the marked policies, or the one under the cursor."""
        if not self.refuses("retry_these") and self._shown is not None:
            ask_retry_part(self, self._shown.run, items=self._chosen())

    def action_retry_reason(self) -> None:
        """Ask, then start again what failed for this reason."""
        if not self.refuses("retry_reason") and self._shown is not None:
            ask_retry_part(self, self._shown.run, reason=self._reason, failed=self._shown.count)

    def copied(self) -> str:
        """Return the request id of the failure under the cursor, or the policy's id."""
        failure = self._current()
        return _copied(failure) if failure is not None else ""

    def _chosen(self) -> tuple[str, ...]:
        current = self._current()
        failures = list(self._marked.values()) or ([current] if current else [])
        return tuple(dict.fromkeys(name for failure in failures if (name := item_name(failure))))

    def _current(self) -> Failure | None:
        current = self.query_one(WindowTable).current
        return current[1] if isinstance(current, tuple) else None


def _key(row: Row) -> str:
    return f"{row[0]:012d}"


def _copied(failure: Failure) -> str:
    return plain(failure.trace.request_id or failure.trace.client_request_id or failure.subject.policy_id)


def _status(failure: Failure) -> str:
    return str(failure.trace.http_status or "")
