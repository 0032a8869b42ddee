-- The log of a run: a line for each thing worth telling, repeated ones folded into one line by whoever writes them.
CREATE TABLE operation_run_events (
    run_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    workspace_id TEXT NOT NULL,
    at TEXT NOT NULL,
    ended_at TEXT,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    times BIGINT NOT NULL DEFAULT 1,
    data TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (run_id, seq),
    CONSTRAINT operation_run_events_scope FOREIGN KEY (workspace_id, run_id)
        REFERENCES operation_runs (workspace_id, id)
);

-- Groups of failures and their pages, also where a run has fifty thousand of them.
CREATE INDEX failures_of_run ON operation_run_failures (run_id, reason_code, seq, code);
