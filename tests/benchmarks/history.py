"""Stores with a long past to open a console on: seeded, or copied from a file that is kept between measurements."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from builders import complete_run, make_failure, make_run
from opsconsole.config import Config, load_config
from opsconsole.domain.clock import system_clock, to_text
from opsconsole.domain.failure import Reason
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import Counters, OperationRun, Outcome, RunType
from opsconsole.service import runs, store_admin
from opsconsole.service.caller import Caller
from opsconsole.service.runs import RunQuery
from opsconsole.service.setup import init_store, open_caller

from .program import CONFIG, open_program

KEPT_MILLION = "OPSCONSOLE_BENCH_MILLION"
"""Names a store of a million runs, made there once if it is missing: seeding one takes five minutes, copying it seconds."""

FAILURES = 50_000
"""Failures of the newest run: as many as anybody should have to look at."""

NOWHERE = "http://127.0.0.1:9"
"""Where no tenant answers: for what asks none."""

ENV = {"BENCH_TOKEN": "simulator"}


@dataclass(frozen=True)
class History:
    """A store with a past, who looks into it beside the console, and the run whose every policy failed."""

    folder: Path
    caller: Caller
    failed: OperationRun

    def config(self, graph: str = NOWHERE) -> Path:
        """Return a configuration whose tenant is served at ``graph``."""
        path = self.folder / "console.toml"
        path.write_text(CONFIG.format(store=f"sqlite:///{self.folder / 'store.db'}", graph=graph))
        return path

    def newest(self, count: int = 1) -> list[OperationRun]:
        """Return the newest runs."""
        return runs.list_runs(self.caller, limit=count).items

    def oldest(self) -> OperationRun:
        """Return the oldest run."""
        return runs.list_runs(self.caller, RunQuery(is_reversed=True), limit=1).items[0]

    def found(self, query: RunQuery) -> OperationRun:
        """Return the newest run that a query finds."""
        return runs.list_runs(self.caller, query, limit=1).items[0]

    def count(self) -> int:
        """Return how many runs there are."""
        return sum(runs.state_counts(self.caller).values())


@contextmanager
def history(count: int, kept: str | None = None) -> Iterator[History]:
    """Open a store of so many runs and one more, whose every policy failed; ``kept``: a copy of that file, never the file."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        store = folder / "store.db"
        if kept is None:
            _seed(store, count)
        else:
            if not Path(kept).exists():
                _seed(Path(kept), count)
            shutil.copyfile(kept, store)
            store_admin.migrate_store(_config(store))
        _, caller = open_program(folder, NOWHERE)
        try:
            yield History(folder, caller, _fail_a_run(caller))
        finally:
            caller.db.close()


def many(count: int) -> str | None:
    """Return the file that holds a store of so many runs, if one was named."""
    return os.environ.get(KEPT_MILLION) if count >= 1_000_000 else None


def row_of(run: OperationRun) -> bytes:
    """Return how a run's row begins when the cursor stands on it."""
    return f" ▸ {short_id(run.id)}".encode()


def _seed(store: Path, count: int) -> None:
    config = _config(store)
    store_admin.migrate_store(config)
    caller = open_caller(config)
    init_store(caller)
    store_admin.seed(caller, count=count, seed=1)
    caller.db.close()


def _config(store: Path) -> Config:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(CONFIG.format(store=f"sqlite:///{store}", graph=NOWHERE))
        return load_config(path, {**os.environ, **ENV})


def _fail_a_run(caller: Caller) -> OperationRun:
    with caller.db.write() as session:
        tenant = session.all("SELECT id, workspace_id FROM tenants ORDER BY id LIMIT 1")[0]
        now = to_text(system_clock())
        run = make_run(session, tenant["workspace_id"], tenant["id"], RunType.FETCH, created_at=now)
        run.context["counters"] = Counters(total=FAILURES, failed=FAILURES).to_json()
        run.context["progress"] = {"done": FAILURES, "total": FAILURES}
        failures = [make_failure(Reason.PERMISSION_DENIED, f"p{number:05}") for number in range(FAILURES)]
        return complete_run(session, run, Outcome.FAILED, failures=failures, now=now)
