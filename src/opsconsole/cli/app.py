"""The root of the commands, and the one place where a call begins and ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from opsconsole import __version__
from opsconsole.cli.ending import ending_of
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.lazy import LazyGroup
from opsconsole.cli.output import Output, prepare_streams

PROGRAM = "opsconsole"
COMPLETION_VARIABLE = "_OPSCONSOLE_COMPLETE"
"""Set by a shell that asks click for completions."""

COMMANDS = {
    name: f"opsconsole.cli.commands.{name.replace('-', '_')}"
    for name in (
        "console",
        "demo",
        "status",
        "init",
        "doctor",
        "engine",
        "simulate",
        "tenants",
        "members",
        "policy-types",
        "backup",
        "backups",
        "drift",
        "restore",
        "runs",
        "audit",
        "schedules",
        "db",
    )
}
"""Every word after ``opsconsole``, in the order of the help, and the module that knows it."""


def wants_json(args: Sequence[str]) -> bool:
    """Tell whether ``--json`` stands among the options: known before parsing, since parsing itself may fail."""
    options = args[: list(args).index("--")] if "--" in args else args
    return "--json" in options


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    invocation = ctx.find_object(Invocation)
    if invocation is not None and invocation.out.is_json:
        invocation.out.document({"version": __version__})
    else:
        click.echo(f"{PROGRAM} {__version__}")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    modules=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 partly done or differs, 4 not found, 5 forbidden, "
    "6 conflict, 7 store or Graph unreachable, 130 interrupted.",
)
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), metavar="FILE", help="Use this configuration file."
)
@click.option("--json", is_flag=True, expose_value=False, help="As after a command: one JSON document on stdout.")
@click.option("--workspace", metavar="NAME", help="See and change only this workspace.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.pass_context
def root(ctx: click.Context, config_path: Path | None, workspace: str | None) -> int:
    """Back up, preview, restore and audit the assignments of Microsoft Intune policies.

    Without a command, the console opens.
    """
    invocation = ctx.ensure_object(Invocation)
    invocation.config_path = config_path
    invocation.workspace = workspace
    if ctx.invoked_subcommand is None:
        console = root.get_command(ctx, "console")
        assert console is not None  # noqa: S101
        return int(ctx.invoke(console) or 0)
    return 0


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit code; every error has been told when it returns."""
    prepare_streams()
    invocation = Invocation(Output(is_json=wants_json(args)))
    try:
        if COMPLETION_VARIABLE in os.environ:
            root.main(list(args), prog_name=PROGRAM)
        with root.make_context(PROGRAM, list(args), obj=invocation) as ctx:
            return int(root.invoke(ctx) or 0)
    except click.exceptions.Exit as wanted:
        return wanted.exit_code
    except (Exception, KeyboardInterrupt) as error:
        return _tell(invocation.out, error)
    finally:
        invocation.close()


def _tell(out: Output, error: BaseException) -> int:
    ending = ending_of(error)
    try:
        if out.is_json:
            out.document(ending.to_json())
        else:
            out.note(ending.to_text())
    except OSError:
        # Neither stream takes anything: the exit code is all that is left to say.
        return ending.exit_code or 1
    return ending.exit_code
