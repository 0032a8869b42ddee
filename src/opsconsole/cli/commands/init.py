"""`opsconsole init`: a commented configuration and a store to begin with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import with_invocation
from opsconsole.domain.assignment import ZERO_GUID
from opsconsole.domain.plain_text import plain
from opsconsole.errors import ConfigError

if TYPE_CHECKING:
    from opsconsole.config import Config


@click.command(short_help="Write a configuration and create the store.")
@with_invocation
def command(invocation: Invocation) -> int:
    """Write a commented configuration and create the store, where they are not there yet; overwrites nothing.

    Whoever calls it on a store without members becomes its owner.
    """
    if begin(invocation) and not invocation.out.is_json:
        invocation.out.note(
            "Edit the configuration: name your tenant and where its secret is. Then run `opsconsole doctor`."
        )
    return 0


def begin(invocation: Invocation) -> bool:
    """Make what is missing and tell of it; return whether the configuration is a new one. Raises ConfigError."""
    from opsconsole.config import example_config_text, find_config
    from opsconsole.service.setup import init_store, open_caller

    path = find_config(invocation.config_path, invocation.env)
    is_new = _write_new(path, example_config_text())
    config = _without_placeholders(invocation.config())
    caller = open_caller(config, workspace=invocation.workspace, create=True)
    try:
        made = init_store(caller)
    finally:
        caller.db.close()
    out = invocation.out
    if out.is_json:
        out.document({"config": str(path), "config_written": is_new, "store": caller.db.label, **made})
        return is_new
    out.line(f"configuration  {plain(str(path))}  {'written' if is_new else 'left as it was'}")
    out.line(f"store          {plain(caller.db.label)}")
    for noun, names in made.items():
        if names and noun != "left_alone":
            out.line(f"{noun.replace('_', ' ').ljust(13)}  {', '.join(plain(name) for name in names)}")
    for name in made["left_alone"]:
        out.line(f"left alone     {plain(name)}: {_why_left_alone(config, caller.actor.key, name)}")
    for tenant in invocation.config().tenants:
        if tenant.tenant_id == ZERO_GUID:
            out.line(f"left alone     {plain(tenant.name)}: its tenant_id is still the example's; fill in your own.")
    return is_new


def _why_left_alone(config: Config, actor: str, name: str) -> str:
    """Return why a tenant was not bound, the same words whether its workspace exists or not, and who can change that."""
    tenant = config.tenant(name)
    workspace = plain(tenant.workspace if tenant else "")
    return (
        f"only an owner of the workspace {workspace} binds it, and you are none. Ask one to run `opsconsole init`, "
        f"or `opsconsole --workspace {workspace} members add {actor} owner`."
    )


def _without_placeholders(config: Config) -> Config:
    """Return the configuration without the example's tenant: a store binds a name to a tenant id for good."""
    real = tuple(tenant for tenant in config.tenants if tenant.tenant_id != ZERO_GUID)
    return msgspec.structs.replace(config, tenants=real)


def _write_new(path: Path, text: str) -> bool:
    """Create the file, readable by its owner only; return False where there is one already."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}.", "Name another place with --config FILE."
        ) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return True
