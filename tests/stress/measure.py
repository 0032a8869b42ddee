"""One backup in a process of its own: prints what it took in CPU, time and memory. Run with a store's url and Graph's address."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time

from opsconsole.config import parse_config
from opsconsole.engine import Engine
from opsconsole.service import backups
from opsconsole.service.setup import init_store, open_caller
from opsconsole.store.opening import open_store


def main(store_url: str, base_url: str, types: list[str] | None) -> None:
    """Back up once and print a line of JSON."""
    os.environ["CONTOSO_TOKEN"] = "simulator"
    config = parse_config(
        f'[store]\nurl = "{store_url}"\n[[tenants]]\nname = "contoso"\ntenant_id = "{1:08}-2222-3333-4444-555555555555"\n'
        f'base_url = "{base_url}"\n[tenants.auth]\nmethod = "static_token"\ntoken = {{ env = "CONTOSO_TOKEN" }}\n'
    )
    open_store(store_url, create=True).close()
    caller = open_caller(config)
    init_store(caller)
    started = backups.start_backup(caller, "contoso", types)
    cpu, wall = time.process_time(), time.monotonic()
    asyncio.run(Engine(caller.db, config, actor=caller.actor, drain=True).run())
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    assert started.backup_set is not None
    found = backups.show_set(caller, started.backup_set.id)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    shown = {
        "cpu_s": cpu,
        "wall_s": wall,
        "peak_kib": peak_kib,
        "fetched": found.count("fetched"),
        "missing": found.missing,
    }
    print(json.dumps(shown))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3].split(",") if len(sys.argv) > 3 else None)
