"""Fault rules as data: what a request must look like, how often, and what then goes wrong.

A file holds a list of rules, or an object `{"rules": [...]}`. A rule:

    {"name": "two scripts throttled",
     "match": {"method": "GET", "path_regex": "deviceHealthScripts", "type": "deviceHealthScript", "policy_id": "…",
               "operation": "assignments", "batch_inner": true},
     "times": 2, "skip": 0, "probability": 1.0,
     "action": {"kind": "status", "status": 429, "code": "TooManyRequests", "message": "…", "retry_after": 2.128}}

All of `match` is optional and must hold together. `times` is a number or `"forever"`; left out it is 1, or forever where a
`probability` is given. The first `skip` matches pass. The first rule that fires decides; `delay_ms` rules add up before it.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from .policy_types import BY_KEY
from .routes import OBJECT_SCOPES, Operation

Positive = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[int, msgspec.Meta(ge=0)]


class _Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """What goes wrong."""


class Status(_Action, frozen=True, tag="status"):
    """An error answer. `retry_after` is in seconds, whole or not; with `as_date` the header holds a date instead. With
    `apply` a write has happened all the same."""

    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    code: str = ""
    message: str = "An error has occurred"
    shape: Literal["plain", "nested", "deep"] = "nested"
    retry_after: Annotated[float, msgspec.Meta(ge=0)] | None = None
    as_date: bool = False
    apply: bool = False


class Reset(_Action, frozen=True, tag="reset"):
    """The connection drops, before or after the request took effect."""

    when: Literal["before", "after"] = "before"


class Truncate(_Action, frozen=True, tag="truncate"):
    """The connection drops in the middle of the answer; a write has happened."""


class Html(_Action, frozen=True, tag="html"):
    """The web server's own error page."""

    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 503
    apply: bool = False


class Empty(_Action, frozen=True, tag="empty"):
    """A status without a body."""

    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 504
    apply: bool = False


class Malformed(_Action, frozen=True, tag="malformed"):
    """200 and half a JSON text, of the length announced."""

    apply: bool = False


class MissingAssignmentsKey(_Action, frozen=True, tag="missing_assignments_key"):
    """Entries come without the key that `$expand=assignments` asked for: all of a page, or those of these policies."""

    policy_ids: tuple[str, ...] = ()


class DuplicatePage(_Action, frozen=True, tag="duplicate_page"):
    """The link leads to the same page once more, under another address."""


class LoopingNextLink(_Action, frozen=True, tag="looping_nextlink"):
    """The link leads to the very page it stands on."""


class ForeignNextLink(_Action, frozen=True, tag="foreign_nextlink"):
    """The link leads to another host, which must never see the token."""

    host: str = "https://graph.example.net"


class DelayMs(_Action, frozen=True, tag="delay_ms"):
    """The answer takes this much longer."""

    ms: NotNegative


class DropTarget(_Action, frozen=True, tag="drop_target"):
    """A write succeeds but loses its last target."""


class StaleRead(_Action, frozen=True, tag="stale_read"):
    """After a write, this many reads of the policy still show the state before it."""

    reads: Positive = 1


Action = (
    Status
    | Reset
    | Truncate
    | Html
    | Empty
    | Malformed
    | MissingAssignmentsKey
    | DuplicatePage
    | LoopingNextLink
    | ForeignNextLink
    | DelayMs
    | DropTarget
    | StaleRead
)

_PAGED: frozenset[Operation] = frozenset({"list", "assignments", "groups", "filters"})

ONLY_ON: dict[type, frozenset[Operation]] = {
    MissingAssignmentsKey: frozenset({"list", "read"}),
    DuplicatePage: _PAGED,
    LoopingNextLink: _PAGED,
    ForeignNextLink: _PAGED,
    DropTarget: frozenset({"assign", "update"}),
    StaleRead: frozenset({"assign", "update", "append", "remove"}),
}
"""Actions that mean something for a few operations only; on others the rule does not fire and is not used up."""


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a request must look like; `type` also knows `groups`, `assignmentFilters` and `operationApprovalRequests`."""

    method: str | None = None
    path_regex: str | None = None
    type: str | None = None
    policy_id: str | None = None
    operation: Operation | None = None
    batch_inner: bool | None = None


class FaultRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule; `times` None means once, or forever where a probability is given."""

    action: Action
    match: Match = Match()
    name: str = ""
    times: Positive | Literal["forever"] | None = None
    skip: NotNegative = 0
    probability: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None

    @property
    def limit(self) -> int | None:
        """How often it may fire; None is without limit."""
        if self.times is None:
            return None if self.probability is not None else 1
        return None if self.times == "forever" else self.times


def parse_faults(rules: Iterable[Mapping[str, Any] | FaultRule]) -> tuple[FaultRule, ...]:
    """Rules from plain values; raises ValueError that names the rule's number and the key."""
    return tuple(_rule(number, rule) for number, rule in enumerate(rules, start=1))


def load_faults(path: Path) -> tuple[FaultRule, ...]:
    """Rules from a JSON file; raises ValueError that names the file, the rule's number and the key."""
    try:
        content = msgspec.json.decode(path.read_bytes())
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}: not JSON: {error}") from error
    if isinstance(content, dict) and set(content) == {"rules"}:
        content = content["rules"]
    if not isinstance(content, list):
        raise ValueError(f'{path}: expected a list of rules, or an object with the one key "rules"')
    try:
        return parse_faults(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _rule(number: int, rule: Mapping[str, Any] | FaultRule) -> FaultRule:
    if isinstance(rule, FaultRule):
        return rule
    try:
        parsed = msgspec.convert(rule, FaultRule)
    except msgspec.ValidationError as error:
        raise ValueError(f"rule {number}: {error}") from error
    match = parsed.match
    if match.type is not None and match.type not in BY_KEY and match.type not in OBJECT_SCOPES.values():
        raise ValueError(f"rule {number}: match.type: no policy type is called {match.type!r}")
    try:
        re.compile(match.path_regex or "")
    except re.error as error:
        raise ValueError(f"rule {number}: match.path_regex: {error}") from error
    return parsed
