"""Where the demo lives: a folder with a configuration and a store of its own, temporary unless it was named."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from opsconsole.cli.demo_mark import PREFIX, marked, remove_left_behind
from opsconsole.errors import UsageError

TOKEN_VARIABLE = "OPSCONSOLE_DEMO_TOKEN"  # noqa: S105 - the name of a variable
DEMO_TOKEN = "simulator"  # noqa: S105 - what the simulator on loopback takes
TENANT_NAME = "contoso"

MARK = "# Written by `opsconsole demo`, and written anew by each start of it."
"""First line of a demo's configuration: only such a file is ever replaced."""


@contextmanager
def demo_folder(folder: Path | None) -> Iterator[Path]:
    """Yield the folder, made if need be; a temporary one is removed afterwards, and those of killed demos now."""
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield folder.resolve()
        return
    remove_left_behind(Path(tempfile.gettempdir()))
    with (
        tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as made,
        marked(Path(made)),
    ):
        yield Path(made)


def write_config(folder: Path, base_url: str, tenant_id: str) -> Path:
    """Write the demo's configuration and return its path. Raises UsageError for a folder with a configuration of somebody's own."""
    path = folder / "config.toml"
    if path.exists() and not path.read_text(encoding="utf-8").startswith(MARK):
        raise UsageError(f"{path} is not the demo's.", "Name another --dir: a configuration is never overwritten.")
    store_url = f"sqlite:///{(folder / 'opsconsole.db').as_posix()}"
    lines = [
        MARK,
        "[store]",
        f"url = {json.dumps(store_url)}",
        "",
        "[[tenants]]",
        f'name = "{TENANT_NAME}"',
        f"tenant_id = {json.dumps(tenant_id)}",
        f"base_url = {json.dumps(base_url)}",
        "",
        "[tenants.auth]",
        'method = "static_token"',
        f'token = {{ env = "{TOKEN_VARIABLE}" }}',
    ]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def demo_env(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the simulator's token in it."""
    return {**env, TOKEN_VARIABLE: DEMO_TOKEN}
