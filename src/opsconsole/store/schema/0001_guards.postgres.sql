-- What Postgres itself refuses or keeps (promises 5, 6, 7, and the counts of runs).

CREATE FUNCTION opsconsole_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER runs_forward_only BEFORE UPDATE OF status ON operation_runs FOR EACH ROW
WHEN (NEW.status <> OLD.status AND (OLD.status = 'completed' OR NEW.status = 'queued'))
EXECUTE FUNCTION opsconsole_refuse('a run''s status only moves forward');

CREATE TRIGGER runs_end_once BEFORE UPDATE ON operation_runs FOR EACH ROW
WHEN (OLD.status = 'completed' AND
    (NEW.outcome, NEW.completed_at, NEW.lease_owner, NEW.lease_epoch, NEW.lease_expires_at)
    IS DISTINCT FROM (OLD.outcome, OLD.completed_at, OLD.lease_owner, OLD.lease_epoch, OLD.lease_expires_at))
EXECUTE FUNCTION opsconsole_refuse('a completed run does not change any more');

CREATE TRIGGER runs_keep_identity BEFORE UPDATE ON operation_runs FOR EACH ROW
WHEN ((NEW.id, NEW.workspace_id, NEW.tenant_id, NEW.type, NEW.run_identity_hash)
    IS DISTINCT FROM (OLD.id, OLD.workspace_id, OLD.tenant_id, OLD.type, OLD.run_identity_hash))
EXECUTE FUNCTION opsconsole_refuse('what a run is about does not change');

CREATE FUNCTION opsconsole_release_set() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE backup_sets SET is_active = 0 WHERE fetch_run_id = NEW.id AND is_active = 1;
    RETURN NULL;
END $$;

CREATE TRIGGER runs_release_set AFTER UPDATE OF status ON operation_runs FOR EACH ROW
WHEN (NEW.status = 'completed' AND OLD.status <> 'completed' AND NEW.type = 'assignments.fetch')
EXECUTE FUNCTION opsconsole_release_set();

-- Counts are appended as rows of +n and -n and folded now and then: one row per state would be hot, and deadlock.
CREATE INDEX run_counts_by_state ON run_counts (workspace_id, tenant_id, type, status, outcome);

CREATE FUNCTION opsconsole_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO run_counts (workspace_id, tenant_id, type, status, outcome, n)
    SELECT workspace_id, tenant_id, type, status, outcome, count(*)
    FROM added GROUP BY workspace_id, tenant_id, type, status, outcome;
    RETURN NULL;
END $$;

CREATE FUNCTION opsconsole_count_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO run_counts (workspace_id, tenant_id, type, status, outcome, n) VALUES
        (OLD.workspace_id, OLD.tenant_id, OLD.type, OLD.status, OLD.outcome, -1),
        (NEW.workspace_id, NEW.tenant_id, NEW.type, NEW.status, NEW.outcome, 1);
    RETURN NULL;
END $$;

CREATE FUNCTION opsconsole_count_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO run_counts (workspace_id, tenant_id, type, status, outcome, n)
    VALUES (OLD.workspace_id, OLD.tenant_id, OLD.type, OLD.status, OLD.outcome, -1);
    RETURN NULL;
END $$;

CREATE TRIGGER runs_count_insert AFTER INSERT ON operation_runs REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION opsconsole_count_added();

CREATE TRIGGER runs_count_update AFTER UPDATE OF status, outcome ON operation_runs FOR EACH ROW
WHEN (NEW.status <> OLD.status OR NEW.outcome <> OLD.outcome)
EXECUTE FUNCTION opsconsole_count_moved();

CREATE TRIGGER runs_count_delete AFTER DELETE ON operation_runs FOR EACH ROW
EXECUTE FUNCTION opsconsole_count_gone();

CREATE TRIGGER restores_keep_plan BEFORE UPDATE ON restore_runs FOR EACH ROW
WHEN (OLD.plan_hash IS NOT NULL AND
    (NEW.plan_hash, NEW.mode, NEW.set_id, NEW.unchanged, NEW.will_change, NEW.blocked, NEW.skipped, NEW.dangers, NEW.inputs,
        NEW.tenant_id, NEW.undo_of)
    IS DISTINCT FROM
    (OLD.plan_hash, OLD.mode, OLD.set_id, OLD.unchanged, OLD.will_change, OLD.blocked, OLD.skipped, OLD.dangers, OLD.inputs,
        OLD.tenant_id, OLD.undo_of))
EXECUTE FUNCTION opsconsole_refuse('a plan never changes once it is made');

CREATE TRIGGER restore_items_keep_plan BEFORE UPDATE ON restore_items FOR EACH ROW
WHEN ((NEW.id, NEW.workspace_id, NEW.tenant_id, NEW.restore_run_id, NEW.seq, NEW.policy_type, NEW.policy_id,
        NEW.policy_name, NEW.plan_state, NEW.live, NEW.planned, NEW.added, NEW.removed, NEW.dangers,
        NEW.unresolved, NEW.backup_item_id, NEW.source_policy_id)
    IS DISTINCT FROM
    (OLD.id, OLD.workspace_id, OLD.tenant_id, OLD.restore_run_id, OLD.seq, OLD.policy_type, OLD.policy_id,
        OLD.policy_name, OLD.plan_state, OLD.live, OLD.planned, OLD.added, OLD.removed, OLD.dangers,
        OLD.unresolved, OLD.backup_item_id, OLD.source_policy_id))
EXECUTE FUNCTION opsconsole_refuse('a plan never changes once it is made');

CREATE FUNCTION opsconsole_keep_plan_items() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    restore text := CASE TG_OP WHEN 'INSERT' THEN NEW.restore_run_id ELSE OLD.restore_run_id END;
BEGIN
    PERFORM 1 FROM restore_runs WHERE id = restore AND plan_hash IS NOT NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'a plan never changes once it is made' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'INSERT' THEN NEW ELSE OLD END;
END $$;

CREATE TRIGGER restore_items_join_no_plan BEFORE INSERT ON restore_items FOR EACH ROW
EXECUTE FUNCTION opsconsole_keep_plan_items();

CREATE TRIGGER restore_items_leave_no_plan BEFORE DELETE ON restore_items FOR EACH ROW
EXECUTE FUNCTION opsconsole_keep_plan_items();

CREATE TRIGGER writes_keep_intent BEFORE UPDATE ON restore_writes FOR EACH ROW
WHEN ((NEW.run_id, NEW.restore_item_id, NEW.step, NEW.before_image, NEW.body, NEW.kind)
    IS DISTINCT FROM (OLD.run_id, OLD.restore_item_id, OLD.step, OLD.before_image, OLD.body, OLD.kind))
EXECUTE FUNCTION opsconsole_refuse('the record of a write does not change');

CREATE TRIGGER writes_stay BEFORE DELETE ON restore_writes FOR EACH ROW
EXECUTE FUNCTION opsconsole_refuse('the record of a write is never removed');

CREATE TRIGGER writes_no_truncate BEFORE TRUNCATE ON restore_writes FOR EACH STATEMENT
EXECUTE FUNCTION opsconsole_refuse('the record of a write is never removed');

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_logs FOR EACH ROW
EXECUTE FUNCTION opsconsole_refuse('the audit log only grows: UPDATE is refused');

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_logs FOR EACH ROW
EXECUTE FUNCTION opsconsole_refuse('the audit log only grows: DELETE is refused');

CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_logs FOR EACH STATEMENT
EXECUTE FUNCTION opsconsole_refuse('the audit log only grows: TRUNCATE is refused');

CREATE FUNCTION opsconsole_audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM audit_head WHERE id = 1 AND seq = NEW.seq - 1 AND hash = NEW.prev_hash FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the audit log only grows: the entry does not follow the last one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER audit_append_only BEFORE INSERT ON audit_logs FOR EACH ROW
EXECUTE FUNCTION opsconsole_audit_append();

CREATE FUNCTION opsconsole_audit_advance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash WHERE id = 1;
    RETURN NULL;
END $$;

CREATE TRIGGER audit_advance_head AFTER INSERT ON audit_logs FOR EACH ROW
EXECUTE FUNCTION opsconsole_audit_advance();

CREATE FUNCTION opsconsole_audit_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM audit_logs
    WHERE NEW.id = OLD.id AND NEW.seq = OLD.seq + 1
        AND seq = NEW.seq AND hash = NEW.hash AND prev_hash = OLD.hash;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the head of the audit log moves only with its entries'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER audit_head_step BEFORE UPDATE ON audit_head FOR EACH ROW
EXECUTE FUNCTION opsconsole_audit_step();

CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head FOR EACH ROW
EXECUTE FUNCTION opsconsole_refuse('the head of the audit log is never removed');

CREATE TRIGGER audit_head_once BEFORE INSERT ON audit_head FOR EACH ROW
EXECUTE FUNCTION opsconsole_refuse('the audit log has one head');

CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT
EXECUTE FUNCTION opsconsole_refuse('the head of the audit log is never removed');

-- Also where session_replication_role would switch ordinary triggers off.
ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_no_update;
ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_no_delete;
ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_no_truncate;
ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_append_only;
ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_advance_head;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_step;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_stays;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_once;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_no_truncate;
