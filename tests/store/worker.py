"""One of several processes that do the same thing to one store at once; says ready, then waits for the word to start."""

from __future__ import annotations

import sys

from builders import at, new_run
from opsconsole.domain.audit import Action, AuditOutcome
from opsconsole.domain.ids import new_id
from opsconsole.domain.run import RunType
from opsconsole.store import audit, backups, runs
from opsconsole.store.opening import migrate, open_store


def insert_runs(url: str, rounds: int, workspace: str, tenant: str) -> int:
    """Ask for the same runs as everybody else; return how many this process made."""
    made = 0
    with open_store(url) as db:
        for number in range(rounds):
            with db.write() as s:
                run = new_run(workspace, tenant, RunType.CHECK, target=number)
                if runs.insert_run(s, run):
                    made += 1
                elif runs.active_run(s, run.run_identity_hash) is None:
                    raise SystemExit("neither made nor found")
    return made


def insert_sets(url: str, rounds: int, workspace: str, tenant: str) -> int:
    """Ask for the same backups as everybody else; return how many this process made."""
    made = 0
    with open_store(url) as db:
        for number in range(rounds):
            with db.write() as s:
                set_id = new_id()
                capture = new_run(workspace, tenant, RunType.CAPTURE, target=number)
                fetch = new_run(workspace, tenant, RunType.FETCH, target=number, after_run_id=capture.id)
                if backups.insert_set(
                    s,
                    id=set_id,
                    workspace_id=workspace,
                    tenant_id=tenant,
                    created_at=at(),
                    initiator="uid:1",
                    initiator_name="alice",
                    types=None,
                    identity_hash=str(number),
                    capture_run_id=capture.id,
                    fetch_run_id=fetch.id,
                    policy_types=["a"],
                ):
                    made += runs.insert_run(s, capture) and runs.insert_run(s, fetch)
                elif backups.active_set(s, str(number)) is None:
                    raise SystemExit("neither made nor found")
    return made


def append_entries(url: str, rounds: int, *_: str) -> int:
    """Append to the audit log."""
    with open_store(url) as db:
        for _ in range(rounds):
            with db.write() as s:
                audit.append_entry(
                    s,
                    id=new_id(),
                    workspace_id=None,
                    tenant_id=None,
                    actor="uid:1",
                    action=Action.BACKUP_STARTED,
                    resource_type="operation_run",
                    resource_id="r",
                    outcome=AuditOutcome.SUCCEEDED,
                    details={},
                    created_at=at(),
                )
    return rounds


def open_and_migrate(url: str, *_: object) -> int:
    """Make the store, if nobody else did."""
    with open_store(url, create=True) as db:
        migrate(db)
        with db.read() as s:
            return len(s.all("SELECT name FROM schema_migrations"))


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    work = globals()[sys.argv[1]]
    print(work(sys.argv[2], int(sys.argv[3]), *sys.argv[4:]), flush=True)
