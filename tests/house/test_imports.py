"""Imports run one way, and only one room knows each library: held by import-linter, which must also bite."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FORBIDDEN = {
    "domain/run.py": "import opsconsole.store.database",
    "store/database.py": "import opsconsole.service.guard",
    "service/guard.py": "import textual",
    "operations/capture.py": "import sqlite3",
    "simulator/call.py": "import opsconsole.domain.run",
    "cli/text.py": "import apscheduler",
    "console/pen.py": "import msgraph",
}
"""One import that must not be, in each of some rooms."""


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of a tree in a process of its own."""
    code = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the program and its contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_imports_run_one_way() -> None:
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert " 0 broken" in answer.stdout


def test_every_contract_bites(copy: Path) -> None:
    for name, line in FORBIDDEN.items():
        path = copy / "src" / "opsconsole" / name
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    answer = lint(copy)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    for name in FORBIDDEN:
        module = f"opsconsole.{name.removesuffix('.py').replace('/', '.')}"
        assert module in answer.stdout, f"{module} may import what it must not"
