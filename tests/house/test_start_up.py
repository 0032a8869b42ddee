"""Reading commands start light: what they must not load is looked for in the process itself; how long it takes is a benchmark."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = (
    "textual",
    "rich",
    "msgraph",
    "msgraph_core",
    "kiota_abstractions",
    "kiota_http",
    "azure",
    "msal",
    "httpx",
    "aiohttp",
    "apscheduler",
    "psycopg",
    "keyring",
    "opentelemetry",
    "pydantic",
)
"""None of these is needed to read some rows from SQLite and write JSON."""

LOOK = """
import json, sys
from opsconsole.cli.app import run
code = run(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""

READING = (
    "runs list",
    "runs show {run}",
    "backups list",
    "backups show latest",
    "backups items latest",
    "restore list",
    "audit list",
    "audit verify",
    "status",
    "tenants list",
    "tenants show contoso",
    "members list",
    "schedules list",
    "policy-types list",
    "db info",
)

MAX_RATIO = 1.6
"""A reading command, whole process, against ``import sqlite_utils, click`` (console.md, budgets)."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], str]:
    """A configuration with a store that holds a history; the environment to read it in; the id of a run."""
    folder = tmp_path_factory.mktemp("start_up")
    config = folder / "config.toml"
    config.write_text(
        f"""
[store]
url = "sqlite:///{(folder / "ops.db").as_posix()}"
[[tenants]]
name = "contoso"
tenant_id = "11111111-2222-3333-4444-555555555555"
auth = {{ method = "azure_cli" }}
""",
        encoding="utf-8",
    )
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {"OPSCONSOLE_CONFIG": str(config), "PYTHONPYCACHEPREFIX": str(folder / "pyc")}
    for words in ("init", "db seed --runs 200"):
        subprocess.run(
            [sys.executable, "-m", "opsconsole", *words.split()], env=env, check=True, capture_output=True, timeout=60
        )
    listed = subprocess.run(
        [sys.executable, "-m", "opsconsole", "runs", "list", "--json"],
        env=env,
        check=True,
        capture_output=True,
        timeout=60,
    )
    return folder, env, json.loads(listed.stdout)["items"][0]["id"]


@pytest.mark.parametrize("words", READING)
def test_reading_commands_load_no_heavy_library(place: tuple[Path, dict[str, str], str], words: str) -> None:
    _, env, run_id = place
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *words.format(run=run_id).split(), "--json"],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    code, loaded = json.loads(done.stderr.splitlines()[-1])
    # A seeded history may have a set that cannot be resolved by `latest`; that is an answer too.
    # `status` answers 3 where something needs somebody.
    assert code in (0, 3, 4), done.stdout
    assert not set(HEAVY) & set(loaded)
    json.loads(done.stdout)


@pytest.mark.bench
def test_a_reading_command_takes_little_more_than_its_libraries(place: tuple[Path, dict[str, str], str]) -> None:
    _, env, _ = place
    floor = [sys.executable, "-c", "import sqlite_utils, click"]
    reading = [sys.executable, "-m", "opsconsole", "runs", "list", "--json"]
    ratios = []
    for _ in range(15):
        ratios.append(_seconds(reading, env) / _seconds(floor, env))
    assert statistics.median(ratios[2:]) <= MAX_RATIO, ratios


def _seconds(order: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(order, env=env, check=True, capture_output=True)
    return time.perf_counter() - began
