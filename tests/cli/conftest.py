"""A home of its own, a simulated tenant over HTTP, and the program called in a process and inside this one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.simulator import SimulatorThread, Tenant, seeded_tenant

from .program import TOKEN, Program, config_text


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """The program with folders of its own and no configuration yet."""
    env = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH", "LANG", "SYSTEMROOT")}
    env |= {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "TMPDIR": str(tmp_path),
        "TZ": "UTC",
        "CONTOSO_TOKEN": TOKEN,
        "PYTHONWARNINGS": "error",
    }
    for name in (*os.environ, *env):
        if name not in env and name not in ("PYTEST_CURRENT_TEST",):
            monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return Program(tmp_path, env, capsys)


@pytest.fixture
def simulator() -> Iterator[SimulatorThread]:
    """A tenant of 40 policies."""
    with SimulatorThread(_tenant()) as running:
        yield running


def _tenant() -> Tenant:
    return seeded_tenant(40, seed=7)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two stores made once and copied by each test: one just made, one with a backup of the tenant."""
    folder = tmp_path_factory.mktemp("stores")
    config, store = folder / "ops.toml", folder / "ops.db"
    env = os.environ | {"CONTOSO_TOKEN": TOKEN, "XDG_STATE_HOME": str(folder / "state")}
    made: list[Path] = []
    with SimulatorThread(_tenant()) as running:
        config.write_text(config_text(folder, running.base_url), encoding="utf-8")
        for words in (("init",), ("backup", "contoso", "--wait")):
            order = [sys.executable, "-m", "opsconsole", "--config", str(config), *words]
            subprocess.run(order, env=env, check=True, capture_output=True, timeout=60)
            made.append(folder / f"{words[0]}.db")
            with sqlite3.connect(store) as source, sqlite3.connect(made[-1]) as target:
                source.backup(target)
    return made[0], made[1]


def _with_store(program: Program, simulator: SimulatorThread, store: Path) -> Program:
    program.configure(config_text(program.folder, simulator.base_url))
    shutil.copyfile(store, program.store)
    program.store.chmod(0o600)
    return program


@pytest.fixture
def ready(program: Program, simulator: SimulatorThread, stores: tuple[Path, Path]) -> Program:
    """The program with a configuration for the simulated tenant, and a store."""
    return _with_store(program, simulator, stores[0])


@pytest.fixture
def backed_up(program: Program, simulator: SimulatorThread, stores: tuple[Path, Path]) -> Program:
    """The same with one backup made."""
    return _with_store(program, simulator, stores[1])
