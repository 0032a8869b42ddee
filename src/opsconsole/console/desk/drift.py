"""What screens may ask and order about differences: of a set and its tenant, and of two sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsconsole.domain.difference import DifferenceFilter
    from opsconsole.operations.differences import Difference
    from opsconsole.service.caller import Page
    from opsconsole.service.drift import DriftCheck, DriftItem
    from opsconsole.service.runs import RunQuery
    from opsconsole.service.started import Started


class DriftDesk(Protocol):
    """Drift runs and what they found; two sets and how they differ. Nothing here writes to a tenant."""

    def start_drift(self, set_ref: str) -> Started: ...
    def drifts(
        self, query: RunQuery, limit: int, cursor: str | None, *, backwards: bool = False
    ) -> Page[DriftCheck]: ...
    def count_drifts(self, query: RunQuery) -> int: ...
    def drift_check(self, ref: str) -> DriftCheck: ...
    def differences(self, ref: str, flt: DifferenceFilter, limit: int, cursor: str | None) -> Page[DriftItem]: ...
    def count_differences(self, ref: str, flt: DifferenceFilter) -> Mapping[str, int]: ...
    def set_differences(
        self, first: str, second: str, flt: DifferenceFilter, limit: int, cursor: str | None
    ) -> Page[Difference]: ...
    def count_set_differences(self, first: str, second: str, flt: DifferenceFilter) -> Mapping[str, int]: ...
