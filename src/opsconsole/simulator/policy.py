"""A policy of the simulated tenant, kept as the text that Graph sends, its assignments apart from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .policy_types import PolicyType

METADATA = "https://graph.microsoft.com/beta/$metadata#"
"""Start of every `@odata.context`: Microsoft's host and not ours, so that what is served never depends on a port."""


class Assignment(NamedTuple):
    """One assignment: its id, and its text exactly as served."""

    id: str
    text: bytes


@dataclass(slots=True)
class Policy:
    """One policy: `body` is its entry in a list without `$expand`, byte for byte, and ends with the closing brace."""

    type: PolicyType
    id: str
    name: str
    body: bytes
    assignments: list[Assignment]
    cast: str = ""
    built_in: bool = False

    def assignments_path(self) -> str:
        """Where its assignments live, in the words of an `@odata.context`."""
        return f"{self.type.path}('{self.id}'){self.cast}/assignments"

    def entry(self, assignments: Sequence[Assignment] | None, shown: bytes | None = None) -> bytes:
        """The entry as served: without assignments (None), or with these as its last members.

        `shown` is the selection of `body` that was asked for, and has at least one member.
        """
        body = self.body if shown is None else shown
        if assignments is None:
            return body
        return b"".join(
            (
                body[:-1],
                f',"assignments@odata.context":"{METADATA}{self.assignments_path()}","assignments":['.encode(),
                b",".join([assignment.text for assignment in assignments]),
                b"]}",
            )
        )

    def assignment(self, assignment_id: str) -> Assignment | None:
        """The assignment of that id, or None."""
        wanted = assignment_id.lower()
        return next((entry for entry in self.assignments if entry.id.lower() == wanted), None)
