"""A plan: what a restore would change, policy by policy, its dangers and its hash. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsconsole.domain.assignment import Assignment, TargetKind


class Mode(StrEnum):
    """Which part of the difference a restore applies."""

    EXACT = "exact"
    ADD = "add"
    REMOVE = "remove"


class Danger(StrEnum):
    """What a plan does that must be said in words before it runs."""

    REMOVES_ALL = "removes_all"
    LOSES_EXCLUSION = "loses_exclusion"
    TOUCHES_ALL_USERS = "touches_all_users"
    TOUCHES_ALL_DEVICES = "touches_all_devices"


DANGER_WORDS: dict[Danger, str] = {
    Danger.REMOVES_ALL: "loses every assignment",
    Danger.LOSES_EXCLUSION: "loses an exclusion",
    Danger.TOUCHES_ALL_USERS: "touches All users",
    Danger.TOUCHES_ALL_DEVICES: "touches All devices",
}
"""How each danger of one policy is said on screens and in text."""

DANGER_WORDS_OF_MANY: dict[Danger, str] = {
    Danger.REMOVES_ALL: "lose every assignment",
    Danger.LOSES_EXCLUSION: "lose an exclusion",
    Danger.TOUCHES_ALL_USERS: "touch All users",
    Danger.TOUCHES_ALL_DEVICES: "touch All devices",
}
"""The same of several policies."""


def danger_sentence(danger: Danger, policies: int) -> str:
    """Return how many policies a danger concerns, in words: ``8 policies lose every assignment``."""
    if policies == 1:
        return f"1 policy {DANGER_WORDS[danger]}"
    return f"{policies:,} policies {DANGER_WORDS_OF_MANY[danger]}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What must be added to and removed from ``live`` to become ``planned``; all three sorted and without duplicates."""

    planned: tuple[Assignment, ...]
    added: tuple[Assignment, ...]
    removed: tuple[Assignment, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing changes."""
        return not self.added and not self.removed


def difference(live: Iterable[Assignment], backup: Iterable[Assignment], mode: Mode = Mode.EXACT) -> Difference:
    """Return the change that turns ``live`` into what ``mode`` makes of ``backup``.

    The same target with another filter, intent or settings is a removal and an addition.
    """
    live_set, backup_set = frozenset(live), frozenset(backup)
    added = backup_set - live_set if mode is not Mode.REMOVE else frozenset()
    removed = live_set - backup_set if mode is not Mode.ADD else frozenset()
    return Difference(tuple(sorted((live_set | added) - removed)), tuple(sorted(added)), tuple(sorted(removed)))


def duplicate_targets(planned: Iterable[Assignment]) -> tuple[Assignment, ...]:
    """Return the entries whose group, or built-in kind, stands in the plan already under the same intent.

    Graph keeps the first and ignores the second without an error (Intune-Toolkit #57), so such a plan must not be sent.
    """
    seen: set[tuple[str, str, str]] = set()
    doubled = []
    for entry in planned:
        kind = "group" if entry.target.group_id else entry.target.kind.value
        place = (kind, entry.target.object_id, entry.intent)
        if place in seen:
            doubled.append(entry)
        seen.add(place)
    return tuple(doubled)


def dangers(live: Sequence[Assignment], change: Difference) -> tuple[Danger, ...]:
    """Return what must be called out about a change, in the order of ``Danger``."""
    touched = {entry.target.kind for entry in (*change.added, *change.removed)}
    kept_exclusions = {entry.target.object_id for entry in change.planned if entry.target.kind is TargetKind.EXCLUSION}
    found = []
    if live and not change.planned:
        found.append(Danger.REMOVES_ALL)
    if any(
        entry.target.kind is TargetKind.EXCLUSION and entry.target.object_id not in kept_exclusions
        for entry in change.removed
    ):
        found.append(Danger.LOSES_EXCLUSION)
    if TargetKind.ALL_USERS in touched:
        found.append(Danger.TOUCHES_ALL_USERS)
    if TargetKind.ALL_DEVICES in touched:
        found.append(Danger.TOUCHES_ALL_DEVICES)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """What the hash of a plan covers for one policy."""

    policy_type: str
    policy_id: str
    state: str
    live: tuple[Assignment, ...]
    planned: tuple[Assignment, ...]


class PlanDigest:
    """The hash of a plan that is made in portions: everything it will do, and what it was built on."""

    def __init__(self, tenant_id: str, mode: Mode) -> None:
        self._digest = hashlib.sha256(json.dumps([tenant_id, mode.value], separators=(",", ":")).encode())
        self._last = ""

    def add(self, items: Iterable[PlannedItem]) -> None:
        """Take in a portion; the order within it is no part of the hash, and each portion's types come after the last one's."""
        for line in sorted(map(_line, items)):
            if line < self._last:
                raise ValueError("the portions of a plan come in the order of their policy types")
            self._digest.update(b"\n" + line.encode())
            self._last = line

    def hexdigest(self) -> str:
        """Return the SHA-256, in hex, of what was taken in."""
        return self._digest.hexdigest()


def _line(item: PlannedItem) -> str:
    parts = [item.policy_type, item.policy_id, item.state, _fingerprint(item.live), _fingerprint(item.planned)]
    return json.dumps(parts, separators=(",", ":"))


def plan_hash(tenant_id: str, mode: Mode, items: Iterable[PlannedItem]) -> str:
    """Return the hash of a whole plan; the order of items is no part of it."""
    digest = PlanDigest(tenant_id, mode)
    digest.add(items)
    return digest.hexdigest()


def fingerprint(assignments: Iterable[Assignment]) -> str:
    """Return the SHA-256, in hex, of a canonical set: equal exactly where the sets are."""
    text = json.dumps(_fingerprint(tuple(sorted(set(assignments)))), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _fingerprint(assignments: tuple[Assignment, ...]) -> list[list[str]]:
    return [
        [
            entry.target.kind.value,
            entry.target.object_id,
            entry.target.filter_id,
            entry.target.filter_type,
            entry.intent,
            entry.extras,
        ]
        for entry in assignments
    ]
