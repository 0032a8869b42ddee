"""The difference between two states of a tenant: of a set and the tenant, or of two sets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

KINDS_KEY = "differences"
"""Where a run's context keeps how many policies differ, by kind: lists of checks show it without counting."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One policy that differs. ``kind`` is changed, new or gone; targets are JSON as in contract.md.

    Where a list holds what could not be compared as well, its kind is ``unknown`` and ``note`` says why;
    ``place`` is where it stands in that list.
    """

    kind: str
    policy_type: str
    policy_id: str
    policy_name: str
    added: tuple[dict[str, Any], ...] = ()
    removed: tuple[dict[str, Any], ...] = ()
    note: str = ""
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the item as JSON."""
        return {
            "kind": self.kind,
            "policy_type": self.policy_type,
            "policy_id": self.policy_id,
            "policy_name": self.policy_name,
            "added": list(self.added),
            "removed": list(self.removed),
        }


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs, how much is the same, and how much could not be compared (its assignments are not known)."""

    items: tuple[Difference, ...]
    same: int
    unknown: int = 0

    @property
    def differs(self) -> bool:
        """Tell whether anything differs."""
        return bool(self.items)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of contract.md."""
        kinds = Counter(item.kind for item in self.items)
        return {
            "differs": self.differs,
            "counts": {
                "changed": kinds["changed"],
                "new": kinds["new"],
                "gone": kinds["gone"],
                "same": self.same,
                "unknown": self.unknown,
            },
            "items": [item.to_json() for item in self.items],
        }
