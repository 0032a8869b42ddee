"""Rows that tests need before they can begin: each function takes an open write session and returns what it made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from opsconsole.domain.access import Actor, Role
from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus, TypeStatus
from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.ids import new_id
from opsconsole.domain.plan import Mode
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun
from opsconsole.domain.run import OperationRun, Outcome, RunType, empty_context
from opsconsole.domain.run_identity import identity_hash
from opsconsole.store import access, backups, restores, runs, tenants
from opsconsole.store.database import Session

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When every test begins."""

ALICE = Actor("uid:1000", "alice")
BOB = Actor("uid:1001", "bob")


def at(seconds: float = 0) -> str:
    """Return the moment so many seconds after the start, as text."""
    return to_text(START + timedelta(seconds=seconds))


def make_workspace(s: Session, name: str = "main") -> str:
    """Make a workspace and return its id."""
    workspace_id = new_id()
    access.create_workspace(s, id=workspace_id, name=name, created_at=at())
    return workspace_id


def make_member(s: Session, workspace_id: str, actor: Actor = ALICE, role: Role = Role.OWNER) -> Actor:
    """Make an actor a member."""
    access.add_member(s, workspace_id, actor, role, at())
    return actor


def make_tenant(s: Session, workspace_id: str, name: str = "contoso", *, production: bool = False) -> str:
    """Register a tenant and return the id of its row."""
    tenant_id = new_id()
    tenants.register_tenant(
        s,
        id=tenant_id,
        workspace_id=workspace_id,
        name=name,
        entra_tenant_id="11111111-2222-3333-4444-555555555555",
        production=production,
        created_at=at(),
    )
    return tenant_id


def make_place(s: Session, workspace: str = "main", tenant: str = "contoso") -> tuple[str, str]:
    """Make a workspace with an owner and a tenant; return the ids of both."""
    workspace_id = make_workspace(s, workspace)
    make_member(s, workspace_id)
    return workspace_id, make_tenant(s, workspace_id, tenant)


def new_run(
    workspace_id: str,
    tenant_id: str | None,
    run_type: RunType = RunType.CHECK,
    *,
    target: object = None,
    inputs: dict[str, Any] | None = None,
    **more: Any,
) -> runs.NewRun:
    """Return a run to be inserted; without a ``target`` its identity is its own."""
    run_id = more.pop("id", None) or new_id()
    values: dict[str, Any] = {"initiator": ALICE.key, "initiator_name": ALICE.name, "created_at": at(), **more}
    return runs.NewRun(
        run_id,
        workspace_id,
        tenant_id,
        run_type.value,
        identity_hash(workspace_id, tenant_id, run_type, run_id if target is None else target),
        empty_context(inputs or {}),
        **values,
    )


def make_run(
    s: Session, workspace_id: str, tenant_id: str | None, run_type: RunType = RunType.CHECK, **more: Any
) -> OperationRun:
    """Queue a run."""
    run = new_run(workspace_id, tenant_id, run_type, **more)
    assert runs.insert_run(s, run)
    made = runs.get_run(s, run.id)
    assert made is not None
    return made


def complete_run(
    s: Session,
    run: OperationRun,
    outcome: Outcome = Outcome.SUCCEEDED,
    *,
    failures: Sequence[Failure] = (),
    now: str | None = None,
) -> OperationRun:
    """End a run in the store alone: nothing that ending means beyond its row happens."""
    runs.add_failures(s, run.id, failures)
    assert runs.set_completed(s, run.id, outcome, run.context, now or at(60))
    ended = runs.get_run(s, run.id)
    assert ended is not None
    return ended


def claim(s: Session, tenant_id: str, engine_id: str = "engine-1", *, seconds: float = 0) -> OperationRun | None:
    """Claim the next run of a tenant for 30 seconds."""
    return runs.claim_next(
        s, engine_id=engine_id, tenant_ids=[tenant_id], only_runs=None, now=at(seconds), expires=at(seconds + 30)
    )


def make_failure(
    reason: Reason = Reason.PERMISSION_DENIED, policy_id: str = "p1", code: FailureCode = FailureCode.FETCH_FAILED
) -> Failure:
    """Return a failure."""
    return Failure(code, reason, "Graph refused.", Subject("deviceConfiguration", policy_id, f"Policy {policy_id}"))


def make_set(
    s: Session,
    workspace_id: str,
    tenant_id: str,
    *,
    policy_types: Sequence[str] = ("deviceConfiguration", "compliancePolicy"),
    identity: str | None = None,
) -> BackupSet:
    """Make an active set with its queued capture and fetch."""
    set_id = new_id()
    capture = new_run(workspace_id, tenant_id, RunType.CAPTURE, target=set_id)
    fetch = new_run(workspace_id, tenant_id, RunType.FETCH, target=set_id, after_run_id=capture.id)
    assert backups.insert_set(
        s,
        id=set_id,
        workspace_id=workspace_id,
        tenant_id=tenant_id,
        created_at=at(),
        initiator=ALICE.key,
        initiator_name=ALICE.name,
        types=None,
        identity_hash=identity or set_id,
        capture_run_id=capture.id,
        fetch_run_id=fetch.id,
        policy_types=policy_types,
    )
    assert runs.insert_run(s, capture)
    assert runs.insert_run(s, fetch)
    made = backups.get_set(s, set_id)
    assert made is not None
    return made


def listed_items(
    count: int, policy_type: str = "deviceConfiguration", *, assignments: str | None = "[]", start: int = 0
) -> list[backups.ListedItem]:
    """Return policies as a list pass would bring them."""
    return [
        backups.ListedItem(
            new_id(),
            policy_type,
            f"{policy_type}-{number}",
            f"Policy {number}",
            json.dumps({"id": f"{policy_type}-{number}", "displayName": f"Policy {number}"}),
            assignments,
        )
        for number in range(start, start + count)
    ]


def make_finished_set(s: Session, workspace_id: str, tenant_id: str, *, policies: int = 3) -> BackupSet:
    """Make a complete set of ``policies`` device configurations, its runs completed."""
    made = make_set(s, workspace_id, tenant_id, policy_types=("deviceConfiguration",))
    backups.add_listed_items(s, made, listed_items(policies))
    backups.set_type_status(s, made.id, "deviceConfiguration", TypeStatus.LISTED)
    backups.settle_with_assignments(s, made.id, made.fetch_run_id)
    for run_id in (made.capture_run_id, made.fetch_run_id):
        run = runs.get_run(s, run_id)
        assert run is not None
        complete_run(s, run)
    found = backups.get_set(s, made.id)
    assert found is not None
    return found


def all_items(s: Session, set_id: str, status: ItemStatus | None = None) -> list[BackupItem]:
    """Return the items of a set, of one status where given."""
    return backups.list_items(s, set_id, statuses=(status,) if status else (), limit=100_000)[0]


def make_restore(
    s: Session,
    workspace_id: str,
    tenant_id: str,
    set_id: str | None = None,
    *,
    undo_of: str | None = None,
    inputs: dict[str, Any] | None = None,
) -> RestoreRun:
    """Request a restore with its queued preview."""
    restore_id = new_id()
    preview = new_run(workspace_id, tenant_id, RunType.PREVIEW, target=restore_id)
    restores.insert_restore(
        s,
        id=restore_id,
        workspace_id=workspace_id,
        tenant_id=tenant_id,
        set_id=set_id,
        mode=Mode.EXACT,
        preview_run_id=preview.id,
        initiator=ALICE.key,
        initiator_name=ALICE.name,
        created_at=at(),
        inputs=inputs or {},
        undo_of=undo_of,
    )
    assert runs.insert_run(s, preview)
    made = restores.get_restore(s, restore_id)
    assert made is not None
    return made


def plan_items(restore_id: str, count: int = 3, state: ItemState = ItemState.WILL_CHANGE) -> list[RestoreItem]:
    """Return the items of a plan, all in one state."""
    target = {"kind": "group", "group_id": "00000000-0000-0000-0000-00000000000a"}
    return [
        RestoreItem(
            id=new_id(),
            restore_run_id=restore_id,
            seq=seq,
            policy_type="deviceConfiguration",
            policy_id=f"deviceConfiguration-{seq}",
            policy_name=f"Policy {seq}",
            plan_state=state,
            state=state,
            live="[]",
            planned='[{"target":{}}]',
            added=(target,),
            removed=(),
            dangers=(),
            failure=None,
            source_policy_id=f"deviceConfiguration-{seq}",
        )
        for seq in range(1, count + 1)
    ]


def make_planned_restore(s: Session, workspace_id: str, tenant_id: str, *, items: int = 3) -> RestoreRun:
    """Make a previewed restore that will change ``items`` policies."""
    made = make_restore(s, workspace_id, tenant_id)
    restores.store_plan(s, made.id, "f" * 64, {"will_change": items}, {}, plan_items(made.id, items))
    planned = restores.get_restore(s, made.id)
    assert planned is not None
    return planned
