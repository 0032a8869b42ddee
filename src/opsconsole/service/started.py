"""The answer of everything that starts runs: what was made, or what was active already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from opsconsole.domain.backup import BackupSet
from opsconsole.domain.restore import RestoreItem, RestoreRun
from opsconsole.domain.run import OperationRun


@dataclass(frozen=True, slots=True)
class Started:
    """``created`` is False where an active run was found instead (promise 2)."""

    created: bool
    runs: list[OperationRun] = field(default_factory=list)
    backup_set: BackupSet | None = None
    restore_run: RestoreRun | None = None
    restore_items: tuple[RestoreItem, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md."""
        restore = self.restore_run
        return {
            "created": self.created,
            "runs": [run.to_json() for run in self.runs],
            "backup_set": self.backup_set.to_json() if self.backup_set else None,
            "restore_run": restore.to_json(self.restore_items) if restore else None,
        }
