"""A small world to look at: one tenant, a morning of runs, two sets, a plan, a trail. Nothing in it moves by itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from opsconsole.domain.access import Role
from opsconsole.domain.assignment import FILTER_ID_FIELD, FILTER_TYPE_FIELD
from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus, TypeCounts, TypeStatus
from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import Failure, FailureCode, GraphTrace, Reason, Subject
from opsconsole.domain.plan import Danger, Mode
from opsconsole.domain.restore import Execution, ItemState, RestoreItem, RestoreRun, RestoreStatus
from opsconsole.domain.run import Counters, GraphUse, OperationRun, Outcome, RunType, Status
from opsconsole.service.restores import Confirmation
from opsconsole.service.tenants import TenantView

from .memory_desk import NOW, MemoryDesk

GROUPS = {
    "11111111-0000-4000-8000-000000000001": "Windows devices - Pilot",
    "11111111-0000-4000-8000-000000000002": "Windows devices - Production",
    "11111111-0000-4000-8000-000000000003": "Kiosk devices",
    "11111111-0000-4000-8000-000000000004": "Finance users",
}
FILTER = "22222222-0000-4000-8000-000000000001"
NAMES = GROUPS | {FILTER: "Corporate owned only"}
PILOT, PRODUCTION, KIOSK, FINANCE = GROUPS

TYPES = (
    "settingsCatalogPolicy",
    "deviceConfiguration",
    "deviceCompliancePolicy",
    "mobileApp",
    "deviceManagementScript",
)

POLICIES = (
    "Win - Defender baseline",
    "Win - BitLocker OS drive",
    "Win - Firewall, public profile",
    "macOS - FileVault",
    "iOS - Passcode",
    "Edge - Home page",
    "Win - Update ring 1, fast",
    "Win - Update ring 2, broad",
    "Kiosk - Assigned access",
    "Compliance - Windows 11",
    "Script - Time zone",
    "App - Company Portal",
)


def make_id(number: int) -> str:
    """Return an id that sorts by ``number`` and ends like no other."""
    tail = hashlib.sha256(str(number).encode()).hexdigest()[:12]
    return f"0199{number:04x}-0000-7000-8000-{tail}"


def at(**ago: float) -> str:
    """Return the time so long before the frozen clock."""
    return to_text(NOW - timedelta(**ago))


def make_run(
    number: int,
    kind: RunType,
    status: Status = Status.COMPLETED,
    outcome: Outcome = Outcome.SUCCEEDED,
    *,
    ago: timedelta = timedelta(hours=2),
    took_s: float = 12,
    by: str = "alice",
    inputs: dict[str, Any] | None = None,
    graph: GraphUse | None = None,
    **counts: int,
) -> OperationRun:
    """Return a run that began ``ago`` and took ``took_s`` seconds."""
    counters = Counters(**counts)
    began = NOW - ago
    context = {
        "inputs": inputs or {},
        "progress": {"done": counters.done, "total": counters.total},
        "counters": counters.to_json(),
        "graph": (graph or GraphUse(62, 40, 2, 1200, 3)).to_json(),
    }
    is_queued = status is Status.QUEUED
    is_completed = status is Status.COMPLETED
    return OperationRun(
        id=make_id(number),
        workspace_id="w",
        workspace="main",
        tenant_id="t",
        tenant="contoso",
        type=kind,
        status=status,
        outcome=outcome if is_completed else Outcome.PENDING,
        run_identity_hash="",
        context=context,
        initiator="uid:1000",
        initiator_name=by,
        created_at=to_text(began - timedelta(seconds=0.4)),
        started_at=None if is_queued else to_text(began),
        completed_at=to_text(began + timedelta(seconds=took_s)) if is_completed else None,
        attempt=0 if is_queued else 1,
    )


def minutes(number: float) -> timedelta:
    """Return a duration."""
    return timedelta(minutes=number)


def target(group: str | None, kind: str = "groupAssignmentTarget", filter_id: str = "") -> dict[str, Any]:
    """Return an assignment as Graph sends it."""
    value: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{kind}"}
    if group:
        value["groupId"] = group
    if filter_id:
        value |= {FILTER_ID_FIELD: filter_id, FILTER_TYPE_FIELD: "include"}
    return {"id": f"a_{group}", "target": value}


def failure(number: int, reason: Reason, code: FailureCode, message: str, graph_code: str, status: int) -> Failure:
    """Return a failure about one policy."""
    name = POLICIES[number % len(POLICIES)]
    return Failure(
        code,
        reason,
        message,
        Subject(TYPES[number % len(TYPES)], f"33333333-0000-4000-8000-{number:012d}", name),
        GraphTrace(status, graph_code, f"7d3c9a10-5b2e-4c8f-9d61-{number:012d}", ""),
    )


def make_set(number: int, *, ago: timedelta, is_active: bool = False, **gaps: int) -> BackupSet:
    """Return a set of 1,204 policies; ``gaps`` are the failed and skipped ones."""
    failed, skipped = gaps.get("failed", 0), gaps.get("skipped", 0)
    by_type = {
        "settingsCatalogPolicy": TypeCounts(TypeStatus.LISTED, 700, 700 - failed, failed, 0),
        "deviceConfiguration": TypeCounts(TypeStatus.LISTED, 300, 300 - skipped, 0, skipped),
        "deviceCompliancePolicy": TypeCounts(TypeStatus.LISTED, 104, 104),
        "mobileApp": TypeCounts(TypeStatus.LISTED, 100, 100),
    }
    if failed:
        by_type["windowsAutopilotDeploymentProfile"] = TypeCounts(TypeStatus.FAILED)
        by_type["deviceManagementScript"] = TypeCounts(TypeStatus.NOT_AVAILABLE)
    return BackupSet(
        id=make_id(number),
        workspace_id="w",
        workspace="main",
        tenant_id="t",
        tenant="contoso",
        created_at=to_text(NOW - ago),
        initiator="uid:1000",
        initiator_name="alice" if number % 2 else "schedule",
        capture_run_id=make_id(number + 1),
        fetch_run_id=make_id(number + 2),
        is_active=is_active,
        by_type=by_type,
    )


def make_items(set_id: str) -> list[BackupItem]:
    """Return the policies of a set."""
    items = []
    for number in range(120):
        is_failed, is_skipped = number in (3, 17), number == 9
        status = ItemStatus.FAILED if is_failed else (ItemStatus.SKIPPED if is_skipped else ItemStatus.FETCHED)
        entries = [
            target(PILOT),
            target(PRODUCTION, filter_id=FILTER),
            target(KIOSK, "exclusionGroupAssignmentTarget"),
            target(None, "allDevicesAssignmentTarget"),
        ]
        why = failure(number, Reason.TIMEOUT, FailureCode.FETCH_FAILED, "Graph did not answer in 60 s.", "", 504)
        round_ = f" {number // len(POLICIES) + 1}" if number >= len(POLICIES) else ""
        items.append(
            BackupItem(
                id=make_id(20_000 + number),
                set_id=set_id,
                policy_type=TYPES[number % len(TYPES)],
                policy_id=f"33333333-0000-4000-8000-{number:012d}",
                policy_name=POLICIES[number % len(POLICIES)] + round_,
                status=status,
                policy=None,
                assignments=json.dumps(entries[: 1 + number % 4]) if status is ItemStatus.FETCHED else None,
                failure=why if is_failed else None,
                fetch_run_id=make_id(9001),
            )
        )
    return items


def named(group: str, kind: str = "group") -> dict[str, Any]:
    """Return a target of contract.md."""
    return {"kind": kind, "group_id": group, "group_name": GROUPS.get(group), "filter_id": None, "filter_name": None}


def make_plan_items(restore_id: str) -> list[RestoreItem]:
    """Return a plan with something of everything."""
    items = []
    for number in range(64):
        state = ItemState.WILL_CHANGE if number < 42 else (ItemState.BLOCKED if number < 50 else ItemState.UNCHANGED)
        live = [target(PILOT), target(FINANCE)]
        planned = [target(PILOT), target(PRODUCTION)]
        added: tuple[dict[str, Any], ...] = (named(PRODUCTION),) if number % 3 else ()
        removed: tuple[dict[str, Any], ...] = (named(FINANCE),) if number % 4 else ()
        if not added and not removed:
            added = (named(PRODUCTION),)
        dangers: tuple[str, ...] = ()
        if number == 0:
            live, planned = [target(PILOT), target(None, "allDevicesAssignmentTarget")], [target(PILOT)]
            added, removed = (), ({"kind": "all_devices"}, named(KIOSK, "exclusion"))
            dangers = (Danger.LOSES_EXCLUSION.value, Danger.TOUCHES_ALL_DEVICES.value)
        gone = {
            **named("44444444-0000-4000-8000-000000000001"),
            "group_name": "Retired devices",
            "reason": "group_not_found",
        }
        is_blocked = state is ItemState.BLOCKED
        items.append(
            RestoreItem(
                id=make_id(30_000 + number),
                restore_run_id=restore_id,
                seq=number,
                policy_type=TYPES[number % len(TYPES)],
                policy_id=f"33333333-0000-4000-8000-{number:012d}",
                policy_name=POLICIES[number % len(POLICIES)]
                + (f" {number // len(POLICIES) + 1}" if number > 11 else ""),
                plan_state=state,
                state=state,
                live=json.dumps(live),
                planned=None if is_blocked else json.dumps(planned),
                added=added if state is ItemState.WILL_CHANGE else (),
                removed=removed if state is ItemState.WILL_CHANGE else (),
                dangers=dangers,
                failure=failure(
                    number,
                    Reason.GROUP_NOT_FOUND,
                    FailureCode.RESTORE_BLOCKED,
                    "The group 'Retired devices' does not exist in the tenant.",
                    "",
                    404,
                )
                if is_blocked
                else None,
                unresolved=(gone,) if is_blocked else (),
            )
        )
    return items


def make_restore(
    number: int, status: RestoreStatus, set_id: str, *, executions: tuple[Execution, ...] = ()
) -> RestoreRun:
    """Return a restore run of the plan above."""
    has_plan = status is not RestoreStatus.PREVIEWING
    return RestoreRun(
        id=make_id(number),
        workspace_id="w",
        workspace="main",
        tenant_id="t",
        tenant="contoso",
        set_id=set_id,
        mode=Mode.EXACT,
        plan_hash="9f2c" * 16 if has_plan else None,
        status=status,
        undo_of=None,
        preview_run_id=make_id(9006),
        initiator="uid:1000",
        initiator_name="alice",
        created_at=at(minutes=20),
        inputs={"items": [], "mapping": [], "accept_missing": 0},
        counts={"will_change": 42, "blocked": 8, "unchanged": 1154} if has_plan else {},
        dangers={"loses_exclusion": 1, "touches_all_devices": 1} if has_plan else {},
        executions=executions,
    )


def entry(seq: int, action: str, outcome: str = "succeeded", actor: str = "alice", **details: Any) -> dict[str, Any]:
    """Return an audit entry as contract.md names its fields."""
    return {
        "id": make_id(40_000 + seq % 10_000),
        "seq": seq,
        "workspace": "main",
        "tenant": "contoso",
        "actor": actor,
        "action": action,
        "resource_type": "restore_run" if "restore" in action else "run",
        "resource_id": make_id(seq % 5000),
        "outcome": outcome,
        "details": details,
        "created_at": at(minutes=3 * (90_114 - seq)),
        "prev_hash": hashlib.sha256(str(seq - 1).encode()).hexdigest(),
        "hash": hashlib.sha256(str(seq).encode()).hexdigest(),
    }


def tenant_view(name: str = "contoso", *, production: bool = False) -> TenantView:
    """Return a tenant of the configuration."""
    return TenantView(name, "main", "0000", production, True, True, "client_secret", None, None)


def empty_world() -> MemoryDesk:
    """Return a store in which nothing was done yet."""
    return MemoryDesk(tenant_views=[tenant_view()])


def busy_world(*, role: Role = Role.OWNER, production: bool = False, more_runs: int = 300) -> MemoryDesk:
    """Return a store in the middle of a working day."""
    desk = MemoryDesk(role=role, tenant_views=[tenant_view(production=production)])
    whole, gappy = make_set(8000, ago=timedelta(hours=20)), make_set(8011, ago=timedelta(hours=2), failed=2, skipped=5)
    desk.all_sets = [whole, gappy, *(make_set(7000 + 10 * day, ago=timedelta(days=40 - day)) for day in range(30))]
    desk.items_of = {one.id: make_items(one.id) for one in (whole, gappy)}
    desk.all_names = NAMES
    plan = make_restore(8500, RestoreStatus.PREVIEWED, whole.id)
    old = make_restore(8400, RestoreStatus.COMPLETED, whole.id)
    desk.all_restores = [plan, old, make_restore(8300, RestoreStatus.PREVIEW_FAILED, whole.id)]
    desk.restore_items_of = {plan.id: make_plan_items(plan.id)}
    words = ("1 policy: loses an exclusion", "1 policy: touches All devices")
    desk.confirmations = {
        plan.id: Confirmation(plan, "contoso", production, 42, 30, 33, 8, words, "contoso", "9f2c" * 16)
    }
    restore, in_set = {"restore": plan.id}, {"set": gappy.id}
    running = make_run(
        9010, RunType.RESTORE, Status.RUNNING, ago=timedelta(seconds=211), inputs=restore,
        total=1204, processed=836, failed=19,
    )  # fmt: skip
    failed = make_run(
        9008, RunType.RESTORE, outcome=Outcome.FAILED, ago=minutes(22), took_s=12, inputs=restore, total=310, failed=310
    )
    partial = make_run(
        9005, RunType.FETCH, outcome=Outcome.PARTIALLY_SUCCEEDED, ago=minutes(122), took_s=248, by="schedule",
        inputs=in_set, total=1204, processed=1197, failed=7,
    )  # fmt: skip
    desk.all_runs = [
        make_run(9013, RunType.FETCH, Status.QUEUED, ago=minutes(0.1), inputs=in_set),
        make_run(9012, RunType.CAPTURE, Status.RUNNING, ago=timedelta(seconds=4), processed=310),
        make_run(9011, RunType.DRIFT, Status.QUEUED, ago=minutes(1), inputs=in_set, by="schedule"),
        running,
        make_run(9009, RunType.CHECK, ago=minutes(9), took_s=3, total=13, processed=13),
        failed,
        make_run(9007, RunType.PREVIEW, ago=minutes(31), took_s=38, inputs=restore, total=1204, processed=42, unchanged=1162),
        make_run(
            9006, RunType.RESTORE, outcome=Outcome.CANCELLED, ago=minutes(64), took_s=95, inputs=restore,
            total=1204, processed=400, skipped=804,
        ),
        partial,
        make_run(9004, RunType.CAPTURE, ago=minutes(125), took_s=94, by="schedule", total=1204, processed=1204),
    ]  # fmt: skip
    for number in range(more_runs):
        kind = (RunType.CAPTURE, RunType.FETCH, RunType.DRIFT, RunType.PREVIEW)[number % 4]
        desk.all_runs.append(
            make_run(
                5000 - number, kind, ago=timedelta(hours=6 * (number + 1)), took_s=20 + number % 70, by="schedule",
                total=1204, processed=1204,
            )
        )  # fmt: skip
    denied = "Graph refused: an Intune role or a permission is missing (DeviceManagementConfiguration.ReadWrite.All)."
    code = FailureCode.RESTORE_FAILED
    desk.failures_of = {
        running.id: [failure(n, Reason.PERMISSION_DENIED, code, denied, "Forbidden", 403) for n in range(12)]
        + [
            failure(n, Reason.GROUP_NOT_FOUND, code, "The group does not exist.", "NotFound", 404)
            for n in range(12, 18)
        ]
        + [failure(18, Reason.TIMEOUT, code, "Graph did not answer in 60 s.", "", 504)],
        failed.id: [failure(n, Reason.PERMISSION_DENIED, code, denied, "Forbidden", 403) for n in range(310)],
    }
    desk.related_of = {
        running.id: {"backup_set": whole.id, "restore_run": plan.id, "retry_of": failed.id},
        failed.id: {"restore_run": plan.id, "retries": [running.id], "audit_entry": make_id(40_114)},
    }
    actions = (
        ("assignments.restore.executed", "partially_succeeded", "alice"),
        ("assignments.restore.requested", "succeeded", "alice"),
        ("assignments.preview.started", "succeeded", "alice"),
        ("access.refused", "refused", "bob"),
        ("backup.started", "succeeded", "schedule"),
        ("member.added", "succeeded", "alice"),
        ("assignments.restore.executed", "failed", "carol"),
    )
    desk.all_entries = []
    for index in range(200):
        action, outcome, actor = actions[index % len(actions)]
        desk.all_entries.append(
            entry(
                90_114 - index, action, outcome, actor, run=make_id(9010), plan_hash="9f2c" * 16,
                counters={"total": 1204, "processed": 1185, "failed": 19},
            )
        )  # fmt: skip
    return desk


def hostile_world(name: str) -> MemoryDesk:
    """Return the busy world with ``name`` in every place where foreign text stands."""
    desk = busy_world(more_runs=5)
    desk.actor = name
    desk.tenant_views = [replace(tenant_view(), name=name, workspace="main")]
    desk.all_runs = [replace(run, initiator_name=name, tenant=name) for run in desk.all_runs]
    desk.all_sets = [replace(one, tenant=name, initiator_name=name) for one in desk.all_sets]
    desk.items_of = {
        key: [replace(item, policy_name=name, policy_type=name, policy_id=name) for item in items]
        for key, items in desk.items_of.items()
    }
    desk.all_names = dict.fromkeys(NAMES, name)
    desk.all_restores = [replace(one, tenant=name, initiator_name=name) for one in desk.all_restores]

    def hostile(found: Failure) -> Failure:
        return replace(found, message=name, subject=Subject(name, name, name), trace=GraphTrace(403, name, name, name))

    desk.restore_items_of = {
        key: [
            replace(
                item,
                policy_name=name,
                policy_type=name,
                policy_id=name,
                failure=hostile(item.failure) if item.failure else None,
                added=tuple({**one, "group_name": name} for one in item.added),
                removed=tuple({**one, "group_name": name} for one in item.removed),
                unresolved=tuple({**one, "group_name": name} for one in item.unresolved),
            )
            for item in items
        ]
        for key, items in desk.restore_items_of.items()
    }
    desk.confirmations = {key: replace(one, tenant=name, must_type=name) for key, one in desk.confirmations.items()}
    desk.failures_of = {key: [hostile(one) for one in found] for key, found in desk.failures_of.items()}
    desk.all_entries = [
        {**one, "actor": name, "tenant": name, "details": {name: name, "list": [name], "map": {name: name}}}
        for one in desk.all_entries
    ]
    return desk
