"""Audit: who did what, newest first, and whether the chain holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.timer import Timer

from opsconsole.console.audit_columns import AUDIT_COLUMNS
from opsconsole.console.audit_lines import side_lines
from opsconsole.console.chain_words import chain_lines, chain_title
from opsconsole.console.desk.audit import AuditJson
from opsconsole.console.filters import AUDIT_WORDS, audit_query
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.list_screen import FilteredScreen
from opsconsole.console.sources import Source
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.work import begin
from opsconsole.domain.audit import ChainWatch, Verdict, WalkStopped
from opsconsole.domain.filter_words import Filtered
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from opsconsole.service.audit import AuditQuery
    from opsconsole.service.kept_heads import ChainState
    from opsconsole.service.list_export import ListExport

WIDE_FROM = 120
"""Columns from which the entry under the cursor stands beside the list."""

LOOK_EVERY_S = 0.25
"""How often a walk along the chain is looked at: its bar moves, nothing else."""


@dataclass(frozen=True, slots=True)
class _Shown:
    chain: ChainState
    broken: Verdict | None
    total: int
    found: int
    upto: int
    query: AuditQuery


class AuditScreen(FilteredScreen):
    """The trail. Nothing here can be edited or deleted, and looking writes nothing."""

    place = "audit"
    words = AUDIT_WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    AuditScreen WindowTable { width: 11fr; }
    AuditScreen #entry { width: 9fr; height: 1fr; border-left: solid $faint; padding: 0 1; display: none; }
    AuditScreen.-wide #entry { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._chain: ChainState | None = None
        self._broken: Verdict | None = None
        self._watch: ChainWatch | None = None
        self._timer: Timer | None = None
        self._counted: _Shown | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom, on wide terminals with the entry under the cursor beside the list."""
        yield HeaderLine("audit")
        yield Banner()
        yield Facts(id="chain")
        hint = "actor:name action:restore outcome:failed since:7d, or the end of an id"
        yield FilterLine(hint, self.words, self.offered_names)
        with Horizontal():
            yield WindowTable(AUDIT_COLUMNS, empty=self._empty)
            yield Facts(id="entry")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the newest entries."""
        self.set_class(self.size.width >= WIDE_FROM, "-wide")
        self.relist()
        self._show_chain()

    def on_unmount(self) -> None:
        """Stop a walk that nobody looks at any more."""
        if self._watch is not None:
            self._watch.stop()

    def on_resize(self) -> None:
        """Show the panel where there is room for it."""
        self.set_class(self.size.width >= WIDE_FROM, "-wide")
        self.call_after_refresh(self._show_entry)

    # What it fetches and shows

    def fetch(self) -> _Shown:
        """Read what is known of the chain, and count; the trail only grows, so that each entry is counted once."""
        every, query = audit_query(Filtered({})), audit_query(self._filtered)
        desk, before = self.desk, self._counted
        same = before if before is not None and before.query == query else None
        more, upto = desk.count_entries(query, same.upto if same else 0)
        found = more + (same.found if same else 0)
        if query == every:
            total = found
        elif before is not None:
            total = before.total + desk.count_entries(every, before.upto)[0]
        else:
            total = desk.count_entries(every, 0)[0]
        return _Shown(desk.chain(), desk.broken_verdict(), total, found, upto, query)

    def receive(self, data: _Shown) -> None:
        """Show them."""
        self._counted, self._chain, self._broken = data, data.chain, data.broken
        self._show_chain()
        self._tell()

    def _tell(self) -> None:
        counted = self._counted
        if not self._is_wrong and counted is not None:
            is_exact = counted.query == audit_query(self._filtered)
            self.line.tell(counted.found if is_exact else None, counted.total)

    def source_of(self, found: Filtered) -> Source[AuditJson]:
        """List the entries that the filter leaves."""
        desk, query = self.desk, audit_query(found)
        return Source[AuditJson](
            key=lambda entry: f"{entry['seq']:015d}",
            load=lambda limit, cursor: desk.entries(query, limit, cursor),
            load_back=lambda limit, cursor: desk.entries(query, limit, cursor, backwards=True),
        )

    def _show_chain(self) -> None:
        facts = self.query_one("#chain", Facts)
        shown = (self._chain, self._broken, self._watch, facts.pen)
        facts.show(chain_lines(*shown))
        title, _ = chain_title(*shown)
        self.query_one(HeaderLine).name_crumbs("audit", *([title] if title else []))

    @on(WindowTable.Moved)
    def _show_entry(self) -> None:
        facts = self.query_one("#entry", Facts)
        if not self.has_class("-wide") or not facts.size.width:
            return
        entry = self.table.current
        facts.show(side_lines(entry, facts.pen, facts.size.width) if isinstance(entry, dict) else [])

    def _empty(self, pen: Pen) -> list[list[Span]]:
        if unfitting := self.unfitting(pen, "entry"):
            return unfitting
        return [
            [("The trail is empty.", pen.ink("strong"))],
            [("Every order leaves an entry here, in the same transaction;", pen.ink("dim"))],
            [("nobody can change or delete one.", pen.ink("dim"))],
            [],
            [("b", pen.ink("key")), (" on Runs orders a backup, and makes an entry.", pen.ink("text"))],
        ]

    def exported(self) -> ListExport[AuditJson]:
        """Export the entries that the filter leaves, oldest first, as the command does."""
        return self.desk.trail(audit_query(self._filtered))

    # What is done to it

    def label_of(self, key: Key) -> str:
        """Name what ``v`` does next."""
        return "stop" if key.id == "verify" and self._watch is not None else super().label_of(key)

    def action_verify(self) -> None:
        """Walk the chain from its first entry, or stop the walk under way."""
        if self._watch is not None:
            self._watch.stop()
            return
        watch = self._watch = ChainWatch()
        self._timer = self.set_interval(LOOK_EVERY_S, self._show_chain)
        self._show_chain()
        self.look_at_keys()
        begin(self, self._walk, watch, group="walk")

    async def _walk(self, watch: ChainWatch) -> None:
        # In a thread of its own: what reads for the screens must not wait behind a million entries.
        try:
            await asyncio.to_thread(self.desk.verify, watch)
        except WalkStopped:
            if self.is_there:
                self.console_app.say("The walk was stopped: nothing new is known of the chain.")
        except OpsError as error:
            self.console_app.trouble(error)
        finally:
            watch.stop()  # cancelled with its screen, the thread would walk on, and quitting wait for it
            self._watch = None
            if self._timer is not None:
                self._timer.stop()
        if self.is_there:
            self._show_chain()
            self.look_at_keys()
            self.reload()

    def action_open(self) -> None:
        """Open the entry under the cursor."""
        entry = self.table.current
        if isinstance(entry, dict):
            from opsconsole.console.screens.audit_entry import AuditEntryScreen

            self.app.push_screen(AuditEntryScreen(str(entry["id"])))

    def copied(self) -> str:
        """Return the entry's id."""
        entry = self.table.current
        return str(entry["id"]) if isinstance(entry, dict) else ""
