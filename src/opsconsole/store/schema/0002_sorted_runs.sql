-- The lists of runs by time taken and by failures: per state, per tenant and per initiator, as those by time.
-- A run that has not ended has no time taken: it counts as -1, so that keyset pages meet no null.

CREATE INDEX runs_by_state_took ON operation_runs (workspace_id, outcome, type, COALESCE(took_ms, -1), id);
CREATE INDEX runs_by_tenant_took ON operation_runs (tenant_id, outcome, type, COALESCE(took_ms, -1), id);
CREATE INDEX runs_by_initiator_took ON operation_runs (workspace_id, initiator_name, COALESCE(took_ms, -1), id);
CREATE INDEX runs_by_state_failed ON operation_runs (workspace_id, outcome, type, items_failed, id);
CREATE INDEX runs_by_tenant_failed ON operation_runs (tenant_id, outcome, type, items_failed, id);
CREATE INDEX runs_by_initiator_failed ON operation_runs (workspace_id, initiator_name, items_failed, id);
