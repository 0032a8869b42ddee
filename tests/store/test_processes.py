"""Many processes on one store at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from builders import make_place
from opsconsole.domain.audit import ChainHead
from opsconsole.store import audit, runs
from opsconsole.store.checks import check_store
from opsconsole.store.database import Database
from opsconsole.store.migrations import STEPS
from opsconsole.store.opening import open_store
from opsconsole.store.runs import RunFilter

WORKER = Path(__file__).with_name("worker.py")


def together(processes: int, work: str, *args: object) -> list[int]:
    """Let that many processes do ``work`` at the same moment, and return what each answered."""
    started = [
        subprocess.Popen(
            [sys.executable, str(WORKER), work, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(WORKER.parents[1]), "PATH": ""},
        )
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * processes, answers
    return [int(out) for out, _ in answers]


def test_sixteen_processes_that_ask_for_the_same_runs_make_each_once(store: Database, store_url: str) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
    assert sum(together(16, "insert_runs", store_url, 200, workspace, tenant)) == 200
    with store.read() as s:
        assert runs.count_runs(s, [workspace], RunFilter()) == 200
    assert [line for line in check_store(store) if not line.ok] == []


def test_sixteen_processes_that_ask_for_the_same_backups_make_each_once(store: Database, store_url: str) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
    assert sum(together(16, "insert_sets", store_url, 20, workspace, tenant)) == 20
    with store.read() as s:
        assert s.one("SELECT COUNT(*) AS n FROM backup_sets") == {"n": 20}
        assert runs.count_runs(s, [workspace], RunFilter()) == 40


def test_eight_processes_write_one_whole_chain(store: Database, store_url: str) -> None:
    assert together(8, "append_entries", store_url, 50) == [50] * 8
    with store.read() as s:
        head = audit.audit_head(s)
        assert head.seq == 400
        verdict = audit.verify(s, ChainHead(head.seq, head.hash))
    assert (verdict.ok, verdict.entries) == (True, 400)


def test_eight_processes_that_make_one_store_make_it_once(fresh_url: str) -> None:
    assert together(8, "open_and_migrate", fresh_url, 1) == [len(STEPS)] * 8
    with open_store(fresh_url) as db:
        assert [line for line in check_store(db) if not line.ok] == []
