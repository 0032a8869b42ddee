"""The program: one backup by an engine on a fresh store; one JSON line of figures, start-up apart from the work."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

from opsconsole.config import Config, load_config
from opsconsole.engine import Engine
from opsconsole.service import backups, runs
from opsconsole.service.caller import Caller
from opsconsole.service.setup import init_store, open_caller

LOADED_LATE = (
    "anyio._backends._asyncio",
    "anyio.streams.tls",
    "apscheduler.executors.asyncio",
    "apscheduler.triggers.date",
    "apscheduler.triggers.interval",
    "azure.core.credentials",
    "h2.connection",
    "httpcore",
    "kiota_abstractions.native_response_handler",
    "kiota_authentication_azure.azure_identity_authentication_provider",
    "msgraph",
    "sqlite_utils",
)
"""What a first call and a first store load: start-up, not work."""

CONFIG = """[store]
url = "{store}"
[[tenants]]
name = "contoso"
tenant_id = "11111111-1111-1111-1111-111111111111"
base_url = "{graph}"
[tenants.auth]
method = "static_token"
token = {{ env = "BENCH_TOKEN" }}
"""


def cpu_s() -> float:
    """Return the CPU time of this process, user and system, all threads."""
    use = getrusage(RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def peak_mb() -> float:
    """Return the most memory this process held; from the kernel's own figure, since getrusage's outlives an exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def open_program(folder: Path, graph: str, store: str | None = None) -> tuple[Config, Caller]:
    """Return the configuration and the caller of a fresh store in ``folder``, or at ``store``."""
    os.environ["BENCH_TOKEN"] = "simulator"
    path = folder / "config.toml"
    path.write_text(CONFIG.format(store=store or f"sqlite:///{folder / 'store.db'}", graph=graph))
    config = load_config(path, os.environ)
    caller = open_caller(config, create=True)
    init_store(caller)
    return config, caller


def back_up(graph: str, types: list[str] | None, store: str | None = None) -> dict[str, Any]:
    """Back the tenant up and return what it took, from the order to the last run's end."""
    with tempfile.TemporaryDirectory() as folder:
        config, caller = open_program(Path(folder), graph, store)
        started_cpu, started = cpu_s(), time.perf_counter()
        made = backups.start_backup(caller, "contoso", types=types)
        asyncio.run(Engine(caller.db, config, actor=caller.actor, drain=True).run())
        took = {"wall_s": time.perf_counter() - started, "cpu_s": cpu_s() - started_cpu, "startup_cpu_s": started_cpu}
        ended = [runs.show_run(caller, run.id) for run in made.runs]
        kept = backups.show_set(caller, made.backup_set.id if made.backup_set else "latest")
        assert all(run.outcome.value == "succeeded" for run in ended), [run.to_json() for run in ended]
        assert kept.is_complete
        caller.db.close()
        return {
            "policies": kept.count("fetched"),
            "requests": sum(run.context["graph"]["requests"] for run in ended),
            **took,
            "peak_mb": peak_mb(),
        }


def main() -> None:
    """Measure one backup."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph")
    parser.add_argument("--types", nargs="*")
    parser.add_argument("--store")
    options = parser.parse_args()
    for name in LOADED_LATE:
        importlib.import_module(name)
    print(json.dumps(back_up(options.graph, options.types, options.store)))


if __name__ == "__main__":
    main()
