"""Door two: the screens. Nothing of Textual is loaded before the console is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsconsole.config import Config


def run_console(
    config: Config,
    *,
    attach: bool = False,
    read_only: bool = False,
    env: Mapping[str, str] | None = None,
    demo: bool = False,
    workspace: str | None = None,
) -> int:
    """Open the console on the configured store and return its exit code.

    ``attach``: without an engine of its own. ``read_only``: without the keys that write, and without an engine.
    Raises StoreUnavailable when the store cannot be opened.
    """
    from opsconsole.console.opening import open_console

    return open_console(config, attach=attach, read_only=read_only, env=env, workspace=workspace, demo=demo)
