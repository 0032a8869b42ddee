"""A simulated tenant of settings-catalog policies with three assignments each, in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import random

from opsconsole.simulator import BY_KEY, Simulator, Tenant
from opsconsole.simulator.assignment import invented
from opsconsole.simulator.directory import make_filter, make_group
from opsconsole.simulator.seed import new_id
from opsconsole.simulator.seed_bodies import Draft, policy_body
from opsconsole.simulator.targets import Target

TYPE = "settingsCatalogPolicy"
GROUPS = 200
WHEN = "2025-02-03T10:11:12Z"


def catalog_tenant(policies: int) -> Tenant:
    """Return a tenant of so many settings-catalog policies, each with three of its 200 groups: in, out, and filtered."""
    rng = random.Random(1)
    tenant = Tenant("Bench")
    for number in range(GROUPS):
        tenant.directory.groups.add(make_group(new_id(rng), f"SG-Bench-{number:03}"))
    corporate = make_filter(new_id(rng), "Corporate Windows")
    tenant.directory.filters.add(corporate)
    groups = [group.id for group in tenant.directory.groups]
    row = BY_KEY[TYPE]
    for number in range(policies):
        policy_id, name = new_id(rng), f"Windows - Benchmark - policy {number:05}"
        body = policy_body(Draft(row, policy_id, name, WHEN, WHEN, True, rng)).encode()
        plain, exclusion, filtered = rng.sample(groups, 3)
        targets = (
            Target("group", plain, None, "none"),
            Target("exclusion", exclusion, None, "none"),
            Target("group", filtered, corporate.id, "include"),
        )
        tenant.add_policy(TYPE, policy_id, name, body, [invented(row, policy_id, one, WHEN) for one in targets])
    return tenant


async def _serve(policies: int, latency_ms: int) -> None:
    async with Simulator(catalog_tenant(policies), latency_ms=latency_ms) as simulator:
        print(simulator.base_url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policies", type=int, default=1000)
    parser.add_argument("--latency-ms", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(_serve(options.policies, options.latency_ms))
