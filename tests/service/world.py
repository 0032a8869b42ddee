"""A store with people of every role in it, and the things they may ask for, made by the service as its owner would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from builders import ALICE, at, listed_items, make_place, make_run, plan_items
from opsconsole.config import AuthConfig, Config, SecretSource, TenantConfig
from opsconsole.domain.access import Actor, Role
from opsconsole.domain.backup import BackupSet, ItemStatus, TypeStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.ids import new_id
from opsconsole.domain.plan import fingerprint
from opsconsole.domain.restore import ItemState, RestoreRun, RestoreWrite, StepKind, WriteState
from opsconsole.domain.run import OperationRun, Outcome, RunType
from opsconsole.domain.schedule import Rule, Schedule, ScheduleKind
from opsconsole.engine.scheduler import next_fire
from opsconsole.operations.completion import complete_run
from opsconsole.service import backups, drift, restores, runs, schedules, tenants
from opsconsole.service.caller import Caller
from opsconsole.store import access
from opsconsole.store import backups as stored_backups
from opsconsole.store import restores as stored_restores
from opsconsole.store import runs as stored_runs
from opsconsole.store.database import Database, Row

ENTRA_ID = "11111111-2222-3333-4444-555555555555"
"""The tenant id that the builders register tenants with."""

STRANGER = Actor("uid:2001", "bob")
"""A member of nothing."""

OUTSIDER = Actor("uid:2002", "olga")
"""The owner of another workspace, and no member of the one that is looked at."""

OF_ROLE = {role: Actor(f"uid:30{number:02}", role.value) for number, role in enumerate(Role)}
"""A member of each role."""

DEVICE = "deviceConfiguration"
"""The policy type of most items."""

TABLES = (
    "workspaces",
    "tenants",
    "memberships",
    "backup_sets",
    "backup_set_types",
    "backup_items",
    "backup_names",
    "operation_runs",
    "operation_run_failures",
    "run_counts",
    "restore_runs",
    "restore_items",
    "restore_executions",
    "restore_writes",
    "schedules",
    "engines",
)
"""All that an order may change, but the audit log."""


def tenant_config(name: str = "contoso", **more: Any) -> TenantConfig:
    """A tenant of the configuration, as the store knows it unless told otherwise."""
    values: dict[str, Any] = {"tenant_id": ENTRA_ID, "workspace": "main", **more}
    return TenantConfig(name=name, auth=AuthConfig("static_token", token=SecretSource(env="TOKEN")), **values)


class World:
    """Workspaces ``main`` (tenant ``contoso``) and ``other`` (tenant ``fabrikam``) in one store."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.config = Config(store_url=db.url, tenants=(tenant_config(),))
        with db.write() as s:
            self.main, self.contoso = make_place(s)
            self.other, self.fabrikam = make_place(s, "other", "fabrikam")
            access.add_member(s, self.other, OUTSIDER, Role.OWNER, at())
            access.remove_member(s, self.other, ALICE.key)
            for role, actor in OF_ROLE.items():
                access.add_member(s, self.main, actor, role, at())
        self.alice = self.caller(ALICE)

    def caller(self, actor: Actor, **more: Any) -> Caller:
        """Somebody at this store."""
        return Caller(self.db, more.pop("config", self.config), actor, **more)

    def member(self, role: Role) -> Caller:
        """The member of a role."""
        return self.caller(OF_ROLE[role])

    def rows(self, table: str) -> list[Row]:
        """Every row of a table, in one order."""
        with self.db.read() as s:
            return sorted(s.all(f"SELECT * FROM {table}"), key=lambda row: json.dumps(row, sort_keys=True, default=str))

    def state(self) -> dict[str, list[Row]]:
        """Everything but the audit log."""
        return {table: self.rows(table) for table in TABLES}

    def trail(self) -> list[Row]:
        """The audit log, oldest first."""
        return sorted(self.rows("audit_logs"), key=lambda row: int(row["seq"]))

    def active_set(self, types: Sequence[str] | None = None) -> BackupSet:
        """A backup that was asked for and not begun."""
        made = backups.start_backup(self.alice, "contoso", types).backup_set
        assert made is not None
        return made

    def finished_set(self, policies: int = 3, *, types: Sequence[str] = (DEVICE,)) -> BackupSet:
        """A complete set."""
        made = self.active_set(types)
        self.list_and_fetch(made, policies)
        return self.end_backup(made)

    def gappy_set(self, *, failed: int = 1, skipped: int = 1, policies: int = 4) -> BackupSet:
        """A set that lacks the assignments of some policies, the failed ones first."""
        made = self.active_set([DEVICE])
        with self.db.write() as s:
            stored_backups.add_listed_items(s, made, listed_items(policies, assignments=None))
            stored_backups.set_type_status(s, made.id, DEVICE, TypeStatus.LISTED)
            settled = []
            for number, item in enumerate(stored_backups.all_items(s, made.id)):
                failure = Failure(
                    FailureCode.FETCH_FAILED,
                    Reason.PERMISSION_DENIED,
                    "Graph refused.",
                    Subject(DEVICE, item.policy_id),
                )
                if number < failed:
                    settled.append(stored_backups.Settled(item.id, ItemStatus.FAILED, None, failure))
                elif number < failed + skipped:
                    settled.append(stored_backups.Settled(item.id, ItemStatus.SKIPPED, None, failure))
                else:
                    settled.append(stored_backups.Settled(item.id, ItemStatus.FETCHED, "[]"))
            stored_backups.settle_items(s, made.id, made.fetch_run_id, settled)
        return self.end_backup(made, Outcome.PARTIALLY_SUCCEEDED)

    def list_and_fetch(self, made: BackupSet, policies: int, *, policy_type: str = DEVICE) -> None:
        """Put policies into an active set, with their assignments."""
        with self.db.write() as s:
            stored_backups.add_listed_items(s, made, listed_items(policies, policy_type))
            stored_backups.set_type_status(s, made.id, policy_type, TypeStatus.LISTED)
            stored_backups.settle_with_assignments(s, made.id, made.fetch_run_id)

    def end_backup(self, made: BackupSet, outcome: Outcome = Outcome.SUCCEEDED) -> BackupSet:
        """Complete the two runs of a set."""
        self.complete(made.capture_run_id)
        self.complete(made.fetch_run_id, outcome)
        return backups.show_set(self.alice, made.id)

    def complete(self, run_id: str, outcome: Outcome = Outcome.SUCCEEDED) -> OperationRun:
        """End a run as an engine would."""
        with self.db.write() as s:
            run = stored_runs.get_run(s, run_id)
            assert run is not None
            assert complete_run(s, run, outcome, now=at(60), new_id=new_id)
        return runs.show_run(self.alice, run_id)

    def claim(self, run_id: str, engine_id: str = "engine-1") -> OperationRun:
        """Let an engine take this very run."""
        with self.db.write() as s:
            found = stored_runs.claim_next(
                s,
                engine_id=engine_id,
                tenant_ids=[self.contoso, self.fabrikam],
                only_runs=[run_id],
                now=at(),
                expires="2099-01-01T00:00:00.000000Z",
            )
        assert found is not None
        assert found.id == run_id
        return found

    def previewing(self) -> RestoreRun:
        """A restore whose preview waits for an engine."""
        made = restores.start_preview(self.alice, self.finished_set().id, "contoso").restore_run
        assert made is not None
        return made

    def previewed(self, items: int = 3, dangers: dict[str, int] | None = None) -> RestoreRun:
        """A restore with a plan."""
        made = self.previewing()
        with self.db.write() as s:
            plan = plan_items(made.id, items)
            stored_restores.store_plan(
                s, made.id, f"{made.id:f<64}".replace("-", "a"), {"will_change": items}, dangers or {}, plan
            )
        self.complete(made.preview_run_id)
        return restores.show_restore(self.alice, made.id)

    def executing(self) -> RestoreRun:
        """A restore whose execution waits for an engine."""
        made = restores.run_restore(self.alice, self.previewed().id).restore_run
        assert made is not None
        return made

    def executed(self, *, failed: int = 1, written: bool = True) -> RestoreRun:
        """A restore that ran: the first item was written, and ``failed`` of the others failed."""
        made = self.executing()
        run_id = made.executions[-1].run_id
        with self.db.write() as s:
            items, _ = stored_restores.list_restore_items(s, made.id)
            for number, item in enumerate(items):
                has_failed = 0 < number <= failed
                failure = Failure(FailureCode.RESTORE_FAILED, Reason.TIMEOUT, "No answer.") if has_failed else None
                state = ItemState.FAILED if has_failed else ItemState.APPLIED
                stored_restores.set_item_state(s, item.id, state, failure)
                if written and not has_failed:
                    write = RestoreWrite(
                        run_id, item.id, 0, StepKind.REPLACE, "[]", "{}", WriteState.INTENT, 1, at(),
                        after_fingerprint=fingerprint(()),
                    )  # fmt: skip
                    stored_restores.record_intent(s, write, made.workspace_id)
                    stored_restores.settle_write(s, run_id, item.id, 0, WriteState.APPLIED, at(1))
        self.complete(run_id, Outcome.PARTIALLY_SUCCEEDED if failed else Outcome.SUCCEEDED)
        return restores.show_restore(self.alice, made.id)

    def schedule(self, kind: ScheduleKind = ScheduleKind.BACKUP, **more: Any) -> Schedule:
        """A schedule that fires every night."""
        return schedules.add_schedule(self.alice, kind, "contoso", Rule(cron="0 3 * * *"), next_fire, **more)

    def queued_run(self, run_type: RunType) -> OperationRun:
        """A run of a type that waits for an engine."""
        match run_type:
            case RunType.CAPTURE:
                run_id = self.active_set([DEVICE]).capture_run_id
            case RunType.FETCH:
                run_id = backups.start_fetch(self.alice, self.gappy_set().id).runs[0].id
            case RunType.PREVIEW:
                run_id = self.previewing().preview_run_id
            case RunType.RESTORE:
                run_id = self.executing().executions[-1].run_id
            case RunType.DRIFT:
                run_id = drift.start_drift(self.alice, self.finished_set().id).runs[0].id
            case RunType.CHECK:
                run_id = tenants.start_check(self.alice, "contoso").runs[0].id
            case RunType.RECONCILE:
                with self.db.write() as s:
                    run_id = make_run(s, self.main, None, RunType.RECONCILE).id
        return runs.show_run(self.alice, run_id)

    def ended_run(self, run_type: RunType) -> OperationRun:
        """A run of a type that completed and left something to retry."""
        match run_type:
            case RunType.CAPTURE:
                run_id = self.gappy_set().capture_run_id
            case RunType.FETCH:
                run_id = self.gappy_set().fetch_run_id
            case RunType.RESTORE:
                run_id = self.executed().executions[-1].run_id
            case _:
                return self.complete(self.queued_run(run_type).id, Outcome.FAILED)
        return runs.show_run(self.alice, run_id)
