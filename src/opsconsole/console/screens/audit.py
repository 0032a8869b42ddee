"""Audit: who did what, newest first, and whether the chain holds."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.desk.audit import AuditJson
from opsconsole.console.figures import at, grouped
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.states import AUDIT_STATES, State
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.window import Source
from opsconsole.domain.audit import Verdict
from opsconsole.domain.ids import short_id
from opsconsole.service.list_export import AUDIT_CELLS, ListExport

_UNKNOWN = State("?", "unknown", "dim", "?")


def audit_state(entry: AuditJson) -> State:
    """Return how an entry's outcome is shown."""
    return AUDIT_STATES.get(str(entry["outcome"]), _UNKNOWN)


def _action(entry: AuditJson) -> str:
    return str(entry["action"]).removeprefix("assignments.")


def _resource(entry: AuditJson) -> str:
    kind, ref = str(entry["resource_type"]), str(entry["resource_id"])
    kind = {"restore_run": "plan", "backup_set": "set"}.get(kind, kind.replace("_", " "))
    return f"{kind} {short_id(ref) if len(ref) == 36 else ref}"


AUDIT_COLUMNS: tuple[Column[AuditJson], ...] = (
    Column("#", 7, lambda row, pen, width: pen.cell(grouped(row["seq"]), width, "dim", right=True), right=True),
    Column("When", 8, lambda row, pen, width: pen.cell(at(row["created_at"], pen.now, pen.zone), width, "dim")),
    Column("Who", 8, lambda row, pen, width: pen.cell(row["actor"], width)),
    Column("What", 22, lambda row, pen, width: pen.cell(_action(row), width, "strong"), flex=1),
    Column("On", 10, lambda row, pen, width: pen.cell(_resource(row), width), flex=1),
    Column("Tenant", 12, lambda row, pen, width: pen.cell(row["tenant"] or "", width), from_width=100),
    Column("Outcome", 11, lambda row, pen, width: pen.state_cell(audit_state(row), width)),
)


class AuditScreen(LiveScreen):
    """The trail. Nothing here can be edited or deleted, and looking writes nothing."""

    place = "audit"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)

    def __init__(self) -> None:
        super().__init__()
        self._verdict: Verdict | None = None
        self._is_walking = False

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("audit")
        yield Banner()
        yield Facts(id="chain")
        yield FilterLine("actor, action or the end of an id")
        yield WindowTable(AUDIT_COLUMNS, empty=self._empty)
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the newest entries."""
        super().on_mount()
        self._show_chain()
        self._list()

    # What it fetches and shows

    def _list(self) -> None:
        desk, line = self.desk, self.query_one(FilterLine)
        search = line.text or None
        line.say("the whole trail is searched · Esc clears" if search else "")
        source = Source[AuditJson](
            key=lambda entry: f"{entry['seq']:015d}",
            load=lambda limit, cursor: desk.entries(search, limit, cursor),
            load_back=lambda limit, cursor: desk.entries(search, limit, cursor, backwards=True),
        )
        self.query_one(WindowTable).show(source, keep=True)

    def _show_chain(self) -> None:
        facts = self.query_one("#chain", Facts)
        facts.show([chain_words(self._verdict, facts.pen, is_walking=self._is_walking)])

    def _empty(self, pen: Pen) -> list[list[Span]]:
        if self.query_one(FilterLine).text:
            return [[("No entry fits what was typed.", pen.ink("dim"))]]
        return [
            [("The trail is empty.", pen.ink("strong"))],
            [("Every order leaves an entry here, in the same transaction;", pen.ink("dim"))],
            [("nobody can change or delete one.", pen.ink("dim"))],
        ]

    def exported(self) -> ListExport[AuditJson]:
        """Export the entries that the search leaves."""
        desk, search = self.desk, self.query_one(FilterLine).text or None
        return ListExport("audit entries", AUDIT_CELLS, dict, lambda limit, cursor: desk.entries(search, limit, cursor))

    # What is done to it

    @on(FilterLine.Changed)
    def _filter_changed(self) -> None:
        self._list()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.query_one(WindowTable).focus()

    def action_filter(self) -> None:
        """Go into the search."""
        self.query_one(FilterLine).begin()

    def action_clear(self) -> None:
        """Leave the search, clearing it; marks are taken away first."""
        if self.unmark():
            return
        self.query_one(FilterLine).clear()
        self.query_one(WindowTable).focus()

    def action_verify(self) -> None:
        """Walk the chain from its first entry."""
        if self._is_walking:
            return
        self._is_walking = True
        self._show_chain()
        self.order_read(self.desk.verify, then=self._verified)

    def _verified(self, verdict: Verdict) -> None:
        self._is_walking = False
        self._verdict = verdict
        self._show_chain()

    def action_open(self) -> None:
        """Open the entry under the cursor."""
        entry = self.query_one(WindowTable).current
        if isinstance(entry, dict):
            from opsconsole.console.screens.audit_entry import AuditEntryScreen

            self.app.push_screen(AuditEntryScreen(str(entry["id"])))

    def copied(self) -> str:
        """Return the entry's id."""
        entry = self.query_one(WindowTable).current
        return str(entry["id"]) if isinstance(entry, dict) else ""


def chain_words(verdict: Verdict | None, pen: Pen, *, is_walking: bool) -> list[Span]:
    """Return what is known of the chain."""
    if is_walking:
        return [(" chain ", pen.ink("dim")), (pen.drawn("▶ being verified…"), pen.ink("running"))]
    if verdict is None:
        return [
            (" chain not verified yet, ", pen.ink("dim")),
            ("v", pen.ink("key")),
            (" walks it from the first entry", pen.ink("dim")),
        ]
    if verdict.ok:
        mark = "+" if pen.is_ascii else "✓"
        return [
            (" chain ", pen.ink("dim")),
            (f"{mark} verified to #{grouped(verdict.head.seq)}", pen.ink("good")),
            (f"   head {verdict.head.hash[:16]}", pen.ink("dim")),
        ]
    bad = verdict.first_bad
    mark = "x" if pen.is_ascii else "✗"
    where = f"#{grouped(bad.seq)} is {bad.kind}" if bad else "unknown"
    return [
        (" chain ", pen.ink("dim")),
        (f"{mark} broken: {where}", pen.ink("bad")),
        (f"   good up to #{grouped(verdict.head.seq)}", pen.ink("dim")),
    ]
