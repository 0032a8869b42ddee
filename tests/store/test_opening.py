"""Opening a store: where it is made, what is refused, and that the text says what to do."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from opsconsole.errors import StoreNewer, StoreUnavailable
from opsconsole.store import migrations, opening, postgres, sqlite
from opsconsole.store.database import Database
from opsconsole.store.opening import migrate, open_store, store_info


def test_a_store_is_made_migrated_and_found_again(fresh_url: str) -> None:
    with open_store(fresh_url, create=True) as db:
        assert migrate(db) == []
    with open_store(fresh_url) as db:
        info = store_info(db)
    assert info["migrations"] == list(migrations.STEP_NAMES)
    assert (info["runs"], info["audit_entries"], info["pending"]) == (0, 0, [])


def test_a_missing_file_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="no store at") as caught:
        open_store(f"sqlite:///{tmp_path}/none.db")
    assert "opsconsole init" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_an_empty_place_is_not_a_store(fresh_url: str, dialect: str, tmp_path: Path) -> None:
    if dialect == "sqlite":
        (tmp_path / "fresh.db").touch()
    with pytest.raises(StoreUnavailable, match="not an opsconsole store") as caught:
        open_store(fresh_url)
    assert "opsconsole init" in caught.value.hint


def test_an_older_store_says_to_migrate(store_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = (*migrations.STEPS, migrations.Step("9999_more"))
    monkeypatch.setattr(migrations, "STEPS", newer)
    monkeypatch.setattr(migrations, "STEP_NAMES", tuple(step.name for step in newer))
    for create in (False, True):
        with pytest.raises(StoreUnavailable, match="older version") as caught:
            open_store(store_url, create=create)
        assert "opsconsole db migrate" in caught.value.hint
    with open_store(owner_url, allow_pending=True) as db:
        assert store_info(db)["pending"] == ["9999_more"]
        assert migrate(db) == ["9999_more"]
        assert migrate(db) == []
    open_store(store_url).close()


def test_a_step_that_fails_leaves_nothing_behind(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        migrations.Step, "script", lambda _self, _dialect: "CREATE TABLE half (id TEXT);\nCREATE BROKEN;\n"
    )
    with pytest.raises(StoreUnavailable):
        open_store(fresh_url, create=True)
    monkeypatch.undo()
    with open_store(fresh_url, create=True) as db, db.read() as s, pytest.raises(StoreUnavailable):
        s.all("SELECT * FROM half")


def test_a_newer_store_is_left_alone(owner_store: Database, store_url: str) -> None:
    with owner_store.write() as s:
        s.run("INSERT INTO schema_migrations (migration_set, name) VALUES ('opsconsole', '9999_later')")
    for create in (False, True):
        with pytest.raises(StoreNewer, match="9999_later") as caught:
            open_store(store_url, create=create)
        assert "Update opsconsole" in caught.value.hint


def test_somebody_elses_tables_are_left_alone(fresh_url: str, dialect: str, tmp_path: Path) -> None:
    if dialect == "sqlite":
        with sqlite3.connect(tmp_path / "fresh.db") as conn:
            conn.execute("CREATE TABLE customers (id)")
        conn.close()
    else:
        with postgres.open_connection(fresh_url, "") as pg:
            pg.execute("CREATE TABLE customers (id int)")
    with pytest.raises(StoreUnavailable, match="customers"):
        open_store(fresh_url, create=True)


def test_reading_only_refuses_to_write(store_url: str) -> None:
    with open_store(store_url, read_only=True) as db:
        with db.read() as s:
            assert s.one("SELECT seq FROM audit_head") == {"seq": 0}
        with pytest.raises(StoreUnavailable, match="reading only"), db.write():
            pass


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/d", "sqlite://", "sqlite:///", "opsconsole.db", "sqlite:relative.db"]
)
def test_a_url_of_no_store_is_explained(url: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        open_store(url)
    assert "sqlite:///" in caught.value.hint
    assert "secret" not in str(caught.value)


# SQLite ------------------------------------------------------------------------------------------------------------


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "opsconsole.db"
    with open_store(f"sqlite:///{path}", create=True) as db, db.write() as s:
        s.run("INSERT INTO workspaces (id, name, created_at) VALUES ('w', 'main', '')")
        files = list(path.parent.iterdir())
        assert len(files) == 3
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_every_connection_is_set_up(sqlite_store: Database) -> None:
    wanted = {
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "synchronous": 2,
        "journal_mode": "wal",
        "busy_timeout": 30_000,
    }
    with sqlite_store.read() as s:
        found = {name: next(iter((s.one(f"PRAGMA {name}") or {}).values())) for name in wanted}
    assert found == wanted


def test_the_forms_of_a_sqlite_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert sqlite.parse_path("sqlite:///data/ops.db") == Path("data/ops.db")
    assert sqlite.parse_path("sqlite:////data/ops.db") == Path("/data/ops.db")
    assert sqlite.parse_path("sqlite:///C:/data/ops.db") == Path("C:/data/ops.db")
    assert sqlite.parse_path("sqlite:///~/ops.db") == tmp_path / "ops.db"
    with pytest.raises(StoreUnavailable, match="a home that nobody has"):
        sqlite.parse_path("sqlite:///~nobody-at-all/ops.db")


@pytest.mark.parametrize("name", ["with space.db", "a?b#c%41.db", "ümlaut.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    open_store(f"sqlite:///{tmp_path}/{name}", create=True).close()
    assert (tmp_path / name).stat().st_size > 0


def test_a_folder_is_not_a_store(tmp_path: Path) -> None:
    for create in (False, True):
        with pytest.raises(StoreUnavailable, match="is a folder"):
            open_store(f"sqlite:///{tmp_path}", create=create)


def test_a_path_through_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for create in (False, True):
        with pytest.raises(StoreUnavailable):
            open_store(f"sqlite:///{tmp_path}/file/ops.db", create=create)


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    before = path.read_bytes()
    for create in (False, True):
        with pytest.raises(StoreUnavailable, match="not a SQLite database"):
            open_store(f"sqlite:///{path}", create=create)
    assert path.read_bytes() == before


def test_a_locked_store_says_so(sqlite_store_url: str) -> None:
    holder = sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with open_store(sqlite_store_url, busy_timeout_s=0.01) as db:
        with pytest.raises(StoreUnavailable, match="locked by another process"), db.write():
            pass
        holder.execute("ROLLBACK")
        with db.write() as s:
            assert s.run("UPDATE audit_head SET seq = seq WHERE id = 2") == 0
    holder.close()


def test_a_full_disk_says_so_and_loses_nothing(sqlite_store: Database) -> None:
    insert = "INSERT INTO engines VALUES (:id, :big, '', 1, '', '', NULL, '', '', '', '{}')"
    with sqlite_store.write() as s:
        s.run(insert, id="kept", big="x")
        s.run("PRAGMA max_page_count = 1")  # SQLite takes the size the file has
    with pytest.raises(StoreUnavailable, match=r"disk .* is full") as caught, sqlite_store.write() as s:
        s.run(insert, id="lost", big="x" * 10_000_000)
    assert "Free some space" in caught.value.hint
    with sqlite_store.read() as s:
        assert [row["id"] for row in s.all("SELECT id FROM engines")] == ["kept"]


def test_a_damaged_store_says_so(sqlite_store_url: str) -> None:
    path = Path(sqlite_store_url.removeprefix("sqlite:///"))
    data = bytearray(path.read_bytes())
    data[100:4096] = os.urandom(3996)
    path.write_bytes(data)
    with pytest.raises(StoreUnavailable, match="is damaged"):
        open_store(sqlite_store_url)


@pytest.mark.parametrize("target", ["file", "folder"])
def test_a_read_only_file_or_folder_says_so(sqlite_store_url: str, tmp_path: Path, target: str) -> None:
    """As an account that is not root: rights do not bind root."""
    path = Path(sqlite_store_url.removeprefix("sqlite:///"))
    code = (
        "import os, sys\n"
        "from opsconsole.errors import StoreUnavailable\n"
        "from opsconsole.store.opening import open_store\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        f"    db = open_store({sqlite_store_url!r})\n"
        "    with db.write() as s: s.run(\"INSERT INTO workspaces VALUES ('w', 'w', '')\")\n"
        "except StoreUnavailable as error: print('refused:', error)\n"
        f"db = open_store({sqlite_store_url!r}, read_only=True)\n"
        "with db.read() as s: print('read:', s.one('SELECT seq FROM audit_head'))\n"
    )
    for folder in (tmp_path, *list(tmp_path.parents)[:-2]):
        folder.chmod(0o755)
    path.chmod(0o444 if target == "file" else 0o666)
    tmp_path.chmod(0o555)
    try:
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    finally:
        tmp_path.chmod(0o700)
    assert "refused: " in answer.stdout, answer.stderr
    assert "write" in answer.stdout
    assert "read: {'seq': 0}" in answer.stdout, answer.stderr


def test_the_driver_of_postgres_stays_out_of_a_sqlite_store(sqlite_store_url: str) -> None:
    """Nor is sqlite-utils loaded for reading: it costs 60 ms."""
    code = (
        "import sys\nfrom opsconsole.store import audit, backups, changes, restores, runs, tenants\n"
        "from opsconsole.store.opening import open_store\n"
        f"with open_store({sqlite_store_url!r}) as db, db.read() as s: runs.list_runs(s, ['w'], runs.RunFilter(), limit=5)\n"
        "print([name for name in ('psycopg', 'sqlite_utils', 'textual', 'msgraph') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


# Postgres ----------------------------------------------------------------------------------------------------------


def test_without_the_extra_the_text_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnavailable, match="psycopg") as caught:
        open_store("postgresql://u@localhost/db")
    assert "pip install 'opsconsole[postgres]'" in caught.value.hint


SECRET = "s3cr3t-p4ss"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://alice:{SECRET}@127.0.0.1:1/db",
        f"postgresql://alice@127.0.0.1:1/db?password={SECRET}",
        f"postgresql://alice:{SECRET}@host.invalid/db",
        f"postgresql://alice:{SECRET}@x@y:z/db",
        f"postgresql://alice:{SECRET}@[::1/db",
    ],
)
def test_a_server_that_is_not_there_is_explained_without_the_password(url: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        open_store(url)
    assert "cannot be reached" in caught.value.message
    for text in (str(caught.value), repr(caught.value), repr(caught.value.__cause__), postgres.label_of(url)):
        assert SECRET not in text
        assert "alice" not in text


@pytest.mark.postgres
def test_a_missing_database_is_explained(pg_server: Callable[[str], str]) -> None:
    for create in (False, True):
        with pytest.raises(StoreUnavailable, match="no such database") as caught:
            open_store(pg_server("nowhere"), create=create)
        assert "createdb" in caught.value.hint


@pytest.mark.postgres
def test_a_refused_sign_in_is_explained(pg_server: Callable[[str], str]) -> None:
    url = pg_server("postgres").replace("postgres:@", f"nobody:{SECRET}@")
    with pytest.raises(StoreUnavailable, match="refused the sign-in") as caught:
        open_store(url)
    assert SECRET not in str(caught.value)
    assert "PGPASSWORD" in caught.value.hint


@pytest.mark.postgres
def test_missing_rights_are_explained(pg_owner_url: str, pg_server: Callable[[str], str]) -> None:
    admin, name = pg_server("postgres"), urlsplit(pg_owner_url).path.lstrip("/")
    guest = f"guest_{name}"
    with postgres.open_connection(admin, "") as conn:
        conn.execute(f"CREATE ROLE {guest} LOGIN")
    try:
        url = urlsplit(pg_owner_url)._replace(netloc=f"{guest}@").geturl()
        with pytest.raises(StoreUnavailable, match="does not let this account into"):
            open_store(url)
        with postgres.open_connection(admin, "") as conn:
            conn.execute(f"GRANT CONNECT ON DATABASE {name} TO {guest}")
        with pytest.raises(StoreUnavailable, match="may not use the tables"):
            open_store(url)
        with postgres.open_connection(pg_owner_url, "") as conn:
            conn.execute(f"GRANT USAGE ON SCHEMA public TO {guest}")
        with pytest.raises(StoreUnavailable, match="may not do this"):
            open_store(url)
    finally:
        with postgres.open_connection(pg_owner_url, "") as conn:
            conn.execute(f"REVOKE ALL ON SCHEMA public FROM {guest}")
        with postgres.open_connection(admin, "") as conn:
            conn.execute(f"REVOKE ALL ON DATABASE {name} FROM {guest}; DROP ROLE {guest}")


def test_the_label_of_a_url_shows_neither_account_nor_password() -> None:
    assert (
        postgres.label_of("postgresql://u:p@db.example:5433/ops?sslmode=require") == "postgresql://db.example:5433/ops"
    )
    for by_socket in ("postgresql://u:p@/ops?host=/run/pg", "postgresql://u:p@%2Frun%2Fpg/ops"):
        assert postgres.label_of(by_socket) == "postgresql:///ops?host=/run/pg"
    assert postgres.label_of("postgresql://u:p@/ops?host=db.example") == "postgresql://db.example/ops"


def test_what_opening_exports() -> None:
    assert {"open_store", "migrate", "store_info"} <= set(opening.__all__)
