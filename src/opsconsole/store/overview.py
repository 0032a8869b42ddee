"""What a glance needs: a day's runs and failures, the newest runs and sets of a tenant, through indexes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsconsole.domain.run import OperationRun, Outcome, RunType
from opsconsole.store.database import Session, bind_list, chunks
from opsconsole.store.run_rows import SELECT_RUN, to_run

RECENT_SETS = 100
"""Among so many of a tenant's newest sets a complete one is looked for: months of daily backups, a millisecond."""

MAX_OPEN = 1000
"""So many runs with something left are counted; a tenant with more has one problem, not a thousand."""

ENDED = (Outcome.SUCCEEDED, Outcome.PARTIALLY_SUCCEEDED, Outcome.FAILED)
"""Outcomes that say something about the tenant; a cancelled run says something about its operator."""

UNDONE = (Outcome.PARTIALLY_SUCCEEDED, Outcome.FAILED)
"""Outcomes that may leave something to do."""


@dataclass(frozen=True, slots=True)
class SetMark:
    """A set by its id, and when it was made."""

    id: str
    created_at: str


def outcomes_since(s: Session, workspace_ids: Sequence[str], since: str) -> dict[tuple[str, str], int]:
    """Return how many runs were asked for since then, by type and outcome."""
    found: dict[tuple[str, str], int] = {}
    for workspace_id, outcome, run_type in _kinds(s, workspace_ids):
        row = s.one(
            f"SELECT COUNT(*) AS n FROM operation_runs r{s.index('runs_by_state')} WHERE {_OF_KIND}",
            workspace=workspace_id,
            outcome=outcome,
            type=run_type,
            since=since,
        )
        if row and row["n"]:
            found[run_type, outcome] = found.get((run_type, outcome), 0) + int(row["n"])
    return found


def processed_since(s: Session, workspace_ids: Sequence[str], run_type: RunType, since: str) -> int:
    """Return how many items the runs of a type that were asked for since then have processed."""
    processed = s.pick(
        sqlite="json_extract(r.context, '$.counters.processed')",
        postgres="CAST(CAST(r.context AS jsonb) #>> '{counters,processed}' AS BIGINT)",
    )
    total = 0
    for workspace_id, outcome, kind in _kinds(s, workspace_ids):
        if kind == run_type.value:
            row = s.one(
                f"SELECT CAST(COALESCE(SUM({processed}), 0) AS BIGINT) AS n FROM operation_runs r"
                f"{s.index('runs_by_state')} WHERE {_OF_KIND}",
                workspace=workspace_id,
                outcome=outcome,
                type=kind,
                since=since,
            )
            total += int((row or {"n": 0})["n"])
    return total


def failures_since(s: Session, workspace_ids: Sequence[str], reasons: Sequence[str], since: str) -> dict[str, int]:
    """Return how many failures there are by reason, in the runs that were asked for since then and ended with some."""
    ids: set[str] = set()
    for workspace_id, outcome, run_type in _kinds(s, workspace_ids):
        if outcome in UNDONE:
            rows = s.all(
                f"SELECT r.id FROM operation_runs r{s.index('runs_by_state')} WHERE {_OF_KIND}",
                workspace=workspace_id,
                outcome=outcome,
                type=run_type,
                since=since,
            )
            ids.update(row["id"] for row in rows)
    found: dict[str, int] = {}
    if not ids:
        return found
    for reason in reasons:
        # Ids sort by time: the walk along the index begins at the first of these runs.
        rows = s.all(
            f"SELECT f.run_id, COUNT(*) AS n FROM operation_run_failures f{s.index('failures_by_reason')}"
            " WHERE f.reason_code = :reason AND f.run_id >= :first GROUP BY f.run_id",
            reason=reason,
            first=min(ids),
        )
        if count := sum(int(row["n"]) for row in rows if row["run_id"] in ids):
            found[reason] = count
    return found


def newest_ended(s: Session, tenant_id: str, types: Sequence[RunType]) -> dict[RunType, OperationRun]:
    """Return a tenant's newest run of each type that ended by itself."""
    parts: list[str] = []
    params = {"tenant": tenant_id}
    for i, run_type in enumerate(types):
        params[f"type{i}"] = run_type.value
        for outcome in ENDED:
            parts.append(
                "SELECT * FROM (SELECT r.id, r.type, r.created_at FROM operation_runs r"
                f"{s.index('runs_by_tenant')} WHERE r.tenant_id = :tenant AND r.outcome = '{outcome.value}'"
                f" AND r.type = :type{i} ORDER BY r.created_at DESC, r.id DESC LIMIT 1) AS b{len(parts)}"
            )
    newest: dict[str, tuple[str, str]] = {}
    for row in s.all(" UNION ALL ".join(parts), **params) if parts else []:
        mark = (row["created_at"], row["id"])
        newest[row["type"]] = max(newest.get(row["type"], mark), mark)
    found = _runs(s, [run_id for _, run_id in newest.values()])
    return {run.type: run for run in found}


def open_runs(
    s: Session, tenant_id: str, types: Sequence[RunType], since: str, *, limit: int
) -> tuple[list[OperationRun], int]:
    """Return a tenant's newest runs since then that left something, not retried and not undone since, and how many there are.

    They are counted up to ``MAX_OPEN``.
    """
    ids: list[tuple[str, str]] = []
    for run_type in types:
        for outcome in UNDONE:
            rows = s.all(
                f"SELECT r.id, r.created_at FROM operation_runs r{s.index('runs_by_tenant')}"
                " WHERE r.tenant_id = :tenant AND r.outcome = :outcome AND r.type = :type AND r.created_at >= :since"
                " AND NOT EXISTS (SELECT 1 FROM operation_runs n WHERE n.retry_of = r.id)"
                " AND NOT EXISTS (SELECT 1 FROM restore_executions e JOIN restore_runs u ON u.undo_of = e.restore_run_id"
                " WHERE e.run_id = r.id AND u.status = 'completed')"
                " ORDER BY r.created_at DESC, r.id DESC LIMIT :limit",
                tenant=tenant_id,
                outcome=outcome.value,
                type=run_type.value,
                since=since,
                limit=MAX_OPEN,
            )
            ids += [(row["created_at"], row["id"]) for row in rows]
    ids.sort(reverse=True)
    return _runs(s, [run_id for _, run_id in ids[:limit]]), min(len(ids), MAX_OPEN)


def newest_set(s: Session, tenant_id: str) -> SetMark | None:
    """Return a tenant's newest set that is settled: of all types where there is one, else of some."""
    return _mark(s, tenant_id, "")


def newest_complete_set(s: Session, tenant_id: str) -> SetMark | None:
    """Return a tenant's newest set that lacks nothing: of all types where there is one, else of some."""
    return _mark(
        s,
        tenant_id,
        " AND EXISTS (SELECT 1 FROM backup_set_types x WHERE x.set_id = b0.id)"
        " AND NOT EXISTS (SELECT 1 FROM backup_set_types x WHERE x.set_id = b0.id"
        " AND (x.status IN ('failed', 'partial', 'pending') OR x.listed <> x.fetched))",
    )


def is_being_backed_up(s: Session, tenant_id: str) -> bool:
    """Tell whether one of the tenant's newest sets is not settled yet."""
    rows = s.all(
        "SELECT is_active FROM backup_sets WHERE tenant_id = :tenant ORDER BY id DESC LIMIT 5", tenant=tenant_id
    )
    return any(row["is_active"] for row in rows)


_OF_KIND = "r.workspace_id = :workspace AND r.outcome = :outcome AND r.type = :type AND r.created_at >= :since"

_RECENT = (
    "(SELECT id, created_at, types FROM backup_sets WHERE tenant_id = :tenant AND is_active = 0"
    " ORDER BY id DESC LIMIT :recent)"
)


def _mark(s: Session, tenant_id: str, condition: str) -> SetMark | None:
    for whole in (" AND b0.types IS NULL", ""):
        row = s.one(
            f"SELECT b0.id, b0.created_at FROM {_RECENT} AS b0 WHERE 1 = 1{whole}{condition} ORDER BY b0.id DESC LIMIT 1",
            tenant=tenant_id,
            recent=RECENT_SETS,
        )
        if row:
            return SetMark(row["id"], row["created_at"])
    return None


def _kinds(s: Session, workspace_ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return workspace, outcome and type of the runs that there are at all, from the kept counts."""
    names, params = bind_list("w", list(workspace_ids))
    rows = s.all(
        "SELECT workspace_id, outcome, type, CAST(SUM(n) AS BIGINT) AS n FROM run_counts"
        f" WHERE workspace_id IN ({names}) GROUP BY workspace_id, outcome, type",
        **params,
    )
    return [(row["workspace_id"], row["outcome"], row["type"]) for row in rows if row["n"]]


def _runs(s: Session, ids: Sequence[str]) -> list[OperationRun]:
    found: dict[str, OperationRun] = {}
    for part in chunks(ids):
        names, params = bind_list("i", part)
        found |= {row["id"]: to_run(row) for row in s.all(f"{SELECT_RUN} WHERE r.id IN ({names})", **params)}
    return [found[run_id] for run_id in ids if run_id in found]
