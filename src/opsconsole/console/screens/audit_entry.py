"""One entry of the audit trail: who, what, to how much, under which plan, and its place in the chain."""

from __future__ import annotations

import json
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.desk.audit import AuditJson
from opsconsole.console.figures import at_length, grouped
from opsconsole.console.folding import folded
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.audit import audit_state
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.ids import short_id

NAME_WIDTH = 16
"""Columns of the names at the left, with the blanks behind them."""

BELOW = " "
"""The name of a line that goes on with the one above."""

Line = tuple[int, str, str, str]
"""A numbered line: name, text, ink."""


class AuditEntryScreen(LiveScreen):
    """Opened from the trail, or from a restore's run."""

    place = "entry"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = "AuditEntryScreen WindowTable { margin-top: 1; }"

    def __init__(self, entry_id: str) -> None:
        super().__init__()
        self._entry_id = entry_id
        self._entry: AuditJson | None = None
        self._is_raw = False

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("audit", short_id(self._entry_id))
        yield Banner()
        yield WindowTable((Column("", 10, _line, flex=1),), has_headings=False, is_text=True)
        yield FooterLine(self.place)

    # What it fetches and shows

    def fetch(self) -> AuditJson:
        """Read the entry."""
        return self.desk.entry(self._entry_id)

    def receive(self, data: AuditJson) -> None:
        """Show it."""
        self._entry = data
        if self._is_raw:
            lines = json.dumps(data, indent=2, ensure_ascii=False).split("\n")
            texts = [("", part, "text") for line in lines for part in folded(line, self.size.width - 2)]
        else:
            room = self.size.width - 2 - NAME_WIDTH
            texts = []
            for name, text, ink in entry_lines(data, self.console_app.pen):
                first, *rest = folded(text, room)
                texts += [(name, first, ink), *((BELOW, part, ink) for part in rest)]
        rows: list[Line] = [(number, *text) for number, text in enumerate(texts)]
        self.query_one(WindowTable).put(rows, lambda row: f"{row[0]:06d}")

    # What is done to it

    def label_of(self, key: Key) -> str:
        """Name what ``v`` shows next."""
        return "in words" if key.id == "raw" and self._is_raw else super().label_of(key)

    def action_raw(self) -> None:
        """Show the entry as JSON, or in words again."""
        self._is_raw = not self._is_raw
        self.look_at_keys()
        if self._entry is not None:
            self.receive(self._entry)

    def copied(self) -> str:
        """Return the entry's id."""
        return self._entry_id


def entry_lines(entry: AuditJson, pen: Pen) -> list[tuple[str, str, str]]:
    """Return an entry as lines of name, text and ink."""
    state = audit_state(entry)
    where = " · ".join(str(entry[key]) for key in ("workspace", "tenant") if entry.get(key))
    lines = [
        ("what", str(entry["action"]), "strong"),
        ("outcome", pen.state(state), state.ink),
        ("who", str(entry["actor"]), "text"),
        ("when", at_length(entry["created_at"], pen.zone), "text"),
        ("where", where or "the whole store", "text"),
        ("on", f"{str(entry['resource_type']).replace('_', ' ')} {entry['resource_id']}", "text"),
        ("", "", "text"),
    ]
    details = entry.get("details") or {}
    for name, value in details.items():
        lines += _detail(str(name), value, nothing=_nothing(entry, str(name)))
    if details:
        lines.append(("", "", "text"))
    return [
        *lines,
        ("in the chain", f"#{grouped(entry['seq'])}", "text"),
        ("hash", str(entry["hash"]), "dim"),
        ("hash before", str(entry["prev_hash"]), "dim"),
        ("id", str(entry["id"]), "dim"),
    ]


def _nothing(entry: AuditJson, name: str) -> str:
    """Return what an empty value says: a backup without a choice of types has them all."""
    return "all" if name == "types" and str(entry["action"]).startswith("backup") else "none"


def _detail(name: str, value: object, nothing: str = "none") -> list[tuple[str, str, str]]:
    label = name.replace("_", " ")
    if isinstance(value, dict):
        words = ", ".join(
            f"{key.replace('_', ' ')} {inner}" for key, inner in value.items() if inner not in (None, 0, "")
        )
        return [(label, words or "none", "text")]
    if isinstance(value, list):
        if not value:
            return [(label, nothing, "dim")]
        return [(label if not index else BELOW, str(inner), "text") for index, inner in enumerate(value)]
    return [(label, nothing if value is None else str(value), "dim" if value is None else "text")]


def _line(row: Line, pen: Pen, width: int) -> list[Span]:
    _, name, text, ink = row
    if not name:
        return pen.cell(text, width, ink)
    return [*pen.cell(name, NAME_WIDTH - 2, "dim"), *pen.cell("", 2), *pen.cell(text, width - NAME_WIDTH, ink)]
