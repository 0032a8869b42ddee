"""Changes behind the backup's back: some policies, at random, in the ways that administrators change them."""

import random
from collections.abc import Callable
from typing import Any

from .assignment import invented, target_of
from .directory import Group
from .policy import Assignment, Policy
from .targets import Target
from .tenant import Tenant

Change = Callable[[Tenant, Policy, random.Random], list[Assignment] | None]


def shake(tenant: Tenant, count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Changes the assignments of up to `count` policies; returns which, and how."""
    rng = random.Random(seed)  # noqa: S311 - chance to be repeated, not secrecy
    candidates = [policy for policy in tenant if not policy.built_in]
    rng.shuffle(candidates)
    changed: list[dict[str, Any]] = []
    for policy in candidates:
        if len(changed) >= count:
            break
        names = list(CHANGES)
        rng.shuffle(names)
        for name in names:
            assignments = CHANGES[name](tenant, policy, rng)
            if assignments is not None:
                policy.assignments = assignments
                changed.append({"type": policy.type.key, "id": policy.id, "name": policy.name, "change": name})
                break
    return changed


def _drop_target(_tenant: Tenant, policy: Policy, rng: random.Random) -> list[Assignment] | None:
    if not policy.assignments:
        return None
    gone = rng.choice(policy.assignments)
    return [assignment for assignment in policy.assignments if assignment is not gone]


def _add_group(tenant: Tenant, policy: Policy, rng: random.Random) -> list[Assignment] | None:
    present = {target_of(assignment).group for assignment in policy.assignments}
    groups: list[Group] = [group for group in tenant.directory.groups if group.id.lower() not in present]
    if not groups:
        return None
    return [*policy.assignments, group_assignment(tenant, policy, rng.choice(groups).id)]


def _remove_exclusion(_tenant: Tenant, policy: Policy, rng: random.Random) -> list[Assignment] | None:
    exclusions = [assignment for assignment in policy.assignments if target_of(assignment).kind == "exclusion"]
    if not exclusions:
        return None
    gone = rng.choice(exclusions)
    return [assignment for assignment in policy.assignments if assignment is not gone]


def _clear_all(_tenant: Tenant, policy: Policy, _rng: random.Random) -> list[Assignment] | None:
    return [] if policy.assignments else None


CHANGES: dict[str, Change] = {
    "drop_target": _drop_target,
    "add_group": _add_group,
    "remove_exclusion": _remove_exclusion,
    "clear_all": _clear_all,
}


def group_assignment(tenant: Tenant, policy: Policy, group_id: str) -> Assignment:
    """A plain assignment of a policy to a group, as the portal would make it."""
    target = Target("group", group_id.lower(), None, "none")
    when = f"{tenant.clock.now():%Y-%m-%dT%H:%M:%S.%f}Z"
    if policy.type.id_form != "intent":
        return invented(policy.type, policy.id, target, when)
    field = "intent" if policy.type.key == "mobileApp" else "installIntent"
    return invented(policy.type, policy.id, target, when, extra=f',"{field}":"required"', intent="required")
