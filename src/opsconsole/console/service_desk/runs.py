"""Runs: each call is one service function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opsconsole.console.desk.runs import RunReport
from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later
from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.run import OperationRun
from opsconsole.errors import NotFound
from opsconsole.service import runs
from opsconsole.service.caller import Page

if TYPE_CHECKING:
    from opsconsole.service import backups, counts, retries
    from opsconsole.service.runs import FailureGroup, RunQuery
    from opsconsole.service.started import Started
else:
    backups = Later("opsconsole.service.backups")
    counts = Later("opsconsole.service.counts")
    retries = Later("opsconsole.service.retries")


class RunsAtService(AtService):
    """Runs: each call is one service function."""

    def runs(self, query: RunQuery, limit: int, cursor: str | None, *, backwards: bool = False) -> Page[OperationRun]:
        return runs.list_runs(self.caller, query, limit=limit, cursor=cursor, backwards=backwards)

    def count_runs(self, query: RunQuery) -> int:
        return runs.count_runs(self.caller, query)

    def state_counts(self) -> Mapping[tuple[str, str], int]:
        return runs.state_counts(self.caller)

    def run(self, ref: str) -> OperationRun:
        return runs.show_run(self.caller, ref, with_failures=False)

    def failure_groups(self, ref: str) -> Sequence[FailureGroup]:
        return runs.failure_groups(self.caller, ref)

    def run_report(self, ref: str) -> RunReport:
        run = runs.show_run(self.caller, ref, with_failures=False)
        groups = runs.failure_groups(self.caller, run.id)
        related = runs.related(self.caller, run.id)
        backup_set = None
        if set_id := related.get("backup_set"):
            try:
                backup_set = backups.show_set(self.caller, str(set_id))
            except NotFound:
                backup_set = None
        return RunReport(run, groups, related, backup_set, runs.run_log(self.caller, run.id))

    def failures(
        self,
        ref: str,
        reason: Reason | None,
        limit: int,
        cursor: str | None,
        *,
        search: str | None = None,
        backwards: bool = False,
    ) -> Page[tuple[int, Failure]]:
        at = int(cursor) if cursor else None
        found = runs.list_failures(
            self.caller,
            ref,
            reason=reason,
            search=search,
            limit=limit,
            after_seq=at or 0,
            before_seq=at,
            backwards=backwards,
        )
        return Page(found, str(found[0 if backwards else -1][0]) if len(found) == limit else None)

    def count_failures(self, ref: str, reason: Reason | None, search: str | None) -> int:
        return counts.count_failures(self.caller, ref, reason=reason, search=search)

    def cancel_run(self, ref: str) -> OperationRun:
        return runs.cancel_run(self.caller, ref)

    def retry_run(
        self, ref: str, *, reason: Reason | None = None, items: Sequence[str] = (), justification: str = ""
    ) -> Started:
        return retries.retry_run(self.caller, ref, reason=reason, items=items, justification=justification)
