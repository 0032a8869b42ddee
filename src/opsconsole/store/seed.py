"""A plausible history for an empty store: every type, outcome and reason, with failures, sets, restores and audit.

The same number of runs, seed and moment make the same history, ids included.
"""

from __future__ import annotations

import hashlib
import json
import random
from datetime import datetime, timedelta
from typing import Any

from opsconsole.domain.audit import Action, ChainHead, entry_hash
from opsconsole.domain.clock import to_text
from opsconsole.domain.failure import REASONS, FailureCode, Reason
from opsconsole.domain.ids import IdSource
from opsconsole.domain.run import Counters, GraphUse, RunType
from opsconsole.errors import Conflict
from opsconsole.store import audit
from opsconsole.store.columns import to_json_text
from opsconsole.store.database import Database, Session
from opsconsole.store.runs import fold_counts
from opsconsole.store.seed_log import log_rows
from opsconsole.store.seed_places import SPAN_DAYS, Place, places_to_seed

CHUNK_RUNS = {"sqlite": 4000, "postgres": 1000}
"""Runs a transaction: enough that the disk is rarely waited for, few enough for a writer beside it. On Postgres each entry
makes another version of the chain's head, and the next one walks over those of its own transaction."""

SETS_WITH_ITEMS = 200
"""The newest sets have their policies; those of older ones would only fill the disk."""

ITEMS_PER_SET = 24

RUNS_WITH_LOG = 1000
"""The newest runs have a log; those of older ones would only fill the disk."""

PEOPLE = (
    ("uid:1000", "alice"),
    ("uid:1001", "bob"),
    ("uid:1002", "carol"),
    ("uid:1003", "dave"),
    ("uid:990", "pipeline"),
)
"""Who starts things, the most active first."""

_KINDS = ("backup", "check", "drift", "preview", "restore", "reconcile")
_WEIGHTS = (34, 20, 22, 12, 10, 2)

_ENDINGS = ("succeeded", "partially_succeeded", "failed", "cancelled")
_ENDING_WEIGHTS = (84, 8, 5, 3)

_POLICY_TYPES = ("deviceConfiguration", "settingsCatalogPolicy", "compliancePolicy")

_REASON_POOL = (
    (Reason.PERMISSION_DENIED,) * 8
    + (Reason.GROUP_NOT_FOUND,) * 6
    + (Reason.THROTTLED,) * 4
    + (Reason.TIMEOUT,) * 4
    + tuple(Reason)
)
"""Every reason occurs; some are common."""

_CODE_OF = {
    RunType.CAPTURE: FailureCode.CAPTURE_FAILED,
    RunType.FETCH: FailureCode.FETCH_FAILED,
    RunType.PREVIEW: FailureCode.PREVIEW_FAILED,
    RunType.RESTORE: FailureCode.RESTORE_FAILED,
    RunType.DRIFT: FailureCode.DRIFT_FAILED,
    RunType.CHECK: FailureCode.CHECK_FAILED,
    RunType.RECONCILE: FailureCode.INTERNAL_ERROR,
}

_STARTED = {
    RunType.CAPTURE: Action.BACKUP_STARTED,
    RunType.PREVIEW: Action.PREVIEW_STARTED,
    RunType.RESTORE: Action.RESTORE_REQUESTED,
    RunType.DRIFT: Action.DRIFT_STARTED,
    RunType.CHECK: Action.CHECK_STARTED,
}

_ORDER = (
    "operation_runs",
    "operation_run_failures",
    "operation_run_events",
    "backup_sets",
    "backup_set_types",
    "backup_items",
    "restore_runs",
    "restore_executions",
    "restore_items",
    "audit_logs",
)
"""Tables in the order in which their rows can be inserted."""


_INSERT_ENTRY = (
    "INSERT INTO audit_logs (id, seq, workspace_id, tenant_id, actor, action, resource_type, resource_id, outcome,"
    " details, created_at, prev_hash, hash) VALUES (:id, :seq, :workspace_id, :tenant_id, :actor, :action,"
    " :resource_type, :resource_id, :outcome, :details, :created_at, :prev_hash, :hash)"
)
"""One entry a statement: the chain's guards let no second one into the same."""


class _History:
    """Makes rows, in the order of time, and holds them until they are loaded."""

    def __init__(self, places: list[Place], seed: int, head: ChainHead, total: int, now: datetime) -> None:
        self.random = random.Random(seed)  # noqa: S311  a history, not a secret
        self.places = places
        self.head = head
        self.total = total
        self.made = 0
        days = max(1.0, min(SPAN_DAYS, total / 10))
        self.step = timedelta(days=days) / max(total, 1)
        self.moment = now - timedelta(days=days)
        self.new_id = IdSource(lambda: int(self.moment.timestamp() * 1000), self.random.randbytes)
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _ORDER}
        self.late_plans: list[dict[str, Any]] = []

    def more(self) -> None:
        """Make the rows of one thing that somebody started: one run, or a capture and its fetch."""
        place = self.random.choices(self.places, [2**-i for i in range(len(self.places))])[0]
        who = self.random.choices(PEOPLE, (40, 20, 10, 5, 25))[0]
        kind = self.random.choices(_KINDS, _WEIGHTS)[0]
        if kind == "backup" and self.total - self.made >= 2:
            self._backup(place, who)
        elif kind == "restore" and place.last_restore:
            self._execute(place, who)
        elif kind in ("preview", "restore"):
            self._preview(place, who)
        elif kind == "drift" and place.sets:
            self._run(RunType.DRIFT, place, who, {"set": self.random.choice(place.sets[-20:])})
        elif kind == "reconcile":
            self._run(RunType.RECONCILE, place, who, {})
        else:
            self._run(RunType.CHECK, place, who, {})

    def _run(
        self,
        run_type: RunType,
        place: Place,
        who: tuple[str, str],
        inputs: dict[str, Any],
        *,
        after: str | None = None,
        ending: str | None = None,
        run_id: str | None = None,
    ) -> dict[str, Any]:
        rnd = self.random
        self.moment += self.step
        self.made += 1
        run_id = run_id or self.new_id()
        ending = ending or rnd.choices(_ENDINGS, _ENDING_WEIGHTS)[0]
        total = rnd.randrange(1, 400)
        bad = {"partially_succeeded": max(1, total // 12), "failed": total}.get(ending, 0)
        counters = Counters(total, processed=total - bad, failed=bad)
        if ending == "cancelled":
            done = rnd.randrange(0, total)
            counters = Counters(total, processed=done, skipped=total - done)
        wait_ms, took_ms = rnd.randrange(200, 3000), total * rnd.randrange(4, 60)
        started = self.moment + timedelta(milliseconds=wait_ms)
        ended = started + timedelta(milliseconds=took_ms)
        created = to_text(self.moment)
        context = {
            "inputs": inputs,
            "progress": {"done": counters.done, "total": total},
            "counters": counters.to_json(),
            "graph": GraphUse(total // 20 + 1, total, bad // 9, 0, bad // 9).to_json(),
        }
        row = {
            "id": run_id,
            "workspace_id": place.workspace_id,
            "tenant_id": place.tenant_id,
            "type": run_type.value,
            "status": "completed",
            "outcome": ending,
            "run_identity_hash": hashlib.sha256(run_id.encode()).hexdigest(),
            "context": to_json_text(context),
            "initiator": who[0],
            "initiator_name": who[1],
            "created_at": created,
            "started_at": to_text(started),
            "completed_at": to_text(ended),
            "updated_at": to_text(ended),
            "attempt": 1,
            "lease_epoch": 1,
            "retry_of": None,
            "after_run_id": after,
            "items_total": total,
            "items_failed": counters.failed,
            "took_ms": took_ms,
        }
        self.rows["operation_runs"].append(row)
        for seq in range(1, min(bad, rnd.randrange(1, 6)) + 1):
            reason = rnd.choice(_REASON_POOL)
            self.rows["operation_run_failures"].append(
                {
                    "run_id": run_id,
                    "seq": seq,
                    "workspace_id": place.workspace_id,
                    "code": _CODE_OF[run_type].value,
                    "reason_code": reason.value,
                    "message": REASONS[reason].explanation,
                    "subject": json.dumps(
                        {
                            "policy_type": rnd.choice(_POLICY_TYPES),
                            "policy_id": f"policy-{rnd.randrange(400)}",
                            "policy_name": f"Policy {rnd.randrange(400)}",
                        }
                    ),
                    "graph": '{"http_status":403}' if reason is Reason.PERMISSION_DENIED else "{}",
                }
            )
        if self.total - self.made < RUNS_WITH_LOG:
            self.rows["operation_run_events"] += log_rows(row, counters.failed)
        if run_type in _STARTED:
            self._audit(_STARTED[run_type], place, who, run_id, "succeeded", created)
        if run_type is RunType.RESTORE:
            self._audit(Action.RESTORE_EXECUTED, place, who, run_id, ending, to_text(ended))
        return row

    def _audit(
        self, action: Action, place: Place, who: tuple[str, str], resource_id: str, outcome: str, moment: str
    ) -> None:
        columns: dict[str, Any] = {
            "id": self.new_id(),
            "seq": self.head.seq + 1,
            "workspace_id": place.workspace_id,
            "tenant_id": place.tenant_id,
            "actor": who[0],
            "action": action.value,
            "resource_type": "operation_run",
            "resource_id": resource_id,
            "outcome": outcome,
            "details": '{"seeded":true}',
            "created_at": moment,
            "prev_hash": self.head.hash,
        }
        hashed = entry_hash(columns)
        self.rows["audit_logs"].append({**columns, "hash": hashed})
        self.head = ChainHead(columns["seq"], hashed)

    def _backup(self, place: Place, who: tuple[str, str]) -> None:
        set_id = self.new_id()
        inputs = {"set": set_id}
        capture = self._run(
            RunType.CAPTURE, place, who, inputs, ending=self.random.choice(("succeeded",) * 19 + ("failed",))
        )
        lost = capture["outcome"] == "failed"
        fetch = self._run(RunType.FETCH, place, who, inputs, after=capture["id"], ending="failed" if lost else None)
        self.rows["backup_sets"].append(
            {
                "id": set_id,
                "workspace_id": place.workspace_id,
                "tenant_id": place.tenant_id,
                "created_at": capture["created_at"],
                "initiator": who[0],
                "initiator_name": who[1],
                "types": None,
                "identity_hash": hashlib.sha256(set_id.encode()).hexdigest(),
                "is_active": 0,
                "capture_run_id": capture["id"],
                "fetch_run_id": fetch["id"],
            }
        )
        place.sets.append(set_id)
        if not lost and self.total - self.made < SETS_WITH_ITEMS * 6:
            self._items(place, set_id, fetch)

    def _items(self, place: Place, set_id: str, fetch: dict[str, Any]) -> None:
        scope = {"workspace_id": place.workspace_id, "set_id": set_id}
        gap = fetch["outcome"] != "succeeded"
        refused = {
            "code": FailureCode.FETCH_FAILED.value,
            "reason_code": Reason.PERMISSION_DENIED.value,
            "message": REASONS[Reason.PERMISSION_DENIED].explanation,
            "subject": {},
        }
        for policy_type in _POLICY_TYPES:
            count = ITEMS_PER_SET // len(_POLICY_TYPES)
            for number in range(count):
                is_bad = gap and number == 0
                entry = {"id": "a", "target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
                self.rows["backup_items"].append(
                    {
                        **scope,
                        "id": self.new_id(),
                        "tenant_id": place.tenant_id,
                        "policy_type": policy_type,
                        "policy_id": f"{policy_type}-{number}",
                        "policy_name": f"Policy {number}",
                        "status": "failed" if is_bad else "fetched",
                        "policy": json.dumps({"id": f"{policy_type}-{number}", "displayName": f"Policy {number}"}),
                        "assignments": None if is_bad else json.dumps([entry]),
                        "failure": json.dumps(refused) if is_bad else None,
                        "fetch_run_id": fetch["id"],
                    }
                )
            self.rows["backup_set_types"].append(
                {
                    **scope,
                    "policy_type": policy_type,
                    "status": "listed",
                    "listed": count,
                    "fetched": count - int(gap),
                    "failed": int(gap),
                    "skipped": 0,
                }
            )

    def _preview(self, place: Place, who: tuple[str, str]) -> None:
        restore_id = self.new_id()
        preview = self._run(RunType.PREVIEW, place, who, {"restore": restore_id})
        planned = preview["outcome"] in ("succeeded", "partially_succeeded")
        cancelled = preview["outcome"] == "cancelled"
        self.rows["restore_runs"].append(
            {
                "id": restore_id,
                "workspace_id": place.workspace_id,
                "tenant_id": place.tenant_id,
                "set_id": place.sets[-1] if place.sets else None,
                "mode": self.random.choice(("exact", "exact", "exact", "add", "remove")),
                "plan_hash": hashlib.sha256(restore_id.encode()).hexdigest() if planned else None,
                "status": "previewed" if planned else "cancelled" if cancelled else "preview_failed",
                "preview_run_id": preview["id"],
                "initiator": who[0],
                "initiator_name": who[1],
                "created_at": preview["created_at"],
                "inputs": "{}",
                "dangers": "{}",
            }
        )
        place.last_restore = restore_id if planned else place.last_restore

    def _execute(self, place: Place, who: tuple[str, str]) -> None:
        restore_id, place.last_restore = place.last_restore, None
        run = self._run(RunType.RESTORE, place, who, {"restore": restore_id})
        self.rows["restore_executions"].append(
            {"restore_run_id": restore_id, "run_id": run["id"], "workspace_id": place.workspace_id, "seq": 1}
        )
        self.late_plans.append(
            {"id": restore_id, "status": "cancelled" if run["outcome"] == "cancelled" else "completed"}
        )

    def load(self, s: Session) -> None:
        """Insert what was made since the last time."""
        for table in _ORDER:
            if table == "audit_logs":
                s.many(_INSERT_ENTRY, self.rows[table])
            else:
                s.load(table, self.rows[table])
            self.rows[table].clear()
        s.many("UPDATE restore_runs SET status = :status WHERE id = :id", self.late_plans)
        self.late_plans.clear()


def seed_history(db: Database, *, runs: int, seed: int, now: datetime) -> dict[str, int]:
    """Fill a store that holds nothing but members and tenants; return how many rows each table got.

    Raises Conflict for a store that holds anything else.
    """
    with db.write() as s:
        for table in ("operation_runs", "backup_sets", "restore_runs", "schedules"):
            if s.one(f"SELECT 1 AS any_row FROM {table} LIMIT 1"):
                raise Conflict(
                    "The store holds a history already, and is not seeded.",
                    "Seed a new store: name another file or database.",
                )
        places = places_to_seed(s, random.Random(seed), now)  # noqa: S311
        head = audit.audit_head(s)
    history = _History(places, seed, head, runs, now)
    counts = dict.fromkeys(_ORDER, 0)
    while history.made < runs:
        goal = min(runs, history.made + CHUNK_RUNS[db.dialect])
        while history.made < goal:
            history.more()
        for table, rows in history.rows.items():
            counts[table] += len(rows)
        with db.write() as s:
            s.expect_bulk()
            history.load(s)
    with db.write() as s:
        fold_counts(s)
    return counts
