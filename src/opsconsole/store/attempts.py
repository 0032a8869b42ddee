"""Whether the guards hold: each is attacked in a transaction that is rolled back, whatever comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from opsconsole.domain.ids import new_id
from opsconsole.errors import Conflict, OpsError, StoreUnavailable
from opsconsole.store.attempt_rows import PARTS, Ground, insert, prepare, row_of
from opsconsole.store.checks import CheckLine
from opsconsole.store.database import Database, Session

TRUNCATE_WAIT = "200ms"
"""Emptying a table waits for everybody who reads it, and they would wait behind it: not longer than this."""

NO_PRIVILEGE = "42501"
"""Postgres refuses the account before any guard is asked."""

NOT_ENFORCED = "not enforced: what it must refuse was taken"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something a guard must refuse: the line's name, the deed, and a word of the refusal on either database."""

    name: str
    deed: Callable[[Session, Ground], Any]
    sqlite: str
    postgres: str
    only: str = ""


class _Undone(Exception):
    """Ends the transaction without a trace."""


def try_guards(db: Database) -> list[CheckLine]:
    """Return a line for each guard that was attacked; the store is as it was. Raises nothing."""
    lines: list[CheckLine] = []
    try:
        with db.write() as s:
            lines = _try_all(s)
            raise _Undone
    except _Undone:
        return lines
    except OpsError as error:
        return [CheckLine("the guards can be tried", False, str(error))]


def _try_all(s: Session) -> list[CheckLine]:
    ground = prepare(s, new_id)
    lines = [
        CheckLine(
            "enforced: the head moves with its entries", ground.has_moved, "" if ground.has_moved else "it stands"
        )
    ]
    for attempt in ATTEMPTS:
        if attempt.only in ("", s.dialect):
            lines.append(CheckLine(f"enforced: {attempt.name}", *_outcome(s, ground, attempt)))
    return lines


def _outcome(s: Session, ground: Ground, attempt: Attempt) -> tuple[bool, str]:
    s.run("SAVEPOINT attempt")
    try:
        attempt.deed(s, ground)
    except Conflict as refusal:
        wanted = s.pick(sqlite=attempt.sqlite, postgres=attempt.postgres)
        found = (True, "") if wanted in str(refusal) else (False, f"something else refused it: {refusal}")
    except StoreUnavailable as error:
        if getattr(error.__cause__, "sqlstate", None) == NO_PRIVILEGE:
            found = (True, "this account may not even try")
        else:
            found = (attempt.name.startswith("truncate"), f"not tried: {error}")
    else:
        found = (False, NOT_ENFORCED)
    s.run("ROLLBACK TO SAVEPOINT attempt")
    s.run("RELEASE SAVEPOINT attempt")
    return found


def _put(table: str, **bad: Any) -> Callable[[Session, Ground], Any]:
    """Insert a sound record but for ``bad``; a value that names a part of the ground stands for it."""
    return lambda s, ground: insert(s, table, **row_of(table, ground, **ground.named(bad)))


def _do(sql: str) -> Callable[[Session, Ground], Any]:
    def deed(s: Session, ground: Ground) -> None:
        if not s.run(sql, **ground.parameters(sql)):
            raise StoreUnavailable("It met no record.", "Report this.")

    return deed


def _truncate(table: str) -> Callable[[Session, Ground], Any]:
    def deed(s: Session, _: Ground) -> None:
        s.run(f"SET LOCAL lock_timeout = '{TRUNCATE_WAIT}'")
        s.run(f"TRUNCATE {table}")

    return deed


def _entry(**bad: Any) -> Callable[[Session, Ground], Any]:
    """Append an entry that follows the last one but for ``bad``."""
    return lambda s, ground: insert(s, "audit_logs", **ground.next_entry(**ground.named(bad)))


def _scopes() -> Iterator[Attempt]:
    for table, key in PARTS.items():
        name = f"{table}: the tenant is of the record's workspace"
        yield Attempt(name, _put(table, tenant_id="other_tenant"), "FOREIGN KEY", f'"{table}_{key}"')
        name = f"{table}: there is a workspace"
        yield Attempt(
            name, _put(table, workspace_id=None), f"NOT NULL constraint failed: {table}.", f'relation "{table}"'
        )
    for table in (
        "operation_run_failures",
        "operation_run_events",
        "backup_set_types",
        "backup_names",
        "drift_items",
    ):
        name = f"{table}: it is in the workspace of what it belongs to"
        yield Attempt(name, _put(table, workspace_id="other_workspace"), "FOREIGN KEY", f'"{table}_scope"')


FORWARD = "only moves forward"
PLAN = "a plan never changes"
GROWS = "the audit log only grows"
FOLLOWS = "does not follow the last one"
INTENT = "the record of a write does not change"
STAYS = "the record of a write is never removed"

ATTEMPTS: tuple[Attempt, ...] = (
    *_scopes(),
    Attempt(
        "operation_runs: only housekeeping is without a tenant",
        _put("operation_runs", tenant_id=None),
        "operation_runs_tenant",
        "operation_runs_tenant",
    ),
    Attempt(
        "audit_logs: the tenant is of the entry's workspace",
        _entry(tenant_id="other_tenant"),
        "FOREIGN KEY",
        "audit_logs_scope",
    ),
    Attempt(
        "audit_logs: a tenant has a workspace", _entry(workspace_id=None), "audit_logs_tenant", "audit_logs_tenant"
    ),
    Attempt(
        "one active run of an identity",
        _put("operation_runs", run_identity_hash="identity"),
        "operation_runs.run_identity_hash",
        "runs_one_active",
    ),
    Attempt(
        "one active set of an identity",
        _put("backup_sets", identity_hash="identity"),
        "backup_sets.identity_hash",
        "sets_one_active",
    ),
    Attempt(
        "one running restore of a tenant",
        _do("UPDATE operation_runs SET status = 'running' WHERE id = :queued_run"),
        "operation_runs.tenant_id",
        "runs_one_restore",
    ),
    Attempt(
        "a run only moves forward",
        _do("UPDATE operation_runs SET status = 'queued' WHERE id = :running_run"),
        FORWARD,
        FORWARD,
    ),
    Attempt(
        "a run ends once",
        _do("UPDATE operation_runs SET outcome = 'failed' WHERE id = :ended_run"),
        "does not change any more",
        "does not change any more",
    ),
    Attempt(
        "a run that has not ended has no outcome",
        _put("operation_runs", outcome="failed"),
        "operation_runs_ended",
        "operation_runs_ended",
    ),
    Attempt(
        "a run stays what it is about",
        _do("UPDATE operation_runs SET type = 'tenant.check' WHERE id = :queued_run"),
        "what a run is about",
        "what a run is about",
    ),
    Attempt(
        "a run is not replaced",
        _do("INSERT OR REPLACE INTO operation_runs SELECT * FROM operation_runs WHERE id = :queued_run"),
        "a run is never replaced",
        "",
        only="sqlite",
    ),
    Attempt(
        "a plan is not changed", _do("UPDATE restore_runs SET mode = 'add' WHERE id = :planned_restore"), PLAN, PLAN
    ),
    Attempt(
        "a plan's items are not changed",
        _do("UPDATE restore_items SET planned = 'x' WHERE id = :planned_item"),
        PLAN,
        PLAN,
    ),
    Attempt("a plan gets no item", _put("restore_items", restore_run_id="planned_restore"), PLAN, PLAN),
    Attempt("a plan loses no item", _do("DELETE FROM restore_items WHERE id = :other_item"), PLAN, PLAN),
    Attempt(
        "a plan is not replaced",
        _do("INSERT OR REPLACE INTO restore_runs SELECT * FROM restore_runs WHERE id = :planned_restore"),
        PLAN,
        "",
        only="sqlite",
    ),
    Attempt(
        "a write's intent is not changed",
        _do("UPDATE restore_writes SET body = 'x' WHERE run_id = :running_run"),
        INTENT,
        INTENT,
    ),
    Attempt(
        "a write's record is not removed", _do("DELETE FROM restore_writes WHERE run_id = :running_run"), STAYS, STAYS
    ),
    Attempt(
        "a write's record is not replaced",
        _do("INSERT OR REPLACE INTO restore_writes SELECT * FROM restore_writes WHERE run_id = :running_run"),
        INTENT,
        "",
        only="sqlite",
    ),
    Attempt("truncate restore_writes", _truncate("restore_writes"), "", STAYS, only="postgres"),
    Attempt(
        "an audit entry is not changed", _do("UPDATE audit_logs SET actor = 'x' WHERE id = :entry"), "UPDATE", "UPDATE"
    ),
    Attempt("an audit entry is not removed", _do("DELETE FROM audit_logs WHERE id = :entry"), "DELETE", "DELETE"),
    Attempt("truncate audit_logs", _truncate("audit_logs"), "", "TRUNCATE", only="postgres"),
    Attempt(
        "an audit entry is not replaced",
        _do("INSERT OR REPLACE INTO audit_logs SELECT * FROM audit_logs WHERE id = :entry"),
        GROWS,
        "",
        only="sqlite",
    ),
    Attempt("an audit entry follows the last one's hash", _entry(prev_hash="x"), FOLLOWS, FOLLOWS),
    Attempt("an audit entry follows the last one's number", _entry(seq=0), FOLLOWS, FOLLOWS),
    Attempt(
        "an execution is audited once",
        _entry(action="assignments.restore.executed", resource_id="running_run"),
        FOLLOWS,
        "audit_one_execution",
    ),
    Attempt(
        "the audit head moves only with its entries",
        _do("UPDATE audit_head SET hash = 'x'"),
        "moves only",
        "moves only",
    ),
    Attempt("the audit head stays", _do("DELETE FROM audit_head"), "never removed", "never removed"),
    Attempt(
        "there is one audit head", _do("INSERT INTO audit_head VALUES (2, 0, 'x')"), "has one head", "has one head"
    ),
    Attempt("truncate audit_head", _truncate("audit_head"), "", "never removed", only="postgres"),
)
"""Every class of guard, and what it must refuse."""
