"""`opsconsole simulate`: a tenant and its Graph on loopback."""

from __future__ import annotations

from pathlib import Path

import click

from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import with_invocation
from opsconsole.errors import UsageError


@click.command(short_help="Serve a simulated tenant on loopback.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Listen here; a free port otherwise."
)
@click.option(
    "--policies",
    type=click.IntRange(0, 100_000),
    default=200,
    show_default=True,
    metavar="N",
    help="Policies in the tenant.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, metavar="N", help="The same number makes the same tenant."
)
@click.option(
    "--exports",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Fill the tenant from exported policies.",
)
@click.option(
    "--faults", metavar="PROFILE", help="A fault profile (none, some, throttled or hostile), or a file of fault rules."
)
@click.option(
    "--latency-ms", type=click.IntRange(0, 60_000), default=0, metavar="N", help="Time that each request takes."
)
@click.option("--throttle", is_flag=True, help="Keep Graph's budgets, and answer 429 beyond them.")
@click.option("--exit-with-parent", is_flag=True, hidden=True, help="End when stdin closes.")
@with_invocation
def command(
    invocation: Invocation,
    port: int,
    policies: int,
    seed: int,
    exports: Path | None,
    faults: str | None,
    latency_ms: int,
    throttle: bool,
    exit_with_parent: bool,
) -> int:
    """Serve a simulated tenant on loopback; the first line on stdout says where it listens.

    It takes the fixed token `simulator`. A configuration connects to it with:

    \b
        [[tenants]]
        name = "rehearsal"
        tenant_id = "11111111-2222-3333-4444-555555555555"   # any but zeros
        base_url = "http://127.0.0.1:PORT"
        [tenants.auth]
        method = "static_token"
        token = { env = "SIMULATOR_TOKEN" }

    and `SIMULATOR_TOKEN=simulator` in the environment of opsconsole. Fault profiles: none, some, throttled, hostile.
    """
    from opsconsole.simulator import serve

    try:
        return serve(
            port=port,
            policies=policies,
            seed=seed,
            exports=exports,
            faults=faults,
            latency_ms=latency_ms,
            throttle=throttle,
            exit_with_parent=exit_with_parent,
            greeting='{"listening": "{}"}' if invocation.out.is_json else "listening on {}",
        )
    except OSError as error:
        raise UsageError(
            f"The simulator cannot start: {error.strerror or error}.", "Choose another --port, folder or file."
        ) from None
    except ValueError as error:
        raise UsageError(f"The simulator cannot start: {error}.", "See `opsconsole simulate --help`.") from None
