"""An engine with nothing to do for ten seconds, then one order; one JSON line of figures."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from program import cpu_s, open_program, peak_mb

from opsconsole.config import Config
from opsconsole.domain.clock import from_text
from opsconsole.engine import Engine
from opsconsole.service import runs, tenants
from opsconsole.service.caller import Caller

IDLE_S = 10.0
ORDERS = 10


async def measure(config: Config, caller: Caller) -> dict[str, Any]:
    """Let an engine idle, then give it orders one by one."""
    engine = Engine(caller.db, config, actor=caller.actor)
    working = asyncio.create_task(engine.run())
    await asyncio.sleep(1)
    started_cpu, started = cpu_s(), time.perf_counter()
    await asyncio.sleep(IDLE_S)
    idle = (cpu_s() - started_cpu) / (time.perf_counter() - started)
    idle_mb = peak_mb()
    waits = []
    for _ in range(ORDERS):
        made = await asyncio.to_thread(tenants.start_check, caller, "contoso")
        run = made.runs[0]
        while run.completed_at is None:
            await asyncio.sleep(0.02)
            run = await asyncio.to_thread(runs.show_run, caller, run.id)
        waits.append((from_text(run.started_at or "") - from_text(run.created_at)).total_seconds())
    engine.request_stop()
    await working
    return {
        "idle_percent": idle * 100,
        "idle_mb": idle_mb,
        "start_p50_ms": 1000 * sorted(waits)[ORDERS // 2],
        "start_max_ms": 1000 * max(waits),
    }


def main() -> None:
    """Measure one engine on a tenant that cannot be reached."""
    with tempfile.TemporaryDirectory() as folder:
        config, caller = open_program(Path(folder), "http://127.0.0.1:9")
        print(json.dumps(asyncio.run(measure(config, caller))))
        caller.db.close()


if __name__ == "__main__":
    main()
