"""Cost against size: CPU, memory and time of a backup, in a process of its own, beside a bare client of the same calls."""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import httpx
import pytest

from opsconsole.graph.policy_types import supported_types

MEASURE = Path(__file__).parent / "measure.py"

EXPANDED = [row.key for row in supported_types() if row.expands]
"""Types whose assignments come with the list: what a backup of them costs is its pages and a few names."""


@contextmanager
def simulator(*options: str) -> Iterator[str]:
    """A simulated tenant in a process of its own; its address."""
    command = [sys.executable, "-m", "opsconsole", "simulate", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().rpartition(" ")[2]
        finally:
            process.terminate()


def backup(base_url: str, folder: Path) -> dict[str, Any]:
    """What one backup took."""
    folder.mkdir()
    words = [sys.executable, str(MEASURE), f"sqlite:///{folder}/store.db", base_url, ",".join(EXPANDED)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300)
    return dict(json.loads(done.stdout))


def requests_of(base_url: str) -> list[dict[str, Any]]:
    """The simulator's log."""
    with build_opener(ProxyHandler({})).open(f"{base_url}/_simulator/log", timeout=60) as answer:
        return list(json.loads(answer.read()))


async def bare(base_url: str, log: list[dict[str, Any]]) -> float:
    """Send what a backup sent: each type's pages one after another, the types side by side, then the names."""
    chains: dict[str, list[str]] = {}
    last: list[dict[str, Any]] = []
    for line in log:
        if line["operation"] == "list":
            chains.setdefault(line["path"].partition("?")[0], []).append(line["path"])
        elif not line["batch"]:
            last.append(line)
    limits = httpx.Limits(max_connections=8)
    headers = {"Authorization": "Bearer simulator"}
    async with httpx.AsyncClient(
        base_url=base_url, headers=headers, limits=limits, trust_env=False, timeout=60
    ) as client:
        began = time.perf_counter()

        async def follow(paths: list[str]) -> None:
            for path in paths:
                json.loads((await client.get(path)).content)

        await asyncio.gather(*map(follow, chains.values()))
        for line in last:
            content = b'{"ids":[],"types":["group"]}' if line["method"] == "POST" else None
            await client.request(line["method"], line["path"], content=content)
        return time.perf_counter() - began


def check_requests(log: list[dict[str, Any]], policies: int) -> None:
    """List pages and names, and nothing else."""
    lists = [line for line in log if line["operation"] == "list"]
    names = [line for line in log if line["operation"] in ("get_by_ids", "filters")]
    assert len(log) == len(lists) + len(names)
    assert len(lists) <= len(EXPANDED) + math.ceil(policies / 100)
    assert len(names) <= 5


@pytest.mark.stress
def test_cpu_is_linear_and_memory_flat_up_to_fifty_thousand_policies(tmp_path: Path) -> None:
    found = {}
    for policies in (5_000, 10_000, 50_000):
        with simulator("--policies", str(policies)) as base_url:
            best = [backup(base_url, tmp_path / f"{policies}-{number}") for number in range(2)]
            check_requests(requests_of(base_url)[: len(requests_of(base_url)) // 2], policies)
        found[policies] = {key: min(one[key] for one in best) for key in ("cpu_s", "peak_kib", "fetched")}
        assert all(one["missing"] == 0 for one in best)
    print("\n", json.dumps(found))
    per_policy = {policies: one["cpu_s"] / one["fetched"] for policies, one in found.items()}
    assert per_policy[50_000] <= 1.3 * per_policy[5_000]
    assert found[50_000]["peak_kib"] <= 1.2 * found[5_000]["peak_kib"]
    assert found[10_000]["cpu_s"] < 5


@pytest.mark.stress
def test_at_a_hundred_milliseconds_a_backup_takes_little_more_than_a_bare_client(tmp_path: Path) -> None:
    with simulator("--policies", "10000", "--latency-ms", "100") as base_url:
        ratios = []
        for number in range(3):
            seen = len(requests_of(base_url))
            took = backup(base_url, tmp_path / str(number))
            log = requests_of(base_url)[seen:]
            bare_s = asyncio.run(bare(base_url, log))
            ratios.append(took["wall_s"] / bare_s)
            print(f"\n{len(log)} calls: {took['wall_s']:.2f} s, bare {bare_s:.2f} s")
    assert min(ratios) <= 1.3, ratios
