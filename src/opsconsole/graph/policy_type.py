"""What is to be known of one policy type (graph.md 1.1 and 2.2). Loads nothing but the domain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from opsconsole.domain.assignment import Assignment, TargetKind


class Write(StrEnum):
    """How the set of assignments of a type is written."""

    REPLACE = "replace"
    UPDATE = "update"
    STEPS = "steps"
    NONE = "none"


class Read(StrEnum):
    """How the assignments of a type are read: with the list, or policy by policy in batches.

    A list of which nobody recorded that it takes ``$expand`` is not asked to: the try would cost a call, and one such list is
    known to answer empty arrays whatever is there.
    """

    WITH_LIST = "with_list"
    BY_ITEM = "by_item"
    BY_ITEM_EXPANDED = "by_item_expanded"


class Area(StrEnum):
    """The part of Intune whose request budget a type draws on (graph.md 4)."""

    CONFIGURATION = "configuration"
    SETTINGS = "settings"
    APPS = "apps"
    MANAGED_APPS = "managed_apps"
    ENROLMENT = "enrolment"
    DEVICES = "devices"
    UPDATES = "updates"
    INTENTS = "intents"


ANYONE = frozenset(
    {
        TargetKind.GROUP,
        TargetKind.EXCLUSION,
        TargetKind.ALL_DEVICES,
        TargetKind.ALL_USERS,
        TargetKind.COLLECTION,
    }
)
"""Targets of an ordinary type. ``other`` belongs to features beside assignments and is never restored."""

GROUPS_ONLY = frozenset({TargetKind.GROUP, TargetKind.EXCLUSION})
"""Update profiles: a real driver assignment with others was answered 400 (terraprovider #12)."""

GROUPS_AND_ALL_USERS = GROUPS_ONLY | {TargetKind.ALL_USERS}
"""Managed apps: *All users* is a group target with the pseudo group's id, *All devices* cannot be expressed."""

GROUPS_AND_ALL_DEVICES = GROUPS_ONLY | {TargetKind.ALL_DEVICES}
"""Autopilot profiles are for devices."""

BUILT_IN_SUFFIXES = (
    "_defaultlimit",
    "_defaultplatformrestrictions",
    "_defaultwindowshelloforbusiness",
    "_defaultwindows10enrollmentcompletionpageconfiguration",
    "_windowsrestore",
)
"""Ends of the ids of enrolment configurations that every tenant has, listed as assigned to all and not assignable."""


WINGET = "#microsoft.graph.winGetApp"
"""Apps of this kind take assignments only once they are published (Intune-Toolkit #25); of others nobody recorded it."""


@dataclass(frozen=True, slots=True)
class PolicyType:
    """One row. ``path`` is relative to the Graph root and version; ``answer`` is what a successful write answers;
    ``entity`` is what Graph calls the type in the name of its assignments, where that is not ``key``; ``kept_fields`` are
    what an assignment holds beside its target; ``skips`` names the policies of the type that cannot be assigned, and
    ``is_judged`` says that it takes more than a policy's id to know them.

    ``why_not`` says why a type is left out; empty for the supported ones.
    """

    key: str
    label: str
    path: str
    permission: str
    area: Area
    name_field: str = "displayName"
    read: Read = Read.WITH_LIST
    write: Write = Write.REPLACE
    body_key: str = "assignments"
    answer: int = 204
    legal_targets: frozenset[TargetKind] = ANYONE
    has_quoted_key: bool = False
    entity: str = ""
    kept_fields: tuple[str, ...] = ()
    skips: str = ""
    is_judged: bool = False
    why_not: str = ""

    @property
    def is_supported(self) -> bool:
        """Tell whether this version backs the type up and restores it."""
        return not self.why_not

    @property
    def expands(self) -> bool:
        """Tell whether the list is known to bring the assignments along."""
        return self.read is Read.WITH_LIST

    @property
    def is_written_whole(self) -> bool:
        """Tell whether one call replaces the whole set."""
        return self.write in (Write.REPLACE, Write.UPDATE)

    @property
    def assignment_type(self) -> str:
        """Return the OData type of an assignment, without ``#microsoft.graph.``."""
        return f"{self.entity or self.key}Assignment"

    @property
    def permission_read(self) -> str:
        """Return the least permission that reads policies and assignments of this type."""
        return f"{self.permission}.Read.All" if self.permission else ""

    @property
    def permission_write(self) -> str:
        """Return the least permission that writes assignments of this type."""
        return f"{self.permission}.ReadWrite.All" if self.permission else ""

    @property
    def assign_path(self) -> str:
        """Return the path of a write, with ``{id}`` where the policy's id goes."""
        if self.write is Write.STEPS:
            return f"{self.path}/{{id}}/assignments"
        if self.write is Write.UPDATE:
            return f"{self.path}/{{id}}/update"
        return f"{self.path}('{{id}}')/assign" if self.has_quoted_key else f"{self.path}/{{id}}/assign"

    def why_unassignable(self, policy_id: str, *, priority: int | None = None, kind: str = "", state: str = "") -> str:
        """Return why a policy cannot be assigned although its type can, or nothing.

        ``priority``, ``kind`` (its OData type) and ``state`` (how far its publishing is) are what the policy itself says.
        """
        if self.key == "deviceEnrollmentConfiguration":
            if policy_id.lower().endswith(BUILT_IN_SUFFIXES):
                return "Built in: every tenant has it, and its assignment cannot be changed."
            if priority == 0 and "_" in policy_id:
                return "Built in: it has the priority 0, and its assignment cannot be changed."
        if self.key == "roleScopeTag" and policy_id == "0":
            return "Built in: every tenant has this tag, and it is assigned to nobody."
        if self.key == "mobileApp" and kind == WINGET and state not in ("", "published"):
            return "Not published yet, so it cannot be assigned: publish the app, then preview again."
        return ""


def target_problem(row: PolicyType, planned: Iterable[Assignment]) -> str:
    """Return in a sentence why ``planned`` cannot be the set of a policy of this type, or nothing (graph.md 2.2)."""
    kinds = set()
    for entry in planned:
        if entry.target.kind not in row.legal_targets:
            word = entry.target.kind.value.replace("_", " ")
            return f"{row.label}: a target of the kind '{word}' cannot be assigned."
        kinds.add(entry.target.kind)
    if row.key == "windowsAutopilotDeploymentProfile" and kinds >= {TargetKind.ALL_DEVICES, TargetKind.EXCLUSION}:
        return f"{row.label}: 'all devices' cannot be combined with exclusions."
    return ""
