"""What screens may ask and order about runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from opsconsole.domain.failure import Failure, Reason

if TYPE_CHECKING:
    from opsconsole.domain.backup import BackupSet
    from opsconsole.domain.run import OperationRun
    from opsconsole.domain.run_event import RunEvent
    from opsconsole.service.caller import Page
    from opsconsole.service.runs import FailureGroup, RunQuery
    from opsconsole.service.started import Started


class RunReport(Struct, frozen=True):
    """A run with what its screen shows around it."""

    run: OperationRun
    groups: Sequence[FailureGroup]
    related: Mapping[str, Any]
    backup_set: BackupSet | None = None
    log: Sequence[RunEvent] = ()


class RunsDesk(Protocol):
    """Runs: lists, counts, one with all around it, cancelling and retrying."""

    def runs(
        self, query: RunQuery, limit: int, cursor: str | None, *, backwards: bool = False
    ) -> Page[OperationRun]: ...
    def count_runs(self, query: RunQuery) -> int: ...
    def state_counts(self) -> Mapping[tuple[str, str], int]: ...
    def run(self, ref: str) -> OperationRun: ...
    def failure_groups(self, ref: str) -> Sequence[FailureGroup]: ...
    def run_report(self, ref: str) -> RunReport: ...
    def failures(
        self,
        ref: str,
        reason: Reason | None,
        limit: int,
        cursor: str | None,
        *,
        search: str | None = None,
        backwards: bool = False,
    ) -> Page[tuple[int, Failure]]: ...
    def count_failures(self, ref: str, reason: Reason | None, search: str | None) -> int: ...
    def cancel_run(self, ref: str) -> OperationRun: ...
    def retry_run(
        self, ref: str, *, reason: Reason | None = None, items: Sequence[str] = (), justification: str = ""
    ) -> Started: ...
