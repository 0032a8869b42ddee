"""A whole world for a test: a simulated tenant over HTTP, a real store, the service's caller and real engines."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from msgspec.structs import replace

from opsconsole.config import Config, parse_config
from opsconsole.domain.access import Actor, Role
from opsconsole.domain.backup import BackupItem, BackupSet
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun
from opsconsole.domain.run import OperationRun, RunType, Status
from opsconsole.engine import Engine
from opsconsole.service import audit, backups, restores, runs
from opsconsole.service.caller import Caller
from opsconsole.service.setup import init_store, open_caller
from opsconsole.service.started import Started
from opsconsole.simulator import SimulatorThread, Tenant
from opsconsole.simulator.directory import make_group
from opsconsole.simulator.imported_policy import import_policy
from opsconsole.store import access
from opsconsole.store import backups as backup_store
from opsconsole.store import restores as restore_store
from opsconsole.store.opening import open_store

ENV = {"CONTOSO_TOKEN": "simulator"}
"""Where the tenants' credentials come from."""

LEASE_S = 1
"""A second: what a lost engine held is taken over while a test still waits."""

LONG_LEASE_S = 120
"""For stories in which nobody is lost: simulator and engine share one interpreter, and a busy machine must cost no lease."""

LIMIT_S = 90.0
"""Longest wait for anything."""

CATALOG, CONFIGURATION, AUTOPILOT = "settingsCatalogPolicy", "deviceConfiguration", "windowsAutopilotDeploymentProfile"
APP, HEALTH, ENROLMENT = "mobileApp", "deviceHealthScript", "deviceEnrollmentConfiguration"
MANAGED_APPS = "targetedManagedAppConfiguration"

FILTER_ID, FILTER_TYPE = "deviceAndAppManagementAssignmentFilterId", "deviceAndAppManagementAssignmentFilterType"

Entry = dict[str, Any]


def group_id(number: int) -> str:
    """The id of the directory's group of that number, which is called ``Group N``."""
    return f"00000000-0000-4000-8000-{number:012}"


def group(number: int, **target: Any) -> Entry:
    """An assignment to a group."""
    return {"target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group_id(number), **target}}


def excluded(number: int) -> Entry:
    """An exclusion of a group."""
    kind = "#microsoft.graph.exclusionGroupAssignmentTarget"
    return {"target": {"@odata.type": kind, "groupId": group_id(number)}}


def everyone() -> Entry:
    """An assignment to all users."""
    return {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}


def all_devices() -> Entry:
    """An assignment to all devices."""
    return {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}


def policy_id(number: int) -> str:
    """The id of the policy of that number."""
    return f"10000000-0000-4000-8000-{number:012}"


def add_policy(tenant: Tenant, key: str, number: int, *entries: Entry, name: str | None = None) -> str:
    """Add a policy with assignments and return its id."""
    name_field = "name" if key == CATALOG else "displayName"
    found = policy_id(number)
    body = {"id": found, name_field: f"Policy {number}" if name is None else name, "assignments": list(entries)}
    import_policy(tenant, key, json.dumps(body), origin=found)
    return found


def small_tenant(policies: int = 0, *, key: str = CATALOG, groups: int = 12, name: str = "Small") -> Tenant:
    """A tenant with ``groups`` groups, and policies 1 to N, each assigned to the group of its number."""
    tenant = Tenant(name)
    for number in range(1, groups + 1):
        tenant.directory.groups.add(make_group(group_id(number), f"Group {number}"))
    for number in range(1, policies + 1):
        add_policy(tenant, key, number, group(1 + (number - 1) % groups))
    return tenant


def config_for(url: str, tenants: dict[str, str], *, lease_s: int = LEASE_S, concurrency: int = 4) -> Config:
    """A configuration of these tenants, given with the addresses of their Graph."""
    text = f'[store]\nurl = "{url}"\n[engine]\nlease_seconds = {lease_s}\nconcurrency = {concurrency}\n'
    for number, (name, base_url) in enumerate(tenants.items(), start=1):
        text += (
            f'[[tenants]]\nname = "{name}"\ntenant_id = "{number:08}-2222-3333-4444-555555555555"\n'
            f'base_url = "{base_url}"\n[tenants.auth]\nmethod = "static_token"\ntoken = {{ env = "CONTOSO_TOKEN" }}\n'
        )
    return parse_config(text)


@dataclass
class World:
    """Simulators, store and caller of one test."""

    url: str
    folder: Path
    simulators: dict[str, SimulatorThread]
    config: Config
    caller: Caller
    more_callers: list[Caller] = field(default_factory=list)

    @classmethod
    def make(cls, url: str, folder: Path, tenants: dict[str, Tenant], **options: Any) -> World:
        """Start a simulator for each tenant and bind all of them in the store."""
        started = {name: SimulatorThread(tenant, **options).start() for name, tenant in tenants.items()}
        config = config_for(url, {name: simulator.base_url for name, simulator in started.items()})
        caller = open_caller(config)
        init_store(caller)
        return cls(url, folder, started, config, caller)

    def lease_for_long(self) -> None:
        """Give this world's engines a lease that no busy machine costs them."""
        addresses = {name: simulator.base_url for name, simulator in self.simulators.items()}
        self.config = config_for(self.url, addresses, lease_s=LONG_LEASE_S)

    def close(self) -> None:
        """Stop everything."""
        for caller in (self.caller, *self.more_callers):
            caller.db.close()
        for simulator in self.simulators.values():
            simulator.stop()

    # The tenant.

    def tenant(self, name: str = "contoso") -> Tenant:
        """The simulated tenant, to look at."""
        return self.simulators[name].tenant

    def control(self, method: str, path: str, body: object = None, *, tenant: str = "contoso") -> Any:
        """The control API's answer."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.simulators[tenant].base_url}/_simulator/{path}"
        with build_opener(ProxyHandler({})).open(Request(url, data=data, method=method), timeout=30) as answer:
            return json.loads(answer.read())

    def snapshot(self, tenant: str = "contoso") -> dict[str, list[Entry]]:
        """All assignments, comparable."""
        return dict(self.control("GET", "snapshot", tenant=tenant))

    def assign(self, key: str, number: int, *entries: Entry, tenant: str = "contoso") -> None:
        """Change a policy as an administrator would, behind the backup's back."""
        self.control("PUT", f"policies/{key}/{policy_id(number)}/assignments", list(entries), tenant=tenant)

    def break_with(self, *rules: dict[str, Any], tenant: str = "contoso") -> None:
        """Add fault rules."""
        self.control("POST", "faults", list(rules), tenant=tenant)

    def mend(self, tenant: str = "contoso") -> None:
        """Take all faults away."""
        self.control("DELETE", "faults", tenant=tenant)

    def log(self, tenant: str = "contoso") -> list[dict[str, Any]]:
        """Every request so far."""
        return list(self.control("GET", "log", tenant=tenant))

    def writes(self, tenant: str = "contoso") -> list[dict[str, Any]]:
        """Every write so far."""
        return list(self.control("GET", "writes", tenant=tenant))

    def forget_log(self, tenant: str = "contoso") -> None:
        """Empty the log."""
        self.control("DELETE", "log", tenant=tenant)

    # The engine.

    def engine(self, **more: Any) -> Engine:
        """An engine of this store."""
        options: dict[str, Any] = {"actor": self.caller.actor, "drain": True, "env": ENV} | more
        return Engine(self.caller.db, self.config, **options)

    def drain(self, **more: Any) -> None:
        """Work until nothing is left to do."""
        asyncio.run(asyncio.wait_for(self.engine(**more).run(), LIMIT_S))

    # Orders, carried out at once.

    def backup(self, types: Sequence[str] | None = None, *, tenant: str = "contoso") -> BackupSet:
        """Make a backup and return its set."""
        started = backups.start_backup(self.caller, tenant, types)
        self.drain()
        assert started.backup_set is not None
        return backups.show_set(self.caller, started.backup_set.id)

    def preview(self, set_ref: str = "latest", *, tenant: str = "contoso", **more: Any) -> RestoreRun:
        """Preview a restore and return it."""
        started = restores.start_preview(self.caller, set_ref, tenant, **more)
        self.drain()
        assert started.restore_run is not None
        return self.restore(started.restore_run.id)

    def execute(self, restore_id: str, **more: Any) -> OperationRun:
        """Run a previewed restore and return its execution."""
        return self.ended(restores.run_restore(self.caller, restore_id, **more))

    def retry(self, restore_id: str, **more: Any) -> OperationRun:
        """Retry a restore and return the new execution."""
        return self.ended(restores.retry_restore(self.caller, restore_id, **more))

    def undo(self, restore_id: str, *, items: Sequence[str] = ()) -> RestoreRun:
        """Preview the undo of a restore and return it."""
        started = restores.undo_restore(self.caller, restore_id, items=items)
        self.drain()
        assert started.restore_run is not None
        return self.restore(started.restore_run.id)

    def ended(self, started: Started) -> OperationRun:
        """Work, and return the order's last run as it ended."""
        self.drain()
        return self.run(started.runs[-1].id)

    # The store.

    def run(self, run_id: str) -> OperationRun:
        """A run as it stands."""
        return runs.show_run(self.caller, run_id)

    def all_runs(self, *types: RunType) -> list[OperationRun]:
        """Every run (of some types) with its failures, newest first."""
        return [self.run(run.id) for run in runs.list_runs(self.caller, runs.RunQuery(types=types), limit=1000).items]

    def restore(self, restore_id: str) -> RestoreRun:
        """A restore run as it stands."""
        return restores.show_restore(self.caller, restore_id)

    def items(self, set_id: str) -> dict[tuple[str, str], BackupItem]:
        """The items of a set with their payloads, by type and id."""
        with self.caller.db.read() as session:
            found = backup_store.list_items(session, set_id, with_payload=True, limit=100_000)[0]
        return {(item.policy_type, item.policy_id): item for item in found}

    def plan(self, restore_id: str) -> dict[str, RestoreItem]:
        """The items of a restore run by policy id."""
        return {item.policy_id: item for item in restores.all_restore_items(self.caller, restore_id)}

    def states(self, restore_id: str) -> dict[str, ItemState]:
        """The state of each item of a restore run by policy id."""
        return {found: item.state for found, item in self.plan(restore_id).items()}

    def intents(self, restore_id: str) -> list[Any]:
        """Every recorded write of a restore run."""
        with self.caller.db.read() as session:
            items = restore_store.list_restore_items(session, restore_id)[0]
            return [write for item in items for write in restore_store.writes_of_item(session, item.id)]

    def audited(self, action: str) -> list[dict[str, Any]]:
        """The audit entries of an action, newest first."""
        entries: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = audit.list_entries(self.caller, limit=500, cursor=cursor)
            entries += [entry for entry in page.items if entry["action"] == action]
            cursor = page.next_cursor
            if cursor is None:
                return entries

    def member(self, key: str = "uid:4242", role: Role = Role.MANAGER, name: str = "bob") -> Caller:
        """A caller for another member of the workspace."""
        actor = Actor(key, name)
        with self.caller.db.write() as session:
            workspace_id = str(access.workspaces_of(session, self.caller.actor.key)[0]["id"])
            access.add_member(session, workspace_id, actor, role, self.caller.now())
        return replace(self.caller, actor=actor)

    def dismiss(self, caller: Caller) -> None:
        """Take a member's role away."""
        with self.caller.db.write() as session:
            workspace_id = str(access.workspaces_of(session, self.caller.actor.key)[0]["id"])
            access.remove_member(session, workspace_id, caller.actor.key)

    def another_caller(self) -> Caller:
        """The same member on a connection pool of its own."""
        made = replace(self.caller, db=open_store(self.url))
        self.more_callers.append(made)
        return made

    # What must hold at the end of every story.

    def check_all_is_settled(self) -> None:
        """No run is active, counters add up, every execution has exactly one audit entry, the chain is whole."""
        executions = []
        for run in self.all_runs():
            assert run.status is Status.COMPLETED, run
            assert run.counters.adds_up, run.to_json()
            if run.type is RunType.RESTORE:
                executions.append(run.id)
        entries = [entry["resource_id"] for entry in self.audited("assignments.restore.executed")]
        assert sorted(entries) == sorted(executions)
        verdict = audit.verify(self.caller)
        assert verdict.ok, verdict
        for found in backups.list_sets(self.caller, limit=500).items:
            check_adds_up(self, found)


def check_adds_up(world: World, found: BackupSet) -> None:
    """Every listed policy of a set is fetched, failed with its failure, or skipped, and each sum says the same."""
    stored: dict[str, dict[str, int]] = {}
    for item in world.items(found.id).values():
        assert item.status.value in ("fetched", "failed", "skipped"), item
        assert (item.status.value == "fetched") == (item.failure is None), item
        if item.status.value == "fetched":
            assert isinstance(json.loads(item.assignments or ""), list), item
        counts = stored.setdefault(item.policy_type, {"listed": 0, "fetched": 0, "failed": 0, "skipped": 0})
        counts["listed"] += 1
        counts[item.status.value] += 1
    shown = found.to_json()
    for key, counts in shown["by_type"].items():
        expected = stored.get(key, {"listed": 0, "fetched": 0, "failed": 0, "skipped": 0})
        assert {name: counts[name] for name in expected} == expected, key
        assert counts["listed"] == counts["fetched"] + counts["failed"] + counts["skipped"], key
    for name, total in shown["counts"].items():
        assert total == sum(counts[name] for counts in shown["by_type"].values()), name


def status_fault(status: int, *, times: int | str = 1, action: dict[str, Any] | None = None, **match: Any) -> Entry:
    """A rule that answers with an error."""
    return {"match": match, "times": times, "action": {"kind": "status", "status": status, **(action or {})}}


def wait_for(condition: Callable[[], Any], what: str, limit_s: float = LIMIT_S) -> Any:
    """Return what ``condition`` returns once it is true; fail after the limit."""
    end = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.01)
    return found


def refs(key: str, numbers: Iterable[int]) -> list[str]:
    """What ``--items`` takes for policies of those numbers."""
    return [f"{key}:{policy_id(number)}" for number in numbers]


def mapping(*lines: tuple[str, str, str]) -> str:
    """A mapping file."""
    return "kind,from,to\n" + "".join(",".join(line) + "\n" for line in lines)
