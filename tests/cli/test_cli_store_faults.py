"""What commands say when something is wrong with the store: the fault by its name, a next step, exit code 7, nothing half-written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from opsconsole.cli import waiting
from opsconsole.domain.clock import system_clock, to_text
from opsconsole.domain.ids import new_id
from opsconsole.domain.run import Outcome
from opsconsole.operations.completion import complete_run
from opsconsole.service import runs, tenants
from opsconsole.service.caller import Caller
from opsconsole.service.setup import init_store, open_caller
from opsconsole.store import opening
from opsconsole.store import runs as stored_runs

from .program import TENANT_ID, Answer, Program

BUSY_S = 0.2
"""How long these commands wait for a lock; what people use is 30 s."""

CONFIG = """\
[store]
url = "{url}"
[[tenants]]
name = "contoso"
tenant_id = "{tenant_id}"
base_url = "http://127.0.0.1:9"
[tenants.auth]
method = "static_token"
token = {{ env = "CONTOSO_TOKEN" }}
"""


@pytest.fixture
def owned(program: Program, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Program, Caller]]:
    """The program on a store of its own, once on each database, and its owner on a connection beside."""
    from opsconsole.config import parse_config

    text = CONFIG.format(url=store_url, tenant_id=TENANT_ID)
    program.configure(text)
    caller = open_caller(parse_config(text))
    init_store(caller)
    monkeypatch.setattr(opening, "open_store", partial(opening.open_store, busy_timeout_s=BUSY_S))
    yield program, caller
    caller.db.close()


def check_told(program: Program, *orders: tuple[str, ...], words: str) -> None:
    """Each command ends with 7 and says what is wrong, in JSON and in text."""
    for order in orders:
        answer = program.inline(*order, "--json")
        assert answer.code == 7, (order, answer)
        assert answer.error["code"] == "store_unavailable"
        assert words in answer.error["message"], (order, answer)
        assert answer.error["hint"]
        text = program.inline(*order)
        assert (text.code, text.out) == (7, ""), (order, text)
        assert words in " ".join(text.err.split()), (order, text)
        assert "Traceback" not in text.err


BACKUP, LIST = ("backup", "contoso"), ("runs", "list")


def holder(url: str) -> Any:
    """Another connection that keeps everybody else out."""
    if url.startswith("sqlite"):
        conn: Any = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        conn.execute("BEGIN IMMEDIATE")
        return conn
    import psycopg

    conn = psycopg.connect(url)
    conn.execute("LOCK TABLE operation_runs, memberships, audit_head IN ACCESS EXCLUSIVE MODE")
    return conn


def test_a_locked_store(owned: tuple[Program, Caller], store_url: str, dialect: str) -> None:
    program, caller = owned
    with closing(holder(store_url)):
        check_told(program, BACKUP, words="locked" if dialect == "sqlite" else "busy")
        if dialect == "sqlite":
            assert program.inline(*LIST).code == 0, "reading goes on"
    assert program.inline(*BACKUP).code == 0
    assert runs.count_runs(caller) == 2, "one backup, and nothing of those that were refused"


def test_a_full_disk(
    program: Program, sqlite_store_url: str, owned_sqlite: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = opening.open_store

    def on_a_full_disk(url: str, **more: Any) -> Any:
        db = original(url, **more)
        connect = db.connect  # type: ignore[attr-defined]

        def connect_full() -> Any:
            conn = connect()
            conn.execute("PRAGMA max_page_count = 1")
            return conn

        db.connect = connect_full  # type: ignore[attr-defined]
        db._local = type(db._local)()  # type: ignore[attr-defined]
        return db

    with sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///")) as raw:
        raw.execute("VACUUM")  # no page is left free in the file
    raw.close()
    monkeypatch.setattr(opening, "open_store", on_a_full_disk)
    answers = [program.inline("members", "add", f"uid:{4000 + number}", "readonly", "--json") for number in range(200)]
    (code,) = {answer.code for answer in answers if answer.code}
    assert code == 7
    refused = next(answer for answer in answers if answer.code)
    assert "is full" in refused.error["message"]
    assert "Free some space" in refused.error["hint"]
    shown = program.ask("members", "list", "--limit", "500")["items"]
    assert len(shown) == 1 + sum(answer.code == 0 for answer in answers), "each is there whole or not at all"
    assert program.ask("audit", "verify")["ok"] is True


@pytest.fixture
def owned_sqlite(program: Program, sqlite_store_url: str) -> Iterator[Caller]:
    """The owner of a store on SQLite alone."""
    from opsconsole.config import parse_config

    text = CONFIG.format(url=sqlite_store_url, tenant_id=TENANT_ID)
    program.configure(text)
    caller = open_caller(parse_config(text))
    init_store(caller)
    yield caller
    caller.db.close()


def watching(program: Program, run_id: str, deeds: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Watch a run; before each look, the next deed is done."""
    original = waiting._Vigil._read

    def read(vigil: Any) -> Any:
        if deeds:
            deeds.pop(0)()
        return original(vigil)

    monkeypatch.setattr(waiting._Vigil, "_read", read)
    monkeypatch.setattr(waiting, "LOOK_S", 0.05)
    return program.inline("runs", "watch", run_id, "--json")


def nothing() -> None:
    """A look at which all is well."""


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "gone"])
def test_a_file_that_is_replaced_under_a_command(
    program: Program,
    owned_sqlite: Caller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_replaced: bool,
) -> None:
    run_id = tenants.start_check(owned_sqlite, "contoso").runs[0].id
    path = Path(owned_sqlite.db.label)
    opening.open_store(f"sqlite:///{tmp_path}/other.db", create=True).close()

    def take_away() -> None:
        for end in ("", "-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        if is_replaced:
            (tmp_path / "other.db").replace(path)

    monkeypatch.setattr(waiting, "PATIENCE_S", 0.2)
    answer = watching(program, run_id, [nothing, take_away], monkeypatch)
    assert answer.code == 7, answer
    assert ("was replaced" if is_replaced else "gone") in answer.error["message"]
    assert answer.error["hint"]
    if not is_replaced:
        check_told(program, BACKUP, LIST, words="There is no store at")


def test_a_file_that_is_no_store_any_more(program: Program, owned_sqlite: Caller) -> None:
    path = Path(owned_sqlite.db.label)
    owned_sqlite.db.close()
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    path.write_bytes(os.urandom(8192))
    check_told(program, BACKUP, LIST, words=f"The file at {path}")


@pytest.mark.postgres
@pytest.mark.parametrize("dialect", ["postgres"])
def test_connections_that_are_killed_under_a_command(
    owned: tuple[Program, Caller], store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    program, caller = owned
    run_id = tenants.start_check(caller, "contoso").runs[0].id

    def kill() -> None:
        with psycopg.connect(store_url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'opsconsole' AND pid <> pg_backend_pid()"
            )

    def complete() -> None:
        with caller.db.write() as s:
            run = stored_runs.get_run(s, run_id)
            assert run is not None
            assert complete_run(s, run, Outcome.SUCCEEDED, now=to_text(system_clock()), new_id=new_id)

    answer = watching(program, run_id, [kill, nothing, kill, complete], monkeypatch)
    assert (answer.code, answer.json["outcome"]) == (0, "succeeded"), answer


@pytest.mark.postgres
@pytest.mark.parametrize("dialect", ["postgres"])
def test_a_server_that_is_gone(owned: tuple[Program, Caller], store_url: str, tmp_path: Path) -> None:
    program, _ = owned
    for url in (f"postgresql://somebody@/ops?host={tmp_path}", "postgresql://somebody@127.0.0.1:1/ops"):
        program.configure(CONFIG.format(url=url, tenant_id=TENANT_ID))
        check_told(program, BACKUP, LIST, words="cannot be reached")
        assert "somebody" not in program.inline(*LIST).err


@pytest.mark.postgres
@pytest.mark.parametrize("dialect", ["postgres"])
def test_rights_that_were_taken(owned: tuple[Program, Caller], owner_url: str) -> None:
    import psycopg

    program, caller = owned
    with psycopg.connect(owner_url, autocommit=True) as conn:
        conn.execute("REVOKE INSERT ON operation_runs FROM opsconsole_user")
        check_told(program, BACKUP, words="The account may not do this")
        assert program.inline(*LIST).code == 0, "reading goes on"
        conn.execute("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM opsconsole_user")
        check_told(program, BACKUP, LIST, words="The account may not do this")
        conn.execute("REVOKE USAGE ON SCHEMA public FROM opsconsole_user")
        check_told(program, BACKUP, LIST, words="The account may not use the tables")
        conn.execute("GRANT USAGE ON SCHEMA public TO opsconsole_user")
        conn.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO opsconsole_user")
    assert runs.count_runs(caller) == 0
