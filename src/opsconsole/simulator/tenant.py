"""One simulated tenant: its policies, its directory, and what it permits."""

from collections.abc import Iterable, Iterator
from typing import Literal
from uuid import uuid5

from .assignment import NAMESPACE
from .clock import Clock
from .directory import Directory
from .policy import Assignment, Policy
from .policy_types import BY_KEY, POLICY_TYPES
from .shelf import Shelf

UnknownTargets = Literal["accept", "existing", "refuse"]


class Tenant:
    """Everything the service answers from. All state is here; the server only carries it.

    The sets named `denied_…`, `unavailable_types` and `protected_types` hold policy type keys; `denied_types` and
    `denied_writes` also know `groups` and `assignmentFilters`. `unknown_targets` says what happens to a written group or
    filter id that the directory does not have: taken, taken where the policy already has it, or refused with 400.
    """

    def __init__(
        self, name: str = "Northwind Devices", *, tenant_id: str | None = None, clock: Clock | None = None
    ) -> None:
        self.name = name
        self.id = tenant_id or str(uuid5(NAMESPACE, f"tenant/{name}"))
        self.account_id = str(uuid5(NAMESPACE, f"account/{self.id}"))
        self.clock = clock or Clock()
        self.directory = Directory()
        self.shelves: dict[str, Shelf[Policy]] = {row.key: Shelf() for row in POLICY_TYPES}
        self.denied_types: set[str] = set()
        self.denied_writes: set[str] = set()
        self.unavailable_types: set[str] = set()
        self.protected_types: set[str] = set()
        self.unknown_targets: UnknownTargets = "accept"

    def __iter__(self) -> Iterator[Policy]:
        return (policy for shelf in self.shelves.values() for policy in shelf)

    def __len__(self) -> int:
        return sum(len(shelf) for shelf in self.shelves.values())

    def __bool__(self) -> bool:
        """A tenant without policies is a tenant all the same."""
        return True

    def add_policy(
        self,
        key: str,
        policy_id: str,
        name: str,
        body: bytes,
        assignments: Iterable[Assignment] = (),
        *,
        cast: str = "",
        built_in: bool = False,
    ) -> Policy:
        """Adds a policy whose entry, without assignments, is exactly `body`; raises ValueError where the id is taken."""
        policy = Policy(BY_KEY[key], policy_id, name, body, list(assignments), cast, built_in)
        self.shelves[key].add(policy)
        return policy

    def policy(self, key: str, policy_id: str) -> Policy:
        """The policy of that type and id; raises KeyError where there is none."""
        policy = self.shelves[key].get(policy_id)
        if policy is None:
            raise KeyError(f"{key}/{policy_id}")
        return policy

    def served_entry(self, key: str, policy_id: str, expand: bool = True) -> bytes:
        """The exact bytes of a policy's entry as a list serves it; with `expand`, its assignments as the last members."""
        policy = self.policy(key, policy_id)
        return policy.entry(policy.assignments if expand else None)

    def assignment_texts(self, key: str, policy_id: str) -> list[bytes]:
        """The exact bytes of each assignment of a policy, in the order served."""
        return [assignment.text for assignment in self.policy(key, policy_id).assignments]

    def counts(self) -> dict[str, int]:
        """How many policies there are of each type that has any."""
        return {key: len(shelf) for key, shelf in self.shelves.items() if len(shelf)}
