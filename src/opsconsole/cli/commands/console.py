"""`opsconsole console`: door two, opened by door one."""

from __future__ import annotations

import sys

import click

from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import with_invocation
from opsconsole.errors import UsageError


@click.command()
@click.option("--attach", is_flag=True, help="Watch only: no engine in this process.")
@click.option("--read-only", is_flag=True, help="Without the keys that change something.")
@with_invocation
def command(invocation: Invocation, attach: bool, read_only: bool) -> int:
    """Open the console, with an engine in it unless --attach."""
    return open_console(invocation, attach=attach, read_only=read_only)


def open_console(invocation: Invocation, *, attach: bool = False, read_only: bool = False) -> int:
    """Run the console on this terminal and return its exit code. Raises UsageError where there is no terminal."""
    check_terminal(invocation)
    from opsconsole.console import run_console

    return run_console(
        invocation.config(),
        attach=attach,
        read_only=read_only,
        env=invocation.env,
        workspace=invocation.workspace,
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
