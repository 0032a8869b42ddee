"""Differences: each call is one service function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later

if TYPE_CHECKING:
    from opsconsole.domain.difference import DifferenceFilter
    from opsconsole.operations.differences import Difference
    from opsconsole.service import differences, drift
    from opsconsole.service.caller import Page
    from opsconsole.service.drift import DriftCheck, DriftItem
    from opsconsole.service.runs import RunQuery
    from opsconsole.service.started import Started
else:
    differences = Later("opsconsole.service.differences")
    drift = Later("opsconsole.service.drift")


class DriftAtService(AtService):
    """Differences: each call is one service function."""

    def start_drift(self, set_ref: str) -> Started:
        return drift.start_drift(self.caller, set_ref)

    def drifts(self, query: RunQuery, limit: int, cursor: str | None, *, backwards: bool = False) -> Page[DriftCheck]:
        return drift.list_drifts(self.caller, query, limit=limit, cursor=cursor, backwards=backwards)

    def count_drifts(self, query: RunQuery) -> int:
        return drift.count_drifts(self.caller, query)

    def drift_check(self, ref: str) -> DriftCheck:
        return drift.show_drift(self.caller, ref)

    def differences(self, ref: str, flt: DifferenceFilter, limit: int, cursor: str | None) -> Page[DriftItem]:
        return drift.list_differences(self.caller, ref, flt, limit=limit, cursor=cursor)

    def count_differences(self, ref: str, flt: DifferenceFilter) -> Mapping[str, int]:
        return drift.count_differences(self.caller, ref, flt)

    def set_differences(
        self, first: str, second: str, flt: DifferenceFilter, limit: int, cursor: str | None
    ) -> Page[Difference]:
        return differences.list_set_differences(self.caller, first, second, flt, limit=limit, cursor=cursor)

    def count_set_differences(self, first: str, second: str, flt: DifferenceFilter) -> Mapping[str, int]:
        return differences.count_set_differences(self.caller, first, second, flt)
