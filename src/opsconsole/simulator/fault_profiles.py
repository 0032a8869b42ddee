"""Named sets of faults for the demo and rehearsal: from a calm service to a hostile one."""

import random
from collections.abc import Callable

from .assignment import target_of
from .faults import (
    DelayMs,
    DropTarget,
    DuplicatePage,
    Empty,
    FaultRule,
    ForeignNextLink,
    Html,
    LoopingNextLink,
    Malformed,
    Match,
    MissingAssignmentsKey,
    Reset,
    StaleRead,
    Status,
    Truncate,
)
from .policy import Policy
from .policy_types import PERMISSIONS
from .tenant import Tenant

Profile = Callable[[Tenant, random.Random], list[FaultRule]]

AFFECTED_SHARE = 50
"""One policy in so many is refused in the profile `some`, and as many are gone: enough to see, few enough to read."""

THROTTLED_AT_ONCE = 3
"""How many requests the profile `some` throttles."""


def fault_profile(name: str, tenant: Tenant, *, seed: int = 0) -> tuple[FaultRule, ...]:
    """The rules of a profile for this tenant; `some` and `hostile` also delete groups that policies are assigned to.

    Raises ValueError for a name that is none of PROFILES.
    """
    if name not in PROFILES:
        raise ValueError(f"no fault profile is called {name!r}; there are {', '.join(PROFILES)}")
    return tuple(PROFILES[name](tenant, random.Random(seed)))  # noqa: S311 - chance to be repeated, not secrecy


def _none(_tenant: Tenant, _rng: random.Random) -> list[FaultRule]:
    return []


def _some(tenant: Tenant, rng: random.Random) -> list[FaultRule]:
    """A few policies refused, a few gone between list and read, some throttling, one short outage, deleted groups."""
    candidates = [policy for policy in tenant if policy.assignments and not policy.built_in]
    rng.shuffle(candidates)
    count = min(len(candidates) // 2, max(2, len(tenant) // AFFECTED_SHARE))
    refused, gone = candidates[:count], candidates[count : 2 * count]
    rules = [*_hidden_from_lists([*refused, *gone])]
    for policy in refused:
        rules += _on_reads(policy, "403 for one policy", 403, "Forbidden", _missing_scope_text(policy))
    for policy in gone:
        rules += _on_reads(policy, "404 for one policy", 404, "ResourceNotFound", "An error has occurred")
    too_many = Status(429, message="Too many requests.", retry_after=1)
    rules += [
        FaultRule(
            too_many, Match(method="GET", operation="list"), name="throttled list", times=THROTTLED_AT_ONCE, skip=2
        ),
        FaultRule(too_many, Match(batch_inner=True), name="throttled in a batch", times=2, skip=1),
        FaultRule(
            Status(503, message="The service is temporarily unavailable.", shape="plain"),
            Match(method="GET", operation="list"),
            name="short outage",
            skip=6,
        ),
    ]
    _delete_groups(tenant, rng, 3)
    return rules


def _throttled(_tenant: Tenant, _rng: random.Random) -> list[FaultRule]:
    """One request in eight is sent away, with every form of `Retry-After` and without one."""
    forms = {
        "Retry-After in seconds": (0.06, Status(429, message="Too many requests.", retry_after=1)),
        "Retry-After with a fraction": (0.03, Status(429, message="Too many requests.", retry_after=1.128)),
        "Retry-After as a date": (0.02, Status(429, message="Too many requests.", retry_after=2, as_date=True)),
        "no Retry-After": (0.02, Status(429, message="Please retry again later.", shape="plain")),
    }
    return [FaultRule(action, name=name, probability=chance) for name, (chance, action) in forms.items()]


def _hostile(tenant: Tenant, rng: random.Random) -> list[FaultRule]:
    """Everything that was ever seen to go wrong, at random."""
    write, read = Match(method="POST", operation="assign"), Match(method="GET")
    _delete_groups(tenant, rng, 3)
    return [
        FaultRule(DelayMs(30), name="slow", probability=0.1),
        FaultRule(Reset("after"), write, name="write applied, connection lost", probability=0.04),
        FaultRule(Status(504, shape="deep", apply=True), write, name="write applied, 504", probability=0.04),
        FaultRule(Empty(504), write, name="write lost, 504", probability=0.02),
        FaultRule(DropTarget(), write, name="write loses a target", probability=0.02),
        FaultRule(StaleRead(2), write, name="old state read back twice", probability=0.08),
        FaultRule(Status(429, retry_after=1), name="throttled", probability=0.04),
        FaultRule(Status(429, shape="plain"), name="throttled without Retry-After", probability=0.02),
        FaultRule(Reset(), read, name="connection lost", probability=0.02),
        FaultRule(Truncate(), read, name="answer cut", probability=0.02),
        FaultRule(Html(), read, name="web server's error page", probability=0.02),
        FaultRule(Empty(504), read, name="empty 504", probability=0.02),
        FaultRule(Malformed(), read, name="half a JSON text", probability=0.01),
        FaultRule(MissingAssignmentsKey(), name="assignments left out", probability=0.05),
        FaultRule(DuplicatePage(), name="page sent twice", probability=0.05),
        FaultRule(LoopingNextLink(), name="link to itself", probability=0.01),
        FaultRule(ForeignNextLink(), name="link to another host", probability=0.01),
    ]


PROFILES: dict[str, Profile] = {"none": _none, "some": _some, "throttled": _throttled, "hostile": _hostile}


def _hidden_from_lists(policies: list[Policy]) -> list[FaultRule]:
    """Rules that make lists show these policies without assignments, so that each has to be read by itself."""
    by_type: dict[str, list[str]] = {}
    for policy in policies:
        by_type.setdefault(policy.type.key, []).append(policy.id)
    return [
        FaultRule(
            MissingAssignmentsKey(tuple(ids)),
            Match(type=key, operation="list"),
            name="assignments left out",
            times="forever",
        )
        for key, ids in by_type.items()
    ]


def _on_reads(policy: Policy, name: str, status: int, code: str, message: str) -> list[FaultRule]:
    """Rules that answer every read of one policy with an error."""
    action = Status(status, code, message, shape="deep" if status == 403 else "nested")
    return [
        FaultRule(action, Match(method="GET", type=policy.type.key, policy_id=policy.id), name=name, times="forever"),
    ]


def _missing_scope_text(policy: Policy) -> str:
    permission = PERMISSIONS[policy.type.letter]
    return (
        "Application is not authorized to perform this operation. Application must have one of the following scopes: "
        f"{permission}.Read.All, {permission}.ReadWrite.All"
    )


def _delete_groups(tenant: Tenant, rng: random.Random, count: int) -> None:
    """Removes a few groups that policies are assigned to."""
    used = sorted(
        {
            target.group
            for policy in tenant
            if len(policy.assignments) < 50
            for target in map(target_of, policy.assignments)
            if target.group in tenant.directory.groups
        }
    )
    for group_id in rng.sample(used, min(count, len(used))):
        tenant.directory.groups.remove(group_id)
