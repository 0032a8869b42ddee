"""Drift checks of the busy world: one under way, one that found something, one that found nothing, two that could not see all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.run import OperationRun, Outcome, RunType, Status
from opsconsole.operations.differences import Difference
from opsconsole.service.drift import DriftCheck, DriftItem
from opsconsole.service.written import WrittenPolicy

from .memory_desk import MemoryDesk
from .world import (
    FILTER,
    FINANCE,
    KIOSK,
    NAMES,
    PILOT,
    POLICIES,
    PRODUCTION,
    TYPES,
    busy_world,
    hostile_world,
    make_id,
    make_run,
    named,
)

RUNNING, FOUND, NONE, PARTLY, FAILED = (make_id(number) for number in (9105, 9104, 9103, 9102, 9101))

GAP = "The set holds no list of Autopilot deployment profiles, so nothing of it could be compared."


def with_filter(target: dict[str, Any]) -> dict[str, Any]:
    return {**target, "filter_id": FILTER, "filter_name": NAMES[FILTER], "filter_type": "include"}


def targets(number: int) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
    """Return what was added to and removed from the policy of that number."""
    added = (named(PRODUCTION), with_filter(named(PILOT)), {"kind": "all_devices"})[: 1 + number % 3]
    removed = (named(FINANCE), named(KIOSK, "exclusion"))[: number % 3]
    return added, removed


def policy(number: int) -> tuple[str, str, str]:
    """Return type, id and name of a policy."""
    round_ = f" {number // len(POLICIES) + 1}" if number >= len(POLICIES) else ""
    name = POLICIES[number % len(POLICIES)] + round_
    return TYPES[number % len(TYPES)], f"33333333-0000-4000-8000-{number:012d}", name


def findings(count: int) -> list[DriftItem]:
    """Return what a check found: most changed, some new, some gone."""
    rows = []
    for number in range(count):
        kind = "new" if number % 7 == 3 else ("gone" if number % 11 == 5 else "changed")
        added, removed = targets(number) if kind == "changed" else ((), ())
        rows.append(DriftItem(kind, *policy(number), added, removed, number + 1))
    return rows


def a_check(run: OperationRun, rows: list[DriftItem], same: int, unknown: int = 0) -> DriftCheck:
    kinds = [row.kind for row in rows]
    return DriftCheck(run, kinds.count("changed"), kinds.count("new"), kinds.count("gone"), same, unknown)


def drift_world(desk: MemoryDesk | None = None) -> MemoryDesk:
    """Return the busy world with its drift checks."""
    desk = desk or busy_world(more_runs=5)
    whole, gappy = desk.all_sets[:2]

    def run(run_id: str, backup_set: str, ago: timedelta, *words: Any, **named_: Any) -> OperationRun:
        made = make_run(1, RunType.DRIFT, *words, ago=ago, inputs={"set": backup_set}, **named_)
        tenant = desk.all_runs[0].tenant
        return replace(made, id=run_id, tenant=tenant, initiator_name=desk.all_runs[0].initiator_name)

    rows, first = findings(60), findings(9)
    gap = Failure(FailureCode.DRIFT_FAILED, Reason.BACKUP_INCOMPLETE, GAP, Subject(policy_type=TYPES[0]))
    lost = Failure(FailureCode.DRIFT_FAILED, Reason.AUTHENTICATION_FAILED, "The secret of the tenant has expired.")
    partly = run(
        PARTLY,
        gappy.id,
        timedelta(hours=26),
        outcome=Outcome.PARTIALLY_SUCCEEDED,
        total=1204,
        unchanged=1197,
        skipped=7,
    )
    failed = run(FAILED, whole.id, timedelta(days=3), outcome=Outcome.FAILED)
    running = run(RUNNING, whole.id, timedelta(seconds=40), Status.RUNNING, total=1204, processed=9, unchanged=391)
    desk.checks = [
        a_check(running, first, 391),
        a_check(run(FOUND, whole.id, timedelta(hours=1), total=1212, processed=60, unchanged=1152), rows, 1152),
        a_check(run(NONE, whole.id, timedelta(hours=20), total=1204, unchanged=1204), [], 1204),
        a_check(replace(partly, failures=(gap,), context={**partly.context, "failure_count": 2}), [], 1197, 7),
        a_check(replace(failed, failures=(lost,), context={**failed.context, "failure_count": 1}), [], 0, 1),
    ]
    desk.findings_of = {RUNNING: first, FOUND: rows}
    notes = (f"Set {gappy.id[-6:]} does not hold its assignments.", "")
    desk.set_findings = [
        Difference(
            "unknown" if number == 4 else row.kind,
            row.policy_type,
            row.policy_id,
            row.policy_name,
            () if number == 4 else row.added,
            () if number == 4 else row.removed,
            notes[0] if number == 4 else "",
            f"t/{number:06d}",
        )
        for number, row in enumerate(rows)
    ]
    desk.same_in_sets = 1144
    return desk


def changed_name(row: Any, name: str) -> Any:
    def sided(side: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        return tuple({**target, "group_name": name, "filter_name": name} for target in side)

    return replace(
        row,
        policy_type=name,
        policy_id=name,
        policy_name=name,
        added=sided(row.added),
        removed=sided(row.removed),
    )


def hostile_drift_world(name: str, desk: MemoryDesk | None = None) -> MemoryDesk:
    """Return the same with ``name`` wherever foreign text stands."""
    desk = drift_world(desk or hostile_world(name))
    desk.findings_of = {key: [changed_name(row, name) for row in rows] for key, rows in desk.findings_of.items()}
    desk.set_findings = [replace(changed_name(row, name), note=name and row.note) for row in desk.set_findings]
    desk.checks = [
        replace(
            check,
            run=replace(check.run, failures=tuple(replace(one, message=name) for one in check.run.failures)),
        )
        for check in desk.checks
    ]
    desk.written_of = {
        key: [
            replace(
                one,
                policy_name=name,
                policy_type=name,
                before=tuple({**target, "group_name": name} for target in one.before),
                after=None if one.after is None else tuple({**target, "group_name": name} for target in one.after),
            )
            for one in rows
        ]
        for key, rows in written_world(desk).written_of.items()
    }
    return desk


def written_world(desk: MemoryDesk | None = None) -> MemoryDesk:
    """Return a world whose newest entry is an execution that wrote a hundred policies, in every way that writing can end."""
    desk = desk or busy_world(more_runs=0)
    states = ("applied", "applied", "applied", "in_part", "not_applied", "awaiting_approval", "unknown")
    rows = []
    for number in range(100):
        added, removed = targets(number)
        state, kept = states[number % len(states)], (named(PILOT),)
        key, policy_id, name = policy(number)
        after = (*kept, *added) if state == "applied" else None
        rows.append(WrittenPolicy(make_id(50_000 + number), key, policy_id, name, state, (*kept, *removed), after))
    rows[1] = replace(rows[1], after=())
    newest = desk.all_entries[0]
    newest["resource_type"], newest["action"] = "run", "assignments.restore.executed"
    newest["details"] = {
        **newest["details"],
        "restore_run": desk.all_restores[0].id,
        "backup_set": desk.all_sets[0].id,
    }
    desk.written_of = {str(newest["resource_id"]): rows}
    return desk
