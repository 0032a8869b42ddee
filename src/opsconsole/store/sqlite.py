"""SQLite behind the seam: one file, WAL, every writing transaction begun with BEGIN IMMEDIATE."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from opsconsole.config import expanded
from opsconsole.errors import Conflict, OpsError, StoreUnavailable
from opsconsole.store.database import Database, Dialect, Params, Row, Session, clean, cleaned, failed_before

FETCH_ROWS = 2000
"""Rows taken at a time when streaming."""

WAL_RETRY_S = 0.02
"""Pause between attempts to switch a new file to WAL: SQLite does not apply its busy timeout to that switch."""

PAGE_BYTES = 16_384
"""Set when a file is made. A policy with its assignments takes some 3 kB: a page of SQLite's usual 4 kB holds one, and a
quarter of it nothing; with five in a page, keeping and settling 10,000 costs 30 % less CPU and 40 % less time."""

CACHE_KB = 8000
"""Of each connection, and every thread of an engine has one or two: with 32 MB a backup of 10,000 policies took 45 MB more
and no less time, since the system keeps the file in memory as well."""


def store_error(error: Exception, label: str) -> OpsError:
    """Return what an operator is told about a driver error: what is wrong with the store, and what to do."""
    text = str(error)
    name = getattr(error, "sqlite_errorname", "") or ""
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(f"The store refused this: {text}.", "Look at what is there now, then try again.")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreUnavailable(
            f"The store at {label} is locked by another process.",
            "Try again; if it stays locked, look for a program that keeps the file open.",
        )
    if name.startswith("SQLITE_FULL") or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
        return StoreUnavailable(f"The disk of the store at {label} is full.", "Free some space, then try again.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")) or isinstance(error, PermissionError):
        return StoreUnavailable(
            f"The store at {label} cannot be written: the file or its folder is read-only.",
            "Give this account write access to the file and its folder, or name another store in the configuration.",
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT")):
        what = "is not a SQLite database" if name.startswith("SQLITE_NOTADB") else "is damaged"
        return StoreUnavailable(
            f"The file at {label} {what}.",
            "Name another store in the configuration, or bring the file back from a copy.",
        )
    if name.startswith("SQLITE_CANTOPEN"):
        return StoreUnavailable(
            f"The store at {label} cannot be opened.",
            "Check that its folder exists and that this account may read and write it.",
        )
    return StoreUnavailable(
        f"The store at {label} cannot be read or written ({name or type(error).__name__}).",
        "Run `opsconsole doctor` to see what is wrong with it.",
    )


class SqliteSession(Session):
    """A transaction on one SQLite connection."""

    dialect: Dialect = "sqlite"

    def __init__(self, conn: sqlite3.Connection, label: str) -> None:
        self.conn = conn
        self.has_failed = False
        self._label = label

    def all(self, sql: str, /, **params: Any) -> list[Row]:
        """Return every row."""
        try:
            cursor = self.conn.execute(sql, cleaned(params))
            if cursor.description is None:
                return []
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def stream(self, sql: str, /, **params: Any) -> Iterator[Row]:
        """Yield the rows one by one."""
        try:
            cursor = self.conn.execute(sql, cleaned(params))
            names = [column[0] for column in cursor.description]
            while rows := cursor.fetchmany(FETCH_ROWS):
                for row in rows:
                    yield dict(zip(names, row, strict=True))
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def run(self, sql: str, /, **params: Any) -> int:
        """Execute a statement and return how many rows it touched."""
        try:
            return max(self.conn.execute(sql, cleaned(params)).rowcount, 0)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def many(self, sql: str, rows: Sequence[Params]) -> int:
        """Execute a statement once for each of ``rows``."""
        if not rows:
            return 0
        try:
            return max(self.conn.executemany(sql, map(cleaned, rows)).rowcount, 0)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def load(self, table: str, rows: Sequence[Params]) -> None:
        """Insert many rows of the same columns."""
        if not rows:
            return
        names = ", ".join(rows[0])
        marks = ", ".join("?" * len(rows[0]))
        try:
            self.conn.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",
                [[clean(value) if type(value) is str else value for value in row.values()] for row in rows],
            )
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def expect_bulk(self) -> None:
        """Keep the indexes in memory, and move pages from the log to the file in larger lots."""
        self.conn.execute("PRAGMA cache_size=-300000")
        self.conn.execute("PRAGMA wal_autocheckpoint=50000")

    def _failed(self, error: Exception) -> OpsError:
        self.has_failed = True
        return store_error(error, self._label)


class _Handle:
    """A connection of one thread; closed when the thread, or the database, ends."""

    __slots__ = ("__weakref__", "conn", "file", "is_busy", "is_guarded")

    def __init__(self, conn: sqlite3.Connection, file: tuple[int, int] | None) -> None:
        self.conn = conn
        self.file = file
        self.is_busy = False
        self.is_guarded = False

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.conn.close()

    def __del__(self) -> None:
        self.close()


class SqliteDatabase(Database):
    """A store in one SQLite file."""

    dialect: Dialect = "sqlite"

    def __init__(self, url: str, path: Path, *, read_only: bool = False, busy_timeout_s: float = 30.0) -> None:
        self.url = url
        self.path = path
        self.label = str(path)
        self.is_read_only = read_only
        self._busy_timeout_s = busy_timeout_s
        self._local = threading.local()
        self._handles: weakref.WeakSet[_Handle] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_closed = False
        self._opened: tuple[int, int] | None = None

    def connect(self) -> sqlite3.Connection:
        """Return a new connection, set up as every one must be. Raises StoreUnavailable."""
        try:
            return self._connect("ro" if self.is_read_only else "rw")
        except sqlite3.Error as error:
            if self.is_read_only and self._is_at_rest():
                # A WAL file in a folder that cannot be written has no shared memory; nobody writes it, so none is needed.
                with contextlib.suppress(sqlite3.Error):
                    return self._connect("ro&immutable=1")
            raise store_error(error, self.label) from error

    def _file(self) -> tuple[int, int] | None:
        """Return which file stands at the path: a connection goes on with the one it opened, wherever that is now."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 - a third of what Path.stat takes, before every transaction
        except OSError:
            return None
        # Windows lets nobody replace a file that is open, and has numbers that mean nothing on some drives.
        return (found.st_dev, found.st_ino) if os.name != "nt" else (0, 0)

    def _replaced(self) -> StoreUnavailable:
        what = "was replaced" if self.path.exists() else "is gone from its place"
        return StoreUnavailable(
            f"The file of the store at {self.label} {what} while this program had it open; nothing more is written.",
            "End every opsconsole process, see that the right file stands there without -wal and -shm beside it, then start anew.",
        )

    def _is_at_rest(self) -> bool:
        return not os.access(self.path.parent, os.W_OK) and not Path(f"{self.path}-wal").exists()

    def _connect(self, mode: str) -> sqlite3.Connection:
        conn = sqlite3.connect(
            f"file:{quote(self.path.absolute().as_posix())}?mode={mode}",
            uri=True,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        try:
            # fullfsync: on macOS fsync alone does not reach the disk; elsewhere it means nothing.
            for pragma in (
                "foreign_keys=ON",
                "recursive_triggers=ON",
                "synchronous=FULL",
                "fullfsync=ON",
                "temp_store=MEMORY",
                f"cache_size=-{CACHE_KB}",
            ):
                conn.execute(f"PRAGMA {pragma}")
            conn.create_function("lower", 1, _lower, deterministic=True)  # its own knows ASCII only: no Ö finds an ö
            conn.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except BaseException:
            conn.close()
            raise
        return conn

    def switch_to_wal(self) -> None:
        """Put the file into write-ahead mode, which it keeps: readers then never wait for a writer."""
        deadline = time.monotonic() + self._busy_timeout_s
        conn = self.connect()
        try:
            conn.execute(f"PRAGMA page_size={PAGE_BYTES}")
            while True:
                try:
                    mode = conn.execute("PRAGMA journal_mode=WAL").fetchone()[0]
                    if mode == "wal" or time.monotonic() > deadline:
                        break
                except sqlite3.OperationalError as error:
                    is_busy = (error.sqlite_errorname or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
                    if not is_busy or time.monotonic() > deadline:
                        raise store_error(error, self.label) from error
                time.sleep(WAL_RETRY_S)
        finally:
            conn.close()
        if mode != "wal":
            raise StoreUnavailable(
                f"The store at {self.label} cannot use write-ahead logging ({mode}).",
                "Put the file on a local disk: network drives cannot share it safely.",
            )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Return a snapshot for reading."""
        with self._borrow(is_write=False) as handle:
            yield from self._transact(handle, _begin_read, is_write=False)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Return a transaction that holds the write lock from its first moment."""
        if self.is_read_only:
            raise self._refuse_write()
        with self._borrow(is_write=True) as handle:
            yield from self._transact(handle, _begin_write, is_write=True)
        self._committed()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            self._is_closed = True
            for handle in list(self._handles):
                handle.close()
            self._local = threading.local()

    def _transact(
        self, handle: _Handle, begin: Callable[[sqlite3.Connection], None], *, is_write: bool
    ) -> Iterator[Session]:
        conn = handle.conn
        try:
            begin(conn)
        except sqlite3.Error as error:
            raise store_error(error, self.label) from error
        try:
            session = SqliteSession(conn, self.label)
            yield session
            if session.has_failed and is_write:
                raise failed_before(self.label)
            conn.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(conn)
            raise store_error(error, self.label) from error
        except BaseException:
            _roll_back(conn)
            raise

    @contextmanager
    def _borrow(self, *, is_write: bool) -> Iterator[_Handle]:
        """Lend this thread's idle connection, or open another one: a read may be open around a write."""
        if self._is_closed:
            raise StoreUnavailable(f"The store at {self.label} was closed.", "Open it again.")
        local = self._local
        if is_write and getattr(local, "is_writing", False):
            raise RuntimeError("a write transaction is open in this thread already")
        handles: list[_Handle] = local.__dict__.setdefault("handles", [])
        handle = next((candidate for candidate in handles if not candidate.is_busy), None)
        # A thread that comes later must not open whatever stands there by then: the file is that of the first connection.
        if self._opened is not None and self._opened != self._file():
            raise self._replaced()
        if handle is None:
            handle = _Handle(self.connect(), self._file())
            self._opened = self._opened or handle.file
            handles.append(handle)
            with self._lock:
                self._handles.add(handle)
        if handle.file != self._opened:
            raise self._replaced()
        handle.is_busy = True
        if is_write:
            local.is_writing = True
        try:
            if handle.is_guarded is is_write:
                handle.conn.execute(f"PRAGMA query_only={'OFF' if is_write else 'ON'}")
                handle.is_guarded = not is_write
            yield handle
        finally:
            handle.is_busy = False
            if is_write:
                local.is_writing = False


def _begin_write(conn: sqlite3.Connection) -> None:
    """Begin a writing transaction: the one place that does.

    A deferred BEGIN would take the lock at its first write, and fail at once where another process wrote since its
    first read: measured, 350 of 400 transactions of 8 processes.
    """
    conn.execute("BEGIN IMMEDIATE")


def _lower(value: object) -> str | None:
    return None if value is None else str(value).lower()


def _begin_read(conn: sqlite3.Connection) -> None:
    conn.execute("BEGIN")


def _roll_back(conn: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        if conn.in_transaction:
            conn.execute("ROLLBACK")


def parse_path(url: str) -> Path:
    """Return the file that ``sqlite:///relative``, ``sqlite:////absolute`` or ``sqlite:///C:/…`` names; ``~`` is expanded."""
    prefix = "sqlite:///"
    rest = url[len(prefix) :]
    if not url.startswith(prefix) or not rest:
        raise StoreUnavailable(
            "The store's url names no SQLite file.",
            "Write it as sqlite:///PATH/opsconsole.db (four slashes for a path from the root).",
        )
    path = expanded(rest)
    if rest.startswith("~") and path == Path(rest):
        raise StoreUnavailable(
            f"The store's url names a home that nobody has: {rest}.",
            "Write the whole path: sqlite:////PATH/opsconsole.db.",
        )
    return path


def create_file(path: Path) -> None:
    """Create an empty file that only its owner may read and write (0600), and its folder (0700) where it is missing."""
    try:
        missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        if isinstance(error, (NotADirectoryError, FileExistsError)):
            raise StoreUnavailable(
                f"The store at {path} cannot be made: a part of its path is not a folder.",
                "Name another store in the configuration.",
            ) from error
        raise store_error(error, str(path)) from error
