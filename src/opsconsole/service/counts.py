"""How many rows a filtered list holds, exactly, whatever page of it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.domain.access import Capability
from opsconsole.domain.backup import ItemStatus
from opsconsole.domain.failure import Reason
from opsconsole.domain.restore import ItemState
from opsconsole.service.backups import resolve_set
from opsconsole.service.caller import Caller
from opsconsole.service.guard import reading, visible_workspaces
from opsconsole.service.record_query import EVERY_RECORD, RecordQuery
from opsconsole.service.restores import show_restore
from opsconsole.service.runs import show_run
from opsconsole.store import backups, restores, runs


def count_sets(caller: Caller, query: RecordQuery = EVERY_RECORD) -> int:
    """Return how many backup sets a query finds."""
    with reading(caller) as session:
        return backups.count_sets(session, visible_workspaces(caller, session), query.resolved(caller, session))


def count_restores(caller: Caller, query: RecordQuery = EVERY_RECORD) -> int:
    """Return how many restore runs a query finds."""
    with reading(caller) as session:
        return restores.count_restores(session, visible_workspaces(caller, session), query.resolved(caller, session))


def count_items(
    caller: Caller,
    set_ref: str,
    *,
    statuses: Sequence[ItemStatus] = (),
    policy_type: str | None = None,
    search: str | None = None,
) -> int:
    """Return how many items of a set are listed."""
    with reading(caller) as session:
        found = resolve_set(caller, session, set_ref, Capability.VIEW)
        return backups.count_items(session, found.id, statuses=statuses, policy_type=policy_type, search=search)


def count_restore_items(
    caller: Caller,
    ref: str,
    *,
    states: Sequence[ItemState] = (),
    policy_type: str | None = None,
    search: str | None = None,
) -> int:
    """Return how many items of a restore run are listed."""
    found = show_restore(caller, ref)
    with reading(caller) as session:
        return restores.count_restore_items(session, found.id, states=states, policy_type=policy_type, search=search)


def count_failures(caller: Caller, ref: str, *, reason: Reason | None = None, search: str | None = None) -> int:
    """Return how many failure records of a run are listed."""
    found = show_run(caller, ref, with_failures=False)
    with reading(caller) as session:
        return runs.count_failures(session, found.id, reason=reason, search=search)
