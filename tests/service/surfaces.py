"""How each thing that can be asked and ordered is said at a command and at a screen's desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from opsconsole.console.service_desk import ServiceDesk
from opsconsole.domain.access import Capability, Role
from opsconsole.domain.audit import EXECUTED
from opsconsole.domain.difference import EVERYTHING
from opsconsole.domain.plan import Mode
from opsconsole.domain.run import RunType
from opsconsole.domain.schedule import Rule, ScheduleKind
from opsconsole.service.audit import AuditQuery
from opsconsole.service.record_query import EVERY_RECORD, RecordQuery
from opsconsole.service.runs import RunQuery

from .orders import NO_ID, ORDERS, READS, Act, no_id, nowhere
from .world import World

Words = Callable[[str, str], Sequence[str]]
"""The command line about ``ref``; the second is a folder or file that is not there yet."""

Call = Callable[[ServiceDesk, str], Any]


@dataclass(frozen=True)
class Said:
    """An act, and how it is said at one surface."""

    act: Act
    words: Words | None = None
    call: Call | None = None
    code: int = 0
    """The exit code of a command for somebody who may."""

    @property
    def name(self) -> str:
        """What the test is called by."""
        return self.act.name.replace(" ", "-")


BY_NAME = {act.name: act for act in (*ORDERS, *READS)}


def _read(name: str, noun: str, of: Callable[[World], str], absent: Callable[[World], str] = no_id) -> Act:
    return Act(name, noun, Capability.VIEW, of, lambda caller, ref: None, changes=False, absent=absent)


ORDER_COMMANDS: dict[str, Words] = {
    "start_backup": lambda ref, _: ("backup", ref),
    "start_fetch": lambda ref, _: ("backups", "fetch", ref, "--failed"),
    "export_set": lambda ref, new: ("backups", "export", ref, new),
    "start_preview for a tenant": lambda ref, _: ("restore", "preview", "latest", "--tenant", ref),
    "run_restore": lambda ref, _: ("restore", "run", ref, "--yes"),
    "retry_restore": lambda ref, _: ("restore", "retry", ref),
    "undo_restore": lambda ref, _: ("restore", "undo", ref),
    "start_drift": lambda ref, _: ("drift", ref),
    "start_check": lambda ref, _: ("tenants", "check", ref),
    "add_schedule": lambda ref, _: ("schedules", "add", ref, "--backup", "--every", "24h"),
    "pause_schedule": lambda ref, _: ("schedules", "pause", ref),
    "resume_schedule": lambda ref, _: ("schedules", "resume", ref),
    "remove_schedule": lambda ref, _: ("schedules", "remove", ref),
    "run_schedule_now": lambda ref, _: ("schedules", "run-now", ref),
    "add_member": lambda ref, _: ("--workspace", ref, "members", "add", "uid:4000", "operator"),
    "remove_member": lambda ref, _: ("--workspace", ref, "members", "remove", "uid:4000"),
    **{f"cancel_run of {run_type}": lambda ref, _: ("runs", "cancel", ref) for run_type in RunType},
    **{f"retry_run of {run_type}": lambda ref, _: ("runs", "retry", ref) for run_type in RunType},
}

READ_COMMANDS: dict[str, Words] = {
    "show_set": lambda ref, _: ("backups", "show", ref),
    "list_items": lambda ref, _: ("backups", "items", ref),
    "list_items with payload": lambda ref, _: ("backups", "items", ref, "--payload"),
    "diff_sets": lambda ref, _: ("backups", "diff", ref, ref),
    "show_restore": lambda ref, _: ("restore", "show", ref),
    "show_run": lambda ref, _: ("runs", "show", ref),
    "show_entry": lambda ref, _: ("audit", "show", ref),
    "list_differences": lambda ref, _: ("runs", "differences", ref),
    "list_set_differences": lambda ref, _: ("backups", "diff", ref, ref, "--limit", "10"),
    "list_runs of a tenant": lambda ref, _: ("runs", "list", "--tenant", ref),
    "list_sets of a tenant": lambda ref, _: ("backups", "list", "--tenant", ref),
    "list_restores of a tenant": lambda ref, _: ("restore", "list", "--tenant", ref),
    "list_runs of a workspace": lambda ref, _: ("--workspace", ref, "runs", "list"),
    "list_sets of a workspace": lambda ref, _: ("--workspace", ref, "backups", "list"),
    "list_restores of a workspace": lambda ref, _: ("--workspace", ref, "restore", "list"),
    "list_members of a workspace": lambda ref, _: ("--workspace", ref, "members", "list"),
    "list_tenants of a workspace": lambda ref, _: ("--workspace", ref, "tenants", "list"),
    "list_schedules of a workspace": lambda ref, _: ("--workspace", ref, "schedules", "list"),
    "list_entries of a workspace": lambda ref, _: ("--workspace", ref, "audit", "list"),
    "verify of a workspace": lambda ref, _: ("--workspace", ref, "audit", "verify"),
    "head of a workspace": lambda ref, _: ("--workspace", ref, "audit", "head"),
    "info of a workspace": lambda ref, _: ("--workspace", ref, "db", "info"),
}


def _status(ref: str, _: str) -> Sequence[str]:
    return ("--workspace", ref, "status")


def _an_execution(world: World) -> str:
    """An audit entry that tells of an execution."""
    world.executed()
    return str(next(entry["id"] for entry in reversed(world.trail()) if entry["action"] == EXECUTED))


COMMANDS = [
    *(Said(BY_NAME[name], words) for name, words in {**ORDER_COMMANDS, **READ_COMMANDS}.items()),
    Said(
        _read("watch", "run", lambda w: w.complete(w.queued_run(RunType.CHECK).id).id),
        lambda ref, _: ("runs", "watch", ref),
    ),
    Said(_read("writes", "audit entry", _an_execution), lambda ref, _: ("audit", "writes", ref)),
    Said(
        _read("export of a workspace", "workspace", lambda w: "main", nowhere),
        lambda ref, new: ("--workspace", ref, "audit", "export", new),
    ),
    Said(
        _read("check of a workspace", "workspace", lambda w: "main", nowhere),
        lambda ref, _: ("--workspace", ref, "db", "check"),
    ),
    Said(_read("status of a workspace", "workspace", lambda w: "main", nowhere), _status, code=3),
]
"""Every command that asks or orders something, once for each kind of thing it is about."""

LISTS: list[tuple[str, ...]] = [
    ("runs", "list"),
    ("backups", "list"),
    ("restore", "list"),
    ("schedules", "list"),
    ("members", "list"),
    ("tenants", "list"),
    ("audit", "list"),
]
"""Commands that show all that one may see, whatever that is."""

OF_NOTHING_IN_A_STORE = {
    "console", "demo", "init", "doctor", "engine", "simulate", "policy-types list",
    # the store as a whole, for owners; proven at the service
    "db migrate", "db seed",
    # of a tenant that is not theirs, people see what their own configuration says
    "tenants show",
}  # fmt: skip
"""Commands that name nothing of a workspace."""


ORDER_CALLS: dict[str, Call] = {
    "start_backup": lambda desk, ref: desk.start_backup(ref),
    "start_fetch": lambda desk, ref: desk.start_fetch(ref),
    "start_preview for a tenant": lambda desk, ref: desk.start_preview("latest", ref, mode=Mode.EXACT),
    "run_restore": lambda desk, ref: desk.run_restore(ref, _plan_of(desk, ref)),
    "undo_restore": lambda desk, ref: desk.undo_restore(ref),
    "start_check": lambda desk, ref: desk.start_check(ref),
    "start_drift": lambda desk, ref: desk.start_drift(ref),
    "add_schedule": lambda desk, ref: desk.add_schedule(ScheduleKind.BACKUP, ref, Rule(every="24h")),
    "pause_schedule": lambda desk, ref: desk.pause_schedule(ref),
    "resume_schedule": lambda desk, ref: desk.resume_schedule(ref),
    "remove_schedule": lambda desk, ref: desk.remove_schedule(ref),
    "run_schedule_now": lambda desk, ref: desk.run_schedule(ref),
    "add_member": lambda desk, ref: desk.set_member(ref, "uid:4000", Role.OPERATOR),
    "remove_member": lambda desk, ref: desk.remove_member(ref, "uid:4000"),
    **{f"cancel_run of {run_type}": lambda desk, ref: desk.cancel_run(ref) for run_type in RunType},
    **{f"retry_run of {run_type}": lambda desk, ref: desk.retry_run(ref) for run_type in RunType},
}

READ_CALLS: dict[str, Call] = {
    "show_set": lambda desk, ref: desk.backup_set(ref),
    "list_items": lambda desk, ref: desk.items(ref, None, (), 50, None),
    "set_names": lambda desk, ref: desk.names(ref),
    "show_restore": lambda desk, ref: desk.restore(ref),
    "restore items": lambda desk, ref: desk.restore_items(ref, (), 50, None),
    "confirmation": lambda desk, ref: desk.confirmation(ref),
    "left_to_write": lambda desk, ref: desk.left_to_write(ref, None, ()),
    "show_run": lambda desk, ref: desk.run(ref),
    "related": lambda desk, ref: desk.run_report(ref),
    "list_failures": lambda desk, ref: desk.failures(ref, None, 50, None),
    "show_entry": lambda desk, ref: desk.entry(ref),
    "show_drift": lambda desk, ref: desk.drift_check(ref),
    "list_differences": lambda desk, ref: desk.differences(ref, EVERYTHING, 50, None),
    "count_differences": lambda desk, ref: desk.count_differences(ref, EVERYTHING),
    "list_set_differences": lambda desk, ref: desk.set_differences(ref, ref, EVERYTHING, 50, None),
    "count_set_differences": lambda desk, ref: desk.count_set_differences(ref, ref, EVERYTHING),
    "list_written": lambda desk, ref: desk.written(ref, 50, None),
    "count_written": lambda desk, ref: desk.count_written(ref),
    "list_drifts of a tenant": lambda desk, ref: desk.drifts(RunQuery(tenant=ref), 50, None),
    "count_drifts of a tenant": lambda desk, ref: desk.count_drifts(RunQuery(tenant=ref)),
    "list_entries of a tenant": lambda desk, ref: desk.entries(AuditQuery(tenant=ref), 50, None),
    "count_entries of a tenant": lambda desk, ref: desk.count_entries(AuditQuery(tenant=ref), 0),
    "list_runs of a tenant": lambda desk, ref: desk.runs(RunQuery(tenant=ref), 50, None),
    "count_items": lambda desk, ref: desk.count_items(ref, None, (), None),
    "count_restore_items": lambda desk, ref: desk.count_restore_items(ref, (), None, None),
    "count_failures": lambda desk, ref: desk.count_failures(ref, None, None),
    "failure_groups": lambda desk, ref: desk.failure_groups(ref),
    "count_sets of a tenant": lambda desk, ref: desk.count_sets(RecordQuery(tenant=ref)),
    "count_restores of a tenant": lambda desk, ref: desk.count_restores(RecordQuery(tenant=ref)),
    "count_runs of a tenant": lambda desk, ref: desk.count_runs(RunQuery(tenant=ref)),
}

CALLS = [
    *(Said(BY_NAME[name], call=call) for name, call in {**ORDER_CALLS, **READ_CALLS}.items()),
    Said(
        _read("an item", "backup set", lambda w: w.finished_set().id),
        call=lambda desk, ref: desk.item(ref, _item_of(desk, ref)),
    ),
]
"""Every call of a screen that asks or orders something about a thing it names."""

DESK_LISTS: dict[str, Callable[[ServiceDesk], Any]] = {
    "runs": lambda desk: desk.runs(RunQuery(), 50, None).items,
    "count_runs": lambda desk: desk.count_runs(RunQuery()),
    "state_counts": lambda desk: desk.state_counts(),
    "sets": lambda desk: desk.sets(50, None).items,
    "restores": lambda desk: desk.restores(50, None).items,
    "count_sets": lambda desk: desk.count_sets(EVERY_RECORD),
    "count_restores": lambda desk: desk.count_restores(EVERY_RECORD),
    "entries": lambda desk: desk.entries(AuditQuery(), 50, None).items,
    "trail": lambda desk: desk.trail(AuditQuery()).read(50, None).items,
    "drifts": lambda desk: desk.drifts(RunQuery(), 50, None).items,
    "count_drifts": lambda desk: desk.count_drifts(RunQuery()),
    "tenants": lambda desk: [view for view in desk.tenants() if view.is_registered],
    "identity": lambda desk: desk.identity().roles,
    "schedules": lambda desk: desk.schedules(),
    "members": lambda desk: desk.members().members,
    "overview": lambda desk: desk.overview().tenants,
}
"""Calls that show all that one may see: nothing at all to somebody who is no member."""

OF_NO_THING = {
    "now",
    "changed",
    "listen",
    "close",
    "verify",
    "chain",
    "broken_verdict",
    "caller",
    "account",
    "next_fires",
    "tenant",
}
"""What else the desk has: its clock, its feed, accounts and rules that it reads, and the walk of the trail, a command above."""


def _plan_of(desk: ServiceDesk, ref: str) -> str:
    """The hash that whoever may run the plan has seen; others guess."""
    with desk.caller.db.read() as s:
        row = s.one("SELECT plan_hash FROM restore_runs WHERE id = :id", id=ref)
    return str(row["plan_hash"]) if row else "a" * 64


def _item_of(desk: ServiceDesk, ref: str) -> str:
    with desk.caller.db.read() as s:
        row = s.one("SELECT id FROM backup_items WHERE set_id = :id LIMIT 1", id=ref)
    return str(row["id"]) if row else NO_ID
