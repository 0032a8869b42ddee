"""The exit code that stands for how runs ended."""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.cli.ending import EXIT_CONFLICT, EXIT_FAILED, EXIT_PARTLY, EXIT_UNREACHABLE
from opsconsole.domain.failure import Reason
from opsconsole.domain.run import OperationRun, Outcome, RunType

EXIT_CODES: dict[Outcome, int] = {
    Outcome.PENDING: EXIT_FAILED,
    Outcome.SUCCEEDED: 0,
    Outcome.PARTIALLY_SUCCEEDED: EXIT_PARTLY,
    Outcome.FAILED: EXIT_FAILED,
    Outcome.CANCELLED: EXIT_FAILED,
}
"""The exit code of one run's outcome."""

SEVERITY = (0, EXIT_PARTLY, EXIT_FAILED)
"""Of several runs the worst decides: failed is worse than partly done."""


def exit_code_of(runs: Sequence[OperationRun]) -> int:
    """Return the exit code for ``runs`` that have all ended: the worst of theirs, or a more telling one where all failed alike."""
    code = max((EXIT_CODES[run.outcome] for run in runs), key=SEVERITY.index, default=0)
    failed = {run.id for run in runs if run.outcome is Outcome.FAILED}
    # What waited for a failed run says only that: the reason stands there.
    reasons = {failure.reason for run in runs if run.after_run_id not in failed for failure in run.failures}
    if code == EXIT_FAILED and reasons == {Reason.NETWORK_UNREACHABLE}:
        return EXIT_UNREACHABLE
    if reasons == {Reason.CHANGED_SINCE_PREVIEW} and _wrote_nothing(runs):
        return EXIT_CONFLICT
    return code


def _wrote_nothing(runs: Sequence[OperationRun]) -> bool:
    return all(run.type is RunType.RESTORE and run.counters.processed + run.counters.awaiting == 0 for run in runs)
