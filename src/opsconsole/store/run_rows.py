"""A row of ``operation_runs`` as the domain's value."""

from __future__ import annotations

import json

from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.store.database import Row

SELECT_RUN = (
    "SELECT r.id, r.workspace_id, w.name AS workspace, r.tenant_id, t.name AS tenant, r.type, r.status, r.outcome,"
    " r.run_identity_hash, r.context, r.initiator, r.initiator_name, r.created_at, r.started_at, r.completed_at,"
    " r.updated_at, r.attempt, r.lease_owner, r.lease_epoch, r.lease_expires_at, r.cancel_requested_at, r.retry_of,"
    " r.after_run_id FROM operation_runs r JOIN workspaces w ON w.id = r.workspace_id"
    " LEFT JOIN tenants t ON t.id = r.tenant_id"
)
"""A run with the names of its workspace and tenant."""


def to_run(row: Row) -> OperationRun:
    """Return the run that ``SELECT_RUN`` read, without its failures."""
    values = dict(row)
    values["type"] = RunType(row["type"])
    values["status"] = Status(row["status"])
    values["outcome"] = Outcome(row["outcome"])
    values["context"] = json.loads(row["context"])
    return OperationRun(**values)
