-- What SQLite itself refuses or keeps (promises 5, 6, 7, and the counts of runs).

CREATE TRIGGER runs_forward_only BEFORE UPDATE OF status ON operation_runs
WHEN NEW.status <> OLD.status AND (OLD.status = 'completed' OR NEW.status = 'queued')
BEGIN
    SELECT RAISE(ABORT, 'a run''s status only moves forward');
END;

CREATE TRIGGER runs_end_once BEFORE UPDATE ON operation_runs
WHEN OLD.status = 'completed' AND (
    NEW.outcome IS NOT OLD.outcome OR NEW.completed_at IS NOT OLD.completed_at
    OR NEW.lease_owner IS NOT OLD.lease_owner OR NEW.lease_epoch IS NOT OLD.lease_epoch
    OR NEW.lease_expires_at IS NOT OLD.lease_expires_at)
BEGIN
    SELECT RAISE(ABORT, 'a completed run does not change any more');
END;

CREATE TRIGGER runs_keep_identity BEFORE UPDATE ON operation_runs
WHEN NEW.id IS NOT OLD.id OR NEW.workspace_id IS NOT OLD.workspace_id OR NEW.tenant_id IS NOT OLD.tenant_id
    OR NEW.type IS NOT OLD.type OR NEW.run_identity_hash IS NOT OLD.run_identity_hash
BEGIN
    SELECT RAISE(ABORT, 'what a run is about does not change');
END;

-- INSERT OR REPLACE deletes without firing a trigger where recursive_triggers is off.
CREATE TRIGGER runs_insert_once BEFORE INSERT ON operation_runs
WHEN EXISTS (SELECT 1 FROM operation_runs WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a run is never replaced');
END;

CREATE TRIGGER runs_release_set AFTER UPDATE OF status ON operation_runs
WHEN NEW.status = 'completed' AND OLD.status <> 'completed' AND NEW.type = 'assignments.fetch'
BEGIN
    UPDATE backup_sets SET is_active = 0 WHERE fetch_run_id = NEW.id AND is_active = 1;
END;

CREATE UNIQUE INDEX run_counts_once ON run_counts (workspace_id, COALESCE(tenant_id, ''), type, status, outcome);

CREATE TRIGGER runs_count_insert AFTER INSERT ON operation_runs
BEGIN
    INSERT INTO run_counts (workspace_id, tenant_id, type, status, outcome, n)
    VALUES (NEW.workspace_id, NEW.tenant_id, NEW.type, NEW.status, NEW.outcome, 1)
    ON CONFLICT (workspace_id, COALESCE(tenant_id, ''), type, status, outcome) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER runs_count_update AFTER UPDATE OF status, outcome ON operation_runs
WHEN NEW.status <> OLD.status OR NEW.outcome <> OLD.outcome
BEGIN
    UPDATE run_counts SET n = n - 1
    WHERE workspace_id = OLD.workspace_id AND COALESCE(tenant_id, '') = COALESCE(OLD.tenant_id, '')
        AND type = OLD.type AND status = OLD.status AND outcome = OLD.outcome;
    INSERT INTO run_counts (workspace_id, tenant_id, type, status, outcome, n)
    VALUES (NEW.workspace_id, NEW.tenant_id, NEW.type, NEW.status, NEW.outcome, 1)
    ON CONFLICT (workspace_id, COALESCE(tenant_id, ''), type, status, outcome) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER runs_count_delete AFTER DELETE ON operation_runs
BEGIN
    UPDATE run_counts SET n = n - 1
    WHERE workspace_id = OLD.workspace_id AND COALESCE(tenant_id, '') = COALESCE(OLD.tenant_id, '')
        AND type = OLD.type AND status = OLD.status AND outcome = OLD.outcome;
END;

CREATE TRIGGER restores_keep_plan BEFORE UPDATE ON restore_runs
WHEN OLD.plan_hash IS NOT NULL AND (
    NEW.plan_hash IS NOT OLD.plan_hash OR NEW.mode IS NOT OLD.mode OR NEW.set_id IS NOT OLD.set_id
    OR NEW.unchanged IS NOT OLD.unchanged OR NEW.will_change IS NOT OLD.will_change
    OR NEW.blocked IS NOT OLD.blocked OR NEW.skipped IS NOT OLD.skipped OR NEW.dangers IS NOT OLD.dangers OR NEW.inputs IS NOT OLD.inputs
    OR NEW.tenant_id IS NOT OLD.tenant_id OR NEW.undo_of IS NOT OLD.undo_of)
BEGIN
    SELECT RAISE(ABORT, 'a plan never changes once it is made');
END;

CREATE TRIGGER restores_insert_once BEFORE INSERT ON restore_runs
WHEN EXISTS (SELECT 1 FROM restore_runs WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a plan never changes once it is made');
END;

CREATE TRIGGER restore_items_keep_plan BEFORE UPDATE ON restore_items
WHEN NEW.id IS NOT OLD.id OR NEW.workspace_id IS NOT OLD.workspace_id OR NEW.tenant_id IS NOT OLD.tenant_id
    OR NEW.restore_run_id IS NOT OLD.restore_run_id OR NEW.seq IS NOT OLD.seq
    OR NEW.policy_type IS NOT OLD.policy_type OR NEW.policy_id IS NOT OLD.policy_id
    OR NEW.policy_name IS NOT OLD.policy_name OR NEW.plan_state IS NOT OLD.plan_state
    OR NEW.live IS NOT OLD.live OR NEW.planned IS NOT OLD.planned OR NEW.added IS NOT OLD.added
    OR NEW.removed IS NOT OLD.removed OR NEW.dangers IS NOT OLD.dangers OR NEW.unresolved IS NOT OLD.unresolved
    OR NEW.backup_item_id IS NOT OLD.backup_item_id OR NEW.source_policy_id IS NOT OLD.source_policy_id
BEGIN
    SELECT RAISE(ABORT, 'a plan never changes once it is made');
END;

CREATE TRIGGER restore_items_join_no_plan BEFORE INSERT ON restore_items
WHEN EXISTS (SELECT 1 FROM restore_runs WHERE id = NEW.restore_run_id AND plan_hash IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'a plan never changes once it is made');
END;

CREATE TRIGGER restore_items_leave_no_plan BEFORE DELETE ON restore_items
WHEN EXISTS (SELECT 1 FROM restore_runs WHERE id = OLD.restore_run_id AND plan_hash IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'a plan never changes once it is made');
END;

CREATE TRIGGER writes_keep_intent BEFORE UPDATE ON restore_writes
WHEN NEW.run_id IS NOT OLD.run_id OR NEW.restore_item_id IS NOT OLD.restore_item_id OR NEW.step IS NOT OLD.step
    OR NEW.before_image IS NOT OLD.before_image OR NEW.body IS NOT OLD.body OR NEW.kind IS NOT OLD.kind
BEGIN
    SELECT RAISE(ABORT, 'the record of a write does not change');
END;

CREATE TRIGGER writes_insert_once BEFORE INSERT ON restore_writes
WHEN EXISTS (SELECT 1 FROM restore_writes
    WHERE run_id = NEW.run_id AND restore_item_id = NEW.restore_item_id AND step = NEW.step)
BEGIN
    SELECT RAISE(ABORT, 'the record of a write does not change');
END;

CREATE TRIGGER writes_stay BEFORE DELETE ON restore_writes
BEGIN
    SELECT RAISE(ABORT, 'the record of a write is never removed');
END;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_logs
BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows: UPDATE is refused');
END;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_logs
BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows: DELETE is refused');
END;

-- Also stops INSERT OR REPLACE, whose deletion fires no trigger where recursive_triggers is off.
CREATE TRIGGER audit_append_only BEFORE INSERT ON audit_logs
WHEN EXISTS (SELECT 1 FROM audit_logs WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM audit_logs WHERE seq = NEW.seq)
    OR (NEW.action = 'assignments.restore.executed' AND EXISTS (
        SELECT 1 FROM audit_logs
        WHERE action = 'assignments.restore.executed' AND resource_id = NEW.resource_id))
    OR NOT EXISTS (SELECT 1 FROM audit_head WHERE id = 1 AND seq = NEW.seq - 1 AND hash = NEW.prev_hash)
BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows: the entry does not follow the last one');
END;

CREATE TRIGGER audit_advance_head AFTER INSERT ON audit_logs
BEGIN
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash WHERE id = 1;
END;

CREATE TRIGGER audit_head_step BEFORE UPDATE ON audit_head
WHEN NEW.id IS NOT OLD.id OR NEW.seq IS NOT OLD.seq + 1
    OR NOT EXISTS (SELECT 1 FROM audit_logs WHERE seq = NEW.seq AND hash = NEW.hash AND prev_hash = OLD.hash)
BEGIN
    SELECT RAISE(ABORT, 'the head of the audit log moves only with its entries');
END;

CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'the head of the audit log is never removed');
END;

CREATE TRIGGER audit_head_once BEFORE INSERT ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'the audit log has one head');
END;
