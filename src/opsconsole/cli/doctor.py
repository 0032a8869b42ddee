"""The checks of `doctor` on this machine: configuration, secrets, files, store, engine. `doctor_graph` has those of the tenants."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from opsconsole.cli.diagnosis import Diagnosis
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.text import counted
from opsconsole.config import Config, SecretSource, TenantConfig, expanded, find_config, read_secret_bytes
from opsconsole.domain.assignment import ZERO_GUID
from opsconsole.errors import ConfigError, OpsError
from opsconsole.service import runs
from opsconsole.service.members import my_roles
from opsconsole.service.tenants import check_binding
from opsconsole.store import access, tenants
from opsconsole.store.checks import check_store

FREE_BYTES = 200_000_000
"""Less room than this beside a store is worth a warning: a set of 10,000 policies takes some 50 MB."""

ID_STEPS = {
    "tenant_id": "Fill in the tenant's own: it stands in the Entra admin centre under Overview.",
    "client_id": "Fill in the application's own: it stands in the Entra admin centre under App registrations.",
}
"""Where the ids that `opsconsole init` cannot know are found."""

SECRET_NAMES = ("secret", "certificate", "certificate_password", "token")


def examine(invocation: Invocation) -> Diagnosis:
    """Run every check and return what was found; raises nothing that a check can be about."""
    found = Diagnosis()
    path = find_config(invocation.config_path, invocation.env)
    _look_at_config_file(found, path)
    try:
        config = invocation.config()
    except ConfigError as error:
        found.fail("configuration", error.message, error.hint)
        return found
    found.ok("configuration", f"{path}: {counted(len(config.tenants), 'tenant')}")
    unready = {
        tenant.name
        for tenant in config.tenants
        # Both are looked at: who fills in the id should not find the secret missing only then.
        if not all((_look_at_ids(found, tenant), _look_at_secrets(found, tenant, invocation)))
    }
    _look_at_store(found, invocation, config)
    from opsconsole.cli.doctor_graph import examine_tenants

    examine_tenants(found, config, invocation.env, invocation.prompt(), unready=unready)
    return found


def _look_at_config_file(found: Diagnosis, path: Path) -> None:
    if sys.platform == "win32" or not path.exists():
        return
    if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        found.fail("configuration file", f"{path} can be changed by others.", f"Run: chmod go-w {path}")
    else:
        found.ok("configuration file", f"{path}: only its owner can change it")


def _sources(tenant: TenantConfig) -> Iterator[tuple[str, SecretSource]]:
    for name in SECRET_NAMES:
        source = getattr(tenant.auth, name)
        if source is not None:
            yield name, source


def _look_at_ids(found: Diagnosis, tenant: TenantConfig) -> bool:
    """Tell of ids that are still the example's; return whether there is none, so that signing in can be tried."""
    left = [
        name
        for name, value in (("tenant_id", tenant.tenant_id), ("client_id", tenant.auth.client_id))
        if value == ZERO_GUID
    ]
    for name in left:
        found.fail(f"{tenant.name}: {name}", f"The {name} is still the example's.", ID_STEPS[name])
    return not left


def _look_at_secrets(found: Diagnosis, tenant: TenantConfig, invocation: Invocation) -> bool:
    """Tell of each secret; return whether all are there, so that signing in can be tried."""
    is_ready = True
    for name, source in _sources(tenant):
        line = f"{tenant.name}: {name}"
        try:
            is_there = bool(read_secret_bytes(source, invocation.env).strip())
        except ConfigError as error:
            is_ready = False
            found.fail(line, error.message, error.hint)
            continue
        if not is_there:
            is_ready = False
            found.fail(line, f"The {source.text} is empty.", "Put the secret there.")
            continue
        file = expanded(source.file) if source.file else None
        if file is not None and sys.platform != "win32" and file.stat().st_mode & 0o077:
            found.warn(line, f"{file} can be read by others.", f"Run: chmod 600 {file}")
        else:
            found.ok(line, f"the {source.text} is there")
    return is_ready


def _look_at_store(found: Diagnosis, invocation: Invocation, config: Config) -> None:
    try:
        db = invocation.database()
    except OpsError as error:
        found.fail("store", error.message, _store_step(error))
        return
    found.ok("store", f"{db.label} ({db.dialect})")
    if db.dialect == "sqlite":
        _look_at_store_files(found, Path(db.label))
    try:
        broken = [line for line in check_store(db) if not line.ok]
        if broken:
            found.fail("schema", f"{broken[0].name} is missing or changed.", "Run `opsconsole db check` for all of it.")
        else:
            found.ok("schema", "every constraint, trigger and index is there")
        with db.write():
            pass
        found.ok("store is writable", "a transaction can begin and end")
    except OpsError as error:
        found.fail("store is writable", error.message, _store_step(error))
        return
    _look_at_people(found, invocation)
    _look_at_bindings(found, invocation, config)
    _look_at_engines(found, invocation)


def _store_step(error: OpsError) -> str:
    """Return the store's own next step, unless it is to ask the doctor."""
    if "opsconsole doctor" not in error.hint:
        return error.hint
    return "Look at the file or the server itself: its log says more. Keep a copy before anything else is done."


def _look_at_store_files(found: Diagnosis, path: Path) -> None:
    if sys.platform != "win32":
        files = [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]
        loose = [file for file in files if file.exists() and file.stat().st_mode & 0o077]
        if loose:
            names = " ".join(str(file) for file in loose)
            found.warn("store file", f"{names} can be read by others.", f"Run: chmod 600 {names}")
        elif path.exists() and path.stat().st_uid != os.getuid():
            found.warn(
                "store file",
                "The store belongs to another account.",
                "On SQLite its owner is the boundary; a team uses Postgres.",
            )
        else:
            found.ok("store file", "only you can read it")
    free = shutil.disk_usage(path.parent).free
    if free < FREE_BYTES:
        found.warn("disk", f"{free // 1_000_000} MB are left beside the store.", "Make room before the next backup.")
    else:
        found.ok("disk", f"{free // 1_000_000_000:,} GB are left beside the store")


def _look_at_people(found: Diagnosis, invocation: Invocation) -> None:
    caller = invocation.caller()
    roles = my_roles(caller)
    if roles:
        words = ", ".join(f"{role.value} of {name}" for name, role in roles.items())
        found.ok("membership", f"{caller.actor.name} ({caller.actor.key}) is {words}")
    else:
        found.fail(
            "membership",
            f"{caller.actor.name} ({caller.actor.key}) is a member of no workspace.",
            f"An owner runs: opsconsole members add {caller.actor.key} ROLE",
        )


def _look_at_bindings(found: Diagnosis, invocation: Invocation, config: Config) -> None:
    caller = invocation.caller()
    with caller.db.read() as session:
        mine = {row["id"] for row in access.workspaces_of(session, caller.actor.key)}
        rows = {tenant.name: tenants.get_tenant(session, tenant.name) for tenant in config.tenants}
    for tenant in config.tenants:
        row = rows[tenant.name]
        if row is not None and row.workspace_id not in mine:
            row = None  # what belongs to others is told of like what is not there
        line = f"{tenant.name}: binding"
        if row is None:
            found.warn(
                line, "The store does not know this tenant yet.", "Its first backup, or `opsconsole init`, binds it."
            )
            continue
        try:
            check_binding(tenant, row)
        except ConfigError as error:
            found.fail(line, error.message, error.hint)
        else:
            found.ok(line, f"workspace {row.workspace}")


def _look_at_engines(found: Diagnosis, invocation: Invocation) -> None:
    live = runs.live_engines(invocation.caller())
    if live:
        found.ok("engine", f"{counted(len(live), 'engine is', 'engines are')} live")
    else:
        found.warn(
            "engine",
            "No engine is live on this store.",
            "Start one with `opsconsole engine`, open the console, or use --wait.",
        )
