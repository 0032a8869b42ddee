"""The store itself: what is in it, whether its guards stand, migrating it, and filling an empty one for rehearsal."""

from __future__ import annotations

from typing import Any

from opsconsole.config import Config
from opsconsole.domain.access import Capability
from opsconsole.domain.audit import Action
from opsconsole.service.caller import Caller, actor_at
from opsconsole.service.guard import ordering, reading, record, require_somewhere
from opsconsole.store.attempts import try_guards
from opsconsole.store.checks import check_store
from opsconsole.store.opening import migrate, open_store, store_info
from opsconsole.store.seed import seed_history


def info(caller: Caller) -> dict[str, Any]:
    """Return kind, version, size and row counts of the store. Raises NotFound for someone who is no member."""
    with reading(caller) as session:
        require_somewhere(caller, session, Capability.VIEW)
    return store_info(caller.db)


def check(caller: Caller) -> list[dict[str, Any]]:
    """Return a line for each constraint, trigger and index that the promises rest on: is it there, and does it hold?

    It is attacked in a transaction that is rolled back. Raises NotFound for no member.
    """
    with reading(caller) as session:
        require_somewhere(caller, session, Capability.VIEW)
    lines = check_store(caller.db)
    if all(line.ok for line in lines if line.name.startswith("table ")):
        lines += try_guards(caller.db)
    return [{"name": line.name, "ok": line.ok, "detail": line.detail} for line in lines]


def migrate_store(config: Config) -> list[str]:
    """Bring the store to this version's schema, making it where there is none; return the names of what was applied."""
    db = open_store(config.store_url, create=True, allow_pending=True)
    try:
        applied = migrate(db)
        if applied:
            caller = Caller(db, config, actor_at(db))
            with db.write() as session:
                record(
                    caller,
                    session,
                    Action.STORE_MIGRATED,
                    workspace_id=None,
                    tenant_id=None,
                    resource_type="store",
                    resource_id="store",
                    details={"applied": applied},
                )
        return applied
    finally:
        db.close()


def seed(caller: Caller, *, count: int, seed: int) -> dict[str, Any]:
    """Fill an empty store with a plausible history of ``count`` runs; raises Conflict for one that holds anything.

    Needs ``tenant.manage``, unless the store has no members yet.
    """
    with ordering(caller, "seed the store") as session:
        require_somewhere(caller, session, Capability.TENANT_MANAGE)
    made = seed_history(caller.db, runs=count, seed=seed, now=caller.clock())
    with caller.db.write() as session:
        record(
            caller,
            session,
            Action.STORE_SEEDED,
            workspace_id=None,
            tenant_id=None,
            resource_type="store",
            resource_id="store",
            details={"runs": count, "seed": seed},
        )
    return made
