-- Tables and indexes, in the SQL that SQLite and Postgres share. Ids are UUIDv7 text, times are UTC text with
-- microseconds, Graph's JSON is TEXT: kept byte for byte. Every constraint that a promise rests on has a name.

CREATE TABLE workspaces (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT workspaces_name_once UNIQUE,
    created_at TEXT NOT NULL
);

CREATE TABLE tenants (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL CONSTRAINT tenants_workspace REFERENCES workspaces (id),
    name TEXT NOT NULL CONSTRAINT tenants_name_once UNIQUE,
    entra_tenant_id TEXT NOT NULL,
    production INTEGER NOT NULL DEFAULT 0 CONSTRAINT tenants_production CHECK (production IN (0, 1)),
    created_at TEXT NOT NULL,
    paused_until TEXT,
    CONSTRAINT tenants_scope_key UNIQUE (workspace_id, id)
);

CREATE TABLE memberships (
    workspace_id TEXT NOT NULL CONSTRAINT memberships_workspace REFERENCES workspaces (id),
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    role TEXT NOT NULL CONSTRAINT memberships_role CHECK (role IN ('readonly', 'operator', 'manager', 'owner')),
    created_at TEXT NOT NULL,
    PRIMARY KEY (workspace_id, actor)
);

CREATE INDEX memberships_by_actor ON memberships (actor, workspace_id);

CREATE TABLE operation_runs (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL CONSTRAINT operation_runs_workspace REFERENCES workspaces (id),
    tenant_id TEXT,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT NOT NULL,
    run_identity_hash TEXT NOT NULL,
    context TEXT NOT NULL,
    initiator TEXT NOT NULL,
    initiator_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    completed_at TEXT,
    updated_at TEXT NOT NULL,
    attempt BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_epoch BIGINT NOT NULL DEFAULT 0,
    lease_expires_at TEXT,
    cancel_requested_at TEXT,
    retry_of TEXT,
    after_run_id TEXT,
    items_total BIGINT NOT NULL DEFAULT 0,
    items_failed BIGINT NOT NULL DEFAULT 0,
    took_ms BIGINT,
    CONSTRAINT operation_runs_scope_key UNIQUE (workspace_id, id),
    CONSTRAINT operation_runs_scope FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id),
    CONSTRAINT operation_runs_retry_of FOREIGN KEY (workspace_id, retry_of)
        REFERENCES operation_runs (workspace_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT operation_runs_after FOREIGN KEY (workspace_id, after_run_id)
        REFERENCES operation_runs (workspace_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT operation_runs_type CHECK (type IN (
        'backup.capture', 'assignments.fetch', 'assignments.preview', 'assignments.restore',
        'assignments.drift', 'tenant.check', 'maintenance.reconcile')),
    CONSTRAINT operation_runs_status CHECK (status IN ('queued', 'running', 'completed')),
    CONSTRAINT operation_runs_outcome CHECK (
        outcome IN ('pending', 'succeeded', 'partially_succeeded', 'failed', 'cancelled')),
    CONSTRAINT operation_runs_ended CHECK ((status = 'completed') = (outcome <> 'pending')),
    CONSTRAINT operation_runs_ended_at CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CONSTRAINT operation_runs_lease CHECK (status = 'running' OR lease_owner IS NULL),
    CONSTRAINT operation_runs_tenant CHECK (tenant_id IS NOT NULL OR type = 'maintenance.reconcile')
);

-- Promise 2: at most one active run of an identity.
CREATE UNIQUE INDEX runs_one_active ON operation_runs (run_identity_hash) WHERE status IN ('queued', 'running');
-- Promise 7: one restore at a time runs on a tenant.
CREATE UNIQUE INDEX runs_one_restore ON operation_runs (tenant_id)
    WHERE type = 'assignments.restore' AND status = 'running';
CREATE INDEX runs_active ON operation_runs (id) WHERE status IN ('queued', 'running');
CREATE INDEX runs_by_state ON operation_runs (workspace_id, outcome, type, created_at, id);
CREATE INDEX runs_by_tenant ON operation_runs (tenant_id, outcome, type, created_at, id);
CREATE INDEX runs_by_initiator ON operation_runs (workspace_id, initiator_name, created_at, id);
CREATE INDEX runs_by_time ON operation_runs (workspace_id, created_at, id);
CREATE INDEX runs_by_last_digits ON operation_runs (substr(id, 33), id);
CREATE INDEX runs_by_predecessor ON operation_runs (after_run_id) WHERE after_run_id IS NOT NULL;
CREATE INDEX runs_by_origin ON operation_runs (retry_of) WHERE retry_of IS NOT NULL;

CREATE TABLE run_counts (
    workspace_id TEXT NOT NULL CONSTRAINT run_counts_workspace REFERENCES workspaces (id),
    tenant_id TEXT,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT run_counts_scope FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id)
);

CREATE TABLE operation_run_failures (
    run_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    workspace_id TEXT NOT NULL,
    code TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    message TEXT NOT NULL,
    subject TEXT NOT NULL,
    graph TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (run_id, seq),
    CONSTRAINT operation_run_failures_scope FOREIGN KEY (workspace_id, run_id)
        REFERENCES operation_runs (workspace_id, id)
);

CREATE INDEX failures_by_reason ON operation_run_failures (reason_code, run_id);

CREATE TABLE backup_sets (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL CONSTRAINT backup_sets_workspace REFERENCES workspaces (id),
    tenant_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    initiator TEXT NOT NULL,
    initiator_name TEXT NOT NULL,
    types TEXT,
    identity_hash TEXT NOT NULL,
    is_active INTEGER NOT NULL DEFAULT 1 CONSTRAINT backup_sets_is_active CHECK (is_active IN (0, 1)),
    capture_run_id TEXT NOT NULL,
    fetch_run_id TEXT NOT NULL,
    CONSTRAINT backup_sets_scope_key UNIQUE (workspace_id, id),
    CONSTRAINT backup_sets_scope FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id),
    CONSTRAINT backup_sets_capture FOREIGN KEY (workspace_id, capture_run_id)
        REFERENCES operation_runs (workspace_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT backup_sets_fetch FOREIGN KEY (workspace_id, fetch_run_id)
        REFERENCES operation_runs (workspace_id, id) DEFERRABLE INITIALLY DEFERRED
);

-- Promise 2, for the backup as a whole: active until its fetch completes.
CREATE UNIQUE INDEX sets_one_active ON backup_sets (identity_hash) WHERE is_active = 1;
CREATE INDEX sets_by_tenant ON backup_sets (tenant_id, id);
CREATE INDEX sets_by_fetch ON backup_sets (fetch_run_id);
CREATE INDEX sets_by_capture ON backup_sets (capture_run_id);
CREATE INDEX sets_by_last_digits ON backup_sets (substr(id, 33), id);

CREATE TABLE backup_set_types (
    set_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    policy_type TEXT NOT NULL,
    status TEXT NOT NULL CONSTRAINT backup_set_types_status CHECK (
        status IN ('pending', 'listed', 'partial', 'failed', 'not_available')),
    listed BIGINT NOT NULL DEFAULT 0,
    fetched BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    skipped BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (set_id, policy_type),
    CONSTRAINT backup_set_types_scope FOREIGN KEY (workspace_id, set_id) REFERENCES backup_sets (workspace_id, id)
);

CREATE TABLE backup_items (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL CONSTRAINT backup_items_workspace REFERENCES workspaces (id),
    tenant_id TEXT NOT NULL,
    set_id TEXT NOT NULL,
    policy_type TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    policy_name TEXT NOT NULL,
    status TEXT NOT NULL CONSTRAINT backup_items_status CHECK (
        status IN ('pending', 'fetched', 'failed', 'skipped')),
    policy TEXT,
    assignments TEXT,
    failure TEXT,
    fetch_run_id TEXT,
    CONSTRAINT backup_items_once UNIQUE (set_id, policy_type, policy_id),
    CONSTRAINT backup_items_fetched CHECK (status <> 'fetched' OR assignments IS NOT NULL),
    CONSTRAINT backup_items_scope FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id),
    CONSTRAINT backup_items_set FOREIGN KEY (workspace_id, set_id) REFERENCES backup_sets (workspace_id, id)
);

CREATE INDEX items_by_status ON backup_items (set_id, status, id);
CREATE INDEX items_by_set ON backup_items (set_id, id);

CREATE TABLE backup_names (
    set_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT backup_names_kind CHECK (kind IN ('group', 'filter')),
    object_id TEXT NOT NULL,
    name TEXT NOT NULL,
    is_gone INTEGER NOT NULL DEFAULT 0 CONSTRAINT backup_names_is_gone CHECK (is_gone IN (0, 1)),
    details TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (set_id, kind, object_id),
    CONSTRAINT backup_names_scope FOREIGN KEY (workspace_id, set_id) REFERENCES backup_sets (workspace_id, id)
);

CREATE TABLE restore_runs (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL CONSTRAINT restore_runs_workspace REFERENCES workspaces (id),
    tenant_id TEXT NOT NULL,
    set_id TEXT,
    mode TEXT NOT NULL CONSTRAINT restore_runs_mode CHECK (mode IN ('exact', 'add', 'remove')),
    plan_hash TEXT,
    status TEXT NOT NULL CONSTRAINT restore_runs_status CHECK (
        status IN ('previewing', 'previewed', 'preview_failed', 'executing', 'completed', 'cancelled')),
    undo_of TEXT,
    preview_run_id TEXT NOT NULL,
    initiator TEXT NOT NULL,
    initiator_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    inputs TEXT NOT NULL,
    unchanged BIGINT NOT NULL DEFAULT 0,
    will_change BIGINT NOT NULL DEFAULT 0,
    blocked BIGINT NOT NULL DEFAULT 0,
    skipped BIGINT NOT NULL DEFAULT 0,
    dangers TEXT NOT NULL DEFAULT '{}',
    CONSTRAINT restore_runs_scope_key UNIQUE (workspace_id, id),
    CONSTRAINT restore_runs_planned CHECK (
        plan_hash IS NOT NULL OR status IN ('previewing', 'preview_failed', 'cancelled')),
    CONSTRAINT restore_runs_scope FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id),
    CONSTRAINT restore_runs_set FOREIGN KEY (workspace_id, set_id) REFERENCES backup_sets (workspace_id, id),
    CONSTRAINT restore_runs_undo_of FOREIGN KEY (workspace_id, undo_of) REFERENCES restore_runs (workspace_id, id),
    CONSTRAINT restore_runs_preview FOREIGN KEY (workspace_id, preview_run_id)
        REFERENCES operation_runs (workspace_id, id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX restores_by_tenant ON restore_runs (tenant_id, id);
CREATE INDEX restores_by_set ON restore_runs (set_id, id);
CREATE INDEX restores_by_preview ON restore_runs (preview_run_id);
CREATE INDEX restores_by_origin ON restore_runs (undo_of) WHERE undo_of IS NOT NULL;
CREATE INDEX restores_by_last_digits ON restore_runs (substr(id, 33), id);

CREATE TABLE restore_executions (
    restore_run_id TEXT NOT NULL,
    run_id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    CONSTRAINT restore_executions_once UNIQUE (restore_run_id, seq),
    CONSTRAINT restore_executions_scope FOREIGN KEY (workspace_id, restore_run_id)
        REFERENCES restore_runs (workspace_id, id),
    CONSTRAINT restore_executions_run FOREIGN KEY (workspace_id, run_id)
        REFERENCES operation_runs (workspace_id, id) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE restore_items (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL CONSTRAINT restore_items_workspace REFERENCES workspaces (id),
    tenant_id TEXT NOT NULL,
    restore_run_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    policy_type TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    policy_name TEXT NOT NULL,
    plan_state TEXT NOT NULL CONSTRAINT restore_items_plan_state CHECK (
        plan_state IN ('unchanged', 'will_change', 'blocked', 'skipped')),
    state TEXT NOT NULL CONSTRAINT restore_items_state CHECK (state IN (
        'unchanged', 'will_change', 'blocked', 'applied', 'failed', 'awaiting_approval', 'skipped')),
    live TEXT,
    planned TEXT,
    added TEXT NOT NULL,
    removed TEXT NOT NULL,
    dangers TEXT NOT NULL,
    unresolved TEXT NOT NULL DEFAULT '[]',
    failure TEXT,
    backup_item_id TEXT,
    source_policy_id TEXT NOT NULL DEFAULT '',
    CONSTRAINT restore_items_once UNIQUE (restore_run_id, policy_type, source_policy_id),
    CONSTRAINT restore_items_order UNIQUE (restore_run_id, seq),
    CONSTRAINT restore_items_scope_key UNIQUE (workspace_id, id),
    CONSTRAINT restore_items_scope FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id),
    CONSTRAINT restore_items_run FOREIGN KEY (workspace_id, restore_run_id)
        REFERENCES restore_runs (workspace_id, id)
);

CREATE TABLE restore_writes (
    run_id TEXT NOT NULL,
    restore_item_id TEXT NOT NULL,
    step BIGINT NOT NULL,
    workspace_id TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT restore_writes_kind CHECK (kind IN ('replace', 'add', 'delete')),
    assignment_id TEXT NOT NULL DEFAULT '',
    before_image TEXT NOT NULL,
    body TEXT NOT NULL,
    after_fingerprint TEXT NOT NULL DEFAULT '',
    approval_code TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CONSTRAINT restore_writes_state CHECK (
        state IN ('intent', 'applied', 'not_applied', 'awaiting_approval', 'unknown')),
    lease_epoch BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    settled_at TEXT,
    PRIMARY KEY (run_id, restore_item_id, step),
    CONSTRAINT restore_writes_scope FOREIGN KEY (workspace_id, run_id) REFERENCES operation_runs (workspace_id, id),
    CONSTRAINT restore_writes_item FOREIGN KEY (workspace_id, restore_item_id)
        REFERENCES restore_items (workspace_id, id)
);

CREATE INDEX writes_by_item ON restore_writes (restore_item_id, created_at, step);
CREATE INDEX writes_unsettled ON restore_writes (run_id) WHERE state = 'intent';

CREATE TABLE drift_items (
    run_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    policy_type TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    policy_name TEXT NOT NULL,
    added TEXT NOT NULL,
    removed TEXT NOT NULL,
    PRIMARY KEY (run_id, seq),
    CONSTRAINT drift_items_scope FOREIGN KEY (workspace_id, run_id) REFERENCES operation_runs (workspace_id, id)
);

CREATE TABLE schedules (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL CONSTRAINT schedules_workspace REFERENCES workspaces (id),
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT schedules_kind CHECK (kind IN ('backup', 'drift')),
    cron TEXT NOT NULL DEFAULT '',
    every TEXT NOT NULL DEFAULT '',
    timezone TEXT NOT NULL DEFAULT 'UTC',
    inputs TEXT NOT NULL DEFAULT '{}',
    paused INTEGER NOT NULL DEFAULT 0 CONSTRAINT schedules_paused CHECK (paused IN (0, 1)),
    initiator TEXT NOT NULL,
    initiator_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    next_fire_at TEXT,
    last_fired_at TEXT,
    last_run_id TEXT,
    last_error TEXT,
    CONSTRAINT schedules_rule CHECK ((cron = '') <> (every = '')),
    CONSTRAINT schedules_scope FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id)
);

CREATE INDEX schedules_due ON schedules (next_fire_at) WHERE paused = 0;

CREATE TABLE engines (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    actor TEXT NOT NULL,
    tenants TEXT NOT NULL,
    only_runs TEXT,
    started_at TEXT NOT NULL,
    heartbeat_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);

CREATE TABLE audit_logs (
    id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL CONSTRAINT audit_logs_seq UNIQUE,
    workspace_id TEXT CONSTRAINT audit_logs_workspace REFERENCES workspaces (id),
    tenant_id TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    details TEXT NOT NULL,
    created_at TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT audit_logs_tenant CHECK (tenant_id IS NULL OR workspace_id IS NOT NULL),
    CONSTRAINT audit_logs_scope FOREIGN KEY (workspace_id, tenant_id) REFERENCES tenants (workspace_id, id)
);

-- Promise 5: one audit entry per execution.
CREATE UNIQUE INDEX audit_one_execution ON audit_logs (action, resource_id)
    WHERE action = 'assignments.restore.executed';
CREATE INDEX audit_by_workspace ON audit_logs (workspace_id, seq);
CREATE INDEX audit_by_action ON audit_logs (action, seq);
CREATE INDEX audit_by_actor ON audit_logs (actor, seq);
CREATE INDEX audit_by_resource ON audit_logs (substr(resource_id, 33), seq);
CREATE INDEX audit_by_last_digits ON audit_logs (substr(id, 33), id);

CREATE TABLE audit_head (
    id INTEGER NOT NULL PRIMARY KEY CONSTRAINT audit_head_one CHECK (id = 1),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO audit_head (id, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
