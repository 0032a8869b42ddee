"""Who asks, over which store, under which configuration: the first argument of every service function."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct, field

from opsconsole.config import Config
from opsconsole.domain.access import Actor
from opsconsole.domain.clock import Clock, system_clock, to_text
from opsconsole.domain.ids import NewId, new_id
from opsconsole.store.database import Database

T = TypeVar("T")

DEFAULT_LIMIT = 50
"""Entries a page holds where the caller names no number: two screens' worth."""


class Caller(Struct, frozen=True):
    """An actor at a store. ``workspace`` narrows lists to one workspace; None means all the actor is a member of."""

    db: Database
    config: Config
    actor: Actor
    workspace: str | None = None
    clock: Clock = system_clock
    new_id: NewId = field(default=new_id)

    def now(self) -> str:
        """Return the current time as the store keeps it."""
        return to_text(self.clock())


class Page(Struct, Generic[T], frozen=True):
    """One page of a list; ``next_cursor`` is None on the last one."""

    items: list[T]
    next_cursor: str | None = None


def actor_at(db: Database) -> Actor:
    """Return who acts on this store: on Postgres the login role, else the operating-system account."""
    if db.dialect == "postgres":
        with db.read() as session:
            row = session.one("SELECT session_user AS name")
        name = str(row["name"]) if row else "unknown"
        return Actor(f"pg:{name}", name)
    return local_actor()


def local_actor(run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run) -> Actor:
    """Return the operating-system account: by uid, or by SID on Windows. A changed user name changes nothing."""
    if sys.platform == "win32":  # pragma: no cover - tested on Linux only, as the README says
        answer = run(["whoami", "/user", "/fo", "csv", "/nh"], capture_output=True, text=True, check=True)
        name, sid = (part.strip('" \r\n') for part in answer.stdout.rsplit(",", 1))
        return Actor(f"sid:{sid}", name.rsplit("\\", 1)[-1])
    uid = os.getuid()
    try:
        import pwd

        name = pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        name = os.environ.get("USER") or f"uid{uid}"
    return Actor(f"uid:{uid}", name)


def parse_actor(text: str) -> Actor:
    """Return the actor that ``members add`` names: a key such as ``uid:1000``, ``sid:S-1-5-…``, ``pg:alice``, or a local user name.

    Raises KeyError for a name that this machine does not know.
    """
    prefix, _, rest = text.partition(":")
    if prefix in ("uid", "sid", "pg") and rest:
        return Actor(text, rest if prefix == "pg" else _name_of(text, rest))
    import getpass

    if text == getpass.getuser():
        return local_actor()
    if sys.platform == "win32":  # pragma: no cover
        raise KeyError(text)
    import pwd

    return Actor(f"uid:{pwd.getpwnam(text).pw_uid}", text)


def _name_of(key: str, rest: str) -> str:
    if key.startswith("uid:") and rest.isdigit() and sys.platform != "win32":
        import pwd

        try:
            return pwd.getpwuid(int(rest)).pw_name
        except KeyError:
            return key
    return key
