"""Parts: which of the policies that a run left undone are to be tried again, where not all of them are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from opsconsole.domain.failure import Reason
from opsconsole.domain.run import RunType
from opsconsole.errors import Conflict

MAX_NAMED = 200
"""Policies that an audit entry names one by one; of more it keeps the number and the reason."""

WHOLE_ONLY: dict[RunType, str] = {
    RunType.CAPTURE: "A capture lists whole policy types: its retry makes a new backup set.",
    RunType.PREVIEW: "A plan is worked out as a whole: its retry makes a new plan.",
    RunType.DRIFT: "A comparison is made as a whole: its retry compares everything again.",
    RunType.CHECK: "A check asks for every policy type: its retry asks for all of them again.",
    RunType.RECONCILE: "Maintenance is not retried by hand: an engine does it again by itself.",
}
"""Runs of which no part can be tried again, and why."""


@dataclass(frozen=True, slots=True)
class LeftPolicy:
    """A policy that was left undone: its item, and why."""

    item_id: str
    policy_type: str
    policy_id: str
    reason: Reason | None

    @property
    def name(self) -> str:
        """Return it as ``TYPE:ID``."""
        return f"{self.policy_type}:{self.policy_id}"


@dataclass(frozen=True, slots=True)
class Part:
    """What narrows a retry: a reason, or policies as ``TYPE:ID``. One that names neither is the whole."""

    reason: Reason | None = None
    items: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is narrowed."""
        return self.reason is None and not self.items

    def of(self, left: Iterable[LeftPolicy]) -> list[LeftPolicy]:
        """Return those of the policies left that belong to this part."""
        wanted = set(self.items)
        return [
            one
            for one in left
            if (self.reason is None or one.reason is self.reason) and (not wanted or one.name in wanted)
        ]

    def chosen(self, left: Iterable[LeftPolicy]) -> list[LeftPolicy]:
        """Return the same. Raises Conflict where nothing of it is left."""
        found = self.of(left)
        if not found:
            what = f"for the reason {self.reason.value!r}" if self.reason else "of these policies"
            raise Conflict(
                f"Nothing {what} is left to retry.",
                "Retry without narrowing it, or look at `opsconsole runs show RUN`.",
            )
        return found

    def told(self, chosen: Sequence[LeftPolicy]) -> dict[str, Any]:
        """Return what the audit entry says of the choice; nothing of the whole."""
        if self.is_whole:
            return {}
        named = [one.name for one in chosen] if len(chosen) <= MAX_NAMED else None
        return {"only_reason": self.reason.value if self.reason else None, "only_policies": named}
