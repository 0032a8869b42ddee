"""Changes behind the backup's back: some policies, at random, in the ways that administrators change them."""

import random
from collections.abc import Callable
from typing import Any

from .assignment import invented, is_direct, parsed, target_of
from .directory import Group
from .errors import GraphError
from .policy import Assignment, Policy
from .targets import PSEUDO_GROUPS, Target, check_target, place_in_set
from .tenant import Tenant

Change = Callable[[Tenant, Policy, random.Random], list[Assignment] | None]


def shake(tenant: Tenant, count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Changes the assignments of up to `count` policies; returns which, and how.

    Only policies are taken whose present assignments the service would accept again, and only what was set on the policy
    itself is changed: what is shaken here, a restore can undo.
    """
    rng = random.Random(seed)  # noqa: S311 - chance to be repeated, not secrecy
    candidates = [policy for policy in tenant if not policy.built_in]
    rng.shuffle(candidates)
    changed: list[dict[str, Any]] = []
    for policy in candidates:
        if len(changed) >= count:
            break
        if not _can_be_undone(tenant, policy):
            continue
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
    return _without(policy, rng, [assignment for assignment in policy.assignments if is_direct(assignment)])


def _add_group(tenant: Tenant, policy: Policy, rng: random.Random) -> list[Assignment] | None:
    present = {target_of(assignment).group for assignment in policy.assignments}
    groups: list[Group] = [group for group in tenant.directory.groups if group.id.lower() not in present]
    if not groups:
        return None
    return [*policy.assignments, group_assignment(tenant, policy, rng.choice(groups).id)]


def _remove_exclusion(_tenant: Tenant, policy: Policy, rng: random.Random) -> list[Assignment] | None:
    direct = [assignment for assignment in policy.assignments if is_direct(assignment)]
    return _without(policy, rng, [assignment for assignment in direct if target_of(assignment).kind == "exclusion"])


def _clear_all(_tenant: Tenant, policy: Policy, _rng: random.Random) -> list[Assignment] | None:
    kept = [assignment for assignment in policy.assignments if not is_direct(assignment)]
    return kept if len(kept) < len(policy.assignments) else None


CHANGES: dict[str, Change] = {
    "drop_target": _drop_target,
    "add_group": _add_group,
    "remove_exclusion": _remove_exclusion,
    "clear_all": _clear_all,
}


def _without(policy: Policy, rng: random.Random, choices: list[Assignment]) -> list[Assignment] | None:
    """The assignments less one of these; None where there is none to take."""
    if not choices:
        return None
    gone = rng.choice(choices)
    return [assignment for assignment in policy.assignments if assignment is not gone]


def _can_be_undone(tenant: Tenant, policy: Policy) -> bool:
    """Whether the service would take the present assignments back: allowed, each target once, groups and filters there."""
    places: set[tuple[str, str]] = set()
    groups, filters = tenant.directory.groups, tenant.directory.filters
    for assignment in policy.assignments:
        entry, target = parsed(assignment), target_of(assignment)
        place = place_in_set(policy.type, entry, target)
        known = target.kind not in ("group", "exclusion") or target.group in PSEUDO_GROUPS or target.group in groups
        if place in places or not known or (target.filter_id is not None and target.filter_id not in filters):
            return False
        places.add(place)
        try:
            check_target(policy.type, entry, target)
        except GraphError:
            return False
    return True


def group_assignment(tenant: Tenant, policy: Policy, group_id: str) -> Assignment:
    """A plain assignment of a policy to a group, as the portal would make it."""
    target = Target("group", group_id.lower(), None, "none")
    when = f"{tenant.clock.now():%Y-%m-%dT%H:%M:%S.%f}Z"
    if policy.type.id_form != "intent":
        return invented(policy.type, policy.id, target, when)
    field = "intent" if policy.type.key == "mobileApp" else "installIntent"
    return invented(policy.type, policy.id, target, when, extra=f',"{field}":"required"', intent="required")
