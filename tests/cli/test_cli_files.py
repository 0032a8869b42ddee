"""Whatever the program writes is its owner's alone, also where the account's mask would let everybody read."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.simulator import SimulatorThread

from .program import Program, config_text

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes as on Unix")


@pytest.fixture
def no_mask() -> Iterator[None]:
    """Nothing is taken away from the modes that the program asks for."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_store_logs_heads_and_exports_are_their_owners_alone(
    program: Program, simulator: SimulatorThread, no_mask: None
) -> None:
    home = program.folder / "new"
    store = home / "data" / "ops.db"
    text = config_text(program.folder, simulator.base_url)
    program.configure(text.replace((program.folder / "ops.db").as_posix(), store.as_posix()))
    program.env |= {"XDG_STATE_HOME": str(home / "state")}
    for words in (
        ("init",),
        ("backup", "contoso", "--wait"),
        ("audit", "verify"),
        ("engine", "--drain"),
        ("backups", "export", "latest", str(home / "export")),
        ("audit", "export", str(home / "trail.jsonl")),
    ):
        answer = program.process(*words, umask=0)
        assert answer.code == 0, (words, answer)
    made = [path for path in home.rglob("*") if not path.is_symlink()]
    names = {path.name for path in made}
    assert {"ops.db", "opsconsole.log", "heads", "manifest.json", "trail.jsonl"} <= names, names
    loose = {
        str(path.relative_to(home)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in made
        if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
    }
    assert loose == {}
    assert stat.S_IMODE(Path(home).stat().st_mode) == 0o700
