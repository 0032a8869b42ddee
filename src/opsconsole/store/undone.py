"""Which restores were taken back by another one, as their rows tell it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from opsconsole.store.database import Session, bind_list, chunks

EXECUTIONS = "executions"
"""Names, in what an undo was asked with, how often the plan had been run by then."""

_BEGUN = "(r.started_at IS NOT NULL OR r.status <> 'completed')"
"""Of an execution that was cancelled before it began nothing came."""


def undone_by(s: Session, restore_ids: Sequence[str]) -> dict[str, str]:
    """Return which of these plans stand undone, and the newest plan that took back all of what each wrote.

    None is an undo that left something, that wrote nothing, that came before the plan was run again, or that was taken
    back itself, be it in part.
    """
    found: dict[str, list[str]] = {}
    for part in chunks(restore_ids):
        names, params = bind_list("i", part)
        for row in s.all(
            # Executions are counted, not compared by time: the clocks of two machines differ.
            "SELECT u.undo_of, u.id, u.inputs, (SELECT MAX(e.seq) FROM restore_executions e JOIN operation_runs r"
            f" ON r.id = e.run_id WHERE e.restore_run_id = x.id AND {_BEGUN})"
            " AS executed FROM restore_runs u JOIN restore_runs x ON x.id = u.undo_of"
            f" WHERE u.undo_of IN ({names}) AND x.status = 'completed' AND u.status = 'completed'"
            " AND u.will_change > 0 AND u.blocked = 0 AND u.skipped = 0 AND EXISTS (SELECT 1 FROM restore_executions e"
            " JOIN operation_runs r ON r.id = e.run_id WHERE e.restore_run_id = u.id AND r.outcome = 'succeeded'"
            # A retry of a part ends well by itself: then the items say whether anything is left.
            " AND (e.seq = 1 OR NOT EXISTS (SELECT 1 FROM restore_items i WHERE i.restore_run_id = u.id"
            " AND i.plan_state = 'will_change' AND i.state <> 'applied'))) ORDER BY u.created_at, u.id",
            **params,
        ):
            if (row["executed"] or 0) <= json.loads(row["inputs"]).get(EXECUTIONS, 0):
                found.setdefault(row["undo_of"], []).append(row["id"])
    again = _taken_back(s, [undo for undos in found.values() for undo in undos])
    standing = {ref: [undo for undo in undos if undo not in again] for ref, undos in found.items()}
    return {ref: undos[-1] for ref, undos in standing.items() if undos}


def _taken_back(s: Session, undo_ids: Sequence[str]) -> set[str]:
    """Return which of these undos another one took back, all of it or a part: it counts unless it was undone itself."""
    by: dict[str, str] = {}
    for part in chunks(undo_ids):
        names, params = bind_list("i", part)
        for row in s.all(
            f"SELECT v.id, v.undo_of FROM restore_runs v WHERE v.undo_of IN ({names}) AND EXISTS (SELECT 1"
            f" FROM restore_executions e JOIN operation_runs r ON r.id = e.run_id WHERE e.restore_run_id = v.id AND {_BEGUN})",
            **params,
        ):
            by[row["id"]] = row["undo_of"]
    undone = undone_by(s, list(by)) if by else {}
    return {undo_id for back_id, undo_id in by.items() if back_id not in undone}
