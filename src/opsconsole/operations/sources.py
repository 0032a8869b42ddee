"""The sources of a preview: what a restore is to bring back, of a backup set or of a restore that is undone, type by type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from opsconsole.domain.backup import BackupItem, DirectoryName, ItemStatus
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.plan import fingerprint
from opsconsole.domain.restore import RestoreRun, WriteState
from opsconsole.graph.policy_types import POLICY_TYPES
from opsconsole.operations.entries import canonical_set
from opsconsole.operations.live import LiveSides
from opsconsole.operations.planning import Source, target_ids
from opsconsole.store import backups, restores
from opsconsole.store.database import Session


class Sources(Protocol):
    """Where the assignments of a plan come from. Each method reads the store, and holds no more than it returns."""

    is_undo: bool

    def counts(self, s: Session) -> dict[str, int]:
        """Return how many policies there are of each type, in the order of the types' keys."""
        ...

    def of_type(self, s: Session, policy_type: str) -> list[Source]:
        """Return the sources of one type."""
        ...

    def names(self, s: Session) -> Sequence[DirectoryName]:
        """Return what the directory's objects were called."""
        ...

    def is_same_tenant(self, s: Session) -> bool:
        """Tell whether the policies come from the tenant they go to, so that their ids hold."""
        ...

    def judged(self, s: Session, sources: Sequence[Source], live: LiveSides) -> list[Source]:
        """Return the sources, each one that must not be written for what is live now with its block."""
        ...


def sources_of(restore: RestoreRun) -> Sources:
    """Return the sources of a restore run."""
    return BackupSources(restore) if restore.undo_of is None else UndoSources(restore, restore.undo_of)


def named_targets(s: Session, sources: Sources, policy_types: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the ids of groups and of filters that the sources of these types name."""
    groups: set[str] = set()
    filters: set[str] = set()
    for key in policy_types:
        for source in sources.of_type(s, key):
            more_groups, more_filters = target_ids(source.assignments)
            groups |= more_groups
            filters |= more_filters
    return groups, filters


class BackupSources:
    """The policies of a backup set, or those that the request names, without those that it leaves out."""

    is_undo = False

    def __init__(self, restore: RestoreRun) -> None:
        self._set_id = restore.set_id or ""
        self._tenant_id = restore.tenant_id
        self._wanted: dict[str, list[tuple[str, str]]] = {}
        for text in restore.inputs.get("items", ()):
            key, _, policy_id = text.partition(":")
            self._wanted.setdefault(key, []).append((key, policy_id))
        self._left_out = set(restore.left_out)

    def counts(self, s: Session) -> dict[str, int]:
        """Return how many fetched policies there are of each type."""
        if self._wanted:
            found = {key: len(self.of_type(s, key)) for key in sorted(self._wanted)}
        else:
            kept = backups.get_set(s, self._set_id, failure_limit=0)
            found = {key: counts.fetched for key, counts in sorted(kept.by_type.items())} if kept else {}
            for key in {text.partition(":")[0] for text in self._left_out} & set(found):
                found[key] = len(self.of_type(s, key))
        return {key: count for key, count in found.items() if count}

    def of_type(self, s: Session, policy_type: str) -> list[Source]:
        """Return the fetched policies of one type."""
        if self._wanted:
            items = backups.find_items(s, self._set_id, self._wanted.get(policy_type, []))
        else:
            items = backups.all_items(s, self._set_id, status=ItemStatus.FETCHED, policy_type=policy_type)
        return [
            _of_backup(item)
            for item in items
            if item.status is ItemStatus.FETCHED
            and item.assignments is not None
            and f"{item.policy_type}:{item.policy_id}" not in self._left_out
        ]

    def names(self, s: Session) -> Sequence[DirectoryName]:
        """Return the names that the set keeps."""
        return backups.get_names(s, self._set_id)

    def is_same_tenant(self, s: Session) -> bool:
        """Tell whether the set was made of the tenant that is restored to."""
        found = backups.get_set(s, self._set_id, failure_limit=0)
        return found is not None and found.tenant_id == self._tenant_id

    def judged(self, s: Session, sources: Sequence[Source], live: LiveSides) -> list[Source]:
        """Return the sources as they are: a restore goes over whatever is live."""
        return list(sources)


def _of_backup(item: BackupItem) -> Source:
    key, policy_id = item.policy_type, item.policy_id
    return Source(POLICY_TYPES[key], policy_id, item.policy_name, item.assignments or "", item.id, policy_id)


class UndoSources:
    """The policies that a restore wrote, with what was there before its first write."""

    is_undo = True

    def __init__(self, restore: RestoreRun, undone_id: str) -> None:
        self._restore = restore
        self._undone_id = undone_id

    def counts(self, s: Session) -> dict[str, int]:
        """Return how many policies of each type were written."""
        return restores.count_written(s, self._undone_id)

    def of_type(self, s: Session, policy_type: str) -> list[Source]:
        """Return the written policies of one type."""
        images = restores.first_before_images(s, self._undone_id, policy_type)
        items, _ = restores.list_restore_items(s, self._undone_id, policy_type=policy_type)
        return [
            Source(
                POLICY_TYPES[policy_type],
                item.policy_id,
                item.policy_name,
                images[item.id],
                item.backup_item_id,
                item.policy_id,
            )
            for item in items
            if item.id in images
        ]

    def names(self, s: Session) -> Sequence[DirectoryName]:
        """Return the names that the undone restore's set keeps."""
        return backups.get_names(s, self._restore.set_id) if self._restore.set_id else []

    def is_same_tenant(self, s: Session) -> bool:
        """Tell that it is: an undo goes back to where the writes went."""
        return True

    def judged(self, s: Session, sources: Sequence[Source], live: LiveSides) -> list[Source]:
        """Block each policy whose live state is not what the undone restore left, unless the request names it."""
        named = set(self._restore.inputs.get("items", ()))
        item_ids = {
            (item.policy_type, item.policy_id): item.id
            for key in Counter(source.policy_type.key for source in sources)
            for item in restores.list_restore_items(s, self._undone_id, policy_type=key)[0]
        }
        return [
            source
            if f"{source.policy_type.key}:{source.policy_id}" in named or self._is_as_left(s, source, live, item_ids)
            else replace(source, block=_changed_after(source))
            for source in sources
        ]

    def _is_as_left(self, s: Session, source: Source, live: LiveSides, item_ids: Mapping[tuple[str, str], str]) -> bool:
        """Tell whether the policy is as the restore left it; one that could not be read is judged by its failure."""
        text = live.of(source).assignments
        if text is None:
            return True
        left: set[str] = set()
        for write in restores.writes_of_item(s, item_ids[source.policy_type.key, source.policy_id]):
            before = fingerprint(canonical_set(write.before_image))
            if write.state is WriteState.APPLIED:
                left = {write.after_fingerprint}
            elif write.state is WriteState.NOT_APPLIED:
                left = left or {before}
            else:
                left = {before, write.after_fingerprint}
        return fingerprint(canonical_set(text)) in left


def _changed_after(source: Source) -> Failure:
    return Failure(
        FailureCode.PREVIEW_FAILED,
        Reason.CHANGED_SINCE_PREVIEW,
        "The policy was changed after the restore; name it with --items to undo it all the same.",
        Subject(source.policy_type.key, source.policy_id, source.policy_name),
    )
