"""Sessions: transactions, snapshots, threads, connections that are lost, texts that a database cannot keep."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opsconsole.errors import CommitUnknown, Conflict, StoreUnavailable
from opsconsole.store.database import Database, Session, clean
from opsconsole.store.opening import open_store
from opsconsole.store.postgres import PostgresSession, open_connection

ADD = "INSERT INTO workspaces (id, name, created_at) VALUES (:id, :id, '')"


def names(s: Session) -> list[str]:
    return [row["name"] for row in s.all("SELECT name FROM workspaces ORDER BY name")]


def test_a_block_that_ends_is_committed_and_one_that_raises_is_not(store: Database) -> None:
    with store.write() as s:
        assert s.run(ADD, id="a") == 1
        assert s.many(ADD, [{"id": "b"}, {"id": "c"}]) == 2
    with pytest.raises(KeyError), store.write() as s:
        s.run(ADD, id="d")
        raise KeyError
    with store.read() as s:
        assert names(s) == ["a", "b", "c"]


def test_whoever_listens_is_told_of_each_commit_once_it_can_be_read(store: Database) -> None:
    told: list[list[str]] = []

    def look() -> None:
        with store.read() as s:
            told.append(names(s))

    store.on_commit = look
    with store.write() as s:
        s.run(ADD, id="a")
        assert told == []
    with pytest.raises(KeyError), store.write() as s:
        s.run(ADD, id="b")
        raise KeyError
    look_only = len(told)
    with store.read() as s:
        names(s)
    assert told == [["a"]] and look_only == 1


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_it(store: Database) -> None:
    with store.write() as writer:
        writer.run(ADD, id="a")
        with store.read() as s:
            assert names(s) == []
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lambda: _names_of(store)).result(timeout=5) == []
    with store.read() as s:
        assert names(s) == ["a"]


def test_a_snapshot_stays_as_it_was(store: Database) -> None:
    with store.read() as s:
        assert names(s) == []
        with store.write() as writer:
            writer.run(ADD, id="a")
        assert names(s) == []
    with store.read() as s:
        assert names(s) == ["a"]


def test_a_read_session_refuses_to_write(store: Database) -> None:
    with pytest.raises(StoreUnavailable), store.read() as s:
        s.run(ADD, id="a")
    with store.write() as s:
        s.run(ADD, id="b")
    with store.read() as s:
        assert names(s) == ["b"]


def test_what_follows_a_failed_statement_is_not_committed(store: Database) -> None:
    """Postgres would make a rollback of the commit without a word."""
    with pytest.raises(StoreUnavailable, match="Nothing was written"), store.write() as s:
        s.run(ADD, id="a")
        with pytest.raises(Conflict):
            s.run(ADD, id="a")
    with store.read() as s:
        assert names(s) == []


def test_two_write_transactions_in_one_thread_are_a_mistake(store: Database) -> None:
    with store.write(), pytest.raises(RuntimeError), store.write():
        pass


def test_writers_in_many_threads_wait_for_each_other(store: Database) -> None:
    with store.write() as s:
        s.run(ADD, id="0")

    def add(_: int) -> None:
        for _ in range(10):
            with store.write() as s:
                lock = s.pick(sqlite="", postgres=" FOR UPDATE")
                row = s.one(f"SELECT name FROM workspaces WHERE id = '0'{lock}")
                assert row
                s.run("UPDATE workspaces SET name = :name WHERE id = '0'", name=str(int(row["name"]) + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    with store.read() as s:
        assert names(s) == ["80"]


def test_a_threads_connection_is_closed_with_it(store: Database) -> None:
    thread = threading.Thread(target=_names_of, args=(store,))
    thread.start()
    thread.join()
    with store.read():
        assert len(store._handles) == 1  # type: ignore[attr-defined]


def test_a_closed_store_says_so(store: Database) -> None:
    with store.read() as s:
        names(s)
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"), store.read():
        pass


def test_rows_are_streamed_whole_and_in_order(store: Database) -> None:
    ids = [f"{number:05}" for number in range(5000)]
    with store.write() as s:
        s.load("workspaces", [{"id": one, "name": one, "created_at": ""} for one in ids])
    with store.read() as s:
        assert [row["id"] for row in s.stream("SELECT id FROM workspaces WHERE id >= :low ORDER BY id", low="")] == ids


def test_percent_signs_and_colons_in_sql_mean_themselves(store: Database) -> None:
    with store.read() as s:
        assert s.one("SELECT '100%' AS a, :b AS b WHERE 'x%y' LIKE 'x%' AND '%' <> ':c'", b="%(b)s") == {
            "a": "100%",
            "b": "%(b)s",
        }


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", "plain"),
        ("a\0b", "a\ufffdb"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("grüße 漢字 🎉", "grüße 漢字 🎉"),
        ("\u202eevil\x1b[31m", "\u202eevil\x1b[31m"),
    ],
)
def test_any_text_can_be_kept_the_same_way_in_both(store: Database, text: str, kept: str) -> None:
    assert clean(text) == kept
    with store.write() as s:
        s.run(ADD, id=text)
        s.many("UPDATE workspaces SET created_at = :at", [{"at": text}])
    with store.read() as s:
        row = s.one("SELECT name, created_at FROM workspaces WHERE name = :name", name=text)
    assert row == {"name": kept, "created_at": kept}


def test_a_store_opened_twice_sees_what_the_other_wrote(store: Database, store_url: str) -> None:
    with open_store(store_url) as other:
        with other.write() as s:
            s.run(ADD, id="a")
        with store.read() as s:
            assert names(s) == ["a"]


def test_a_file_that_came_later_is_opened_by_no_thread_that_comes_later(sqlite_store_url: str, tmp_path: Path) -> None:
    path, other = Path(sqlite_store_url.removeprefix("sqlite:///")), tmp_path / "other.db"
    open_store(f"sqlite:///{other}", create=True).close()
    with open_store(sqlite_store_url) as db, ThreadPoolExecutor(1) as pool:
        with db.write() as s:
            s.run(ADD, id="a")
        path.rename(tmp_path / "away.db")
        with pytest.raises(StoreUnavailable, match="is gone"):
            pool.submit(lambda: _names_of(db)).result(timeout=5)
        other.rename(path)
        with pytest.raises(StoreUnavailable, match="was replaced"):
            pool.submit(lambda: _names_of(db)).result(timeout=5)
        (tmp_path / "away.db").rename(path)
        assert pool.submit(lambda: _names_of(db)).result(timeout=5) == ["a"]


@pytest.mark.postgres
def test_a_connection_lost_between_transactions_is_replaced(pg_store_url: str) -> None:
    with open_store(pg_store_url) as db:
        with db.read() as s:
            pid = (s.one("SELECT pg_backend_pid() AS pid") or {})["pid"]
        _kill(pg_store_url, pid)
        with db.write() as s:
            s.run(ADD, id="a")
        with db.read() as s:
            assert names(s) == ["a"]


@pytest.mark.postgres
def test_a_connection_lost_inside_a_transaction_is_an_error_and_nothing_is_written(pg_store_url: str) -> None:
    with open_store(pg_store_url) as db:
        with pytest.raises(StoreUnavailable, match="was lost"), db.write() as s:
            s.run(ADD, id="a")
            _kill(pg_store_url, (s.one("SELECT pg_backend_pid() AS pid") or {})["pid"])
            s.run(ADD, id="b")
        with db.read() as s:
            assert names(s) == []


@pytest.mark.postgres
def test_a_connection_lost_while_committing_leaves_it_unknown(pg_store_url: str) -> None:
    with open_store(pg_store_url) as db:
        with pytest.raises(CommitUnknown, match="it may hold, or not"), db.write() as s:
            s.run(ADD, id="a")
            _kill(pg_store_url, (s.one("SELECT pg_backend_pid() AS pid") or {})["pid"])
        with pytest.raises(StoreUnavailable) as caught, db.read() as s:
            _kill(pg_store_url, (s.one("SELECT pg_backend_pid() AS pid") or {})["pid"])
        assert not isinstance(caught.value, CommitUnknown), "nothing was to be kept"


@pytest.mark.postgres
def test_a_lock_held_too_long_says_so(pg_store_url: str) -> None:
    with open_store(pg_store_url) as db, open_store(pg_store_url, busy_timeout_s=0.05) as other, db.write() as s:
        s.run("UPDATE audit_head SET seq = seq WHERE id = 2")
        s.one("SELECT seq FROM audit_head FOR UPDATE")
        with pytest.raises(StoreUnavailable, match="busy"), other.write() as blocked:
            blocked.one("SELECT seq FROM audit_head FOR UPDATE")


@pytest.mark.postgres
def test_a_session_of_postgres_is_set_up(pg_store_url: str) -> None:
    with open_store(pg_store_url) as db, db.write() as s:
        assert isinstance(s, PostgresSession)
        assert s.one("SELECT current_setting('TimeZone') AS zone, current_setting('application_name') AS app") == {
            "zone": "UTC",
            "app": "opsconsole",
        }


def _names_of(db: Database) -> list[str]:
    with db.read() as s:
        return names(s)


def _kill(url: str, pid: int) -> None:
    with open_connection(url, "") as conn:
        conn.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
