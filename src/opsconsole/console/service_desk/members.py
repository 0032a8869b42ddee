"""Members: each call is one service function, asked for the workspace it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from opsconsole.console.desk.members import MembersReport
from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later

if TYPE_CHECKING:
    from opsconsole.domain.access import Actor, Member, Role
    from opsconsole.service import members
else:
    members = Later("opsconsole.service.members")


class MembersAtService(AtService):
    """Members: each call is one service function."""

    def members(self) -> MembersReport:
        caller = self.caller
        return MembersReport(members.list_members(caller), caller.actor.key, caller.db.dialect == "sqlite")

    def account(self, text: str) -> Actor:
        return members.named_account(self.caller, text)

    def set_member(self, workspace: str, actor_key: str, role: Role) -> Member:
        return members.add_member(replace(self.caller, workspace=workspace), actor_key, role)

    def remove_member(self, workspace: str, actor_key: str) -> Actor:
        return members.remove_member(replace(self.caller, workspace=workspace), actor_key)
