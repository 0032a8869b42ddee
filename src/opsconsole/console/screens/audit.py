"""Audit: who did what, newest first, and whether the chain holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.timer import Timer

from opsconsole.console.audit_columns import AUDIT_COLUMNS
from opsconsole.console.audit_filter import parse_audit_filter
from opsconsole.console.audit_lines import side_lines
from opsconsole.console.chain_words import chain_lines, chain_title
from opsconsole.console.desk import AuditJson
from opsconsole.console.figures import grouped
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.window import Source
from opsconsole.domain.audit import ChainWatch, Verdict, WalkStopped
from opsconsole.errors import OpsError, UsageError

if TYPE_CHECKING:
    from opsconsole.service.audit import AuditQuery
    from opsconsole.service.kept_heads import ChainState

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


class AuditScreen(LiveScreen):
    """The trail. Nothing here can be edited or deleted, and looking writes nothing."""

    place = "audit"
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
        self._query: AuditQuery | None = None
        self._wrong = False
        self._counted: _Shown | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom, on wide terminals with the entry under the cursor beside the list."""
        yield HeaderLine("audit")
        yield Banner()
        yield Facts(id="chain")
        yield FilterLine("actor:alice action:restore outcome:failed since:7d, or the end of an id")
        with Horizontal():
            yield WindowTable(AUDIT_COLUMNS, empty=self._empty)
            yield Facts(id="entry")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the newest entries."""
        self.set_class(self.size.width >= WIDE_FROM, "-wide")
        self._list()
        super().on_mount()
        self._show_chain()

    def on_unmount(self) -> None:
        """Stop a walk that nobody looks at any more."""
        if self._watch is not None:
            self._watch.stop()

    def on_resize(self) -> None:
        """Show the panel where there is room for it."""
        self.set_class(self.size.width >= WIDE_FROM, "-wide")
        super().on_resize()
        self.call_after_refresh(self._show_entry)

    # What it fetches and shows

    def fetch(self) -> _Shown:
        """Read what is known of the chain, and count; the trail only grows, so that each entry is counted once."""
        from opsconsole.service.audit import AuditQuery

        desk, query, before = self.desk, self._query or AuditQuery(), self._counted
        same = before if before is not None and before.query == query else None
        more, upto = desk.count_entries(query, same.upto if same else 0)
        found = more + (same.found if same else 0)
        if query == AuditQuery():
            total = found
        elif before is not None:
            total = before.total + desk.count_entries(AuditQuery(), before.upto)[0]
        else:
            total = desk.count_entries(AuditQuery(), 0)[0]
        return _Shown(desk.chain(), desk.broken_verdict(), total, found, upto, query)

    def receive(self, data: _Shown) -> None:
        """Show them."""
        self._counted, self._chain, self._broken = data, data.chain, data.broken
        self._show_chain()
        self._tell()

    def _tell(self) -> None:
        counted = self._counted
        if not self._wrong and counted is not None:
            is_exact = counted.query == self._query
            self.query_one(FilterLine).tell(counted.found if is_exact else None, counted.total)

    def _list(self) -> None:
        line = self.query_one(FilterLine)
        try:
            query = parse_audit_filter(line.text, self.desk.now(), self.console_app.zone)
        except UsageError as error:
            self._wrong = True
            line.complain(str(error))
            self.query_one(WindowTable).refresh()
            return
        self._wrong, self._query = False, query
        self._tell()
        desk = self.desk
        source = Source[AuditJson](
            key=lambda entry: f"{entry['seq']:015d}",
            load=lambda limit, cursor: desk.entries(query, limit, cursor),
        )
        self.query_one(WindowTable).show(source, keep=True)

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
        entry = self.query_one(WindowTable).current
        facts.show(side_lines(entry, facts.pen, facts.size.width) if isinstance(entry, dict) else [])

    def _empty(self, pen: Pen) -> list[list[Span]]:
        if self._wrong:
            return [[("This filter is not understood: nothing was searched.", pen.ink("dim"))]]
        if self.query_one(FilterLine).text:
            return [
                [("No entry fits this filter.", pen.ink("strong"))],
                [("Esc", pen.ink("key")), (" clears it; the whole trail was searched.", pen.ink("dim"))],
            ]
        return [
            [("The trail is empty.", pen.ink("strong"))],
            [("Every order leaves an entry here, in the same transaction;", pen.ink("dim"))],
            [("nobody can change or delete one.", pen.ink("dim"))],
            [],
            [("b", pen.ink("key")), (" on Runs orders a backup, and makes an entry.", pen.ink("text"))],
        ]

    # What is done to it

    @on(FilterLine.Changed)
    def _filter_changed(self) -> None:
        self._list()
        self.reload()

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
        self.run_worker(self._walk(watch), group="walk")

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

    def action_export(self) -> None:
        """Ask for a file, then write what the filter leaves of the trail to it."""
        from opsconsole.console.dialogs.ask_text import AskText

        counted, query = self._counted, self._query
        if query is None or self._wrong:
            self.console_app.say("The filter is not understood: there is nothing to export.")
            return
        number = grouped(counted.found) if counted is not None and counted.query == query else "the"
        filtered = " that fit the filter" if self.query_one(FilterLine).text else ""
        question = f"Writes {number} entries{filtered} to a new file, oldest first: CSV for a name that ends in .csv, else JSON Lines."

        def named(name: str | None) -> None:
            if name is not None:
                path = Path(name).expanduser()
                self.order(self.desk.export_entries, path, query, then=lambda count: self._exported(path, count))

        day = self.desk.now().strftime("%Y-%m-%d")
        self.app.push_screen(AskText("Export the trail", question, f"audit-{day}.csv"), named)

    def _exported(self, path: Path, count: int) -> None:
        self.console_app.say(f"{grouped(count)} entries written to {path.absolute()}")

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
