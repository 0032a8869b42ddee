"""Calling opsconsole from a test: as a real process, or inside this one where only the command matters."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opsconsole.cli.app import run

TOKEN = "simulator"
TENANT_ID = "11111111-2222-3333-4444-555555555555"

LIMIT_S = 30.0
"""Longest wait for anything."""


def config_text(folder: Path, base_url: str, *, extra: str = "") -> str:
    """A configuration for the simulated tenant, with a short lease."""
    return f"""\
[store]
url = "sqlite:///{(folder / "ops.db").as_posix()}"

[engine]
lease_seconds = 5

[[tenants]]
name = "contoso"
tenant_id = "{TENANT_ID}"
base_url = "{base_url}"
{extra}
[tenants.auth]
method = "static_token"
token = {{ env = "CONTOSO_TOKEN" }}
"""


@dataclass(frozen=True)
class Answer:
    """What the program said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The error that the document tells of."""
        return self.json["error"]


@dataclass
class Program:
    """The program as one user on one machine has it."""

    folder: Path
    env: dict[str, str]
    capsys: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "ops.toml"

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.folder / "ops.db"

    def configure(self, text: str) -> None:
        """Write the configuration."""
        self.config.write_text(text, encoding="utf-8")

    def order(self, *args: str) -> list[str]:
        """The whole command line."""
        return [sys.executable, "-m", "opsconsole", "--config", str(self.config), *args]

    def start(self, *args: str, **options: Any) -> subprocess.Popen[str]:
        """Start a process."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen(self.order(*args), env=self.env, text=True, **pipes)

    def process(self, *args: str, env: dict[str, str] | None = None, **options: Any) -> Answer:
        """Run a process to its end."""
        pipes = {"stdin": subprocess.DEVNULL} | options
        done = subprocess.run(
            self.order(*args),
            env=self.env | (env or {}),
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
            **pipes,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def inline(self, *args: str) -> Answer:
        """Run inside this process."""
        self.capsys.readouterr()
        code = run(["--config", str(self.config), *args])
        said = self.capsys.readouterr()
        return Answer(code, said.out, said.err)

    def ask(self, *args: str) -> Any:
        """Run inside this process with --json and return the document of a command that must succeed."""
        answer = self.inline(*args, "--json")
        assert answer.code == 0, answer
        return answer.json


def wait_for(condition: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    """Return once ``condition`` holds; fail after the limit."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.02)
