"""Processes to measure: a tenant to back up, scripts whose last line is JSON, and the middle of several runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent

Figures = dict[str, float]


@contextmanager
def tenant(policies: int, latency_ms: int = 0) -> Iterator[str]:
    """Serve a tenant in a process of its own; the address of its Graph."""
    command = [sys.executable, str(HERE / "tenant.py"), "--policies", str(policies), "--latency-ms", str(latency_ms)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def script(name: str, *arguments: str) -> Figures:
    """Run a script beside this file and return the figures of its last line."""
    done = subprocess.run(
        [sys.executable, str(HERE / name), *arguments], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def middle(measure: Callable[[], Figures], times: int = 3) -> Figures:
    """Return the median of each figure over several runs."""
    runs = [measure() for _ in range(times)]
    return {name: median(run[name] for run in runs) for name in runs[0]}


def show(title: str, rows: dict[str, Figures]) -> None:
    """Print figures as a table, one row a line."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    width = max(map(len, [*rows, title]))
    print(f"\n{title:{width}}  " + "  ".join(f"{name:>13}" for name in columns))
    for name, row in rows.items():
        print(f"{name:{width}}  " + "  ".join(f"{_figure(row.get(column)):>13}" for column in columns))


def _figure(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}"
