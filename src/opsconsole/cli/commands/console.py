"""`opsconsole console`: door two, opened by door one."""

from __future__ import annotations

import sys

import click

from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import with_invocation
from opsconsole.console import screen_names
from opsconsole.errors import UsageError


@click.command()
@click.option("--attach", is_flag=True, help="Watch only: no engine in this process.")
@click.option("--read-only", is_flag=True, help="Without the keys that change something.")
@click.option("--screen", type=click.Choice(screen_names()), help="Open on this screen.")
@click.option("--run", metavar="ID", help="Open this run; Esc goes to Runs.")
@click.option("--set", "backup_set", metavar="ID", help="Open this backup set (or `latest`).")
@click.option("--restore", metavar="ID", help="Open this restore plan.")
@click.option(
    "--bell", is_flag=True, help="Ring the terminal's bell when a run ends that you started here or have open."
)
@with_invocation
def command(
    invocation: Invocation,
    attach: bool,
    read_only: bool,
    screen: str | None,
    run: str | None,
    backup_set: str | None,
    restore: str | None,
    bell: bool,
) -> int:
    """Open the console, with an engine in it unless --attach.

    OPSCONSOLE_THEME=light is for light terminals, OPSCONSOLE_ASCII=1 for those without Unicode; NO_COLOR is obeyed, and a
    terminal of sixteen colours (as TERM and COLORTERM tell) is drawn in its own.
    """
    if sum(name is not None for name in (screen, run, backup_set, restore)) > 1:
        raise UsageError("Only one of --screen, --run, --set and --restore can be opened.", "Name one of them.")
    check_terminal(invocation)
    from opsconsole.cli.first_run import first_run, what_is_missing

    if (missing := what_is_missing(invocation)) is not None:
        return first_run(invocation, missing)
    from opsconsole.console import run_console

    return run_console(
        invocation.config(),
        attach=attach,
        read_only=read_only,
        env=invocation.env,
        workspace=invocation.workspace,
        screen=screen or "runs",
        run=run,
        backup_set=backup_set,
        restore=restore,
        bell=bell,
    )


def check_terminal(invocation: Invocation) -> None:
    """Raise UsageError unless a screen can be drawn and keys can be read."""
    if invocation.out.is_json:
        raise UsageError(
            "The console is a screen: it has no JSON answer.", "Every key has a command: see `opsconsole --help`."
        )
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()):
        raise UsageError(
            "The console needs a terminal.", "In scripts use the commands, with --json: see `opsconsole --help`."
        )
