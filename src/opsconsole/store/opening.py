"""Opening a store by its url: made, found, checked for its version, migrated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opsconsole.errors import OpsError, StoreNewer, StoreUnavailable
from opsconsole.store import migrations
from opsconsole.store.database import Database
from opsconsole.store.sqlite import SqliteDatabase, create_file, parse_path

OLDEST_SQLITE = (3, 35, 0)
"""RETURNING came with 3.35."""


def open_store(
    url: str,
    *,
    create: bool = False,
    read_only: bool = False,
    busy_timeout_s: float = 30.0,
    allow_pending: bool = False,
) -> Database:
    """Open the store at ``url``.

    ``create`` makes and migrates it where there is none yet; ``allow_pending`` also opens a store that an older
    version wrote, for ``migrate``. Raises StoreUnavailable, or StoreNewer.
    """
    db = _connect(url, create=create, read_only=read_only, busy_timeout_s=busy_timeout_s)
    try:
        with db.read() as s:
            taken = migrations.applied_steps(s)
        if taken is None:
            _refuse_locked_out(db)
        if taken is None and create:
            _refuse_foreign(db)
            if isinstance(db, SqliteDatabase):
                db.switch_to_wal()
            migrations.apply_steps(db)
        elif taken is None and not allow_pending:
            raise StoreUnavailable(
                f"What is at {db.label} is not an opsconsole store.",
                "Run `opsconsole init` to make one, or name another store in the configuration.",
            )
        else:
            _check_version(db, taken or [], allow_pending=allow_pending)
    except BaseException:
        db.close()
        raise
    return db


def migrate(db: Database) -> list[str]:
    """Take every pending step and return the names of those taken; safe when several processes do it at once."""
    with db.read() as s:
        taken = migrations.applied_steps(s)
    _check_version(db, taken or [], allow_pending=True)
    if taken is None:
        _refuse_foreign(db)
    if isinstance(db, SqliteDatabase):
        db.switch_to_wal()
    return migrations.apply_steps(db)


def store_info(db: Database) -> dict[str, Any]:
    """Return what ``db info`` shows: where the store is, its version, what it holds and its size."""
    with db.read() as s:
        taken = migrations.applied_steps(s) or []
        info: dict[str, Any] = {
            "store": db.label,
            "dialect": db.dialect,
            "server": (
                s.one(s.pick(sqlite="SELECT sqlite_version() AS v", postgres="SHOW server_version")) or {"": ""}
            ),
            "migrations": taken,
            "pending": _pending(taken),
            "size_bytes": _size(
                db, s.one("SELECT pg_database_size(current_database()) AS n") if db.dialect == "postgres" else None
            ),
        }
        info["server"] = str(next(iter(info["server"].values())))
        if taken:
            counts = s.one(
                "SELECT (SELECT COUNT(*) FROM workspaces) AS workspaces, (SELECT COUNT(*) FROM tenants) AS tenants,"
                " (SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM run_counts) AS runs,"
                " (SELECT COUNT(*) FROM backup_sets) AS backup_sets,"
                " (SELECT COUNT(*) FROM restore_runs) AS restore_runs,"
                " (SELECT seq FROM audit_head) AS audit_entries"
            )
            info.update(counts or {})
    return info


def missing_file(url: str) -> Path | None:
    """Return the file of a SQLite store that does not exist yet; None for one that does, and for any other store."""
    if not url.startswith("sqlite:"):
        return None
    path = parse_path(url)
    try:
        return None if path.exists() else path
    except OSError:
        return None  # opening it tells why it cannot be looked at


def _connect(url: str, *, create: bool, read_only: bool, busy_timeout_s: float) -> Database:
    if url.startswith(("postgresql://", "postgres://")):
        from opsconsole.store.postgres import PostgresDatabase

        return PostgresDatabase(url, read_only=read_only, busy_timeout_s=busy_timeout_s)
    if not url.startswith("sqlite:"):
        from opsconsole.store.postgres import label_of

        raise StoreUnavailable(
            f"The store's url has an unknown scheme: {label_of(url).split(':')[0] if '://' not in url else url.split(':')[0]}.",
            "Use sqlite:///PATH/opsconsole.db or postgresql://user@host/database.",
        )
    import sqlite3

    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreUnavailable(
            f"This Python comes with SQLite {sqlite3.sqlite_version}, which is too old.",
            "Use one with SQLite 3.35 or newer.",
        )
    path = parse_path(url)
    _look_at(path, url, create=create and not read_only)
    return SqliteDatabase(url, path, read_only=read_only, busy_timeout_s=busy_timeout_s)


def _look_at(path: Path, url: str, *, create: bool) -> None:
    """Raise unless a file is at ``path``, or could be made there."""
    try:
        if path.is_dir():
            raise StoreUnavailable(
                f"The store's path {path} is a folder.", f"Name a file in it, such as {url.rstrip('/')}/opsconsole.db."
            )
        exists = path.exists()
    except OSError as error:
        raise StoreUnavailable(
            f"The store at {path} cannot be looked at ({error.strerror}).", "Check the rights on its folder."
        ) from error
    if create:
        create_file(path)
    elif not exists:
        raise StoreUnavailable(f"There is no store at {path}.", "Run `opsconsole init` to make one.")


def _check_version(db: Database, taken: list[str], *, allow_pending: bool) -> None:
    unknown = [name for name in taken if name not in migrations.STEP_NAMES]
    if unknown:
        raise StoreNewer(
            f"The store at {db.label} was written by a newer version of opsconsole (it has {unknown[-1]}).",
            "Update opsconsole on this machine: pip install --upgrade opsconsole",
        )
    if _pending(taken) and not allow_pending:
        raise StoreUnavailable(
            f"The store at {db.label} was written by an older version of opsconsole.",
            "Run `opsconsole db migrate` to bring it up to date.",
        )


def _pending(taken: list[str]) -> list[str]:
    return [name for name in migrations.STEP_NAMES if name not in taken]


def _refuse_locked_out(db: Database) -> None:
    """Raise where the account may use no schema: without that right its tables look as if they were not there."""
    if db.dialect == "sqlite":
        return
    with db.read() as s:
        row = s.one("SELECT current_schema() AS name")
    if row is None or row["name"] is None:
        raise StoreUnavailable(
            f"The account may not use the tables at {db.label}.",
            "Have it granted the rights on them: docs/postgres.md has the SQL.",
        )


def _refuse_foreign(db: Database) -> None:
    """Raise where the place holds somebody else's tables: ours are not mixed into them."""
    with db.read() as s:
        names = [
            row["name"]
            for row in s.all(
                s.pick(
                    sqlite="SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
                    postgres="SELECT tablename AS name FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
                    " ORDER BY tablename",
                )
            )
        ]
        if names and migrations.applied_steps(s) is None and names != [migrations.MIGRATIONS_TABLE]:
            raise StoreUnavailable(
                f"The database at {db.label} holds other tables ({names[0]}…) and is not an opsconsole store.",
                "Name an empty database, or another file, in the configuration.",
            )


def _size(db: Database, answer: dict[str, Any] | None) -> int | None:
    if answer:
        return int(answer["n"])
    try:
        return Path(db.label).stat().st_size
    except OSError:
        return None


__all__ = [
    "OpsError",
    "migrate",
    "missing_file",
    "open_store",
    "store_info",
]
