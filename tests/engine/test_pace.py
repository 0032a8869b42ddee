"""Several processes on one store keep one pace: a tenant that Graph closed is closed to all of them (promise 12)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from opsconsole.engine.pauses import StoredPauses
from opsconsole.service import backups
from opsconsole.store import engines
from world import MANAGED_APPS, World, add_policy, group, small_tenant, status_fault

from .processes import begin, run_engine

POLICIES = 420
"""Three engines that read each policy of this many by itself need more than Intune grants in twenty seconds."""

HEARD_S = 1.0
"""A process looks at the store every quarter of a second; the rest is for calls in flight on a busy machine."""


def moment(line: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(line["time"])


def closed_windows(log: list[dict[str, Any]]) -> list[tuple[datetime, datetime]]:
    """From when every process must have heard of a Retry-After until it is over."""
    windows = []
    for line in log:
        if line["status"] == 429 and line["retry_after"]:
            start = moment(line)
            windows.append((start + timedelta(seconds=HEARD_S), start + timedelta(seconds=float(line["retry_after"]))))
    return [(start, end) for start, end in windows if start < end]


def test_no_request_leaves_inside_a_closed_window_with_three_processes(sqlite_store_url: str, tmp_path: Path) -> None:
    tenant = small_tenant()
    for number in range(POLICIES):
        add_policy(tenant, MANAGED_APPS, number, group(1))
    world = World.make(sqlite_store_url, tmp_path, {"contoso": tenant}, throttle=True)
    try:
        world.break_with(status_fault(429, times=2, action={"retry_after": 4}, operation="assignments"))
        started = []
        for other in (None, "androidManagedAppProtection", "iosManagedAppProtection"):
            types = [MANAGED_APPS] if other is None else [MANAGED_APPS, other]
            started.append(backups.start_backup(world.caller, "contoso", types))
        processes = [begin(run_engine, world.config, "") for _ in range(3)]
        for process in processes:
            process.join(120)
            assert process.exitcode == 0
        log = world.log()
        windows = closed_windows(log)
        assert len(windows) >= 2
        late = [line for line in log if not line["batch"] for start, end in windows if start <= moment(line) < end]
        assert late == []
        for one in started:
            assert one.backup_set is not None
            found = backups.show_set(world.caller, one.backup_set.id)
            assert (found.is_complete, found.count("fetched")) == (True, POLICIES)
        runs = world.all_runs()
        assert sum(run.context["graph"]["throttled"] for run in runs) >= 2
        assert sum(run.context["graph"]["waited_ms"] for run in runs) >= 3000
        assert max(run.context["graph"]["engines"] for run in runs) > 1
        world.check_all_is_settled()
    finally:
        world.close()


def test_each_live_engine_of_a_tenant_counts_and_a_lost_one_does_not(store: Any) -> None:
    def register(name: str, *tenants: str, expires: str = "2026-01-01T00:01") -> None:
        with store.write() as session:
            engines.register_engine(
                session, id=name, kind="engine", host="h", pid=1, actor="a", tenants=tenants, only_runs=None,
                now="2026-01-01T00:00", expires=expires,
            )  # fmt: skip

    register("one", "t1", "t2")
    register("two", "t1")
    register("three", "t3")
    register("lost", "t1", expires="2026-01-01T00:00")
    with store.read() as session:
        assert [engines.count_live(session, tenant, "2026-01-01T00:00:30") for tenant in ("t1", "t2", "t4")] == [
            2,
            1,
            0,
        ]
    assert StoredPauses(store, "t1", None).engines() == 1  # type: ignore[arg-type]
