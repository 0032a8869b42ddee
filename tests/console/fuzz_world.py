"""The world that a fuzzed console works in: a real store with a history, a real engine, a tenant over HTTP; and what it suffers."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from opsconsole.console.service_desk import ServiceDesk
from opsconsole.domain.access import Actor, Role
from opsconsole.domain.backup import BackupSet
from opsconsole.domain.clock import system_clock
from opsconsole.domain.schedule import Rule, ScheduleKind
from opsconsole.service import drift, schedules, tenants
from opsconsole.service.caller import Caller
from opsconsole.simulator import Tenant
from opsconsole.store import access
from opsconsole.store.opening import open_store
from world import CATALOG, CONFIGURATION, World, add_policy, everyone, group, policy_id, small_tenant, status_fault

from .test_hostile_names import NAMES

BUSY_S = 0.3
"""How long this console and its engine wait for a lock; what people use is 30 s."""

POLICIES = 14

REFUSED = (5, 6)
"""Policies whose assignments nobody may read when the set is made: it lacks them, and its run has failures."""

GONE = 3
"""The group that is deleted after the backup: the plan has a policy to settle."""


def a_tenant() -> Tenant:
    """A small tenant with hostile names among its policies; the same each time."""
    tenant = small_tenant(POLICIES)
    for number, name in enumerate(NAMES.values(), start=21):
        add_policy(tenant, CONFIGURATION, number, group(1 + number % 12), name=name)
    return tenant


def change(world: World) -> None:
    """What happens in the tenant after the backup: other assignments, a deleted group."""
    for number in (1, 2, 4, 7, 8):
        world.assign(CATALOG, number, group(1 + number % 12), everyone())
    world.control("DELETE", f"groups/{_group_id(GONE)}")


def _group_id(number: int) -> str:
    return str(group(number)["target"]["groupId"])


def make_history(url: str, folder: Path) -> None:
    """Fill a store: a set that lacks something, its failures, a check, a schedule, a plan with changes and something blocked."""
    world = World.make(url, folder, {"contoso": a_tenant()})
    try:
        found = _backup_that_lacks(world)
        tenants.start_check(world.caller, "contoso")
        change(world)
        drift.start_drift(world.caller, found.id)
        restored = world.preview(found.id, items=[f"{CATALOG}:{policy_id(1)}"])
        world.execute(restored.id)
        world.preview(found.id, accept_missing=len(REFUSED))
        schedules.add_schedule(
            world.caller,
            ScheduleKind.BACKUP,
            "contoso",
            Rule(cron="0 3 * * *"),
            lambda _rule, now: now + timedelta(days=1),
        )
        world.member(role=Role.OWNER)
        _backup_that_lacks(world)  # the newest run of all has failures
    finally:
        world.close()


def _backup_that_lacks(world: World) -> BackupSet:
    ids = [policy_id(number) for number in REFUSED]
    hidden = {"kind": "missing_assignments_key", "policy_ids": ids}
    world.break_with({"match": {"type": CATALOG, "operation": "list"}, "times": "forever", "action": hidden})
    world.break_with(*(status_fault(403, times="forever", policy_id=one) for one in ids))
    found = world.backup([CATALOG, CONFIGURATION])
    world.mend()
    return found


class Stage:
    """One console's world: what the fuzz disturbs, and what is compared in the end."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.store.mkdir(mode=0o700)
        self.path = self.store / "ops.db"
        shutil.copy(template, self.path)
        self.path.chmod(0o600)
        self.world = World.make(f"sqlite:///{self.path}", folder, {"contoso": a_tenant()})
        change(self.world)
        self.world.forget_log()
        self.shift = timedelta()
        db = open_store(self.world.url, busy_timeout_s=BUSY_S)
        self.caller: Caller = replace(self.world.caller, db=db, clock=self.now)
        self.desk = ServiceDesk(self.caller)
        self._locker: sqlite3.Connection | None = None
        self.first_seq = int(self.rows("SELECT seq FROM audit_head")[0][0])

    def now(self) -> datetime:
        """The console's clock."""
        return system_clock() + self.shift

    def close(self) -> None:
        """Stop everything."""
        self.repair()
        self.desk.close()
        self.caller.db.close()
        self.world.close()

    # What is disturbed. Each is undone by ``repair``.

    def repair(self) -> None:
        """Undo everything."""
        self.unlock(None)
        self.back(None)
        self.shift = timedelta()
        self.mend(None)
        self.role(Role.OWNER.value)

    def lock(self, _: Any) -> None:
        """Keep everybody else from writing."""
        if self._locker is None and self.path.exists():
            self._locker = sqlite3.connect(self.path, isolation_level=None, timeout=5, check_same_thread=False)
            self._locker.execute("BEGIN IMMEDIATE")

    def unlock(self, _: Any) -> None:
        """Let everybody write again."""
        if self._locker is not None:
            self._locker.execute("ROLLBACK")
            self._locker.close()
            self._locker = None

    def away(self, _: Any) -> None:
        """Take the store's folder away."""
        if self.store.exists():
            self.store.rename(self.folder / "away")

    def back(self, _: Any) -> None:
        """Bring it back."""
        if not self.store.exists():
            (self.folder / "away").rename(self.store)

    def fault(self, rule: dict[str, Any]) -> None:
        """Let something go wrong at Graph."""
        self.world.break_with(rule)

    def mend(self, _: Any) -> None:
        """Take all faults away."""
        self.world.mend()

    def shake(self, what: dict[str, Any]) -> None:
        """Change assignments behind everyone's back."""
        self.world.control("POST", "shake", what)

    def clock(self, seconds: int) -> None:
        """Set the clock."""
        self.shift = timedelta(seconds=seconds)

    def role(self, name: str) -> None:
        """Give who sits here another role, or none."""
        if not self.store.exists() or self._locker is not None:
            return
        caller = self.world.caller
        with caller.db.write() as session:
            space = access.get_workspace(session, "main")
            assert space is not None
            # The console may have removed the other owner; without one nobody could lose this role.
            access.add_member(session, str(space["id"]), Actor("uid:4242", "bob"), Role.OWNER, caller.now())
            if name:
                access.add_member(session, str(space["id"]), caller.actor, Role(name), caller.now())
            else:
                access.remove_member(session, str(space["id"]), caller.actor.key)

    def order(self, what: str) -> Callable[[Any], None] | None:
        """Return what a deed does to the world, or None for one that is done to the console."""
        return DISTURBANCES[what].__get__(self) if what in DISTURBANCES else None

    # What is compared.

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the store on a connection of its own."""
        conn = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            return conn.execute(sql).fetchall()
        finally:
            conn.close()

    def everything(self) -> dict[str, tuple[int, str]]:
        """How many rows each table has, and a hash over them; the audit chain's head is one of the tables."""
        found = {}
        for (table,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
            rows = sorted(map(repr, self.rows(f'SELECT * FROM "{table}"')))
            found[table] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
        return found

    def audited(self) -> list[dict[str, Any]]:
        """The entries of the audit log that were written since the console was opened, oldest first."""
        names = ("id", "actor", "action", "details", "resource_id", "workspace_id")
        rows = self.rows(f"SELECT {', '.join(names)} FROM audit_logs WHERE seq > {self.first_seq} ORDER BY seq")
        return [dict(zip(names, row, strict=True)) for row in rows]


DISTURBANCES: dict[str, Any] = {
    name: getattr(Stage, name) for name in ["lock", "unlock", "away", "back", "fault", "mend", "shake", "clock", "role"]
}
"""Deeds that are done to the world, by name."""


class Watcher:
    """Tells whether anybody commits to a store, by what SQLite itself says to a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._conn = sqlite3.connect(path, check_same_thread=False)
        self.version = self._ask()
        self._lock = threading.Lock()

    def _ask(self) -> int:
        return int(self._conn.execute("PRAGMA data_version").fetchone()[0])

    def has_changed(self) -> bool:
        """Tell whether anything was committed since this was made."""
        with self._lock:
            return self._ask() != self.version

    def close(self) -> None:
        """Close the connection."""
        self._conn.close()
