"""The seam between subjects and drivers: a session is one transaction, a database hands out sessions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeVar

from opsconsole.errors import StoreUnavailable

Dialect = Literal["sqlite", "postgres"]

Row = dict[str, Any]
"""One row, by column name."""

Params = Mapping[str, Any]

T = TypeVar("T")

CHUNK = 500
"""How many values one statement binds at most for a list: far below SQLite's limit, few enough to be prepared once."""

CHANGE_CHANNEL = "opsconsole"
"""The Postgres channel that carries "something was committed" to the change feeds."""


class Session(ABC):
    """One transaction, or one read snapshot, on one connection. SQL names its parameters ``:name`` in both dialects."""

    dialect: Dialect

    @abstractmethod
    def all(self, sql: str, /, **params: Any) -> list[Row]:
        """Return every row."""

    @abstractmethod
    def stream(self, sql: str, /, **params: Any) -> Iterator[Row]:
        """Yield the rows one by one, without holding them all; only inside the session."""

    @abstractmethod
    def run(self, sql: str, /, **params: Any) -> int:
        """Execute a statement and return how many rows it touched."""

    @abstractmethod
    def many(self, sql: str, rows: Sequence[Params]) -> int:
        """Execute a statement once for each of ``rows`` and return how many rows they touched together."""

    @abstractmethod
    def load(self, table: str, rows: Sequence[Params]) -> None:
        """Insert many rows of the same columns the fastest way there is; triggers and constraints hold as ever."""

    @abstractmethod
    def expect_bulk(self) -> None:
        """Make ready for a great many rows: more memory, fewer waits for the disk."""

    def one(self, sql: str, /, **params: Any) -> Row | None:
        """Return the first row, or None."""
        rows = self.all(sql, **params)
        return rows[0] if rows else None

    def index(self, name: str) -> str:
        """Return what makes SQLite, which keeps no statistics of ours, walk this index; Postgres plans by its own."""
        return f" INDEXED BY {name}" if self.dialect == "sqlite" else ""

    def pick(self, *, sqlite: str, postgres: str) -> str:
        """Return the text for this session's dialect, where the two speak differently."""
        return sqlite if self.dialect == "sqlite" else postgres


class Database(ABC):
    """A store: hands out sessions, one connection a thread (two where a thread reads and writes at once). Thread-safe."""

    url: str
    """As it was opened, with a password where it had one: for opening again, never for showing."""

    label: str
    """What may be shown of the url."""

    dialect: Dialect
    is_read_only: bool

    on_commit: Callable[[], None] | None = None
    """The one who listens: called after each commit of this object's own, in the thread that made it. It neither waits nor raises."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Session]:
        """Return a snapshot for reading; it never waits for a writer, and refuses to write."""

    @abstractmethod
    def write(self) -> AbstractContextManager[Session]:
        """Return a transaction: committed at the end of the block, rolled back if it raises. The only way to write."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections of all threads. No session may be open."""

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _committed(self) -> None:
        if self.on_commit is not None:
            self.on_commit()

    def _refuse_write(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"The store at {self.label} was opened for reading only.",
            "Open it without the read-only option to change it.",
        )


def failed_before(label: str) -> StoreUnavailable:
    """Return the error for a transaction that goes on after a statement of it failed.

    Postgres would turn its commit into a rollback without a word; SQLite would commit what is left.
    """
    return StoreUnavailable(
        f"Nothing was written to the store at {label}: a statement of the transaction had failed.", "Try again."
    )


def clean(value: Any) -> Any:
    """Return ``value`` as both databases can keep it: lone surrogates and NUL, which names may hold, become U+FFFD."""
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def cleaned(params: Params) -> Params:
    """Return ``params`` with each value clean."""
    for value in params.values():
        if type(value) is str and not (value.isascii() and "\0" not in value):
            return {name: clean(value) for name, value in params.items()}
    return params


def bind_list(prefix: str, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """Return the inside of an ``IN (…)`` and its parameters; nothing matches an empty list."""
    if not values:
        return "NULL", {}
    params = {f"{prefix}{index}": value for index, value in enumerate(values)}
    return ", ".join(f":{name}" for name in params), params


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yield ``values`` in slices that one statement can bind."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
