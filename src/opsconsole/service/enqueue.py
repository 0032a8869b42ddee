"""The one way a run comes into the store."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from opsconsole.domain.run import OperationRun, RunType
from opsconsole.errors import Conflict
from opsconsole.service.caller import Caller
from opsconsole.store import runs
from opsconsole.store.database import Session
from opsconsole.store.tenants import TenantRow

P = ParamSpec("P")
T = TypeVar("T")


class LostRace(Exception):
    """Another process enqueued the same thing between our look and our insert; roll back and look again."""


RACES = 3
"""How often an order is given again after a lost race: the second look finds what the winner made."""


def again_after_lost_race(order: Callable[P, T]) -> Callable[P, T]:
    """Give an order again when another process was faster, so that it finds what is active now. Raises Conflict."""

    @wraps(order)
    def give(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(RACES):
            try:
                return order(*args, **kwargs)
            except LostRace:
                continue
        raise Conflict("Other processes keep starting and ending this.", "Look at `opsconsole runs list`.")

    return give


def enqueue(
    caller: Caller,
    session: Session,
    tenant: TenantRow,
    run_type: RunType,
    identity: str,
    context: dict[str, Any],
    *,
    run_id: str | None = None,
    retry_of: str | None = None,
    after_run_id: str | None = None,
) -> OperationRun:
    """Insert a queued run and return it. Raises LostRace if an active run of this identity exists (promise 2)."""
    new = runs.NewRun(
        id=run_id or caller.new_id(),
        workspace_id=tenant.workspace_id,
        tenant_id=tenant.id,
        type=run_type,
        run_identity_hash=identity,
        context=context,
        initiator=caller.actor.key,
        initiator_name=caller.actor.name,
        created_at=caller.now(),
        retry_of=retry_of,
        after_run_id=after_run_id,
    )
    if not runs.insert_run(session, new):
        raise LostRace
    made = runs.get_run(session, new.id)
    if made is None:
        raise Conflict("The run vanished while it was made.", "Run the command again.")
    return made
