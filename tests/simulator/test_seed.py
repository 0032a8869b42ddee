"""The invented tenant: exact, repeatable, and hard in the ways that real ones are."""

import json
import time

import pytest

from opsconsole.simulator import BY_KEY, Tenant, seeded_tenant
from opsconsole.simulator.assignment import is_direct, parsed, target_of
from opsconsole.simulator.seed_names import ODD_GROUP_NAMES, SUBJECTS
from opsconsole.simulator.targets import PSEUDO_GROUPS

from .conftest import Start


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return seeded_tenant(1000, seed=42)


@pytest.mark.parametrize("count", [0, 1, 2, 12, 13, 14, 19, 20, 21, 99, 100, 257, 1000])
def test_the_number_asked_for_is_the_number_made(count: int) -> None:
    tenant = seeded_tenant(count)
    assert len(tenant) == sum(tenant.counts().values()) == count
    if count >= len(SUBJECTS):
        assert set(tenant.counts()) == set(SUBJECTS)


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 or more"):
        seeded_tenant(-1)


def test_one_seed_gives_one_tenant_and_another_another() -> None:
    def text(tenant: Tenant) -> bytes:
        return b"".join(tenant.served_entry(policy.type.key, policy.id) for policy in tenant)

    assert text(seeded_tenant(150, seed=9)) == text(seeded_tenant(150, seed=9))
    assert text(seeded_tenant(150, seed=9)) != text(seeded_tenant(150, seed=10))


def test_every_entry_is_json_with_the_name_and_id_it_is_known_by(tenant: Tenant) -> None:
    for policy in tenant:
        entry = json.loads(tenant.served_entry(policy.type.key, policy.id))
        assert entry["id"] == policy.id
        assert entry[policy.type.name_field] == policy.name
        assert len(entry["assignments"]) == len(policy.assignments)
        assert policy.id.startswith(policy.type.id_prefix)


def test_it_holds_what_breaks_tools(tenant: Tenant) -> None:
    counts = [len(policy.assignments) for policy in tenant]
    assert max(counts) == 500
    assert counts.count(0) > 10
    names = [policy.name for policy in tenant if not policy.built_in]
    assert len(names) > len(set(names))
    group_names = [group.name for group in tenant.directory.groups]
    assert sorted(set(ODD_GROUP_NAMES)) == sorted(set(ODD_GROUP_NAMES) & set(group_names))
    assert group_names.count("All Staff") == 2
    assert any(len(name) == 500 for name in group_names)
    known = {group.id for group in tenant.directory.groups} | PSEUDO_GROUPS
    targets = [target_of(one) for policy in tenant for one in policy.assignments]
    assert 0 < sum(target.group not in known for target in targets) < 40
    assert {target.kind for target in targets} == {"group", "exclusion", "all_devices", "all_users"}
    assert {target.filter_type for target in targets} == {"none", "include", "exclude"}
    assert any(not is_direct(one) for policy in tenant for one in policy.assignments)
    text = b"".join(policy.body for policy in tenant)
    for hard in (b'"x_ratio":1.0', b"\\ud83d\\ude00", b"123456789012345678901234567890", b"1e3"):
        assert hard in text


def test_no_two_assignments_of_a_policy_share_an_id(tenant: Tenant) -> None:
    for policy in tenant:
        assert len({one.id for one in policy.assignments}) == len(policy.assignments)


def test_the_service_takes_back_every_set_it_shows(start: Start, tenant: Tenant) -> None:
    client, _ = start(tenant)
    before = client.control("GET", "snapshot")
    for policy in tenant:
        if policy.built_in or policy.type.write != "assign":
            continue
        entries = [parsed(one) for one in policy.assignments if is_direct(one)]
        reply = client.post(f"/beta/{policy.type.path}/{policy.id}/assign", {policy.type.body_key: entries})
        assert reply.status == policy.type.answer, (policy.type.key, reply.body)
    assert client.control("GET", "snapshot") == before


def test_ten_thousand_policies_are_there_within_a_second_or_so() -> None:
    began = time.process_time()
    assert len(seeded_tenant(10_000)) == 10_000
    assert time.process_time() - began < 3, "three times the second allowed: machines differ"


def test_a_page_of_a_hundred_costs_little(start: Start) -> None:
    tenant = seeded_tenant(2000)
    shelf = tenant.shelves["settingsCatalogPolicy"]
    page, _ = shelf.page(100, 100)
    began = time.process_time()
    for _ in range(20):
        b",".join([policy.entry(policy.assignments) for policy in page])
    assert (time.process_time() - began) / 20 < 0.005
    assert BY_KEY["settingsCatalogPolicy"].expand == "yes"
