"""Commands: a reading one, whole process, beside a Python that imports two of its libraries."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import perf_counter

import pytest

from .processes import Figures, show
from .program import CONFIG

pytestmark = pytest.mark.bench

RATIO = 1.6
"""Budget of console.md."""

TIMES = 15


def test_listing_runs_starts_in_little_more_than_its_libraries_take() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(CONFIG.format(store=f"sqlite:///{folder}/store.db", graph="http://127.0.0.1:9"))
        program = [sys.executable, "-m", "opsconsole", "--config", str(path)]
        _run([*program, "db", "migrate"])
        floor, ours = [], []
        for _ in range(TIMES):  # in turns, so that a busy machine slows both
            floor.append(_run([sys.executable, "-c", "import sqlite_utils, click"]))
            ours.append(_run([*program, "runs", "list", "--json"]))
    rows = {"import sqlite_utils, click": _middle(floor), "runs list --json": _middle(ours)}
    show("whole process", rows)
    bare, listed = rows.values()
    assert listed["cpu_s"] <= RATIO * bare["cpu_s"]


def _run(command: Sequence[str]) -> Figures:
    before, started = getrusage(RUSAGE_CHILDREN), perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "BENCH_TOKEN": "simulator"})
    after = getrusage(RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": perf_counter() - started, "cpu_s": cpu_s}


def _middle(runs: Sequence[Figures]) -> Figures:
    return {name: median(run[name] for run in runs) for name in runs[0]}
