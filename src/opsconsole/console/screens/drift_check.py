"""One drift check: how a tenant differs from a set, policy by policy, while it is found and long after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingType

from opsconsole.console import drift_orders
from opsconsole.console.drift_facts import check_facts
from opsconsole.console.keys import Key, bindings_of
from opsconsole.console.pen import Pen, Span
from opsconsole.console.screens.differences import DifferencesScreen
from opsconsole.console.widgets.facts import Facts
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.domain.backup import BackupSet
from opsconsole.domain.difference import DifferenceFilter
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import Outcome, Status
from opsconsole.errors import NotFound

if TYPE_CHECKING:
    from opsconsole.console.screens.differences import Row
    from opsconsole.service.caller import Page
    from opsconsole.service.drift import DriftCheck, DriftItem

_WORDS = {
    "new": "This policy is in the tenant and not in the set: it was made since.",
    "gone": "This policy is in the set and no longer in the tenant. Assignments can only be restored to a policy that is there.",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    check: DriftCheck
    backup_set: BackupSet | None


class DriftCheckScreen(DifferencesScreen):
    """Opened from Drift, from a run, or when a check was started."""

    place = "check"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(place)
    is_markable = True

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id
        self._check: DriftCheck | None = None
        self._set: BackupSet | None = None

    def crumbs(self) -> tuple[str, ...]:
        """Return where this is."""
        return ("drift", short_id(self._run_id))

    # What it fetches and shows

    def fetch(self) -> _Shown:
        """Read the check in figures, and its set."""
        check = self.desk.drift_check(self._run_id)
        try:
            return _Shown(check, self.desk.backup_set(check.set_id))
        except NotFound:
            return _Shown(check, None)

    def receive(self, data: _Shown) -> None:
        """Show them; what was found since fills in below."""
        before, self._check, self._set = self._check, data.check, data.backup_set
        facts = self.query_one("#facts", Facts)
        facts.show(check_facts(data.check, data.check.run.failures, facts.pen, self.size.width))
        if before is not None and before.run.status is not data.check.run.status:
            self.query_one(WindowTable).refresh()
        self.look_at_counts()

    def load(self, flt: DifferenceFilter, limit: int, cursor: str | None) -> Page[Any]:
        """Return a page of what was found so far."""
        return self.desk.differences(self._run_id, flt, limit, cursor)

    def count(self, flt: DifferenceFilter) -> Mapping[str, int]:
        """Return how many of what was found fits."""
        return self.desk.count_differences(self._run_id, flt)

    def key_of(self, row: Row) -> str:
        """Return its number, its kind, and the policy as ``--items`` names it."""
        return f"{getattr(row, 'seq', 0):09d} {row.kind} {row.policy_type}:{row.policy_id}"

    def json_of(self, row: Row) -> dict[str, Any]:
        """Return a finding as JSON."""
        from opsconsole.service.drift import to_difference

        return to_difference(cast("DriftItem", row)).to_json()

    def total(self) -> int | None:
        """Return how many policies differ so far."""
        return self._check.differing if self._check is not None else None

    def stamp(self) -> object:
        """Return how much was found: a count holds until there is more."""
        return self._check.differing if self._check is not None else 0

    def side_titles(self) -> tuple[str, str]:
        """Return what stands above each side."""
        return (f"in set {short_id(self._check.set_id)}" if self._check else "in the set", "live at the check")

    def kind_words(self) -> Mapping[str, str]:
        """Return what new and gone mean here."""
        return _WORDS

    def nothing(self, pen: Pen) -> list[list[Span]]:
        """Return what no difference means: only a whole comparison says that all is the same."""
        check = self._check
        if check is None:
            return []
        run = check.run
        if run.status is not Status.COMPLETED:
            return [
                [("Nothing differs so far.", pen.ink("strong"))],
                [("The check is under way; what differs appears here type by type.", pen.ink("dim"))],
            ]
        if run.outcome is Outcome.FAILED:
            return [
                [("The check failed: nothing is known of the tenant.", pen.ink("bad"))],
                [("o", pen.ink("key")), (" opens its run and says why.", pen.ink("text"))],
            ]
        if check.unknown or run.outcome is not Outcome.SUCCEEDED:
            return [
                [("Nothing differs of what was compared.", pen.ink("strong"))],
                [("What was not compared may well differ.", pen.ink("dim"))],
                [("o", pen.ink("key")), (" opens the run, which names every reason.", pen.ink("text"))],
            ]
        return [
            [("No drift: every policy is assigned as in the set.", pen.ink("good"))],
            [("d", pen.ink("key")), (" compares once more.", pen.ink("text"))],
        ]

    # What is done to it

    def label_of(self, key: Key) -> str:
        """Name what ``d`` does here."""
        return "check again…" if key.id == "drift" else super().label_of(key)

    def why_not(self, key_id: str) -> str | None:
        """Say why the set cannot be compared again, or why nothing can be restored."""
        if self._check is None:
            return None
        if self._set is None and key_id in ("drift", "restore_differing"):
            return "The set of this check is not there any more."
        match key_id:
            case "drift":
                if self._check.run.is_active:
                    return "This check is still under way."
                return drift_orders.why_not_drift(self._set)
            case "restore_differing":
                return None if self._check.changed else "Nothing changed that the set could restore."
            case _:
                return None

    def action_drift(self) -> None:
        """Ask, then compare the set once more."""
        if self._set is not None and not self.refuses("drift"):
            drift_orders.ask_drift(self, self._set)

    def action_restore(self) -> None:
        """Ask, then preview a restore of the set: whole, or of what is marked, or under the cursor."""
        if self._set is None or self.refuses("restore_differing"):
            return
        row = self.current()
        marked = [key.split(" ", 2) for key in self.query_one(WindowTable).marked]
        chosen = tuple(item for _, kind, item in marked if kind == "changed")
        name = ""
        if not marked and row is not None and row.kind == "changed":
            chosen, name = (f"{row.policy_type}:{row.policy_id}",), row.policy_name
        elif len(chosen) == 1:
            name = chosen[0]
        if marked and not chosen:
            self.console_app.say("None of the marked policies changed: new and gone ones cannot be restored.")
            return
        drift_orders.ask_restore(self, self._set, chosen, name)

    def action_run_of(self) -> None:
        """Open the run of this check."""
        from opsconsole.console.screens.run import RunScreen

        self.app.push_screen(RunScreen(self._run_id))

    def copied(self) -> str:
        """Return the policy's id, or the run's."""
        return super().copied() or self._run_id
