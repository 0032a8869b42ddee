"""The demo without a screen: backup, changes behind its back, drift, preview, restore, undo and audit check, with a sum for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from opsconsole.cli.demo_changes import shake
from opsconsole.cli.demo_place import TENANT_NAME
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.simulated_tenant import SimulatedTenant
from opsconsole.cli.text import counted
from opsconsole.cli.waiting import stay
from opsconsole.domain.assignment import Assignment, direct_assignments
from opsconsole.domain.backup import BackupSet, ItemStatus
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreStatus
from opsconsole.domain.run import OperationRun
from opsconsole.service import audit, backups, drift, restores
from opsconsole.service.caller import Caller

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the summary: ``parts`` make up ``total`` exactly, or the numbers do not add up."""

    name: str
    total: int
    parts: dict[str, int]
    expected: bool = True
    note: str = ""

    @property
    def adds_up(self) -> bool:
        """Tell whether the parts make up the total."""
        return sum(self.parts.values()) == self.total

    @property
    def is_as_planned(self) -> bool:
        """Tell whether the step did what it was to do, and accounts for everything."""
        return self.adds_up and self.expected

    def to_json(self) -> dict[str, Any]:
        """Return the step as JSON."""
        return {
            "step": self.name,
            "total": self.total,
            "parts": self.parts,
            "adds_up": self.adds_up,
            "as_planned": self.is_as_planned,
            "note": self.note,
        }


@dataclass
class Rehearsal:
    """Goes through the whole way once; ``has_faults`` says that failures are part of the plan, as long as they are accounted for."""

    invocation: Invocation
    simulator: SimulatedTenant
    has_faults: bool
    seed: int
    steps: list[Step] = field(default_factory=list)

    def run(self) -> list[Step]:
        """Return the summary."""
        caller = self.invocation.caller()
        made = self._back_up(caller)
        before = self._everything()
        changed = self._shake()
        after_shake = self._live(changed)
        self._compare(caller, made, "drift", len(changed))
        restored = self._restore(caller, made)
        self._prove(caller, made, before, changed, restored)
        self._undo(caller, restored, changed, after_shake)
        self._verify(caller)
        return self.steps

    def _stay(self, runs: Sequence[OperationRun]) -> list[OperationRun]:
        return stay(self.invocation, runs, brings_engine=True)

    def _add(self, name: str, total: int, parts: dict[str, int], *, expected: bool = True, note: str = "") -> None:
        self.steps.append(Step(name, total, parts, expected or self.has_faults, note))

    def _back_up(self, caller: Caller) -> BackupSet:
        started = backups.start_backup(caller, TENANT_NAME)
        self._stay(started.runs)
        assert started.backup_set is not None  # noqa: S101 - a backup has one
        made = backups.show_set(caller, started.backup_set.id)
        parts = {name: made.count(name) for name in ("fetched", "failed", "skipped")}
        total = int(self.simulator.ask("state")["total"])
        gaps = made.missing - (made.count("listed") - made.count("fetched"))
        note = f"{counted(gaps, 'type')} not listed in full" if gaps else ""
        self._add(
            "backup", made.count("listed"), parts, expected=made.is_complete and parts["fetched"] <= total, note=note
        )
        return made

    def _shake(self) -> list[Key]:
        answer = shake(self.simulator, self.seed)
        changed = [(str(one["type"]), str(one["id"])) for one in answer]
        kinds: dict[str, int] = {}
        for one in answer:
            kinds[str(one["change"])] = kinds.get(str(one["change"]), 0) + 1
        self._add("changed behind its back", len(changed), kinds)
        return changed

    def _compare(self, caller: Caller, made: BackupSet, name: str, changes: int) -> None:
        started = drift.start_drift(caller, made.id)
        ended = self._stay(started.runs)
        found = drift.drift_result(caller, ended[0].id)
        counts = found.to_json()["counts"]
        self._add(name, sum(counts.values()), counts, expected=counts["changed"] <= changes and counts["unknown"] == 0)

    def _plan(self, caller: Caller, restore_id: str, name: str) -> tuple[RestoreItem, ...]:
        items = restores.all_restore_items(caller, restore_id)
        found = restores.show_restore(caller, restore_id)
        self._add(
            name,
            len(items),
            {key: found.counts.get(key, 0) for key in ("will_change", "unchanged", "blocked")},
            expected=found.status is RestoreStatus.PREVIEWED,
        )
        return items

    def _execute(self, caller: Caller, restore_id: str, name: str) -> tuple[RestoreItem, ...]:
        started = restores.run_restore(caller, restore_id)
        self._stay(started.runs)
        items = restores.all_restore_items(caller, restore_id)
        parts = {state.value: sum(item.state is state for item in items) for state in ItemState}
        wanted = sum(item.plan_state is ItemState.WILL_CHANGE for item in items)
        self._add(
            name,
            len(items),
            {key: count for key, count in parts.items() if count},
            expected=parts[ItemState.APPLIED.value] == wanted,
        )
        return items

    def _restore(self, caller: Caller, made: BackupSet) -> str:
        previewed = restores.start_preview(caller, made.id, TENANT_NAME, accept_missing=made.missing)
        assert previewed.restore_run is not None  # noqa: S101 - a preview has one
        restore_id = previewed.restore_run.id
        self._stay(previewed.runs)
        self._plan(caller, restore_id, "preview")
        if restores.show_restore(caller, restore_id).status is RestoreStatus.PREVIEWED:
            self._execute(caller, restore_id, "restore")
        return restore_id

    def _prove(
        self, caller: Caller, made: BackupSet, before: dict[str, Any], changed: Sequence[Key], restore_id: str
    ) -> None:
        """Compare the simulator itself with the backup: what was changed by its targets, what was not by everything."""
        saved = self._saved(caller, made)
        live = self._live(changed)
        now = self._everything()
        touched = {f"{key}/{policy_id}" for key, policy_id in changed}
        parts = {"equal the backup": 0, "differ": 0, "not in the backup": 0}
        applied = {
            (item.policy_type, item.policy_id)
            for item in restores.all_restore_items(caller, restore_id)
            if item.state in (ItemState.APPLIED, ItemState.UNCHANGED)
        }
        is_proven = True
        for key in changed:
            if key not in saved:
                parts["not in the backup"] += 1
            elif saved[key] == live[key]:
                parts["equal the backup"] += 1
            else:
                parts["differ"] += 1
                is_proven = is_proven and key not in applied
        others = [name for name in before if name not in touched]
        kept = sum(before[name] == now.get(name) for name in others)
        parts["untouched"] = kept
        parts["touched by mistake"] = len(others) - kept
        # Neither faults nor anything else excuses a policy that was called restored and is not, or one hit by mistake.
        step = Step(
            "simulator against backup",
            len(before),
            parts,
            is_proven and parts["touched by mistake"] == 0 and (self.has_faults or parts["differ"] == 0),
        )
        self.steps.append(step)

    def _undo(self, caller: Caller, restore_id: str, changed: Sequence[Key], after_shake: dict[Key, Any]) -> None:
        items = restores.all_restore_items(caller, restore_id)
        written = {(item.policy_type, item.policy_id) for item in items if item.state is ItemState.APPLIED}
        if not written:
            self._add("undo", 0, {}, note="the restore wrote nothing")
            return
        undone = restores.undo_restore(caller, restore_id)
        assert undone.restore_run is not None  # noqa: S101 - an undo has one
        undo_id = undone.restore_run.id
        self._stay(undone.runs)
        self._plan(caller, undo_id, "undo preview")
        if restores.show_restore(caller, undo_id).status is not RestoreStatus.PREVIEWED:
            return
        done = {
            (item.policy_type, item.policy_id)
            for item in self._execute(caller, undo_id, "undo")
            if item.state in (ItemState.APPLIED, ItemState.UNCHANGED)
        }
        live = self._live(changed)
        back = sum(live[key] == after_shake[key] for key in changed if key in written)
        differ = len(written) - back
        is_proven = all(live[key] == after_shake[key] for key in written & done if key in live)
        self.steps.append(
            Step(
                "simulator against undo",
                len(written),
                {"as before the restore": back, "differ": differ},
                is_proven and (self.has_faults or differ == 0),
            )
        )

    def _verify(self, caller: Caller) -> None:
        verdict = audit.verify(caller)
        self.steps.append(
            Step(
                "audit check",
                verdict.head.seq,
                {"entries": verdict.entries},
                verdict.ok,
                "" if verdict.ok else "the chain is broken",
            )
        )

    def _everything(self) -> dict[str, Any]:
        return dict(self.simulator.ask("snapshot"))

    def _live(self, keys: Sequence[Key]) -> dict[Key, tuple[Assignment, ...]]:
        return {
            key: direct_assignments(self.simulator.ask(f"policies/{key[0]}/{_quoted(key[1])}/assignments"))
            for key in keys
        }

    def _saved(self, caller: Caller, made: BackupSet) -> dict[Key, tuple[Assignment, ...]]:
        saved: dict[Key, tuple[Assignment, ...]] = {}
        cursor: str | None = None
        while True:
            page = backups.list_items(caller, made.id, statuses=(ItemStatus.FETCHED,), limit=1000, cursor=cursor)
            for item in page.items:
                saved[item.policy_type, item.policy_id] = direct_assignments(json.loads(item.assignments or "[]"))
            cursor = page.next_cursor
            if cursor is None:
                return saved


def _quoted(policy_id: str) -> str:
    from urllib.parse import quote

    return quote(policy_id, safe="")
