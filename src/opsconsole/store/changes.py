"""The change feed: tells a screen, cheaply, that something was committed since it last asked."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from opsconsole.errors import OpsError
from opsconsole.store.database import CHANGE_CHANNEL, Database
from opsconsole.store.sqlite import SqliteDatabase

RECONNECT_AFTER_S = 5.0
"""A feed whose server is gone asks for it again at most this often: each attempt may block for seconds."""


class ChangeFeed:
    """Tells whether anything was committed since the last call, by any process. One thread at a time; never raises."""

    def __init__(self, db: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._monotonic = monotonic
        self._conn: Any = None
        self._version = -1
        self._tried_at = -RECONNECT_AFTER_S
        self._connect()

    def changed(self) -> bool:
        """Return True if something was committed since the last call, or if that cannot be known."""
        if self._conn is None:
            self._connect()
            return True
        try:
            return self._poll()
        except Exception as error:
            if not self._is_driver_error(error):
                raise
            self.close()
            return True

    def close(self) -> None:
        """Close the feed's own connection."""
        if self._conn is not None:
            with contextlib.suppress(Exception):
                self._conn.close()
            self._conn = None

    def _connect(self) -> None:
        now = self._monotonic()
        if now - self._tried_at < RECONNECT_AFTER_S:
            return
        self._tried_at = now
        try:
            if isinstance(self._db, SqliteDatabase):
                self._conn = self._db.connect()
                self._poll()
                return
            from opsconsole.store.postgres import PostgresDatabase

            if isinstance(self._db, PostgresDatabase):
                self._conn = self._db.connect()
                self._conn.execute(f"LISTEN {CHANGE_CHANNEL}")
        except Exception as error:
            self.close()
            if not self._is_driver_error(error):
                raise

    def _poll(self) -> bool:
        if isinstance(self._db, SqliteDatabase):
            version = self._conn.execute("PRAGMA data_version").fetchone()[0]
            has_changed, self._version = version != self._version, version
            return bool(has_changed)
        # Not Connection.notifies(timeout=0): it gives up before it has looked at the socket.
        link = self._conn.pgconn
        link.consume_input()
        count = 0
        while link.notifies() is not None:
            count += 1
        return count > 0

    def _is_driver_error(self, error: Exception) -> bool:
        if isinstance(error, (OpsError, sqlite3.Error)):
            return True
        return type(error).__module__.startswith("psycopg")
