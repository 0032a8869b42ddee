"""One backup set: whether it adds up, type by type, and its policies."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console import drift_orders, orders, restore_orders
from opsconsole.console.figures import at_length, grouped
from opsconsole.console.filters import ITEM_WORDS, item_query
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span, width_of
from opsconsole.console.policy_words import type_words
from opsconsole.console.screens.list_screen import Counted, ListScreen
from opsconsole.console.sources import Source
from opsconsole.console.states import ITEM_STATES, state_of_set
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus, TypeStatus
from opsconsole.domain.filter_words import Filtered
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain
from opsconsole.service.backups import item_json
from opsconsole.service.list_export import ITEM_CELLS, ListExport

MISSING = (ItemStatus.FAILED, ItemStatus.SKIPPED, ItemStatus.PENDING)


def _why(item: BackupItem) -> str:
    return item.failure.reason.value.replace("_", " ") if item.failure else ""


def _type(row: BackupItem, pen: Pen, width: int) -> list[Span]:
    return pen.cell(type_words(row.policy_type), width, "dim")


ITEM_COLUMNS: tuple[Column[BackupItem], ...] = (
    Column("State", 9, lambda row, pen, width: pen.state_cell(ITEM_STATES[row.status], width)),
    Column("Policy", 16, lambda row, pen, width: pen.cell(row.policy_name or row.policy_id, width), flex=4),
    Column("Type", 18, _type, from_width=68, below_width=100),
    Column("Type", 32, _type, from_width=100),
    Column("Why", 17, lambda row, pen, width: pen.cell(_why(row), width, "bad")),
    Column("Policy id", 36, lambda row, pen, width: pen.cell(row.policy_id, width, "dim"), from_width=150),
)


WHOLE_COLUMNS = tuple(column for column in ITEM_COLUMNS if column.title != "Why")
"""Of a set that lacks nothing: the names get the room."""


class BackupSetScreen(ListScreen):
    """Opened from Backups or from a run."""

    place = "set"
    words = ITEM_WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = "BackupSetScreen #facts { padding: 1 0 0 0; }"

    def __init__(self, set_id: str) -> None:
        super().__init__()
        self._set_id = set_id
        self._set: BackupSet | None = None
        self._only_missing = False

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield HeaderLine("backups", short_id(self._set_id))
        yield Banner()
        yield Facts(id="facts")
        yield FilterLine("status:failed type:name, or part of a policy's name or id", self.words)
        yield WindowTable(ITEM_COLUMNS, empty=self._empty)
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the policies."""
        self.relist(keep=True)

    # What it fetches and shows

    def fetch(self) -> Counted:
        """Read the set, and count what the filter leaves of it."""
        found = self.desk.backup_set(self._set_id)
        is_narrowed = bool(self._filter) or self._only_missing
        listed = found.count("listed")
        return Counted(self.count_found(self._filtered) if is_narrowed else listed, listed, found)

    def receive(self, data: Counted) -> None:
        """Show it."""
        self._set = data.more
        facts = self.query_one("#facts", Facts)
        facts.show(set_facts(data.more, facts.pen, self.size.width))
        self.table.name_columns(ITEM_COLUMNS if self._has_gaps else WHOLE_COLUMNS)
        super().receive(data)

    def source_of(self, found: Filtered) -> Source[BackupItem]:
        """List the policies that the filter leaves."""
        desk, set_id, query, statuses = self.desk, self._set_id, item_query(found), self._statuses(found)
        load = partial(desk.items, set_id, query.search, statuses, policy_type=query.policy_type)
        return Source[BackupItem](
            key=lambda item: item.id,
            load=load,
            load_back=partial(load, backwards=True),
            find=lambda ref: desk.item(set_id, ref),
            is_newest_first=False,
        )

    def count_found(self, found: Filtered) -> int:
        """Count them."""
        query = item_query(found)
        return self.desk.count_items(self._set_id, query.search, self._statuses(found), query.policy_type)

    def exported(self) -> ListExport[BackupItem]:
        """Export them, without their payloads."""
        found = self._filtered
        return ListExport(
            "backup items", ITEM_CELLS, item_json, self.source_of(found).load, lambda: self.count_found(found)
        )

    def _statuses(self, found: Filtered) -> tuple[ItemStatus, ...]:
        chosen = tuple(ItemStatus(status) for status in item_query(found).states)
        return chosen or (MISSING if self._only_missing else ())

    def _empty(self, pen: Pen) -> list[list[Span]]:
        if unfitting := self.unfitting(pen, "policy of this set"):
            return unfitting
        if self._only_missing:
            text = "Nothing is missing: every policy is here with its assignments."
        elif self._set is not None and self._set.is_active:
            text = "The policies appear here while they are listed."
        else:
            text = "This set holds no policy: the tenant had none of its types."
        return [[(text, pen.ink("dim"))]]

    # What is done to it

    def is_key_of_use(self, key_id: str) -> bool:
        """Offer ``m`` in the footer while something is missing, or while only that is shown."""
        return super().is_key_of_use(key_id) and (key_id != "only" or self._only_missing or self._has_gaps)

    def why_not(self, key_id: str) -> str | None:
        """Say why nothing can be fetched, or the set cannot be compared with its tenant."""
        if key_id == "drift":
            return drift_orders.why_not_drift(self._set)
        return orders.why_not_fetch(self._set) if key_id == "fetch" and self._set is not None else None

    def label_of(self, key: Key) -> str:
        """Name what ``m`` shows next; beside it, ``t`` needs one word only."""
        if key.id == "fetch" and self._has_gaps:
            return "fetch"
        return "show all" if key.id == "only" and self._only_missing else super().label_of(key)

    @property
    def _has_gaps(self) -> bool:
        return self._set is not None and self._set.count("listed") != self._set.count("fetched")

    def action_only(self) -> None:
        """Show only what is missing, or everything again."""
        self._only_missing = not self._only_missing
        self.relist(keep=True)

    def action_open(self) -> None:
        """Open the policy under the cursor."""
        if item := self._current():
            from opsconsole.console.screens.backup_item import BackupItemScreen

            self.app.push_screen(BackupItemScreen(self._set_id, item))

    def action_fetch(self) -> None:
        """Ask, then fetch what the set lacks."""
        if self._set and not self.refuses("fetch"):
            orders.ask_fetch(self, self._set)

    def action_preview(self) -> None:
        """Ask, then preview a restore of the set."""
        if self._set:
            restore_orders.ask_preview(self, self._set)

    def action_drift(self) -> None:
        """Ask, then compare the set with its tenant."""
        if self._set and not self.refuses("drift"):
            drift_orders.ask_drift(self, self._set)

    def action_difference(self) -> None:
        """Pick the set to compare this one with."""
        drift_orders.pick_other(self, self._set_id)

    def copied(self) -> str:
        """Return the policy's id."""
        item = self._current()
        return plain(item.policy_id) if item else self._set_id

    def _current(self) -> BackupItem | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, BackupItem) else None


def set_facts(found: BackupSet, pen: Pen, width: int) -> list[list[Span]]:
    """Return the lines at the head of a set: its state, its sums, and the types that are not whole."""
    state = state_of_set(found)
    numbers = [("fetched", "good"), ("failed", "bad"), ("skipped", "text")]
    first = [
        (f" {pen.state(state)}", pen.ink(state.ink)),
        (f"  {plain(found.tenant)}", pen.ink("strong")),
        (f"  {at_length(found.created_at, pen.zone)} by {plain(found.initiator_name)}", pen.ink("dim")),
    ]
    second: list[Span] = [
        (f" {grouped(found.count('fetched'))} of {grouped(found.count('listed'))} policies", pen.ink("strong")),
        ("   ", pen.ink("dim")),
    ]
    for name, ink in numbers:
        number = found.count(name)
        second += [
            (f"{grouped(number)} ", pen.ink(ink if number else "faint")),
            (f"{name}   ", pen.ink("dim" if number else "faint")),
        ]
    second.append((f"{len(found.by_type)} types", pen.ink("dim")))
    return [first, second, _gaps(found, pen, width)]


def _gaps(found: BackupSet, pen: Pen, width: int) -> list[Span]:
    words, elsewhere = [], []
    for key, counts in sorted(found.by_type.items()):
        if counts.status in (TypeStatus.FAILED, TypeStatus.PARTIAL):
            words.append(f"{key} {'not listed' if counts.status is TypeStatus.FAILED else 'listed in part'}")
        elif counts.status is TypeStatus.NOT_AVAILABLE:
            elsewhere.append(f"{key} not available here")
    if found.is_active:
        return [(" still being fetched: it may be restored when it is whole", pen.ink("dim"))]
    words += elsewhere
    if not words:
        gap = found.missing
        text = " every policy is here with its assignments" if not gap else f" {grouped(gap)} missing: t fetches them"
        return [(text, pen.ink("dim" if not gap else "partial"))]
    line: list[Span] = [(pen.drawn(" ⚠ "), pen.ink("partial"))]
    room = width - width_of(line) - 1
    return [*line, *pen.cell(" · ".join(words), room, "partial")]
