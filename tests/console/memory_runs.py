"""What a desk in memory answers about one run: what is around it, its log, and what was ordered to be tried again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from opsconsole.console.desk.runs import RunReport
from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.run import OperationRun
from opsconsole.domain.run_event import RunEvent
from opsconsole.service.restores import Confirmation
from opsconsole.service.runs import FailureGroup
from opsconsole.service.started import Started

if TYPE_CHECKING:
    from opsconsole.domain.backup import BackupSet


@dataclass
class RunsInMemory:
    """Mixed into the desk, which has the lists of everything else."""

    logs: dict[str, list[RunEvent]] = field(default_factory=dict)
    left_writes: int = 7

    if TYPE_CHECKING:
        all_runs: list[OperationRun]
        all_sets: list[BackupSet]
        failures_of: dict[str, list[Failure]]
        related_of: dict[str, dict[str, Any]]
        confirmations: dict[str, Confirmation]
        orders: list[tuple[Any, ...]]

        def run(self, ref: str) -> OperationRun: ...

    def failure_groups(self, ref: str) -> Sequence[FailureGroup]:
        return self.run_report(ref).groups

    def run_report(self, ref: str) -> RunReport:
        run = self.run(ref)
        found = self.failures_of.get(run.id, [])
        counted = Counter((failure.reason, failure.code) for failure in found)
        groups = []
        for (reason, code), count in counted.most_common():
            first = next(one for one in found if (one.reason, one.code) == (reason, code))
            requests = (first.trace.request_id,) if first.trace.request_id else ()
            groups.append(FailureGroup(reason, code, count, first.message, requests))
        related = self.related_of.get(run.id, {})
        sets = [one for one in self.all_sets if one.id == related.get("backup_set")]
        return RunReport(run, groups, related, sets[0] if sets else None, self.logs.get(run.id, []))

    def retry_run(
        self, ref: str, *, reason: Reason | None = None, items: Sequence[str] = (), justification: str = ""
    ) -> Started:
        part = {"reason": reason, "items": tuple(items), "justification": justification}
        self.orders.append(("retry_run", ref, {name: value for name, value in part.items() if value}))
        return Started(True, [self.run(ref)])

    def left_to_write(self, ref: str, reason: Reason | None, items: Sequence[str]) -> Confirmation:
        del reason
        known = self.confirmations[ref]
        return replace(known, changes=len(items) or self.left_writes)

    def run_restore(self, ref: str, plan_hash: str, justification: str = "") -> Started:
        given = (justification,) if justification else ()
        self.orders.append(("run_restore", ref, plan_hash, *given))
        return Started(True, [run for run in self.all_runs if run.inputs.get("restore") == ref][:1])
