"""The floor: a bare asyncio client that makes the calls of a backup and decodes the answers; one JSON line of figures."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from resource import RUSAGE_SELF, getrusage
from typing import Any

import aiohttp

HEADERS = {"Authorization": "Bearer simulator", "Accept": "application/json"}


def cpu_s() -> float:
    """Return the CPU time of this process, user and system."""
    use = getrusage(RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


async def back_up(base_url: str) -> tuple[int, int]:
    """List every policy with its assignments, and the names behind their ids; return requests and policies."""
    requests = 0
    policies: list[dict[str, Any]] = []
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def call(method: str, url: str, body: Any = None) -> Any:
            nonlocal requests
            requests += 1
            async with session.request(method, url, json=body) as answer:
                return json.loads(await answer.read())

        link = f"{base_url}/beta/deviceManagement/configurationPolicies?$expand=assignments"
        while link:
            page = await call("GET", link)
            policies += page["value"]
            link = page.get("@odata.nextLink")
        groups = {one["target"].get("groupId") for policy in policies for one in policy["assignments"]}
        await call(
            "POST",
            f"{base_url}/beta/directoryObjects/getByIds",
            {"ids": sorted(filter(None, groups)), "types": ["group"]},
        )
        await call("GET", f"{base_url}/beta/deviceManagement/assignmentFilters")
    return requests, len(policies)


def main() -> None:
    """Measure one backup."""
    started_cpu, started = cpu_s(), time.perf_counter()
    requests, policies = asyncio.run(back_up(sys.argv[1]))
    figures = {"policies": policies, "requests": requests, "wall_s": time.perf_counter() - started}
    print(json.dumps({**figures, "cpu_s": cpu_s() - started_cpu, "startup_cpu_s": started_cpu}))


if __name__ == "__main__":
    main()
