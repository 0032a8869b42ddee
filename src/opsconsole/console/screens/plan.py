"""A restore plan: policy by policy what would change, live against planned, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from opsconsole.console import restore_orders
from opsconsole.console.filters import PLAN_WORDS, item_query
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.plan_facts import plan_facts
from opsconsole.console.plan_moves import (
    why_not_again,
    why_not_apply,
    why_not_leave_out,
    why_not_settle,
    why_not_undo,
)
from opsconsole.console.plan_sides import policy_sides
from opsconsole.console.policy_words import type_words
from opsconsole.console.screens.list_screen import Counted, ListScreen
from opsconsole.console.sources import Source
from opsconsole.console.states import PLAN_STATES
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.beside import Beside, about_width
from opsconsole.console.widgets.column import Column
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.filter_line import FilterLine
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.filter_words import Filtered
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun, RestoreStatus
from opsconsole.service.list_export import PLAN_CELLS, ListExport

POLICY_WIDTH = 68
"""Columns of the chosen policy on a wide terminal: two of some thirty, in which most names of groups stand whole."""

ALL_BUT_UNCHANGED = tuple(state for state in ItemState if state is not ItemState.UNCHANGED)


def _mark(row: RestoreItem, pen: Pen, width: int) -> list[Span]:
    state = PLAN_STATES[row.state]
    if row.state is ItemState.WILL_CHANGE and not (row.added and row.removed):
        return pen.cell("+" if row.added else "-", width, "added" if row.added else "removed")
    return pen.cell(state.ascii if pen.is_ascii else state.glyph, width, state.ink)


def _counts(row: RestoreItem, pen: Pen, width: int) -> list[Span]:
    added, removed = len(row.added), len(row.removed)
    half = width // 2
    return [
        *pen.cell(f"+{added}" if added else "", half, "added", right=True),
        *pen.cell(f"-{removed}" if removed else "", width - half, "removed", right=True),
    ]


PLAN_COLUMNS: tuple[Column[RestoreItem], ...] = (
    Column("", 1, _mark),
    Column("Policy", 10, lambda row, pen, width: pen.cell(row.policy_name or row.policy_id, width), flex=4),
    Column(
        "Type", 18, lambda row, pen, width: pen.cell(type_words(row.policy_type), width, "dim"), flex=1, from_width=66
    ),
    Column("Change", 7, _counts, right=True),
)


def _key(item: RestoreItem) -> str:
    return f"{item.seq:09d}"


class PlanScreen(ListScreen):
    """Policies on the left, the chosen one's targets on the right, live against planned; on small terminals below."""

    place = "plan"
    words = PLAN_WORDS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    DEFAULT_CSS = """
    PlanScreen #facts { padding: 1 0 0 0; }
    PlanScreen Beside.-wide > #policy { width: 68; }
    """

    def __init__(self, restore_id: str) -> None:
        super().__init__()
        self._restore_id = restore_id
        self._restore: RestoreRun | None = None
        self._names: Mapping[str, str] = {}
        self._only_changes = True

    def compose(self) -> ComposeResult:
        """Lay the screen out: facts above, policies and targets side by side."""
        yield HeaderLine("restores", short_id(self._restore_id))
        yield Banner()
        yield Facts(id="facts")
        yield FilterLine("state:blocked type:name, or part of a policy's name or id", self.words)
        with Beside():
            yield WindowTable(PLAN_COLUMNS, empty=self._empty)
            yield Facts(id="policy", classes="about")
        yield FooterLine(self.place)

    def on_mount(self) -> None:
        """List the policies of the plan."""
        self.relist(keep=True)

    # What it fetches and shows

    def fetch(self) -> Counted:
        """Read the restore run, the names of groups and filters of its set, and count what the filter leaves."""
        restore = self.desk.restore(self._restore_id)
        names = self._names or (self.desk.names(restore.set_id) if restore.set_id else {})
        total = self.desk.count_restore_items(restore.id, (), None, None)
        return Counted(self.count_found(self._filtered), total, (restore, names))

    def receive(self, data: Counted) -> None:
        """Show them."""
        was_previewing = self._restore is not None and self._restore.status is RestoreStatus.PREVIEWING
        self._restore, self._names = data.more
        restore = self._restore
        facts = self.query_one("#facts", Facts)
        facts.show(plan_facts(restore, facts.pen, self.size.width, only_changes=self._only_changes))
        if was_previewing and restore.status is not RestoreStatus.PREVIEWING:
            self.relist(keep=True)
        super().receive(data)
        self._show_policy()

    def source_of(self, found: Filtered) -> Source[RestoreItem]:
        """List the policies that the filter leaves."""
        query = item_query(found)
        load = partial(
            self.desk.restore_items,
            self._restore_id,
            self._states(found),
            policy_type=query.policy_type,
            search=query.search,
        )
        return Source[RestoreItem](key=_key, load=load, load_back=partial(load, backwards=True), is_newest_first=False)

    def count_found(self, found: Filtered) -> int:
        """Count them."""
        query = item_query(found)
        return self.desk.count_restore_items(self._restore_id, self._states(found), query.policy_type, query.search)

    def exported(self) -> ListExport[RestoreItem]:
        """Export them."""
        found = self._filtered
        return ListExport(
            "plan items", PLAN_CELLS, RestoreItem.to_json, self.source_of(found).load, lambda: self.count_found(found)
        )

    def _states(self, found: Filtered) -> tuple[ItemState, ...]:
        chosen = tuple(ItemState(state) for state in item_query(found).states)
        return chosen or (ALL_BUT_UNCHANGED if self._only_changes else ())

    def _empty(self, pen: Pen) -> list[list[Span]]:
        restore = self._restore
        if restore is None:
            return []
        if unfitting := self.unfitting(pen, "policy of this plan"):
            return unfitting
        if restore.status is RestoreStatus.PREVIEWING:
            return [
                [("The tenant is being compared with the set;", pen.ink("dim"))],
                [("the plan appears here when it is made.", pen.ink("dim"))],
            ]
        if restore.status is RestoreStatus.PREVIEW_FAILED:
            return [
                [("The preview failed.", pen.ink("bad"))],
                [("o", pen.ink("key")), (" opens its run and says why.", pen.ink("text"))],
            ]
        return [
            [("Nothing would change.", pen.ink("strong"))],
            [("The tenant is as the set has it.", pen.ink("dim"))],
            [("c", pen.ink("key")), (" shows all policies.", pen.ink("text"))],
        ]

    @on(WindowTable.Moved)
    def _show_policy(self) -> None:
        facts = self.query_one("#policy", Facts)
        item = self._current()
        width = about_width(self.size.width, POLICY_WIDTH)
        facts.show(policy_sides(item, facts.pen, self._names, width, facts.size.height) if item else [])

    def on_resize(self) -> None:
        """Show as much of the chosen policy as there is room for then."""
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        if self.is_there:
            self._show_policy()

    # What is done to it

    def is_key_of_use(self, key_id: str) -> bool:
        """Leave the footer to the plan's own keys: the filter's line shows its key already.

        What becomes of a run comes into it with the first run; until then there is room for leaving a policy out.
        """
        if key_id in ("again", "undo") and self._restore is not None and not self._restore.executions:
            return False
        return key_id != "filter" and super().is_key_of_use(key_id)

    def label_of(self, key: Key) -> str:
        """Name what ``c`` shows next."""
        return "show all" if key.id == "changes" and self._only_changes else super().label_of(key)

    def action_open(self) -> None:
        """Show everything about the policy under the cursor."""
        if (item := self._current()) is not None:
            from opsconsole.console.screens.plan_item import PlanItemScreen

            self.app.push_screen(PlanItemScreen(self._restore_id, item, self._names))

    def action_changes(self) -> None:
        """Show only what changes or is blocked, or everything again."""
        self._only_changes = not self._only_changes
        item = self._current()
        self.relist(keep=True, hold=_key(item) if item else None)

    def why_not(self, key_id: str) -> str | None:
        """Say why this plan cannot be applied, retried, undone, or settled at the row under the cursor."""
        restore = self._restore
        if restore is None:
            return None
        match key_id:
            case "apply":
                return why_not_apply(restore)
            case "again":
                return why_not_again(restore)
            case "undo":
                return why_not_undo(restore)
            case "leave_out":
                return why_not_leave_out(restore, self._current())
            case "settle":
                return why_not_settle(restore, self._current())
            case _:
                return None

    def action_apply(self) -> None:
        """Ask, then run the plan."""
        if self._restore is not None and not self.refuses("apply"):
            self.order_read(
                self.desk.confirmation,
                self._restore.id,
                then=lambda asked: restore_orders.ask_apply(self, asked),
            )

    def action_again(self) -> None:
        """Ask, then run again what is left of the last execution."""
        if self._restore is None or self.refuses("again"):
            return
        from opsconsole.console import orders

        run_id = self._restore.executions[-1].run_id
        self.order_read(self.desk.run, run_id, then=lambda run: orders.ask_retry(self, run))

    def action_undo(self) -> None:
        """Ask, then preview the way back."""
        if self._restore is not None and not self.refuses("undo"):
            restore_orders.ask_undo(self, self._restore)

    def action_run_of(self) -> None:
        """Open the newest run of this restore."""
        if self._restore is not None:
            from opsconsole.console.screens.run import RunScreen

            executions = self._restore.executions
            self.app.push_screen(RunScreen(executions[-1].run_id if executions else self._restore.preview_run_id))

    def action_leave_out(self) -> None:
        """Ask, then preview again without the policy under the cursor."""
        item = self._current()
        if item is not None and self._restore is not None and not self.refuses("leave_out"):
            from opsconsole.console.leaving_out import ask_leave_out

            ask_leave_out(self, self._restore, item)

    def action_settle(self) -> None:
        """Ask what becomes of the targets that block the policy under the cursor."""
        item = self._current()
        if item is not None and self._restore is not None and not self.refuses("settle"):
            from opsconsole.console.settling import settle

            settle(self, self._restore, item)

    def copied(self) -> str:
        """Return the policy's id, or the plan's."""
        item = self._current()
        return plain(item.policy_id) if item else self._restore_id

    def _current(self) -> RestoreItem | None:
        current = self.query_one(WindowTable).current
        return current if isinstance(current, RestoreItem) else None
