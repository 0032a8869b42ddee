"""Everything that can be asked and ordered, as one table: what it takes, what it names, and how it is said."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsconsole.domain.access import CAPABILITY_OF_RUN, Capability, Role
from opsconsole.domain.run import RunType
from opsconsole.domain.schedule import Rule, ScheduleKind
from opsconsole.engine.scheduler import next_fire
from opsconsole.service import (
    audit,
    backups,
    counts,
    differences,
    drift,
    members,
    overview,
    restores,
    retries,
    runs,
    schedules,
    store_admin,
    tenants,
    written,
)
from opsconsole.service.caller import Caller
from opsconsole.service.record_query import RecordQuery

from .world import World

NO_ID = "00000000-0000-7000-8000-00000000dead"
"""The id of nothing."""


def nowhere(_: World) -> str:
    """The name of no tenant."""
    return "nowhere"


def no_id(_: World) -> str:
    """The id of nothing."""
    return NO_ID


@dataclass(frozen=True)
class Act:
    """One function of the service: ``of`` makes what it is about and returns how it is named; ``absent`` names nothing.

    ``changes`` is True for orders. ``ends_in`` is the error that somebody with the capability gets where it is no answer.
    """

    name: str
    noun: str
    capability: Capability
    of: Callable[[World], str]
    give: Callable[[Caller, str], Any]
    changes: bool = True
    absent: Callable[[World], str] = no_id
    ends_in: str | None = None


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp()) / "export"


def _preview(caller: Caller, ref: str) -> Any:
    return restores.start_preview(caller, ref, "contoso")


ORDERS: list[Act] = [
    Act(
        "start_backup",
        "tenant",
        Capability.FETCH_START,
        lambda w: "contoso",
        lambda c, ref: backups.start_backup(c, ref),
        absent=nowhere,
    ),
    Act(
        "start_fetch",
        "backup set",
        Capability.FETCH_START,
        lambda w: w.gappy_set().id,
        lambda c, ref: backups.start_fetch(c, ref),
    ),
    Act(
        "export_set",
        "backup set",
        Capability.EXPORT_PAYLOAD,
        lambda w: w.finished_set().id,
        lambda c, ref: backups.export_set(c, ref, _new_folder()),
    ),
    Act(
        "start_preview for a tenant",
        "tenant",
        Capability.PREVIEW_CREATE,
        lambda w: w.finished_set().tenant,
        lambda c, ref: restores.start_preview(c, "latest", ref),
        absent=nowhere,
    ),
    Act(
        "run_restore",
        "restore run",
        Capability.RESTORE_EXECUTE,
        lambda w: w.previewed().id,
        lambda c, ref: restores.run_restore(c, ref),
    ),
    Act(
        "retry_restore",
        "restore run",
        Capability.RESTORE_EXECUTE,
        lambda w: w.executed().id,
        lambda c, ref: restores.retry_restore(c, ref),
    ),
    Act(
        "undo_restore",
        "restore run",
        Capability.RESTORE_EXECUTE,
        lambda w: w.executed().id,
        lambda c, ref: restores.undo_restore(c, ref),
    ),
    Act(
        "start_drift",
        "backup set",
        Capability.DRIFT_START,
        lambda w: w.finished_set().id,
        lambda c, ref: drift.start_drift(c, ref),
    ),
    Act(
        "start_check",
        "tenant",
        Capability.CHECK_START,
        lambda w: "contoso",
        lambda c, ref: tenants.start_check(c, ref),
        absent=nowhere,
    ),
    Act(
        "add_schedule",
        "tenant",
        Capability.SCHEDULE_MANAGE,
        lambda w: "contoso",
        lambda c, ref: schedules.add_schedule(c, ScheduleKind.BACKUP, ref, Rule(every="24h"), next_fire),
        absent=nowhere,
    ),
    Act(
        "pause_schedule",
        "schedule",
        Capability.SCHEDULE_MANAGE,
        lambda w: w.schedule().id,
        lambda c, ref: schedules.pause_schedule(c, ref),
    ),
    Act(
        "resume_schedule",
        "schedule",
        Capability.SCHEDULE_MANAGE,
        lambda w: schedules.pause_schedule(w.alice, w.schedule().id).id,
        lambda c, ref: schedules.resume_schedule(c, ref, next_fire),
    ),
    Act(
        "remove_schedule",
        "schedule",
        Capability.SCHEDULE_MANAGE,
        lambda w: w.schedule().id,
        lambda c, ref: schedules.remove_schedule(c, ref),
    ),
    Act(
        "run_schedule_now",
        "schedule",
        Capability.SCHEDULE_MANAGE,
        lambda w: w.schedule().id,
        lambda c, ref: schedules.run_schedule_now(c, ref),
    ),
    Act(
        "add_member",
        "workspace",
        Capability.MEMBER_MANAGE,
        lambda w: "main",
        lambda c, ref: members.add_member(_in(c, ref), "uid:4000", Role.OPERATOR),
        absent=nowhere,
    ),
    Act(
        "remove_member",
        "workspace",
        Capability.MEMBER_MANAGE,
        lambda w: "main",
        lambda c, ref: members.remove_member(_in(c, ref), "uid:1000"),
        absent=nowhere,
    ),
    *(
        Act(
            f"cancel_run of {run_type}",
            "run",
            CAPABILITY_OF_RUN[run_type],
            lambda w, run_type=run_type: w.queued_run(run_type).id,  # type: ignore[misc]
            lambda c, ref: runs.cancel_run(c, ref),
        )
        for run_type in RunType
    ),
    *(
        Act(
            f"retry_run of {run_type}",
            "run",
            CAPABILITY_OF_RUN[run_type],
            lambda w, run_type=run_type: w.ended_run(run_type).id,  # type: ignore[misc]
            lambda c, ref: retries.retry_run(c, ref),
            ends_in="conflict" if run_type is RunType.RECONCILE else None,
        )
        for run_type in RunType
    ),
]
"""What changes something."""

PREVIEW_OF_A_SET = Act(
    "start_preview of a set", "backup set", Capability.VIEW, lambda w: w.finished_set().id, _preview, changes=True
)
"""Apart: a stranger fails at the tenant already, so the set's own refusal shows only to a member of another workspace."""


def _in(caller: Caller, workspace: str) -> Caller:
    return Caller(caller.db, caller.config, caller.actor, workspace, caller.clock, caller.new_id)


READS: list[Act] = [
    Act(name, noun, Capability.VIEW, of, give, changes=False)
    for name, noun, of, give in (
        ("show_set", "backup set", lambda w: w.finished_set().id, lambda c, ref: backups.show_set(c, ref)),
        ("list_items", "backup set", lambda w: w.finished_set().id, lambda c, ref: backups.list_items(c, ref)),
        ("set_names", "backup set", lambda w: w.finished_set().id, lambda c, ref: backups.set_names(c, ref)),
        ("diff_sets", "backup set", lambda w: w.finished_set().id, lambda c, ref: differences.diff_sets(c, ref, ref)),
        ("count_items", "backup set", lambda w: w.finished_set().id, lambda c, ref: counts.count_items(c, ref)),
        (
            "count_restore_items",
            "restore run",
            lambda w: w.previewed().id,
            lambda c, ref: counts.count_restore_items(c, ref),
        ),
        (
            "count_failures",
            "run",
            lambda w: w.ended_run(RunType.FETCH).id,
            lambda c, ref: counts.count_failures(c, ref),
        ),
        ("show_restore", "restore run", lambda w: w.previewed().id, lambda c, ref: restores.show_restore(c, ref)),
        (
            "restore items",
            "restore run",
            lambda w: w.previewed().id,
            lambda c, ref: restores.list_restore_items(c, ref),
        ),
        ("all items", "restore run", lambda w: w.previewed().id, lambda c, ref: restores.all_restore_items(c, ref)),
        ("confirmation", "restore run", lambda w: w.previewed().id, lambda c, ref: restores.confirmation(c, ref)),
        ("left_to_write", "restore run", lambda w: w.previewed().id, lambda c, ref: restores.left_to_write(c, ref)),
        ("show_run", "run", lambda w: w.ended_run(RunType.FETCH).id, lambda c, ref: runs.show_run(c, ref)),
        ("run_log", "run", lambda w: w.ended_run(RunType.FETCH).id, lambda c, ref: runs.run_log(c, ref)),
        ("failure_groups", "run", lambda w: w.ended_run(RunType.FETCH).id, lambda c, ref: runs.failure_groups(c, ref)),
        ("list_failures", "run", lambda w: w.ended_run(RunType.FETCH).id, lambda c, ref: runs.list_failures(c, ref)),
        ("related", "run", lambda w: w.ended_run(RunType.RESTORE).id, lambda c, ref: runs.related(c, ref)),
        ("drift_result", "run", lambda w: w.ended_run(RunType.DRIFT).id, lambda c, ref: drift.drift_result(c, ref)),
        ("show_drift", "run", lambda w: w.ended_run(RunType.DRIFT).id, lambda c, ref: drift.show_drift(c, ref)),
        (
            "list_differences",
            "run",
            lambda w: w.ended_run(RunType.DRIFT).id,
            lambda c, ref: drift.list_differences(c, ref),
        ),
        (
            "count_differences",
            "run",
            lambda w: w.ended_run(RunType.DRIFT).id,
            lambda c, ref: drift.count_differences(c, ref),
        ),
        (
            "list_set_differences",
            "backup set",
            lambda w: w.finished_set().id,
            lambda c, ref: differences.list_set_differences(c, ref, ref),
        ),
        (
            "count_set_differences",
            "backup set",
            lambda w: w.finished_set().id,
            lambda c, ref: differences.count_set_differences(c, ref, ref),
        ),
        (
            "list_written",
            "run",
            lambda w: w.ended_run(RunType.RESTORE).id,
            lambda c, ref: written.list_written(c, ref),
        ),
        (
            "count_written",
            "run",
            lambda w: w.ended_run(RunType.RESTORE).id,
            lambda c, ref: written.count_written(c, ref),
        ),
        ("show_entry", "audit entry", lambda w: _an_entry(w), lambda c, ref: audit.show_entry(c, ref)),
    )
] + [
    Act(
        "list_items with payload",
        "backup set",
        Capability.EXPORT_PAYLOAD,
        lambda w: w.finished_set().id,
        lambda c, ref: backups.list_items(c, ref, payload=True),
        changes=False,
    ),
    Act(
        "show_item with payload",
        "backup set",
        Capability.EXPORT_PAYLOAD,
        lambda w: w.finished_set().id,
        lambda c, ref: backups.show_item(c, ref, f"{DIGITS}", payload=True) if ref == NO_ID else _first(c, ref),
        changes=False,
    ),
    *(
        Act(name, "tenant", Capability.VIEW, lambda w: "contoso", give, changes=False, absent=nowhere)
        for name, give in (
            ("list_runs of a tenant", lambda c, ref: runs.list_runs(c, runs.RunQuery(tenant=ref))),
            ("count_runs of a tenant", lambda c, ref: runs.count_runs(c, runs.RunQuery(tenant=ref))),
            ("count_drifts of a tenant", lambda c, ref: drift.count_drifts(c, runs.RunQuery(tenant=ref))),
            ("list_drifts of a tenant", lambda c, ref: drift.list_drifts(c, runs.RunQuery(tenant=ref))),
            ("list_entries of a tenant", lambda c, ref: audit.list_entries(c, audit.AuditQuery(tenant=ref))),
            ("count_entries of a tenant", lambda c, ref: audit.count_entries(c, audit.AuditQuery(tenant=ref))),
            ("list_sets of a tenant", lambda c, ref: backups.list_sets(c, tenant=ref)),
            ("list_restores of a tenant", lambda c, ref: restores.list_restores(c, tenant=ref)),
            ("count_sets of a tenant", lambda c, ref: counts.count_sets(c, RecordQuery(tenant=ref))),
            ("count_restores of a tenant", lambda c, ref: counts.count_restores(c, RecordQuery(tenant=ref))),
        )
    ),
    *(
        Act(
            f"{name} of a workspace",
            "workspace",
            Capability.VIEW,
            lambda w: "main",
            lambda c, ref, give=give: give(_in(c, ref)),  # type: ignore[misc]
            changes=False,
            absent=nowhere,
        )
        for name, give in (
            ("list_runs", runs.list_runs),
            ("count_runs", runs.count_runs),
            ("state_counts", runs.state_counts),
            ("list_sets", backups.list_sets),
            ("list_restores", restores.list_restores),
            ("count_sets", counts.count_sets),
            ("count_restores", counts.count_restores),
            ("list_members", members.list_members),
            ("list_tenants", tenants.list_tenants),
            ("overview", overview.overview),
            ("list_schedules", schedules.list_schedules),
            ("list_entries", audit.list_entries),
            ("count_entries", audit.count_entries),
            ("list_drifts", drift.list_drifts),
            ("count_drifts", drift.count_drifts),
            ("verify", audit.verify),
            ("head", audit.head),
            ("info", store_admin.info),
        )
    ),
]
"""What only looks."""

DIGITS = "00000000"


def _first(caller: Caller, set_ref: str) -> Any:
    item = backups.list_items(caller, set_ref, limit=1).items[0]
    return backups.show_item(caller, set_ref, item.id, payload=True)


def _an_entry(world: World) -> str:
    backups.start_backup(world.alice, "contoso")
    return str(world.trail()[-1]["id"])
