"""Two backup sets: what changed from the older to the newer, policy by policy, and what could not be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingType

from opsconsole.console.drift_facts import count_words
from opsconsole.console.figures import at_length, grouped
from opsconsole.console.keys import bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.policy_words import type_words
from opsconsole.console.screens.differences import DifferencesScreen
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.backup import BackupSet, TypeStatus
from opsconsole.domain.difference import EVERYTHING, DifferenceFilter
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.console.screens.differences import Row
    from opsconsole.operations.differences import Difference
    from opsconsole.service.caller import Page

_WORDS = {
    "new": "This policy is in the newer set only: it was made in between.",
    "gone": "This policy is in the older set only: it was deleted in between.",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    first: BackupSet
    second: BackupSet


class SetDifferenceScreen(DifferencesScreen):
    """Opened from Backups with two marked sets, or with another one picked. Nothing is asked of the tenant."""

    place = "diff"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self._first, self._second = first, second
        self._sets: _Shown | None = None
        self._counts: Mapping[str, int] | None = None
        self._counts_of: object = None

    def crumbs(self) -> tuple[str, ...]:
        """Return where this is."""
        return ("backups", f"{short_id(self._first)} and {short_id(self._second)}")

    # What it fetches and shows

    def fetch(self) -> _Shown:
        """Read both sets."""
        return _Shown(self.desk.backup_set(self._first), self.desk.backup_set(self._second))

    def receive(self, data: _Shown) -> None:
        """Show them; the counts follow, since every policy must be looked at for them."""
        self._sets = data
        self._show_facts()
        if self._counts_of != self.stamp():
            self._counts_of = self.stamp()
            self.read(self.count, EVERYTHING, then=self._take_counts, missed=self._counts_missed)
        self.look_at_counts()

    def _counts_missed(self) -> None:
        self._counts_of = None  # the next fetch counts once more

    def _take_counts(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._show_facts()
        self.look_at_counts()
        self.query_one(WindowTable).refresh()

    def _show_facts(self) -> None:
        if self._sets is None:
            return
        facts = self.query_one("#facts", Facts)
        pen = facts.pen
        counts: list[Span] = (
            count_words(dict(self._counts), pen)
            if self._counts is not None
            else [(pen.drawn(" every policy is being compared…"), pen.ink("dim"))]
        )
        lines = [_set_words("from", self._sets.first, pen), _set_words("to", self._sets.second, pen), counts]
        if gaps := _gap_words(self._sets):
            lines.append([(pen.drawn(f" ⚠ {gaps}"), pen.ink("danger"))])
        facts.show(lines)

    def load(self, flt: DifferenceFilter, limit: int, cursor: str | None) -> Page[Any]:
        """Return a page of what differs or could not be compared."""
        return self.desk.set_differences(self._first, self._second, flt, limit, cursor)

    def count(self, flt: DifferenceFilter) -> Mapping[str, int]:
        """Return how many policies of each kind fit."""
        return self.desk.count_set_differences(self._first, self._second, flt)

    def key_of(self, row: Row) -> str:
        """Return where it stands in the list."""
        return str(getattr(row, "place", ""))

    def json_of(self, row: Row) -> dict[str, Any]:
        """Return a difference as JSON."""
        return cast("Difference", row).to_json()

    def total(self) -> int | None:
        """Return how many rows there are, once every policy was looked at."""
        return None if self._counts is None else sum(self._counts.values()) - self._counts.get("same", 0)

    def stamp(self) -> object:
        """Return what the sets hold: a count holds until one of them gets more."""
        sets = self._sets
        return sets and [(one.count("listed"), one.count("fetched")) for one in (sets.first, sets.second)]

    def side_titles(self) -> tuple[str, str]:
        """Return what stands above each side."""
        return (f"in set {short_id(self._first)}", f"in set {short_id(self._second)}")

    def kind_words(self) -> Mapping[str, str]:
        """Return what new and gone mean here."""
        return _WORDS

    def nothing(self, pen: Pen) -> list[list[Span]]:
        """Return what no difference means."""
        if self._counts is None:
            return [[(pen.drawn("The sets are being compared…"), pen.ink("dim"))]]
        same = self._counts.get("same", 0)
        if not same:
            return [[("Nothing could be compared: the sets have no policy in common.", pen.ink("dim"))]]
        return [
            [("The sets are the same.", pen.ink("good"))],
            [(f"All {grouped(same)} policies are assigned alike in both.", pen.ink("dim"))],
        ]


def _set_words(which: str, found: BackupSet, pen: Pen) -> list[Span]:
    return [
        *pen.cell(f" {which}", 6, "dim"),
        (f"set {short_id(found.id)}", pen.ink("strong")),
        (f"  {plain(found.tenant)}", pen.ink("text")),
        (f"  {at_length(found.created_at, pen.zone)}", pen.ink("dim")),
        (f"  {grouped(found.count('fetched'))} of {grouped(found.count('listed'))} policies", pen.ink("text")),
    ]


def _gap_words(sets: _Shown) -> str:
    parts = []
    for found in (sets.first, sets.second):
        types = [
            type_words(key)
            for key, counts in sorted(found.by_type.items())
            if counts.status in (TypeStatus.FAILED, TypeStatus.PARTIAL, TypeStatus.PENDING)
        ]
        if types:
            parts.append(f"set {short_id(found.id)} holds no whole list of {', '.join(types)}")
    return "; ".join(parts)
