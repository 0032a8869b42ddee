"""Requests, CPU and wall time of a backup, beside a bare asyncio client that makes the same calls."""

from __future__ import annotations

import pytest

from .processes import Figures, middle, script, show, tenant

pytestmark = pytest.mark.bench

TYPE = "settingsCatalogPolicy"
PAGE = 100

FLOOR_RATIO = 5.0
"""The program checks, cuts, keeps and settles what the floor only decodes: measured 3.6."""


def measure(policies: int, latency_ms: int, *types: str, times: int = 3) -> dict[str, Figures]:
    """Back a tenant up with the program and with the floor, in turns."""
    only = ["--types", *types] if types else []
    with tenant(policies, latency_ms) as graph:
        return {
            "bare client": middle(lambda: script("floor.py", graph), times),
            "opsconsole": middle(lambda: script("program.py", graph, *only), times),
        }


def test_a_thousand_policies_at_a_hundred_milliseconds_take_few_requests_and_little_time() -> None:
    rows = measure(1000, 100, TYPE)
    show("1,000 x 3, 100 ms", rows)
    ours, floor = rows["opsconsole"], rows["bare client"]
    assert ours["policies"] == 1000
    assert ours["requests"] <= 20
    assert ours["wall_s"] <= 2.5
    assert ours["wall_s"] <= 2 * floor["wall_s"]


def test_a_whole_tenant_takes_its_list_pages_its_types_and_the_names_no_more() -> None:
    rows = measure(1000, 100)
    show("1,000 x 3, 100 ms, all types", rows)
    assert rows["opsconsole"]["requests"] <= 1000 / PAGE + type_count() - 1 + 2


def test_ten_thousand_policies_cost_a_small_multiple_of_decoding_them() -> None:
    rows = measure(10_000, 0, TYPE, times=5)
    show("10,000 x 3, no latency", rows)
    assert rows["opsconsole"]["requests"] <= 10_000 / PAGE + 2
    assert rows["opsconsole"]["cpu_s"] <= FLOOR_RATIO * rows["bare client"]["cpu_s"]


def test_latency_is_waited_for_not_worked_through() -> None:
    rows = measure(10_000, 100, TYPE, times=1)
    show("10,000 x 3, 100 ms", rows)
    assert rows["opsconsole"]["wall_s"] <= 1.5 * rows["bare client"]["wall_s"]


def test_cpu_and_memory_grow_linearly() -> None:
    rows = {}
    for policies in (10_000, 20_000, 40_000):
        rows[f"{policies:,}"] = measure(policies, 0, TYPE)["opsconsole"]
    show("growth", rows)
    ten, _, forty = rows.values()
    assert forty["cpu_s"] <= 4 * 1.25 * ten["cpu_s"]
    assert forty["peak_mb"] <= 1.25 * ten["peak_mb"]


def type_count() -> int:
    """Return how many policy types a whole tenant is asked for."""
    from opsconsole.graph.policy_types import supported_types

    return len(supported_types())
