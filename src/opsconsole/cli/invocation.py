"""One call of the program: its global options, and the configuration and store behind them, opened when first asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from opsconsole.cli.output import Output
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.config import Config
    from opsconsole.domain.access import Actor
    from opsconsole.service.caller import Caller
    from opsconsole.store.database import Database


class Invocation:
    """What every command gets: where to write, and who asks of which store."""

    def __init__(self, out: Output, env: Mapping[str, str] | None = None) -> None:
        self.out = out
        self.env = os.environ if env is None else env
        self.config_path: Path | None = None
        self.workspace: str | None = None
        self._config: Config | None = None
        self._db: Database | None = None
        self._actor: Actor | None = None

    def config(self) -> Config:
        """Return the configuration; raises ConfigError."""
        if self._config is None:
            from opsconsole.config import load_config

            self._config = load_config(self.config_path, self.env)
        return self._config

    def database(self) -> Database:
        """Return the store, which must exist; raises StoreUnavailable."""
        if self._db is None:
            from opsconsole.store.opening import open_store

            self._db = open_store(self.config().store_url)
        return self._db

    def caller(self) -> Caller:
        """Return who asks: the account that runs this process, at the configured store."""
        from opsconsole.service.caller import Caller, actor_at

        db = self.database()
        if self._actor is None:
            self._actor = actor_at(db)
        return Caller(db, self.config(), self._actor, self.workspace)

    def prompt(self) -> Callable[[str], None] | None:
        """Return what shows a sign-in's words to the person at the terminal; None where nobody is there."""
        return self._show if self.out.is_terminal else None

    def _show(self, text: str) -> None:
        self.out.note(plain(text))

    def close(self) -> None:
        """Close the store if it was opened."""
        if self._db is not None:
            self._db.close()
            self._db = None
