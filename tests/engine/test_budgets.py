"""An engine tells what it spends of Graph's budget, and writes nothing about it while nothing changes."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from opsconsole.engine.duties.publish import PublishBudgets
from opsconsole.graph.client import GraphRequest
from opsconsole.service import backups, tenants
from opsconsole.service.tenant_views import TenantEngine
from opsconsole.store import engines
from world import World, config_for, small_tenant, status_fault

from .conftest import MakeWorld


def engine_of(world: World) -> TenantEngine:
    """The one engine that serves the tenant."""
    (found,) = tenants.show_tenant(world.caller, "contoso").view.engines
    return found


def version(world: World) -> Any:
    """What moves with every commit of anybody else."""
    with world.caller.db.read() as s:
        return s.all("SELECT budgets, tenants, heartbeat_at FROM engines")


def test_what_is_spent_is_told_once_and_again_only_when_it_changed(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(3))

    async def steps() -> None:
        engine = world.engine(drain=False)
        await asyncio.to_thread(engine.register)
        publish = PublishBudgets(engine)
        await publish.step()
        assert engine_of(world).budget is None
        tenant_id = engine.tenant_ids()[0]
        client = engine._client(tenant_id, world.config.tenants[0])
        await client.send(GraphRequest("GET", "/deviceManagement/deviceConfigurations?$top=1"))
        await publish.step()
        budget = engine_of(world).budget
        assert budget is not None
        assert [(area.area, area.requests, area.requests_limit) for area in budget.areas] == [
            ("configuration", 1, 1000)
        ]
        assert (budget.in_flight, budget.waiting, budget.closed_until) == (0, 0, None)
        written: list[object] = []
        note = engines.note_budgets
        try:
            engines.note_budgets = lambda *values: bool(written.append(values)) or note(*values)  # type: ignore[assignment]
            for _ in range(3):
                await publish.step()
            assert written == []
            await client.send(GraphRequest("GET", "/deviceAppManagement/mobileApps?$top=1"))
            await publish.step()
            assert len(written) == 1
        finally:
            engines.note_budgets = note
            await client.close()
            await asyncio.to_thread(engine._unregister)

    asyncio.run(asyncio.wait_for(steps(), 30))


def test_a_tenant_backed_up_later_is_served_by_the_engine_that_is_live(make_each_world: MakeWorld) -> None:
    world = make_each_world(small_tenant(1))
    address = world.simulators["contoso"].base_url
    world.config = config_for(world.url, {"contoso": address, "fabrikam": address})
    caller = replace(world.caller, config=world.config)

    async def steps() -> None:
        engine = world.engine(drain=False)
        await asyncio.to_thread(engine.register)
        publish = PublishBudgets(engine)
        await publish.step()
        backups.start_backup(caller, "fabrikam")
        assert tenants.show_tenant(caller, "fabrikam").view.engines == ()
        engine.changes += 1
        await asyncio.to_thread(engine.tenant_ids)
        await publish.step()
        (found,) = tenants.show_tenant(caller, "fabrikam").view.engines
        assert found.id == engine.id
        before = version(world)
        await publish.step()
        assert version(world) == before
        await asyncio.to_thread(engine._unregister)

    asyncio.run(asyncio.wait_for(steps(), 30))


def test_an_engine_that_was_taken_for_lost_tells_it_anew(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(1))

    async def steps() -> None:
        engine = world.engine(drain=False)
        await asyncio.to_thread(engine.register)
        publish = PublishBudgets(engine)
        client = engine._client(engine.tenant_ids()[0], world.config.tenants[0])
        await client.send(GraphRequest("GET", "/deviceManagement/deviceConfigurations?$top=1"))
        await publish.step()
        await asyncio.to_thread(engine._unregister)
        await asyncio.to_thread(engine.register)
        await publish.step()
        assert engine_of(world).budget is not None
        await client.close()
        await asyncio.to_thread(engine._unregister)

    asyncio.run(asyncio.wait_for(steps(), 30))


def test_a_throttled_tenant_is_seen_closed_while_calls_wait(make_world: MakeWorld) -> None:
    world = make_world(small_tenant(3))
    world.break_with(status_fault(429, times=1, action={"retry_after": 20}))
    backups.start_backup(world.caller, "contoso")

    async def steps() -> None:
        engine = world.engine(drain=False)
        working = asyncio.create_task(engine.run())
        try:
            while True:
                view = (await asyncio.to_thread(tenants.list_tenants, world.caller))[0]
                budget = view.engines[0].budget if view.engines else None
                if budget is not None and budget.closed_until and budget.waiting:
                    break
                await asyncio.sleep(0.05)
            assert view.paused_until is not None and view.paused_until >= budget.closed_until
        finally:
            engine.request_stop()
            await working

    asyncio.run(asyncio.wait_for(steps(), 30))
    assert tenants.list_tenants(world.caller)[0].engines == ()
