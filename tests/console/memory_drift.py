"""Differences in memory: drift checks with what they found, and two sets that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from opsconsole.domain.difference import DifferenceFilter
from opsconsole.errors import NotFound
from opsconsole.operations.differences import Difference
from opsconsole.service.caller import Page
from opsconsole.service.drift import DriftCheck, DriftItem
from opsconsole.service.runs import RunQuery
from opsconsole.service.started import Started

from .memory_lists import fitting_runs, page

T = TypeVar("T", Difference, DriftItem)


def fitting(rows: Sequence[T], flt: DifferenceFilter) -> list[T]:
    """Return the rows that a filter lets through."""
    return [
        row
        for row in rows
        if (not flt.kinds or row.kind in flt.kinds)
        and (not flt.types or row.policy_type in flt.types)
        and (not flt.search or flt.search.lower() in row.policy_name.lower())
    ]


@dataclass
class MemoryDrift:
    """The part of the desk that screens of differences ask."""

    checks: list[DriftCheck] = field(default_factory=list)
    findings_of: dict[str, list[DriftItem]] = field(default_factory=dict)
    set_findings: list[Difference] = field(default_factory=list)
    same_in_sets: int = 0

    def start_drift(self, set_ref: str) -> Started:
        self.orders.append(("start_drift", set_ref))  # type: ignore[attr-defined]
        return Started(True, [self.checks[0].run] if self.checks else [])

    def _checks(self, query: RunQuery) -> list[DriftCheck]:
        runs = {run.id for run in fitting_runs([check.run for check in self.checks], query)}
        return [check for check in self.checks if check.run.id in runs]

    def drifts(self, query: RunQuery, limit: int, cursor: str | None, *, backwards: bool = False) -> Page[DriftCheck]:
        self._look()  # type: ignore[attr-defined]
        rows = self._checks(query)
        return page(rows, lambda check: check.run.id, limit, cursor, newest=True, backwards=backwards)

    def count_drifts(self, query: RunQuery) -> int:
        return len(self._checks(query))

    def drift_check(self, ref: str) -> DriftCheck:
        self._look()  # type: ignore[attr-defined]
        for check in self.checks:
            if check.run.id == ref:
                return check
        raise NotFound(f"There is no run {ref!r}.")

    def differences(self, ref: str, flt: DifferenceFilter, limit: int, cursor: str | None) -> Page[DriftItem]:
        self._look()  # type: ignore[attr-defined]
        rows = [row for row in fitting(self.findings_of.get(ref, []), flt) if row.seq > int(cursor or 0)]
        return Page(rows[:limit], str(rows[limit - 1].seq) if len(rows) > limit else None)

    def count_differences(self, ref: str, flt: DifferenceFilter) -> Mapping[str, int]:
        return Counter(row.kind for row in fitting(self.findings_of.get(ref, []), flt))

    def set_differences(
        self, first: str, second: str, flt: DifferenceFilter, limit: int, cursor: str | None
    ) -> Page[Difference]:
        self.asked: Any = (first, second)
        rows = [row for row in fitting(self.set_findings, flt) if row.place > (cursor or "")]
        return Page(rows[:limit], rows[limit - 1].place if len(rows) > limit else None)

    def count_set_differences(self, first: str, second: str, flt: DifferenceFilter) -> Mapping[str, int]:
        counts = Counter(row.kind for row in fitting(self.set_findings, flt))
        return {**{kind: counts[kind] for kind in ("changed", "new", "gone", "unknown")}, "same": self.same_in_sets}
