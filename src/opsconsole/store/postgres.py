"""Postgres behind the seam, through psycopg 3, which is imported only when such a store is opened."""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from opsconsole.errors import CommitUnknown, Conflict, OpsError, StoreUnavailable
from opsconsole.store.database import (
    CHANGE_CHANNEL,
    Database,
    Dialect,
    Params,
    Row,
    Session,
    clean,
    cleaned,
    failed_before,
)

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import DictRow

    Connection = psycopg.Connection[DictRow]

CONNECT_TIMEOUT_S = 10
"""A server that is there answers in milliseconds; longer than this, and an operator should be told."""

IDLE_TIMEOUT_S = 60
"""A process frozen inside a transaction loses it after this long, so that its row locks hold nobody up for ever."""

FETCH_ROWS = 2000
"""Rows taken at a time when streaming."""

_PARAMETER = re.compile(r"('(?:[^']|'')*')|(?<![:\w]):([a-z_]\w*)")
"""A string literal, which stays as it is, or a parameter."""


@functools.lru_cache(maxsize=2048)
def _translate(sql: str) -> str:
    """Return the SQL with ``:name`` written as psycopg wants it."""
    return _PARAMETER.sub(lambda found: found[1] or f"%({found[2]})s", sql.replace("%", "%%"))


def driver() -> Any:
    """Return the psycopg module. Raises StoreUnavailable where the extra is not installed."""
    try:
        import psycopg
    except ImportError as error:
        raise StoreUnavailable(
            "A Postgres store needs the psycopg package, which is not installed.",
            "Install it with: pip install 'opsconsole[postgres]'",
        ) from error
    return psycopg


def label_of(url: str) -> str:
    """Return what may be shown of a Postgres url: host (or socket's folder) and database, neither account nor password."""
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        name = unquote(parts.path.lstrip("/")) or query.get("dbname") or "?"
        socket = unquote(parts.netloc.rpartition("@")[2]) or query.get("host") or ""
        if socket.startswith("/"):
            return f"postgresql:///{name}?host={socket}"
        host = parts.hostname or query.get("host") or "localhost"
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "postgresql://…"
    return f"postgresql://{host}{port}/{name}"


def store_error(error: Exception, label: str) -> OpsError:
    """Return what an operator is told about a driver error: what is wrong with the store, and what to do."""
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith("23"):
        text = str(error).splitlines()[0]
        return Conflict(f"The store refused this: {text}.", "Look at what is there now, then try again.")
    if state in ("55P03", "40001", "40P01", "57014"):
        return StoreUnavailable(
            f"The store at {label} is busy: another transaction holds what this one needs.", "Try again."
        )
    if state in ("53100", "53200", "53400"):
        return StoreUnavailable(f"The store at {label} is out of disk or memory.", "Free some, then try again.")
    if state == "25006":
        return StoreUnavailable(
            f"The store at {label} is read-only.",
            "Connect to the primary server, or to a database that can be written.",
        )
    if state == "42501":
        return StoreUnavailable(
            f"The account may not do this in the store at {label}.",
            "Have it granted the rights on opsconsole's tables: docs/postgres.md has the SQL.",
        )
    if state.startswith("42P01"):
        return StoreUnavailable(
            f"The store at {label} lacks a table.", "Run `opsconsole db check`, then `opsconsole db migrate`."
        )
    if state.startswith(("08", "57P", "53300")) or not state:
        return StoreUnavailable(
            f"The connection to the store at {label} was lost.",
            "Check that the server runs and can be reached, then try again.",
        )
    return StoreUnavailable(
        f"The store at {label} cannot be read or written (Postgres error {state}).",
        "Run `opsconsole doctor` to see what is wrong with it.",
    )


def commit_unknown(label: str) -> CommitUnknown:
    """Return what is told of a connection that ended between the order to commit and its answer."""
    return CommitUnknown(
        f"The connection to the store at {label} was lost while this was being committed: it may hold, or not.",
        "Look whether it is there; only if not, order it again.",
    )


_REFUSALS = (
    (
        ("permission denied for database",),
        "does not let this account into the database",
        "Have its owner grant CONNECT on it: docs/postgres.md has the SQL.",
    ),
    (
        ("password authentication failed", "no password supplied", "authentication failed", "pg_hba.conf", "role "),
        "refused the sign-in",
        "Check the account in the store's url, and its password in PGPASSWORD, ~/.pgpass or the url.",
    ),
    (
        ("does not exist",),
        "has no such database",
        "Create the database first (createdb), or correct the store's url.",
    ),
    (("too many clients", "connection slots", "too many connections"), "has no free connection", "Try again later."),
    (("starting up", "shutting down", "recovery"), "is not ready", "Try again in a moment."),
)
"""Words in libpq's refusal, what they mean, and what to do; libpq's own text may hold names and is not shown."""


def connect_error(error: Exception, label: str) -> StoreUnavailable:
    """Return what an operator is told about a connection that could not be made."""
    text = str(error).lower()
    for words, meaning, hint in _REFUSALS:
        if any(word in text for word in words):
            return StoreUnavailable(f"The Postgres server {meaning}: {label}.", hint)
    return StoreUnavailable(
        f"The Postgres server cannot be reached: {label}.",
        "Check that it runs, and the host and port in the store's url.",
    )


def open_connection(url: str, label: str, *, lock_timeout_s: float = 30.0) -> Connection:
    """Return a new connection in autocommit, set up as every one must be. Raises StoreUnavailable, without secrets."""
    psycopg = driver()
    from psycopg.rows import dict_row

    try:
        conn: Connection = psycopg.Connection.connect(
            url, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_TIMEOUT_S, application_name="opsconsole"
        )
        conn.execute(
            "SET TIME ZONE 'UTC'; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;"
            f"SET lock_timeout = {int(lock_timeout_s * 1000)};"
            f"SET idle_in_transaction_session_timeout = {IDLE_TIMEOUT_S * 1000}"
        )
    except psycopg.Error as error:
        # Raised without its cause: libpq's text may quote the url.
        raise connect_error(error, label) from None
    return conn


class PostgresSession(Session):
    """A transaction on one Postgres connection."""

    dialect: Dialect = "postgres"

    def __init__(self, conn: Connection, label: str) -> None:
        self.conn = conn
        self.has_written = False
        self.has_failed = False
        self._label = label
        self._error: type[Exception] = driver().Error

    def all(self, sql: str, /, **params: Any) -> list[Row]:
        """Return every row."""
        try:
            cursor = self.conn.execute(_translate(sql), cleaned(params))
            self._note(cursor.statusmessage)
            return cursor.fetchall() if cursor.description else []
        except self._error as error:
            raise self._failed(error) from error

    def stream(self, sql: str, /, **params: Any) -> Iterator[Row]:
        """Yield the rows one by one."""
        try:
            with self.conn.cursor(name=f"opsconsole_{id(params):x}") as cursor:
                cursor.itersize = FETCH_ROWS
                cursor.execute(_translate(sql), cleaned(params))
                yield from cursor
        except self._error as error:
            raise self._failed(error) from error

    def run(self, sql: str, /, **params: Any) -> int:
        """Execute a statement and return how many rows it touched."""
        try:
            cursor = self.conn.execute(_translate(sql), cleaned(params))
            self._note(cursor.statusmessage)
            return max(cursor.rowcount, 0)
        except self._error as error:
            raise self._failed(error) from error

    def many(self, sql: str, rows: Sequence[Params]) -> int:
        """Execute a statement once for each of ``rows``, in one pipeline."""
        if not rows:
            return 0
        self.has_written = True
        try:
            with self.conn.cursor() as cursor:
                cursor.executemany(_translate(sql), [cleaned(row) for row in rows])
                return max(cursor.rowcount, 0)
        except self._error as error:
            raise self._failed(error) from error

    def load(self, table: str, rows: Sequence[Params]) -> None:
        """Insert many rows of the same columns, by COPY."""
        if not rows:
            return
        self.has_written = True
        try:
            names = ", ".join(rows[0])
            with self.conn.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row([clean(value) for value in row.values()])
        except self._error as error:
            raise self._failed(error) from error

    def expect_bulk(self) -> None:
        """Do not wait for the disk at this commit."""
        self.run("SET LOCAL synchronous_commit = off")

    def _failed(self, error: Exception) -> OpsError:
        self.has_failed = True
        return store_error(error, self._label)

    def _note(self, status: str | None) -> None:
        if status and not status.startswith("SELECT") and not status.endswith(" 0"):
            self.has_written = True


class _Handle:
    """A connection of one thread; closed when the thread, or the database, ends."""

    __slots__ = ("__weakref__", "conn", "is_busy")

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.is_busy = False

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.conn.close()

    def __del__(self) -> None:
        self.close()


class PostgresDatabase(Database):
    """A store in a Postgres database."""

    dialect: Dialect = "postgres"

    def __init__(self, url: str, *, read_only: bool = False, busy_timeout_s: float = 30.0) -> None:
        self.url = url
        self.label = label_of(url)
        self.is_read_only = read_only
        self._busy_timeout_s = busy_timeout_s
        self._local = threading.local()
        self._handles: weakref.WeakSet[_Handle] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_closed = False
        self._error: type[Exception] = driver().Error

    def connect(self) -> Connection:
        """Return a new connection. Raises StoreUnavailable."""
        return open_connection(self.url, self.label, lock_timeout_s=self._busy_timeout_s)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Return a snapshot for reading."""
        with self._borrow("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", is_write=False) as handle:
            yield from self._transact(handle, is_write=False)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Return a transaction; change feeds hear of it when it commits."""
        if self.is_read_only:
            raise self._refuse_write()
        with self._borrow("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", is_write=True) as handle:
            yield from self._transact(handle, is_write=True)
        self._committed()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            self._is_closed = True
            for handle in list(self._handles):
                handle.close()
            self._local = threading.local()

    def _transact(self, handle: _Handle, *, is_write: bool) -> Iterator[Session]:
        session, is_ending = PostgresSession(handle.conn, self.label), False
        try:
            yield session
            if session.has_failed and is_write:
                raise failed_before(self.label)
            is_ending = session.has_written
            handle.conn.execute(f"NOTIFY {CHANGE_CHANNEL}; COMMIT" if session.has_written else "COMMIT")
        except self._error as error:
            is_unknown = is_ending and handle.conn.broken
            _roll_back(handle.conn)
            raise (commit_unknown(self.label) if is_unknown else store_error(error, self.label)) from error
        except BaseException:
            _roll_back(handle.conn)
            raise

    @contextmanager
    def _borrow(self, begin: str, *, is_write: bool) -> Iterator[_Handle]:
        """Lend this thread's idle connection with a transaction begun, or open another one.

        A connection that was lost since its last transaction is replaced here, once; never inside a transaction.
        """
        if self._is_closed:
            raise StoreUnavailable(f"The store at {self.label} was closed.", "Open it again.")
        local = self._local
        if is_write and getattr(local, "is_writing", False):
            raise RuntimeError("a write transaction is open in this thread already")
        handles: list[_Handle] = local.__dict__.setdefault("handles", [])
        handle = next((candidate for candidate in handles if not candidate.is_busy), None)
        if handle is not None:
            try:
                handle.conn.execute(begin)
            except self._error:
                handles.remove(handle)
                handle.close()
                handle = None
        if handle is None:
            handle = _Handle(self.connect())
            handles.append(handle)
            with self._lock:
                self._handles.add(handle)
            try:
                handle.conn.execute(begin)
            except self._error as error:
                raise store_error(error, self.label) from error
        handle.is_busy = True
        if is_write:
            local.is_writing = True
        try:
            yield handle
        finally:
            handle.is_busy = False
            if is_write:
                local.is_writing = False
            if handle.conn.closed and handle in handles:
                handles.remove(handle)


def _roll_back(conn: Connection) -> None:
    with contextlib.suppress(Exception):
        if not conn.closed:
            conn.execute("ROLLBACK")
