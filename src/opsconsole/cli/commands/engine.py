"""`opsconsole engine`: the engine without a screen."""

from __future__ import annotations

import asyncio
import signal
from types import FrameType
from typing import TYPE_CHECKING

import click

from opsconsole.cli.ending import Interrupted
from opsconsole.cli.interrupts import NAMES
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import with_invocation
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.engine import Engine


@click.command(short_help="Work on queued runs, without a screen.")
@click.option("--drain", is_flag=True, help="End when nothing that it may claim is left queued or running.")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), metavar="N", help="Runs at a time, instead of the configured number."
)
@with_invocation
def command(invocation: Invocation, drain: bool, concurrency: int | None) -> int:
    """Work on queued runs and fire schedules, without a screen, until it is stopped."""
    from opsconsole.cli.logfile import keep_log
    from opsconsole.engine import Engine

    config = invocation.config()
    engine = Engine(
        invocation.database(),
        config,
        actor=invocation.caller().actor,
        kind="engine",
        drain=drain,
        concurrency=concurrency,
        env=invocation.env,
        prompt=invocation.prompt(),
    )
    names = ", ".join(plain(tenant.name) for tenant in config.tenants)
    until = "the queue is empty" if drain else "it is stopped"
    invocation.out.note(f"The engine works for {names} until {until}. Ctrl-C stops it.")
    keep_log(also_on_stderr=True)
    stopped_by: list[int] = []
    _stop_on_signals(engine, stopped_by)
    asyncio.run(engine.run())
    if drain and stopped_by:
        raise Interrupted(
            "The engine was stopped before the queue was empty.", "Go on with `opsconsole engine --drain`."
        )
    if invocation.out.is_json:
        invocation.out.document({"engine": engine.id, "drained": drain})
    else:
        invocation.out.note("The engine has stopped.")
    return 0


def _stop_on_signals(engine: Engine, stopped_by: list[int]) -> None:
    """Stop cleanly on the first signal; a second one ends the process at once."""

    def stop(signum: int, frame: FrameType | None) -> None:
        stopped_by.append(signum)
        for name in NAMES:
            if (number := getattr(signal, name, None)) is not None:
                signal.signal(number, signal.SIG_DFL)
        engine.request_stop()

    for name in NAMES:
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, stop)
