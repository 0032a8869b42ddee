"""What makes two runs the same run, so that only one of them is active at a time (promise 2)."""

from __future__ import annotations

import hashlib
import json

from opsconsole.domain.run import RunType


def identity_hash(workspace_id: str, tenant_id: str | None, run_type: RunType, target: object) -> str:
    """Return the identity of a run: two active runs must not share it.

    ``target`` is any JSON value that says what the run is about; lists that are sets must come sorted.
    """
    text = json.dumps([workspace_id, tenant_id, run_type.value, target], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
