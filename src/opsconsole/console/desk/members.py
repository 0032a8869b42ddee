"""What screens may ask and order about members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from opsconsole.domain.access import Actor, Member, Role


class MembersReport(Struct, frozen=True):
    """The members that the actor may see. ``own_key`` is the actor's own; ``is_one_file``: the store is an SQLite file."""

    members: Sequence[Member]
    own_key: str
    is_one_file: bool


class MembersDesk(Protocol):
    """Members of the actor's workspaces: who they are, adding, changing and removing them."""

    def members(self) -> MembersReport: ...
    def account(self, text: str) -> Actor:
        """Return the account that a key or a name means. Raises UsageError for one that is not known."""
        ...

    def set_member(self, workspace: str, actor_key: str, role: Role) -> Member:
        """Make an account a member, or give a member another role."""
        ...

    def remove_member(self, workspace: str, actor_key: str) -> Actor: ...
