"""Cells of the matrix as a real second account: who is no member learns nothing, a role goes as far as it goes (promise 14)."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .program import Program

UID = 61_234
"""An account of the kernel's; it needs no name."""

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or os.getuid() != 0 or UID in {one.pw_uid for one in pwd.getpwall()},
    reason="only root can become another account, and only a free one",
)

SCRIPT = Path(__file__).with_name("second_account.py")


@pytest.fixture
def shared(backed_up: Program) -> Iterator[Program]:
    """The store in a folder that the second account may write, beside pytest's own, which nobody else may enter."""
    place = Path(tempfile.mkdtemp(prefix="ops-second-", dir="/tmp"))
    place.chmod(0o755)
    folder = place / "shared"
    folder.mkdir(mode=0o700)
    shutil.copy(backed_up.store, folder / "ops.db")
    text = backed_up.config.read_text(encoding="utf-8")
    (place / "warm.toml").write_text(text, encoding="utf-8")
    program = replace(backed_up, folder=place)
    program.configure(text.replace(backed_up.store.as_posix(), (folder / "ops.db").as_posix()))
    program.config.chmod(0o644)
    for one in (folder, folder / "ops.db"):
        os.chown(one, UID, UID)
    yield program
    shutil.rmtree(place)


def as_second(program: Program, *orders: str) -> list[tuple[int, Any]]:
    """Carry commands out as the second account."""
    home = program.folder / "second"
    home.mkdir(exist_ok=True)
    os.chown(home, UID, UID)
    places = {name: str(home / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(UID), str(program.folder / "warm.toml"), str(program.config)],
        env=program.env | places | {"HOME": str(home), "TMPDIR": str(home)},
        input=json.dumps([order.split() for order in orders]),
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [(code, json.loads(out) if out else None) for code, out in json.loads(done.stdout)]


def give(program: Program, role: str) -> None:
    program.ask("members", "add", f"uid:{UID}", role)
    for file in (program.folder / "shared").iterdir():
        os.chown(file, UID, UID)


def test_a_stranger_learns_nothing(shared: Program) -> None:
    run_id = shared.ask("runs", "list")["items"][0]["id"]
    for file in (shared.folder / "shared").iterdir():
        os.chown(file, UID, UID)
    shown, missing, listed, backup, verify, check = as_second(
        shared,
        f"runs show {run_id}",
        f"runs show {'0' * len(run_id)}",
        "runs list",
        "backup contoso",
        "audit verify",
        "db check",
    )
    assert shown[0] == missing[0] == 4
    assert json.dumps(shown[1]).replace(run_id, "X") == json.dumps(missing[1]).replace("0" * len(run_id), "X")
    assert listed == (0, {"items": [], "next_cursor": None})
    assert [backup[0], verify[0], check[0]] == [4, 4, 4]
    refused = shared.ask("audit", "list", "--action", "access.refused")["items"]
    assert [entry["actor"] for entry in refused] == [f"uid{UID}"], "only the attempt to change something is audited"


def test_a_role_goes_as_far_as_it_goes(shared: Program) -> None:
    wanted = {
        "readonly": {"runs list": 0, "audit verify": 0, "backup contoso": 5},
        "operator": {"backup contoso": 0, "schedules add contoso --backup --every 24h": 5},
        "manager": {"schedules add contoso --backup --every 24h": 0, "members add uid:77 readonly": 5},
        "owner": {"members add uid:77 readonly": 0},
    }
    for role, cells in wanted.items():
        give(shared, role)
        answers = as_second(shared, *cells)
        assert dict(zip(cells, (code for code, _ in answers), strict=True)) == cells, (role, answers)
        for code, document in answers:
            if code == 5:
                assert document["error"]["code"] == "forbidden", document
                assert "." in document["error"]["message"], "the capability is named"


def test_a_store_that_may_not_be_written_says_so(shared: Program) -> None:
    give(shared, "owner")
    folder = shared.folder / "shared"
    for file in folder.glob("ops.db-*"):
        file.unlink()
    os.chown(folder / "ops.db", 0, 0)
    os.chown(folder, 0, 0)
    folder.chmod(0o755)
    (folder / "ops.db").chmod(0o644)
    listed, backup = as_second(shared, "runs list", "backup contoso")
    assert backup[0] == 7, backup
    assert "read-only" in backup[1]["error"]["message"] or "cannot be" in backup[1]["error"]["message"]
    assert listed[0] in (0, 7), listed
    (folder / "ops.db").chmod(0o600)
    (listed,) = as_second(shared, "runs list")
    assert listed[0] == 7
    assert "ops.db" in listed[1]["error"]["message"]
