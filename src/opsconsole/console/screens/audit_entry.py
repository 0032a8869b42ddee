"""One entry of the audit trail: who, what, to how much, under which plan; for an execution, each policy before and after."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.audit_lines import NAME_WIDTH, EntryLine, entry_lines
from opsconsole.console.desk.audit import AuditJson
from opsconsole.console.figures import grouped
from opsconsole.console.folding import folded
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.window import Source
from opsconsole.console.written_lines import written_lines
from opsconsole.domain.audit import EXECUTED
from opsconsole.domain.ids import short_id
from opsconsole.errors import NotFound

MARGIN = 6
"""Columns that the table takes at the left, and one kept free at the right."""


@dataclass(frozen=True, slots=True)
class _Shown:
    entry: AuditJson
    written: int | None


@dataclass(frozen=True, slots=True)
class _Lines:
    """A page of lines, as a list of the table."""

    items: list[EntryLine]
    next_cursor: str | None


class AuditEntryScreen(LiveScreen):
    """Opened from the trail, or from a restore's run. Enter opens what the line under the cursor names."""

    place = "entry"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = "AuditEntryScreen WindowTable { margin-top: 1; }"

    def __init__(self, entry_id: str) -> None:
        super().__init__()
        self._entry_id = entry_id
        self._shown: _Shown | None = None
        self._is_raw = False

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("audit", short_id(self._entry_id))
        yield Banner()
        yield WindowTable((Column("", 10, _line, flex=1),), has_headings=False)
        yield FooterLine(self.place)

    # What it fetches and shows

    def fetch(self) -> _Shown:
        """Read the entry, and how much its execution wrote."""
        entry = self.desk.entry(self._entry_id)
        written = None
        if entry["action"] == EXECUTED:
            try:
                written = self.desk.count_written(str(entry["resource_id"]))
            except NotFound:
                written = None
        return _Shown(entry, written)

    def receive(self, data: _Shown) -> None:
        """Show it; an entry never changes, but whoever reads it may lose the right to."""
        if self._shown != data:
            self._shown = data
            self._show(data)

    def _show(self, data: _Shown) -> None:
        """Fill the table; the policies that were written follow page by page."""
        table, pen, width = self.query_one(WindowTable), self.console_app.pen, self.size.width
        if self._is_raw:
            lines = json.dumps(data.entry, indent=2, ensure_ascii=False).split("\n")
            parts = [part for line in lines for part in folded(line, width - MARGIN)]
            table.put([EntryLine(f"{place:06d}", "", part) for place, part in enumerate(parts)], lambda row: row.key)
            return
        head = entry_lines(data.entry, pen, width - MARGIN - NAME_WIDTH)
        if data.written is None:
            table.put(head, lambda row: row.key)
            return
        head += _written_head(data.written)
        table.show(self._source(head, pen), keep=True)

    def _source(self, head: list[EntryLine], pen: Pen) -> Source[EntryLine]:
        desk, run_id = self.desk, str(self._shown.entry["resource_id"]) if self._shown else ""

        def load(limit: int, cursor: str | None) -> _Lines:
            page = desk.written(run_id, limit, cursor)
            lines = [line for policy in page.items for line in written_lines(policy, pen)]
            return _Lines([*(head if cursor is None else []), *lines], page.next_cursor)

        return Source[EntryLine](key=lambda line: line.key, load=load, is_newest_first=False)

    # What is done to it

    def label_of(self, key: Key) -> str:
        """Name what ``v`` shows next."""
        return "in words" if key.id == "raw" and self._is_raw else super().label_of(key)

    def why_not(self, key_id: str) -> str | None:
        """Say that the line under the cursor leads nowhere."""
        return "This line names nothing that has a screen." if key_id == "open" and self._opens() is None else None

    def action_open(self) -> None:
        """Open what the line under the cursor names."""
        opens = self._opens()
        if opens is None:
            self.refuses("open")
            return
        kind, ref = opens
        self.app.push_screen(_OPENERS[kind](ref))

    def action_raw(self) -> None:
        """Show the entry as JSON, or in words again."""
        self._is_raw = not self._is_raw
        self.look_at_keys()
        if self._shown is not None:
            self._show(self._shown)

    def copied(self) -> str:
        """Return the entry's id."""
        return self._entry_id

    def _opens(self) -> tuple[str, str] | None:
        line = self.query_one(WindowTable).current
        return line.opens if isinstance(line, EntryLine) else None


def _written_head(number: int) -> list[EntryLine]:
    if not number:
        return [EntryLine("b0", "", ""), EntryLine("b1", "written", "nothing: no policy was written to", "dim")]
    noun = "policy" if number == 1 else "policies"
    return [
        EntryLine("b0", "", ""),
        EntryLine("b1", "written", f"{grouped(number)} {noun}, each right before and after:", "strong"),
        EntryLine("b2", "", "before", "dim", "after", "dim"),
    ]


def _line(row: EntryLine, pen: Pen, width: int) -> list[Span]:
    if row.key.startswith("w") and row.right is None and row.name:
        return [*pen.cell(row.name, 28, row.ink), *pen.cell("", 2), *pen.cell(row.text, width - 30, "strong")]
    name_width = NAME_WIDTH
    if row.right is not None:
        half = (width - 6) // 2
        return [
            *pen.cell(f"  {row.name}", 4, row.ink if row.text else row.right_ink),
            *pen.cell(row.text, half, row.ink),
            *pen.cell("", 2),
            *pen.cell(row.right, width - half - 6, row.right_ink),
        ]
    if not row.name and row.key[:1].isdecimal():
        return pen.cell(row.text, width, row.ink)
    mark = pen.drawn("→ ") if row.opens is not None else ""
    return [
        *pen.cell(row.name, name_width - 2, "dim"),
        *pen.cell("", 2),
        *pen.cell(f"{row.text}{f'  {mark}' if mark and row.name else ''}", width - name_width, row.ink),
    ]


def _open_run(ref: str) -> LiveScreen:
    from opsconsole.console.screens.run import RunScreen

    return RunScreen(ref)


def _open_set(ref: str) -> LiveScreen:
    from opsconsole.console.screens.backup_set import BackupSetScreen

    return BackupSetScreen(ref)


def _open_plan(ref: str) -> LiveScreen:
    from opsconsole.console.screens.plan import PlanScreen

    return PlanScreen(ref)


def _open_tenant(ref: str) -> LiveScreen:
    from opsconsole.console.screens.tenant import TenantScreen

    return TenantScreen(ref)


_OPENERS: dict[str, Callable[[str], LiveScreen]] = {
    "run": _open_run,
    "set": _open_set,
    "plan": _open_plan,
    "tenant": _open_tenant,
}
