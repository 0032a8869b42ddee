"""Door two: the screens. Nothing of Textual is loaded before the console is opened."""

from __future__ import annotations

import gc
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
    screen: str = "runs",
    run: str | None = None,
    backup_set: str | None = None,
    restore: str | None = None,
    bell: bool = False,
) -> int:
    """Open the console on the configured store and return its exit code.

    ``attach``: without an engine of its own. ``read_only``: without the keys that write, and without an engine.
    ``screen``: one of ``screen_names``; ``run``, ``backup_set`` or ``restore``: open that one over its list.
    ``bell``: ring when a run ends that this console started or shows.
    Raises StoreUnavailable when the store cannot be opened, NotFound for an id that is not there.
    """
    gc.disable()  # what is loaded for the first rows stays; the app looks for garbage again once they are drawn
    try:
        from opsconsole.console.deep_link import DeepLink
        from opsconsole.console.opening import open_console

        return open_console(
            config,
            attach=attach,
            read_only=read_only,
            env=env,
            workspace=workspace,
            demo=demo,
            link=DeepLink(screen, run, backup_set, restore),
            has_bell=bell,
        )
    finally:
        gc.enable()


def ask_first_run(place: str, *, is_configured: bool, env: Mapping[str, str] | None = None) -> str:
    """Show the card of the first run; return ``demo``, ``connect`` or ``quit``."""
    from opsconsole.console.opening import offer_first_run

    return offer_first_run(place, is_configured=is_configured, env=env)


def screen_names() -> tuple[str, ...]:
    """Return the names of the main screens, in the order of their keys."""
    from opsconsole.console.places import TOPS

    return tuple(place.name for place in TOPS)
