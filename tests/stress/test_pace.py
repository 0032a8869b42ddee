"""A large restore at Graph's own pace."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from opsconsole.domain.run import Outcome
from opsconsole.service import restores
from world import CATALOG, World, group, small_tenant

POLICIES = 1000


@pytest.mark.stress
def test_a_restore_of_a_thousand_policies_takes_what_graph_grants_and_not_much_more(
    sqlite_store_url: str, tmp_path: Path
) -> None:
    world = World.make(sqlite_store_url, tmp_path, {"contoso": small_tenant(POLICIES)}, throttle=True)
    world.lease_for_long()
    try:
        start = world.snapshot()
        found = world.backup([CATALOG])
        for number in range(1, POLICIES + 1):
            world.assign(CATALOG, number, group(12), group(11))
        plan = world.preview(found.id)
        started = restores.run_restore(world.caller, plan.id)
        began = time.monotonic()
        asyncio.run(asyncio.wait_for(world.engine().run(), 300))
        took_s = time.monotonic() - began
        run = world.run(started.runs[-1].id)
        print(f"\n{POLICIES} policies restored in {took_s:.1f} s, {run.context['graph']}")
        assert (run.outcome, run.counters.processed) == (Outcome.SUCCEEDED, POLICIES)
        assert world.snapshot() == start
        assert run.context["graph"]["throttled"] == 0
        assert 200 <= took_s <= 235
        world.check_all_is_settled()
    finally:
        world.close()
