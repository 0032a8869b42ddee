"""A click group whose commands are loaded when they are used: one table, no imports until then."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group of commands kept in modules of their own; each module calls its command ``command``."""

    def __init__(self, *args: Any, modules: Mapping[str, str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.modules: dict[str, str] = dict(modules or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command of that name, and nothing else. Raises click.UsageError for one that does not exist."""
        module = self.modules.get(cmd_name)
        if module is None:
            from difflib import get_close_matches

            near = get_close_matches(cmd_name, self.modules, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {cmd_name!r}.{guess}", ctx)
        command = import_module(module).command
        assert isinstance(command, click.Command)  # noqa: S101 - a slip in the table, found by its test
        return command
