"""The tenant's directory: groups and assignment filters, each kept as the text that Graph sends."""

from dataclasses import dataclass
from uuid import uuid5

from .assignment import NAMESPACE
from .jsontext import quoted
from .shelf import Shelf


@dataclass(frozen=True, slots=True)
class Group:
    """A group; `body` is its entry without `@odata.type`."""

    id: str
    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Filter:
    """An assignment filter."""

    id: str
    name: str
    body: bytes


def make_group(group_id: str, name: str, *, rule: str | None = None, created: str = "2024-02-19T08:31:07Z") -> Group:
    """A security group, dynamic where it has a membership rule."""
    nickname = f"g{group_id[:8]}"
    dynamic = rule is not None
    body = (
        f'{{"id":"{group_id}","deletedDateTime":null,"classification":null,"createdDateTime":"{created}",'
        f'"description":null,"displayName":{quoted(name)},"groupTypes":{"[" + quoted("DynamicMembership") + "]" if dynamic else "[]"},'
        f'"mail":null,"mailEnabled":false,"mailNickname":"{nickname}",'
        f'"membershipRule":{quoted(rule) if rule is not None else "null"},'
        f'"membershipRuleProcessingState":{quoted("On") if dynamic else "null"},"onPremisesSyncEnabled":null,'
        f'"proxyAddresses":[],"securityEnabled":true,"visibility":null}}'
    )
    return Group(group_id, name, body.encode())


def make_filter(
    filter_id: str,
    name: str,
    *,
    platform: str = "windows10AndLater",
    rule: str = '(device.deviceOwnership -eq "Corporate")',
    kind: str = "devices",
) -> Filter:
    """An assignment filter; `kind` is `devices` or `apps`."""
    body = (
        f'{{"id":"{filter_id}","createdDateTime":"2024-01-11T09:12:44.1834215Z",'
        f'"lastModifiedDateTime":"2024-05-02T13:40:09.7712201Z","displayName":{quoted(name)},"description":"",'
        f'"platform":"{platform}","rule":{quoted(rule)},"roleScopeTags":["0"],'
        f'"assignmentFilterManagementType":"{kind}"}}'
    )
    return Filter(filter_id, name, body.encode())


class Directory:
    """Groups and filters of one tenant, in the order they came."""

    def __init__(self) -> None:
        self.groups: Shelf[Group] = Shelf()
        self.filters: Shelf[Filter] = Shelf()

    def group_named(self, name: str, *, rule: str | None = None) -> Group:
        """The group that stands for a name met in an export; made, with a derived id, on first sight."""
        group_id = str(uuid5(NAMESPACE, f"group/{name}"))
        group = self.groups.get(group_id)
        if group is None:
            group = make_group(group_id, name, rule=rule)
            self.groups.add(group)
        return group

    def filter_named(self, name: str, platform: str = "windows10AndLater", kind: str = "devices") -> Filter:
        """The filter that stands for a name met in an export; made, with a derived id, on first sight."""
        filter_id = str(uuid5(NAMESPACE, f"filter/{name}"))
        found = self.filters.get(filter_id)
        if found is None:
            found = make_filter(filter_id, name, platform=platform, kind=kind)
            self.filters.add(found)
        return found
