"""What an execution of a restore wrote: each policy before and after, by name, page by page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from opsconsole.domain.access import Capability
from opsconsole.domain.assignment import direct_assignments
from opsconsole.domain.plan import fingerprint
from opsconsole.domain.restore import RestoreItem, RestoreRun, RestoreWrite, WriteState
from opsconsole.domain.run import OperationRun, RunType
from opsconsole.service.caller import DEFAULT_LIMIT, Caller, Page
from opsconsole.service.cursors import id_cursor
from opsconsole.service.guard import find, nothing_there, reading, require
from opsconsole.store import backups, restore_writes, restores, runs
from opsconsole.store.database import Session

IN_PART = "in_part"
"""Some steps took and the rest did not: what is there now only the tenant knows."""


@dataclass(frozen=True, slots=True)
class WrittenPolicy:
    """One policy that an execution wrote to: its targets right before, and after where that is proven.

    ``state`` is the state of its writes together (``domain.restore.WriteState``), or ``in_part``.
    """

    item_id: str
    policy_type: str
    policy_id: str
    policy_name: str
    state: str
    before: tuple[dict[str, Any], ...]
    after: tuple[dict[str, Any], ...] | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, targets as in contract.md."""
        return {
            "id": self.item_id,
            "policy_type": self.policy_type,
            "policy_id": self.policy_id,
            "policy_name": self.policy_name,
            "state": self.state,
            "before": list(self.before),
            "after": None if self.after is None else list(self.after),
        }


def list_written(
    caller: Caller, run_ref: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[WrittenPolicy]:
    """Return the policies that an execution wrote to. Raises NotFound for a run of another kind."""
    after = id_cursor(cursor) or ""
    with reading(caller) as session:
        run = _execution(caller, session, run_ref)
        ids = restore_writes.written_items(session, run.id, limit=limit + 1, after=after)
        names = _names(session, restores.restore_of_run(session, run.id))
        writes = restore_writes.writes_of_run(session, run.id, ids[:limit])
        found = []
        for item_id, steps in groupby(writes, key=lambda write: write.restore_item_id):
            item = restores.get_restore_item(session, item_id)
            if item is not None:
                found.append(_written(item, list(steps), names))
    return Page(found, ids[limit - 1] if len(ids) > limit else None)


def count_written(caller: Caller, run_ref: str) -> int:
    """Return how many policies an execution wrote to."""
    with reading(caller) as session:
        return restore_writes.count_written_items(session, _execution(caller, session, run_ref).id)


def _execution(caller: Caller, session: Session, ref: str) -> OperationRun:
    run_id = find(caller, session, "run", ref, runs.resolve_run_id)
    run = runs.get_run(session, run_id, with_failures=False)
    if run is None or run.type is not RunType.RESTORE:
        raise nothing_there("run", ref)
    require(caller, session, run.workspace_id, Capability.VIEW, noun="run", ref=ref)
    return run


def _names(session: Session, restore: RestoreRun | None) -> dict[str, str]:
    # An undo has no set of its own: it undoes a restore that had one.
    while restore is not None and restore.set_id is None and restore.undo_of:
        restore = restores.get_restore(session, restore.undo_of)
    if restore is None or restore.set_id is None:
        return {}
    return {name.id: name.name for name in backups.get_names(session, restore.set_id) if name.name}


def _written(item: RestoreItem, writes: Sequence[RestoreWrite], names: Mapping[str, str]) -> WrittenPolicy:
    known = {**names, **_named_in((*item.added, *item.removed))}
    planned = direct_assignments(json.loads(item.planned or "[]"))
    state = _state(writes)
    is_done = state == WriteState.APPLIED.value and writes[-1].after_fingerprint == fingerprint(planned)
    if state == WriteState.APPLIED.value and not is_done:
        state = IN_PART
    before = direct_assignments(json.loads(writes[0].before_image))
    return WrittenPolicy(
        item.id,
        item.policy_type,
        item.policy_id,
        item.policy_name,
        state,
        tuple(entry.to_json(known) for entry in before),
        tuple(entry.to_json(known) for entry in planned) if is_done else None,
    )


def _state(writes: Sequence[RestoreWrite]) -> str:
    states = {write.state for write in writes}
    if len(states) == 1:
        return writes[0].state.value
    return IN_PART if WriteState.APPLIED in states else writes[-1].state.value


def _named_in(targets: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for target in targets:
        for kind in ("group", "filter"):
            if target.get(f"{kind}_id") and target.get(f"{kind}_name"):
                found[str(target[f"{kind}_id"])] = str(target[f"{kind}_name"])
    return found
