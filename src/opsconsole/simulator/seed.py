"""An invented tenant: as many policies as asked for, in the proportions of a real one, with all that makes real ones hard."""

import random
from datetime import UTC, datetime, timedelta

from .assignment import invented
from .built_in import BUILT_IN_NAME, BUILT_INS
from .clock import Clock
from .directory import make_filter, make_group
from .jsontext import quoted
from .policy_types import BY_KEY, PolicyType
from .seed_assignments import Aim
from .seed_bodies import Draft, policy_body
from .seed_names import (
    DEPARTMENTS,
    GROUP_KINDS,
    ODD_GROUP_NAMES,
    ODD_POLICY_NAMES,
    PLATFORMS,
    REGIONS,
    RINGS,
    SUBJECTS,
)
from .targets import ALL_DEVICES, Target
from .tenant import Tenant

WEIGHTS = {
    "settingsCatalogPolicy": 28,
    "mobileApp": 22,
    "deviceConfiguration": 14,
    "deviceCompliancePolicy": 8,
    "groupPolicyConfiguration": 6,
    "deviceManagementScript": 5,
    "deviceHealthScript": 4,
    "deviceEnrollmentConfiguration": 4,
    "targetedManagedAppConfiguration": 2,
    "androidManagedAppProtection": 2,
    "iosManagedAppProtection": 2,
    "windowsAutopilotDeploymentProfile": 2,
    "windowsFeatureUpdateProfile": 1,
}
"""Share of each type, in per cent: settings catalog, apps and profiles make up most of a tenant."""

CROWDED = 500
"""Targets of the one policy that has very many."""

CROWDED_FROM = 20
"""Smallest tenant that has the crowded policy and the orphans: a test that asks for three policies wants three plain ones."""

FILTERS = (
    ("Corporate Windows", "windows10AndLater", '(device.deviceOwnership -eq "Corporate")', "devices"),
    ("Windows 11 only", "windows10AndLater", '(device.osVersion -startsWith "10.0.22")', "devices"),
    ("Autopilot | VM excluded", "windows10AndLater", '(device.model -ne "Virtual Machine")', "devices"),
    ("Corporate macOS", "macOS", '(device.deviceOwnership -eq "Corporate")', "devices"),
    ("[Kiosk] iPads", "iOS", '(device.enrollmentProfileName -eq "Kiosk")', "devices"),
    ("Personal Android", "androidForWork", '(device.deviceOwnership -eq "Personal")', "devices"),
    ("O'Hare warehouse", "windows10AndLater", '(device.deviceName -startsWith "OHR")', "devices"),
    ("Managed Android apps", "androidMobileApplicationManagement", '(app.osVersion -startsWith "14")', "apps"),
    ("Managed iOS apps", "iOSMobileApplicationManagement", '(app.osVersion -startsWith "17")', "apps"),
)
"""Name, platform, rule and management type of the tenant's filters."""


def seeded_tenant(policies: int = 200, seed: int = 1, *, clock: Clock | None = None) -> Tenant:
    """A tenant of exactly that many policies; one seed gives one tenant, byte for byte. Raises ValueError below 0."""
    if policies < 0:
        raise ValueError(f"policies: expected 0 or more, got {policies}")
    rng = random.Random(seed)  # noqa: S311 - chance to be repeated, not secrecy
    tenant = Tenant(clock=clock)
    aim = _furnish(tenant, policies, rng)
    for key, count in _quotas(policies).items():
        _fill(tenant, BY_KEY[key], count, aim, rng)
    if policies >= CROWDED_FROM:
        _complicate(tenant, aim, rng)
    return tenant


def _quotas(policies: int) -> dict[str, int]:
    """How many policies of each type: by weight, one of each where there are enough, the sum exact."""
    quotas = {key: policies * weight // 100 for key, weight in WEIGHTS.items()}
    if policies >= len(WEIGHTS):
        quotas = {key: max(1, count) for key, count in quotas.items()}
    keys = list(WEIGHTS)
    missing = policies - sum(quotas.values())
    for step in range(abs(missing)):
        key = keys[step % len(keys)] if missing > 0 else max(quotas, key=lambda one: quotas[one])
        quotas[key] += 1 if missing > 0 else -1
    return quotas


def _furnish(tenant: Tenant, policies: int, rng: random.Random) -> Aim:
    """Groups and filters, and the means to aim at them."""
    odd = list(ODD_GROUP_NAMES)
    wanted = max(CROWDED + 20, min(2000, policies // 5)) if policies >= CROWDED_FROM else 40
    for number in range(wanted):
        if number % 5 == 0 and odd:
            name = odd.pop(0)
        else:
            name = f"SG-{rng.choice(DEPARTMENTS)}-{rng.choice(GROUP_KINDS)}-{rng.choice(REGIONS)}-{number:04}"
        rule = "(user.accountEnabled -eq true)" if number % 7 == 3 else None
        tenant.directory.groups.add(make_group(new_id(rng), name, rule=rule))
    filters: dict[str, list[str]] = {"devices": [], "apps": []}
    for name, platform, filter_rule, kind in FILTERS:
        found = make_filter(new_id(rng), name, platform=platform, rule=filter_rule, kind=kind)
        tenant.directory.filters.add(found)
        filters[kind].append(found.id)
    groups = [group.id for group in tenant.directory.groups]
    return Aim(rng, groups, filters["devices"], filters["apps"], "2025-02-03T10:11:12.1234567Z")


def _fill(tenant: Tenant, policy_type: PolicyType, count: int, aim: Aim, rng: random.Random) -> None:
    """Policies of one type; the first enrolment configurations are the built-in ones, up to half."""
    made = 0
    if policy_type.key == "deviceEnrollmentConfiguration":
        made = min(len(BUILT_INS), count // 2)
        for index in range(made):
            _add_built_in(tenant, index, rng)
    for number in range(made, count):
        policy_id = policy_type.id_prefix + new_id(rng)
        assignments = aim.draw(policy_type, policy_id)
        created, modified = _moments(rng)
        name = _name(policy_type, number, rng)
        draft = Draft(policy_type, policy_id, name, created, modified, bool(assignments), rng)
        body = policy_body(draft)
        tenant.add_policy(policy_type.key, policy_id, name, body.encode(), assignments, cast=_cast(body, policy_type))


def _name(policy_type: PolicyType, number: int, rng: random.Random) -> str:
    """A name as administrators give them; a few odd ones, and now and then one that is taken already."""
    if number % 11 == 5:
        return ODD_POLICY_NAMES[number // 11 % len(ODD_POLICY_NAMES)]
    subject = rng.choice(SUBJECTS[policy_type.key])
    if policy_type.key == "mobileApp":
        return f"{subject} {rng.randrange(1, 30)}.{rng.randrange(0, 20)}"
    return f"{rng.choice(PLATFORMS)} - {subject} - {rng.choice(RINGS)} - {rng.choice(REGIONS)} v{number // 50 + 1}.{number % 50}"


def _cast(body: str, policy_type: PolicyType) -> str:
    """The derived type as it stands in a context; only an entry that begins with `@odata.type` has one."""
    start = '{"@odata.type":"#'
    if not body.startswith(start):
        return ""
    odata_type = body[len(start) : body.index('"', len(start))]
    return "" if odata_type.endswith(f".{policy_type.entity}") else f"/{odata_type}"


def _moments(rng: random.Random) -> tuple[str, str]:
    """When a policy was made and last changed."""
    created = EPOCH + timedelta(seconds=rng.randrange(86_400 * 700))
    modified = created + timedelta(seconds=rng.randrange(86_400 * 200))
    return f"{created:%Y-%m-%dT%H:%M:%S}Z", f"{modified:%Y-%m-%dT%H:%M:%S}.{rng.randrange(10**7):07}Z"


EPOCH = datetime(2023, 1, 9, 8, tzinfo=UTC)
"""The invented tenant's first working day."""


def _add_built_in(tenant: Tenant, index: int, rng: random.Random) -> None:
    """One of the configurations that the service made for itself, aimed at all devices."""
    suffix, odata_type, configuration_type, members = BUILT_INS[index]
    policy_type = BY_KEY["deviceEnrollmentConfiguration"]
    policy_id = f"{new_id(rng)}_{suffix}"
    body = (
        f'{{"@odata.type":"#microsoft.graph.{odata_type}","id":"{policy_id}","displayName":"{BUILT_IN_NAME}",'
        f'"description":"This is the default configuration applied with the lowest priority to all users and all devices '
        f'regardless of group membership.","priority":0,"createdDateTime":"0001-01-01T00:00:00Z",'
        f'"lastModifiedDateTime":"2025-10-03T13:01:20Z","version":0,"roleScopeTagIds":[],'
        f'"deviceEnrollmentConfigurationType":"{configuration_type}",{members}}}'
    )
    target = Target("all_devices", ALL_DEVICES, None, "none")
    assignment = invented(policy_type, policy_id, target, "")
    cast = f"/microsoft.graph.{odata_type}"
    tenant.add_policy(policy_type.key, policy_id, BUILT_IN_NAME, body.encode(), [assignment], cast=cast, built_in=True)


def _complicate(tenant: Tenant, aim: Aim, rng: random.Random) -> None:
    """A policy without targets and one with very many, one name twice, groups that are gone, and a policy set's doing."""
    catalog = list(tenant.shelves["settingsCatalogPolicy"])
    crowded, empty, twin, twin_again = catalog[:4]
    groups = [group.id for group in tenant.directory.groups]
    crowded.assignments = aim.aimed_at(crowded.type, crowded.id, groups[:CROWDED])
    empty.assignments = []
    old_name, new_name = (f'"name":{quoted(policy.name)}'.encode() for policy in (twin_again, twin))
    twin_again.body = twin_again.body.replace(old_name, new_name, 1)
    twin_again.name = twin.name
    policy_set = new_id(rng)
    assigned = [
        policy
        for key in ("settingsCatalogPolicy", "deviceConfiguration", "deviceCompliancePolicy")
        for policy in tenant.shelves[key]
        if policy.assignments and policy is not crowded
    ]
    for policy in assigned[1::25]:
        policy.assignments.append(aim.of_policy_set(policy.type, policy.id, policy_set))
    for policy in assigned[2::40]:
        policy.assignments += aim.aimed_at(policy.type, policy.id, [new_id(rng)])


def new_id(rng: random.Random) -> str:
    """A version 4 id from a seeded source; by hand, since uuid.UUID costs more than all else of a seeded policy."""
    digits = f"{rng.getrandbits(128):032x}"
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) % 4]}{digits[17:20]}-{digits[20:]}"
    )
