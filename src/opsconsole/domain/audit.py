"""The audit log: its entries, the actions they may name, and the hash chain that shows a change (promise 6)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from opsconsole.errors import OpsError

GENESIS_HASH = "0" * 64
"""The ``prev_hash`` of the first entry."""


class Action(StrEnum):
    """Everything that is audited. An entry with another action cannot be written."""

    STORE_CREATED = "store.created"
    STORE_MIGRATED = "store.migrated"
    STORE_SEEDED = "store.seeded"
    WORKSPACE_CREATED = "workspace.created"
    TENANT_REGISTERED = "tenant.registered"
    MEMBER_ADDED = "member.added"
    MEMBER_REMOVED = "member.removed"
    BACKUP_STARTED = "backup.started"
    FETCH_STARTED = "assignments.fetch.started"
    PREVIEW_STARTED = "assignments.preview.started"
    RESTORE_REQUESTED = "assignments.restore.requested"
    RESTORE_EXECUTED = "assignments.restore.executed"
    RESTORE_UNDO_REQUESTED = "assignments.restore.undo_requested"
    DRIFT_STARTED = "assignments.drift.started"
    CHECK_STARTED = "tenant.check.started"
    RUN_CANCEL_REQUESTED = "run.cancel_requested"
    RUN_RETRIED = "run.retried"
    SCHEDULE_ADDED = "schedule.added"
    SCHEDULE_PAUSED = "schedule.paused"
    SCHEDULE_RESUMED = "schedule.resumed"
    SCHEDULE_REMOVED = "schedule.removed"
    SCHEDULE_RUN_NOW = "schedule.run_now"
    PAYLOAD_EXPORTED = "payload.exported"
    ACCESS_REFUSED = "access.refused"


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """What an action records, and the functions that write it, by module and name."""

    meaning: str
    written_by: tuple[str, ...]


ACTIONS: dict[Action, ActionInfo] = {
    Action.STORE_CREATED: ActionInfo("An empty store was made ready.", ("service.setup.init_store",)),
    Action.STORE_MIGRATED: ActionInfo(
        "The store was brought to another schema.", ("service.store_admin.migrate_store",)
    ),
    Action.STORE_SEEDED: ActionInfo("A made-up history was put into the store.", ("service.store_admin.seed",)),
    Action.WORKSPACE_CREATED: ActionInfo(
        "A workspace and its first owner were made.", ("service.setup.init_store", "service.tenants.register")
    ),
    Action.TENANT_REGISTERED: ActionInfo("A tenant was bound to a workspace.", ("service.tenants.register",)),
    Action.MEMBER_ADDED: ActionInfo("An actor got a role, or another one.", ("service.members.add_member",)),
    Action.MEMBER_REMOVED: ActionInfo("An actor lost their role.", ("service.members.remove_member",)),
    Action.BACKUP_STARTED: ActionInfo(
        "A backup was ordered, by hand or by schedule.", ("service.backups.start_backup",)
    ),
    Action.FETCH_STARTED: ActionInfo("Items of a set were to be fetched again.", ("service.backups.start_fetch",)),
    Action.PREVIEW_STARTED: ActionInfo("A restore was to be worked out.", ("service.restores.start_preview",)),
    Action.RESTORE_REQUESTED: ActionInfo("A plan was to be executed.", ("service.restores.run_restore",)),
    Action.RESTORE_EXECUTED: ActionInfo(
        "An execution ended, however it went: once an execution.", ("operations.completion.complete_run",)
    ),
    Action.RESTORE_UNDO_REQUESTED: ActionInfo(
        "The undo of a restore was to be worked out.", ("service.restores.undo_restore",)
    ),
    Action.DRIFT_STARTED: ActionInfo("A set was to be compared with its tenant.", ("service.drift.start_drift",)),
    Action.CHECK_STARTED: ActionInfo("A tenant's reachability was to be checked.", ("service.tenants.start_check",)),
    Action.RUN_CANCEL_REQUESTED: ActionInfo("A run was told to stop.", ("service.runs.cancel_run",)),
    Action.RUN_RETRIED: ActionInfo(
        "What an execution left was to be tried again.", ("service.restores.retry_restore",)
    ),
    Action.SCHEDULE_ADDED: ActionInfo("A schedule was made.", ("service.schedules.add_schedule",)),
    Action.SCHEDULE_PAUSED: ActionInfo("A schedule was paused.", ("service.schedules.pause_schedule",)),
    Action.SCHEDULE_RESUMED: ActionInfo("A schedule was resumed.", ("service.schedules.resume_schedule",)),
    Action.SCHEDULE_REMOVED: ActionInfo("A schedule was removed.", ("service.schedules.remove_schedule",)),
    Action.SCHEDULE_RUN_NOW: ActionInfo("A schedule was run at once.", ("service.schedules.run_schedule_now",)),
    Action.PAYLOAD_EXPORTED: ActionInfo("A set's payloads left the store.", ("service.backups.export_set",)),
    Action.ACCESS_REFUSED: ActionInfo(
        "An order was refused to somebody, or a run was, whose initiator had lost the role.",
        ("service.guard.ordering", "service.guard.record_refused_run"),
    ),
}
"""Every action: what it records, and who writes it."""


class AuditOutcome(StrEnum):
    """How the audited action went."""

    SUCCEEDED = "succeeded"
    PARTIALLY_SUCCEEDED = "partially_succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"


EXECUTED = Action.RESTORE_EXECUTED.value
"""The action of entries that tell what an execution of a restore wrote."""


def outcomes_of(action: Action) -> frozenset[AuditOutcome]:
    """Return how an action can have gone: an order that went wrong was never carried out, so only executions differ."""
    if action is Action.RESTORE_EXECUTED:
        return frozenset(AuditOutcome) - {AuditOutcome.REFUSED}
    return frozenset({AuditOutcome.REFUSED if action is Action.ACCESS_REFUSED else AuditOutcome.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of ``audit_logs``. ``details`` is JSON text, kept as it was hashed."""

    id: str
    seq: int
    workspace_id: str | None
    tenant_id: str | None
    actor: str
    action: str
    resource_type: str
    resource_id: str
    outcome: str
    details: str
    created_at: str
    prev_hash: str
    hash: str = ""

    def columns(self) -> dict[str, Any]:
        """Return all columns but ``hash``, as the chain hashes them."""
        return {
            "id": self.id,
            "seq": self.seq,
            "workspace_id": self.workspace_id,
            "tenant_id": self.tenant_id,
            "actor": self.actor,
            "action": self.action,
            "resource_type": self.resource_type,
            "resource_id": self.resource_id,
            "outcome": self.outcome,
            "details": self.details,
            "created_at": self.created_at,
            "prev_hash": self.prev_hash,
        }


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
"""Made once: ``json.dumps`` would make one for each entry."""


def entry_hash(columns: dict[str, Any]) -> str:
    """Return the SHA-256, in hex, over ``prev_hash`` followed by the canonical JSON of all columns but ``hash``."""
    text = _CANONICAL.encode(columns)
    return hashlib.sha256((str(columns["prev_hash"]) + text).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last entry of the chain: what must be kept elsewhere to notice a cut end or a chain computed anew."""

    seq: int = 0
    hash: str = GENESIS_HASH

    def to_json(self) -> dict[str, Any]:
        """Return the head as JSON."""
        return {"seq": self.seq, "hash": self.hash}


@dataclass(frozen=True, slots=True)
class BadEntry:
    """The first entry at which the chain breaks: ``seq`` is exact, ``kind`` the best guess (changed, missing, inserted, reordered)."""

    seq: int
    kind: str

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {"seq": self.seq, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``audit verify`` found. ``entries`` were walked, all of them unless it began ``after`` a kept head."""

    ok: bool
    entries: int
    head: ChainHead
    first_bad: BadEntry | None = None
    after: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md; ``after`` stands in it only where the walk did not begin at the beginning."""
        return {
            **({"after": self.after} if self.after else {}),
            "ok": self.ok,
            "entries": self.entries,
            "head": self.head.to_json(),
            "first_bad": self.first_bad.to_json() if self.first_bad else None,
        }


class ChainWatch:
    """Watches a long walk from another thread: how far it is, of how much, and whether it should go on."""

    def __init__(self) -> None:
        self.walked = 0
        self.total = 0
        self._is_stopped = False

    def begin(self, total: int) -> None:
        """Take note of how many entries there are to walk."""
        self.total = total

    def step(self, walked: int) -> None:
        """Take note of how far the walk is. Raises WalkStopped if it should not go on."""
        self.walked = walked
        if self._is_stopped:
            raise WalkStopped("The walk along the chain was stopped before its end.", "Nothing is known of the rest.")

    def stop(self) -> None:
        """Let the walk end at its next step."""
        self._is_stopped = True


class WalkStopped(OpsError):
    """Somebody stopped a walk along the chain."""

    code = "walk_stopped"


class ChainWalk:
    """Walks a chain entry by entry, in the order of ``seq``, and remembers the first break."""

    def __init__(self, start: ChainHead | None = None) -> None:
        self.head = start or ChainHead()
        self._start = self.head.seq
        self.entries = 0
        self.first_bad: BadEntry | None = None

    def step(self, columns: dict[str, Any], stored_hash: str) -> bool:
        """Take the next row in; return False at the first one that breaks the chain."""
        seq = int(columns["seq"])
        expected = self.head.seq + 1
        fits = entry_hash(columns) == stored_hash
        if seq != expected:
            # Ids and times do not take part in the guess: only what an attacker must have touched.
            kind = "inserted" if seq < expected else ("missing" if fits else "reordered")
            self.first_bad = BadEntry(expected, kind)
            return False
        if not fits:
            self.first_bad = BadEntry(seq, "changed")
            return False
        if columns["prev_hash"] != self.head.hash:
            self.first_bad = BadEntry(seq, "inserted" if columns["prev_hash"] == GENESIS_HASH else "reordered")
            return False
        self.head = ChainHead(seq, stored_hash)
        self.entries += 1
        return True

    def finish(self, recorded_head: ChainHead | None = None, *kept_heads: ChainHead) -> Verdict:
        """Return the verdict; ``recorded_head`` is the store's own ``audit_head`` row, the others were kept elsewhere."""
        if self.first_bad is None:
            for other in (recorded_head, *kept_heads):
                if other is not None and other.seq > self.head.seq:
                    self.first_bad = BadEntry(self.head.seq + 1, "missing")
                    break
                if other is recorded_head and other is not None and other.seq < self.head.seq:
                    self.first_bad = BadEntry(other.seq + 1, "inserted")
                    break
                if other is not None and other.seq == self.head.seq and other.hash != self.head.hash:
                    self.first_bad = BadEntry(other.seq, "changed")
                    break
        return Verdict(self.first_bad is None, self.entries, self.head, self.first_bad, self._start)
