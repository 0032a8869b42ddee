"""A home of its own, a simulated tenant over HTTP, and the program called in a process and inside this one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.simulator import SimulatorThread, seeded_tenant

from .program import TOKEN, Program, config_text


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """The program with folders of its own and no configuration yet."""
    env = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "SYSTEMROOT")}
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
    with SimulatorThread(seeded_tenant(40, seed=7)) as running:
        yield running


@pytest.fixture
def ready(program: Program, simulator: SimulatorThread) -> Program:
    """The program with a configuration for the simulated tenant, and a store."""
    program.configure(config_text(program.folder, simulator.base_url))
    made = program.inline("init")
    assert made.code == 0, made
    return program


@pytest.fixture
def backed_up(ready: Program) -> Program:
    """The same with one backup made."""
    made = ready.inline("backup", "contoso", "--wait", "--json")
    assert made.code == 0, made
    return ready
