"""`opsconsole demo`: everything on a simulated tenant, on screen or without one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opsconsole.cli.columns import Column
from opsconsole.cli.ending import EXIT_FAILED
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import with_invocation
from opsconsole.cli.output import Output
from opsconsole.cli.states import state_cell
from opsconsole.cli.text import number

if TYPE_CHECKING:
    from opsconsole.cli.rehearsal import Step
    from opsconsole.cli.simulated_tenant import SimulatedTenant

COLUMNS = (
    Column("State", fixed=True),
    Column("Step", fixed=True),
    Column("Total", "right", fixed=True),
    Column("Adds up from", whole=True),
    Column("Note", whole=True),
)


@click.command(short_help="Try everything on a simulated tenant.")
@click.option(
    "--policies",
    type=click.IntRange(0, 100_000),
    default=200,
    show_default=True,
    metavar="N",
    help="Policies in the simulated tenant.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, metavar="N", help="The same number makes the same tenant."
)
@click.option(
    "--faults", metavar="PROFILE", help="A fault profile (none, some, throttled or hostile), or a file of fault rules."
)
@click.option(
    "--exports",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Fill the tenant from exported policies.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep configuration and store here.",
)
@click.option("--headless", is_flag=True, help="No screen: run everything through and print a summary.")
@with_invocation
def command(
    invocation: Invocation,
    policies: int,
    seed: int,
    faults: str | None,
    exports: Path | None,
    folder: Path | None,
    headless: bool,
) -> int:
    """Try everything on a simulated tenant on loopback, with a store of its own; nothing real is touched.

    Once the first backup has ended, some policies are assigned otherwise in the tenant, as if by somebody else: `D` then
    `d` finds them, `p` on the set under Backups previews the way back. `--faults some` makes a few policies fail.

    For a simulated tenant that stays, with a configuration of your own, see `opsconsole simulate --help`: it takes the
    fixed token `simulator`, and base_url and auth.method "static_token" connect to it.
    """
    if not headless:
        from opsconsole.cli.commands.console import check_terminal

        check_terminal(invocation)
    from opsconsole.cli.demo_place import demo_env, demo_folder, write_config
    from opsconsole.cli.simulated_tenant import SimulatedTenant

    with demo_folder(folder) as place, SimulatedTenant(policies, seed, exports, faults) as simulator:
        tenant_id = str(simulator.ask("state")["tenant"]["id"])
        demo = Invocation(invocation.out, demo_env(invocation.env))
        demo.config_path = write_config(place, simulator.base_url, tenant_id)
        try:
            _make_store(demo)
            if headless:
                return _rehearse(demo, simulator, has_faults=faults is not None, seed=seed)
            return _show(demo, simulator, seed)
        finally:
            demo.close()


def _make_store(demo: Invocation) -> None:
    from opsconsole.service.setup import init_store, open_caller

    caller = open_caller(demo.config(), create=True)
    try:
        init_store(caller)
    finally:
        caller.db.close()


def _show(demo: Invocation, simulator: SimulatedTenant, seed: int) -> int:
    from opsconsole.cli.demo_changes import ChangesAfterBackup
    from opsconsole.cli.demo_place import TENANT_NAME
    from opsconsole.console import run_console
    from opsconsole.service.backups import start_backup

    started = start_backup(demo.caller(), TENANT_NAME)
    demo.close()
    with ChangesAfterBackup(simulator, demo.config(), started.runs[-1].id, seed):
        return run_console(demo.config(), env=demo.env, demo=True)


def _rehearse(demo: Invocation, simulator: SimulatedTenant, *, has_faults: bool, seed: int) -> int:
    from opsconsole.cli.interrupts import terminating
    from opsconsole.cli.rehearsal import Rehearsal

    with terminating():
        steps = Rehearsal(demo, simulator, has_faults, seed).run()
    is_as_planned = all(step.is_as_planned for step in steps)
    if demo.out.is_json:
        demo.out.document({"as_planned": is_as_planned, "steps": [step.to_json() for step in steps]})
    else:
        _tell(demo.out, steps)
        demo.out.line("Everything went as planned." if is_as_planned else "Not everything went as planned.")
    return 0 if is_as_planned else EXIT_FAILED


def _tell(out: Output, steps: Sequence[Step]) -> None:
    out.table(
        COLUMNS,
        [
            [
                state_cell("ok" if step.is_as_planned else "fail"),
                step.name,
                number(step.total),
                " + ".join(f"{number(count)} {name.replace('_', ' ')}" for name, count in step.parts.items()),
                step.note,
            ]
            for step in steps
        ],
    )
