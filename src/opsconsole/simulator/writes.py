"""Changes to a policy's assignments: the whole set, one more, one less."""

from collections.abc import Mapping
from typing import Any

import msgspec

from .assignment import composed, is_direct, parsed, target_of
from .call import Call
from .errors import GraphError, bad_request, not_found
from .messages import Answer
from .policy import METADATA, Assignment, Policy
from .reads import found_policy
from .targets import PSEUDO_GROUPS, Target, check_target, place_in_set, read_target

Entry = dict[str, msgspec.Raw]

POLICY_SET_KEYS = frozenset({"assignments", "addedPolicySetItems", "updatedPolicySetItems", "deletedPolicySetItems"})
"""All that a policy set's `/update` takes."""


def assign(call: Call) -> Answer:
    """Replaces the direct assignments by the posted ones; what a policy set put there stays."""
    policy = _writable(call)
    if policy.type.write != "assign":
        raise bad_request("Invalid property values")
    body = _members(call.request.body)
    if set(body) != {policy.type.body_key}:
        raise bad_request("Invalid property values")
    _replace(call, policy, body[policy.type.body_key])
    if policy.type.answer == 204:
        return Answer(204)
    texts = b",".join([assignment.text for assignment in policy.assignments])
    context = f'{{"@odata.context":"{METADATA}Collection(microsoft.graph.{policy.type.assignment})","value":['
    return Answer(200, context.encode() + texts + b"]}")


def update_policy_set(call: Call) -> Answer:
    """A policy set's own way of being assigned; without the key `assignments` they stay as they are."""
    policy = _writable(call)
    body = _members(call.request.body)
    if not body or not set(body) <= POLICY_SET_KEYS:
        raise bad_request("Invalid property values")
    if "assignments" in body:
        _replace(call, policy, body["assignments"])
    return Answer(204)


def append(call: Call) -> Answer:
    """Adds one assignment; refuses a target that the policy already has."""
    policy = _writable(call)
    raw = _members(call.request.body)
    entry, target = _checked(call, policy, raw)
    place = place_in_set(policy.type, entry, target)
    for existing in policy.assignments:
        if place_in_set(policy.type, parsed(existing), target_of(existing)) == place:
            raise _already_exists(policy, existing)
    if policy.type.key == "windowsAutopilotDeploymentProfile" and target.kind == "all_devices":
        _refuse_second_profile_for_all(call, policy)
    added = composed(policy.type, policy.id, raw, target, call.tenant.clock.now())
    _settle(call, policy, [*policy.assignments, added])
    context = f'{{"@odata.context":"{METADATA}{policy.assignments_path()}/$entity",'
    return Answer(201, context.encode() + added.text[1:])


def remove(call: Call) -> Answer:
    """Removes one assignment; 404 where it is gone."""
    policy = _writable(call)
    gone = policy.assignment(call.route.assignment_id)
    if gone is None:
        raise not_found()
    _settle(call, policy, [assignment for assignment in policy.assignments if assignment is not gone])
    return Answer(204)


def _writable(call: Call) -> Policy:
    """The policy, unless it is one of those the service made for itself."""
    policy = found_policy(call)
    if policy.built_in:
        raise bad_request()
    if b"#microsoft.graph.winGetApp" in policy.body and b'"publishingState":"published"' not in policy.body:
        raise bad_request("The app must be published before it can be assigned.")
    return policy


def _replace(call: Call, policy: Policy, raw_entries: msgspec.Raw) -> None:
    """Puts the posted set in place of the direct assignments; of two entries with one target the first counts."""
    try:
        entries = msgspec.json.decode(raw_entries, type=list[Entry])
    except msgspec.DecodeError:
        raise bad_request("Invalid property values") from None
    now = call.tenant.clock.now()
    places: set[tuple[str, str]] = set()
    written: list[Assignment] = []
    for raw in entries:
        entry, target = _checked(call, policy, raw)
        place = place_in_set(policy.type, entry, target)
        if place not in places:
            places.add(place)
            written.append(composed(policy.type, policy.id, raw, target, now))
    if call.drops_target and written:
        written.pop()
    _settle(call, policy, [*written, *(entry for entry in policy.assignments if not is_direct(entry))])


def _settle(call: Call, policy: Policy, assignments: list[Assignment]) -> None:
    """Makes it so, and lets reads see the old state a while longer where a fault asks for it."""
    old, policy.assignments = policy.assignments, assignments
    if call.stale_reads:
        call.faults.keep_stale(policy, old, call.stale_reads)


def _checked(call: Call, policy: Policy, raw: Entry) -> tuple[Mapping[str, Any], Target]:
    """A posted entry as values, and its target; refuses what the type cannot have."""
    entry: dict[str, Any] = {name: msgspec.json.decode(value) for name, value in raw.items()}
    if not isinstance(entry.get("target"), dict):
        raise bad_request("Invalid property values")
    odata_type = (
        str(entry.get("@odata.type", policy.type.assignment)).removeprefix("#").removeprefix("microsoft.graph.")
    )
    if odata_type.lower() != policy.type.assignment.lower():
        raise bad_request("Invalid property values")
    target = read_target(entry["target"])
    check_target(policy.type, entry, target)
    _refuse_unknown(call, policy, target)
    return entry, target


def _refuse_unknown(call: Call, policy: Policy, target: Target) -> None:
    """Refuses a group or filter that the directory does not have, where the tenant is set to."""
    mode = call.tenant.unknown_targets
    if mode == "accept":
        return
    directory = call.tenant.directory
    group_unknown = (
        target.kind in ("group", "exclusion")
        and target.group not in PSEUDO_GROUPS
        and target.group not in directory.groups
    )
    filter_unknown = target.filter_id is not None and target.filter_id not in directory.filters
    if not group_unknown and not filter_unknown:
        return
    present = [target_of(assignment) for assignment in policy.assignments]
    group_kept = not group_unknown or any(old.group == target.group for old in present)
    filter_kept = not filter_unknown or any(old.filter_id == target.filter_id for old in present)
    if mode == "refuse" or not (group_kept and filter_kept):
        raise bad_request("Invalid property values")


def _refuse_second_profile_for_all(call: Call, policy: Policy) -> None:
    """Only one Autopilot profile can be for all devices."""
    for other in call.tenant.shelves[policy.type.key]:
        if other is not policy and any(target_of(entry).kind == "all_devices" for entry in other.assignments):
            raise bad_request(f"Another Profile {other.id} is already assigned to All Devices.")


def _already_exists(policy: Policy, existing: Assignment) -> GraphError:
    """400, not 409: an append of what is there."""
    noun = policy.type.key[0].upper() + policy.type.key[1:]
    return bad_request(f"The {noun} Assignment already exists, for AppId: {policy.id}, AssignmentId: {existing.id}.")


def _members(body: bytes) -> Entry:
    """The body's members, values untouched; refuses what is not an object."""
    try:
        return msgspec.json.decode(body, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise bad_request("Invalid property values") from None
