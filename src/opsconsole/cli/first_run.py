"""The first run at a terminal: what is missing, the card that offers to begin, and what comes of the answer."""

from __future__ import annotations

from dataclasses import dataclass

import click

from opsconsole.cli.invocation import Invocation
from opsconsole.domain.plain_text import plain


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not there yet: the configuration, or the store that the configuration names."""

    place: str
    is_configured: bool


def what_is_missing(invocation: Invocation) -> Missing | None:
    """Return what is not there yet, or None where a console can open. Raises ConfigError for a wrong configuration."""
    from opsconsole.config import find_config
    from opsconsole.store.opening import missing_file

    path = find_config(invocation.config_path, invocation.env)
    if not path.exists():
        return Missing(str(path), False)
    file = missing_file(invocation.config().store_url)
    return Missing(str(file), True) if file is not None else None


def first_run(invocation: Invocation, missing: Missing) -> int:
    """Show the card and do what was chosen; return the exit code."""
    from opsconsole.console import ask_first_run

    match ask_first_run(missing.place, is_configured=missing.is_configured, env=invocation.env):
        case "demo":
            from opsconsole.cli.commands.demo import command as demo

            return int(click.get_current_context().invoke(demo) or 0)
        case "connect":
            return _connect(invocation)
        case _:
            return 0


def _connect(invocation: Invocation) -> int:
    from opsconsole.cli.commands.init import begin
    from opsconsole.config import find_config

    begin(invocation)
    path = plain(str(find_config(invocation.config_path, invocation.env)))
    named = f" --config {path}" if invocation.config_path is not None else ""
    for step in (
        "",
        "Next:",
        f"  1. Open {path} and fill in your tenant: its name, its tenant_id, and where its secret is.",
        f"  2. opsconsole{named} doctor    says what is right, what is not, and what to do about it.",
        f"  3. opsconsole{named}           opens the console; b makes the first backup.",
    ):
        invocation.out.line(step)
    return 0
