-- Most runs have no failure at all: in the list by failures those come in the order of time, so that a span of time is
-- sought among them rather than read through.

DROP INDEX runs_by_state_failed;
DROP INDEX runs_by_tenant_failed;
DROP INDEX runs_by_initiator_failed;
CREATE INDEX runs_by_state_failed ON operation_runs (workspace_id, outcome, type, items_failed, created_at, id);
CREATE INDEX runs_by_tenant_failed ON operation_runs (tenant_id, outcome, type, items_failed, created_at, id);
CREATE INDEX runs_by_initiator_failed ON operation_runs (workspace_id, initiator_name, items_failed, created_at, id);
