"""Which engines are live on a store, and whether one of them may claim a run."""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.domain.clock import Clock, system_clock, to_text
from opsconsole.domain.run import OperationRun
from opsconsole.store import engines
from opsconsole.store.database import Database
from opsconsole.store.engines import EngineRow


def live_engines(db: Database, clock: Clock = system_clock) -> list[EngineRow]:
    """Return the engines whose heartbeat is recent."""
    with db.read() as session:
        return engines.live_engines(session, to_text(clock()))


def may_claim(engine: EngineRow, run: OperationRun) -> bool:
    """Tell whether an engine may work on a run: its configuration names the tenant, and it is not tied to other runs."""
    return run.tenant_id in engine.tenants and (engine.only_runs is None or run.id in engine.only_runs)


def has_engine_for(db: Database, runs: Sequence[OperationRun]) -> bool:
    """Tell whether each of these runs may be claimed by some live engine."""
    live = live_engines(db)
    return all(any(may_claim(engine, run) for engine in live) for run in runs)
