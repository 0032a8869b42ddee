"""One policy of a set: whom it was assigned to, by name, or the JSON as Graph sent it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console.folding import folded
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.live_screen import LiveScreen
from opsconsole.console.states import ITEM_STATES
from opsconsole.console.targets import assignments_in, inherited_in, target_words
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.backup import BackupItem, ItemStatus
from opsconsole.domain.failure import REASONS
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain


@dataclass(frozen=True, slots=True)
class _Shown:
    item: BackupItem
    names: Mapping[str, str]


Line = tuple[int, str, str]
"""A numbered line with its ink."""


class BackupItemScreen(LiveScreen):
    """Opened from a set."""

    place = "item"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = "BackupItemScreen #facts { padding: 1 1; }"

    def __init__(self, set_id: str, item: BackupItem) -> None:
        super().__init__()
        self._set_id = set_id
        self._item = item
        self._names: Mapping[str, str] = {}
        self._is_raw = False

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("backups", short_id(self._set_id), plain(self._item.policy_name) or short_id(self._item.id))
        yield Banner()
        yield Facts(id="facts", wraps=True)
        yield WindowTable((Column("", 10, _line, flex=1),), has_headings=False, is_text=True, empty=self._empty)
        yield FooterLine(self.place)

    # What it fetches and shows

    def fetch(self) -> _Shown:
        """Read the policy with its assignments, and the names of groups and filters."""
        return _Shown(self.desk.item(self._set_id, self._item.id), self.desk.names(self._set_id))

    def receive(self, data: _Shown) -> None:
        """Show them."""
        self._item, self._names = data.item, data.names
        facts = self.query_one("#facts", Facts)
        pen, item = facts.pen, data.item
        state = ITEM_STATES[item.status]
        lines: list[list[Span]] = [
            [(plain(item.policy_name) or plain(item.policy_id), pen.ink("strong"))],
            [
                (pen.state(state), pen.ink(state.ink)),
                (f"  {plain(item.policy_type)}  {plain(item.policy_id)}", pen.ink("dim")),
            ],
        ]
        if item.failure:
            info = REASONS[item.failure.reason]
            lines += [
                [(plain(item.failure.message), pen.ink("bad"))],
                [(pen.drawn(f"{info.explanation} → {info.next_step}"), pen.ink("text"))],
            ]
        facts.show(lines)
        self._show_lines()

    def _show_lines(self) -> None:
        texts = raw_lines(self._item.assignments, self.size.width - 2) if self._is_raw else self._target_lines()
        rows: list[Line] = [(number, text, ink) for number, (text, ink) in enumerate(texts)]
        self.query_one(WindowTable).put(rows, lambda row: f"{row[0]:08d}")

    def _target_lines(self) -> list[tuple[str, str]]:
        if self._item.status is not ItemStatus.FETCHED:
            return []
        direct = assignments_in(self._item.assignments)
        lines = [(target_words(entry.to_json(self._names)), "text") for entry in direct]
        for entry in inherited_in(self._item.assignments):
            lines.append((f"{target_words(entry.to_json(self._names))} · from a policy set", "dim"))
        return lines

    def _empty(self, pen: Pen) -> list[list[Span]]:
        if self._item.status is ItemStatus.FETCHED:
            return [[("Assigned to nobody.", pen.ink("dim"))]]
        return [[("Its assignments are not in this set.", pen.ink("dim"))]]

    # What is done to it

    def label_of(self, key: Key) -> str:
        """Name what ``v`` shows next."""
        return "targets" if key.id == "raw" and self._is_raw else super().label_of(key)

    def action_raw(self) -> None:
        """Show the JSON, or the targets again."""
        self._is_raw = not self._is_raw
        self._show_lines()
        self.look_at_keys()

    def copied(self) -> str:
        """Return the policy's id."""
        return plain(self._item.policy_id)


def raw_lines(text: str | None, width: int) -> list[tuple[str, str]]:
    """Return JSON text as indented lines of at most ``width`` columns; every value as it was sent, unknown fields included."""
    if not text:
        return []
    try:
        lines = json.dumps(json.loads(text), indent=2, ensure_ascii=False).split("\n")
    except ValueError:
        lines = [text]
    return [(part, "text") for line in lines for part in folded(line, width)]


def _line(row: Line, pen: Pen, width: int) -> list[Span]:
    return pen.cell(row[1], width, row[2])
