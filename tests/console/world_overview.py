"""Worlds for the dashboard and the tenants: a bad morning, a good one, a throttled tenant, one never checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from opsconsole.domain.access import Role
from opsconsole.domain.attention import Need, NeedKind
from opsconsole.domain.backup import BackupSet, TypeCounts, TypeStatus
from opsconsole.domain.clock import to_text
from opsconsole.domain.graph_budget import AreaUse, TenantBudget
from opsconsole.domain.run import Status
from opsconsole.graph.policy_types import POLICY_TYPES, supported_types
from opsconsole.service.overview import Day, Overview
from opsconsole.service.tenant_views import TenantEngine, TenantView
from opsconsole.store.overview import SetMark

from .memory_desk import NOW, MemoryDesk
from .world import at, busy_world, empty_world, make_id, make_set

LACKING = ("deviceManagementScript", "deviceHealthScript", "deviceShellScript")
AWAY = ("windowsInformationProtectionPolicy",)


def checks(lacking: Sequence[str] = (), away: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the lines of a check."""

    def line(subject: str, permission: str) -> dict[str, Any]:
        found = {"subject": subject, "permission": permission, "ok": True, "reason_code": None, "message": None}
        if subject in lacking:
            message = "Graph refused: the application has no permission for this."
            return found | {"ok": False, "reason_code": "permission_denied", "message": message}
        if subject in away:
            message = "This tenant has no such policies."
            return found | {"ok": False, "reason_code": "unsupported_policy_type", "message": message}
        return found

    return [
        *(line(row.key, row.permission_read) for row in supported_types()),
        line("groups", "GroupMember.Read.All"),
        line("filters", "DeviceManagementConfiguration.Read.All"),
    ]


def budget(*, closed_s: float = 0, waiting: int = 0) -> TenantBudget:
    """Return the pace of an engine at work."""
    areas = (
        AreaUse("apps", 120, 1000, 0, 100, 22.5),
        AreaUse("configuration", 870, 1000, 42, 100, 22.5),
        AreaUse("devices", 64, 2000, 0, 200, 22.5),
        AreaUse("identity", 300, 3500, 0, 3500, 11.0),
        AreaUse("settings", 512, 1000, 0, 100, 22.5),
    )
    until = to_text(NOW + timedelta(seconds=closed_s)) if closed_s else None
    return TenantBudget(8, 3, waiting, 1, until, areas)


def health(outcome: str, lines: list[dict[str, Any]], **ago: float) -> dict[str, Any]:
    """Return the last check of a tenant."""
    return {"run": make_id(9009), "completed_at": at(**ago), "outcome": outcome, "checks": lines}


def mark(found: BackupSet) -> SetMark:
    """Return a set by its id and time."""
    return SetMark(found.id, found.created_at)


def whole_set(number: int, *, ago: timedelta, tenant: str = "contoso", gaps: bool = False) -> BackupSet:
    """Return a set of every supported type, many of them without a policy, as tenants are."""
    by_type = {}
    for place, row in enumerate(supported_types()):
        count = (412, 188, 96, 74, 60, 0, 31, 0, 0, 0)[place % 10] if place < 20 else 0
        by_type[row.key] = TypeCounts(TypeStatus.LISTED, count, count)
    by_type[AWAY[0]] = TypeCounts(TypeStatus.NOT_AVAILABLE)
    if gaps:
        by_type["deviceConfiguration"] = TypeCounts(TypeStatus.LISTED, 188, 181, 2, 5)
        by_type["deviceManagementScript"] = TypeCounts(TypeStatus.FAILED)
    return replace(make_set(number, ago=ago), tenant=tenant, by_type=by_type)


def tenant(name: str, *, production: bool = False, **more: Any) -> TenantView:
    """Return a tenant that is configured here and served by one engine."""
    engine = TenantEngine(make_id(1), "engine", "ops-1", 4242)
    values: dict[str, Any] = {"engines": (engine,), **more}
    return TenantView(
        name, "main", "0000", production, True, True, "certificate", None, values.pop("check", None), **values
    )


def _fill(
    desk: MemoryDesk, views: list[TenantView], sets: dict[str, BackupSet], needs: list[Need], day: Day
) -> MemoryDesk:
    desk.tenant_views = views
    desk.all_sets = [*sets.values(), *desk.all_sets]
    running = [run for run in desk.all_runs if run.status is Status.RUNNING]
    queued = [run for run in desk.all_runs if run.status is Status.QUEUED]
    desk.the_overview = Overview(
        to_text(NOW),
        len(running),
        len(queued),
        tuple([*running, *queued][:5]),
        max(len(view.engines) for view in views),
        day,
        tuple(needs),
        tuple(views),
        sets,
    )
    return desk


def bad_morning(*, role: Role = Role.OWNER) -> MemoryDesk:
    """Return two tenants with something of everything."""
    desk = busy_world(role=role, more_runs=5)
    gappy, old = whole_set(8021, ago=timedelta(hours=6), gaps=True), whole_set(8001, ago=timedelta(hours=30))
    stale = whole_set(7901, ago=timedelta(days=4), tenant="fabrikam")
    engine = TenantEngine(make_id(1), "engine", "ops-1", 4242, budget(closed_s=48, waiting=37))
    found_by_check = health("partially_succeeded", checks(LACKING, AWAY), minutes=52)
    views = [
        tenant(
            "contoso",
            production=True,
            check=found_by_check,
            newest_set=mark(gappy),
            complete_set=mark(old),
            engines=(engine,),
        ),
        tenant("fabrikam", newest_set=mark(stale), complete_set=mark(stale), engines=()),
        replace(tenant("northwind", engines=()), is_configured=False, auth_method=None),
    ]
    views[0] = replace(views[0], paused_until=to_text(NOW + timedelta(seconds=48)))
    restore = desk.all_restores[0].id
    needs = [
        Need(NeedKind.NO_ENGINE, "no live engine serves it: its schedules do not fire", "fabrikam", "fabrikam"),
        Need(NeedKind.NO_BACKUP, "there is no backup yet", "northwind", "northwind"),
        Need(NeedKind.STALE_BACKUP, "newest complete backup is older than 36 h", "fabrikam", "fabrikam", at(days=4)),
        Need(
            NeedKind.INCOMPLETE_BACKUP,
            "newest backup lacks 7 of 1,722 policies and 1 policy type",
            "contoso",
            gappy.id,
            at(hours=6),
        ),
        Need(NeedKind.RUN_FAILED, "a restore failed for 310 of 310 policies", "contoso", make_id(9008), at(minutes=22)),
        Need(
            NeedKind.CHECK_FAILED,
            "3 policy types cannot be read: DeviceManagementConfiguration.Read.All is missing",
            "contoso",
            "contoso",
            at(minutes=52),
        ),
        Need(
            NeedKind.APPROVAL_AWAITED,
            "12 changes wait for a second administrator's approval",
            "contoso",
            restore,
            at(hours=3),
        ),
        Need(
            NeedKind.DRIFT_FOUND,
            "the tenant differs from its backup: 25 changed, 2 new",
            "contoso",
            make_id(9011),
            at(hours=5),
        ),
        Need(NeedKind.CREDENTIAL_EXPIRES, "its certificate expires in 12 days, on 2026-09-01", "contoso", "contoso"),
        Need(NeedKind.SCHEDULE_PAUSED, "the drift schedule 4f1a2c is paused", "contoso", make_id(77), at(days=9)),
        Need(NeedKind.AUDIT_UNVERIFIED, "the audit trail was never verified on this machine"),
    ]
    day = Day(
        {"succeeded": 41, "partially_succeeded": 2, "failed": 1, "cancelled": 1},
        3_444,
        3,
        836,
        {"permission_denied": 322, "group_not_found": 6, "timeout": 1},
    )
    return _fill(desk, views, {"contoso": gappy, "fabrikam": stale}, needs, day)


def good_morning() -> MemoryDesk:
    """Return one tenant in which nothing needs anybody."""
    desk = busy_world(more_runs=5)
    desk.all_runs = [run for run in desk.all_runs if not run.is_active]
    whole = whole_set(8021, ago=timedelta(hours=6))
    engine = TenantEngine(make_id(1), "console", "laptop", 4242, TenantBudget(8, 0, 0, 1, None))
    found_by_check = health("succeeded", checks((), AWAY), hours=20)
    views = [
        tenant("contoso", check=found_by_check, newest_set=mark(whole), complete_set=mark(whole), engines=(engine,))
    ]
    return _fill(desk, views, {"contoso": whole}, [], Day({"succeeded": 5}, 1_722))


def no_tenant() -> MemoryDesk:
    """Return a store without a tenant."""
    return MemoryDesk()


def no_backup() -> MemoryDesk:
    """Return a tenant in which nothing was done yet."""
    desk = empty_world()
    views = [tenant("contoso", engines=(TenantEngine(make_id(1), "console", "laptop", 4242),))]
    needs = [
        Need(NeedKind.NO_BACKUP, "there is no backup yet", "contoso", "contoso"),
        Need(NeedKind.NEVER_CHECKED, "its permissions were never checked", "contoso", "contoso"),
    ]
    return _fill(desk, views, {}, needs, Day())


def hostile_morning(name: str) -> MemoryDesk:
    """Return the bad morning with ``name`` in every place where foreign text stands."""
    desk = bad_morning()
    assert desk.the_overview is not None
    found = desk.the_overview
    lines = [line | {"message": name} for line in checks(LACKING, AWAY)]
    views = [
        replace(view, name=name, workspace=name, last_check=health("failed", lines, hours=1))
        for view in found.tenants[:1]
    ]
    desk.tenant_views = views
    desk.the_overview = replace(
        found,
        tenants=tuple(views),
        needs=tuple(replace(need, tenant=name, text=name) for need in found.needs),
        sets={name: found.sets["contoso"]},
        active=tuple(replace(run, tenant=name, initiator_name=name) for run in found.active),
    )
    return desk


assert set(LACKING + AWAY) <= set(POLICY_TYPES)
