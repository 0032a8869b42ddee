"""Ten thousand policies under everything that was ever seen to go wrong: each one accounted for, with the right reason."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

import world as world_module
from opsconsole.domain.backup import DirectoryName, ItemStatus, TypeStatus
from opsconsole.domain.failure import Reason
from opsconsole.graph import governor
from opsconsole.simulator import Tenant
from opsconsole.simulator.fault_profiles import _hidden_from_lists
from opsconsole.store import backups
from world import World, add_policy, excluded, group, group_id, small_tenant, status_fault

WITH_LIST = (
    "settingsCatalogPolicy", "deviceConfiguration", "groupPolicyConfiguration", "deviceCompliancePolicy", "compliancePolicy",
    "deviceManagementScript", "deviceShellScript", "mobileAppConfiguration", "windowsFeatureUpdateProfile", "intent",
    "windowsDriverUpdateProfile", "appleUserInitiatedEnrollmentProfile", "hardwareConfiguration", "iosManagedAppProtection",
)  # fmt: skip
ONE_BY_ONE = (
    "targetedManagedAppConfiguration", "termsAndConditions", "policySet", "windowsQualityUpdatePolicy",
    "resourceAccessProfile", "managedEBook",
)  # fmt: skip

REASONS: dict[int, Reason] = {
    400: Reason.INVALID_REQUEST,
    403: Reason.PERMISSION_DENIED,
    404: Reason.POLICY_NOT_FOUND,
    409: Reason.CONFLICT,
    500: Reason.SERVICE_UNAVAILABLE,
    502: Reason.SERVICE_UNAVAILABLE,
    503: Reason.SERVICE_UNAVAILABLE,
    504: Reason.TIMEOUT,
}
"""What each status means for one policy that answers with nothing else."""

Wanted = dict[tuple[str, str], Reason]


def make_tenant(policies: int, rng: random.Random) -> Tenant:
    """A tenant of twenty types; every policy but one in nine is assigned, some to groups that are gone."""
    tenant = small_tenant(groups=40)
    singles = max(8, policies // 50)
    quotas = dict.fromkeys(ONE_BY_ONE, singles)
    rest = policies - singles * len(ONE_BY_ONE)
    quotas |= {key: rest // len(WITH_LIST) for key in WITH_LIST}
    quotas[WITH_LIST[0]] += policies - sum(quotas.values())
    for key, count in quotas.items():
        extra = {"installIntent": "required"} if key == "managedEBook" else {}
        for number in range(1, count + 1):
            entries = (
                []
                if number % 9 == 0
                else [group(rng.randint(1, 40)), excluded(rng.randint(41, 44))][: rng.randint(1, 2)]
            )
            add_policy(tenant, key, number, *({**entry, **extra} for entry in entries))
    for number in (3, 7, 11):
        tenant.directory.groups.remove(group_id(number))
    return tenant


def permanent(tenant: Tenant, rng: random.Random) -> tuple[list[Any], Wanted, dict[str, Reason]]:
    """Policies that answer with one error for ever, lists that end too early; and what is to be said of each."""
    wanted: Wanted = {}
    rules: list[Any] = []
    hidden = []
    for key in ("settingsCatalogPolicy", "deviceShellScript", *ONE_BY_ONE[:2]):
        policies = rng.sample(list(tenant.shelves[key]), 4)
        hidden += policies if key in WITH_LIST else []
        for policy in policies:
            status = rng.choice(list(REASONS))
            wanted[key, policy.id] = REASONS[status]
            rules.append(status_fault(status, type=key, policy_id=policy.id, method="GET", times="forever"))
    rules += _hidden_from_lists(hidden)
    ended = {}
    for key, kind in (("deviceConfiguration", "looping_nextlink"), ("groupPolicyConfiguration", "foreign_nextlink")):
        if len(tenant.shelves[key]) > 100:
            rules.append({"match": {"type": key, "operation": "list"}, "times": "forever", "action": {"kind": kind}})
            ended[key] = Reason.MALFORMED_RESPONSE
    rules.append({"match": {"type": "compliancePolicy", "operation": "list"}, "action": {"kind": "duplicate_page"}})
    rules.append({"match": {"type": "intent", "operation": "list"}, "action": {"kind": "missing_assignments_key"}})
    rules.append(
        {"match": {"type": "policySet", "operation": "read"}, "action": {"kind": "missing_assignments_key"}, "times": 5}
    )
    return rules, wanted, ended


def passing(rng: random.Random) -> list[Any]:
    """Faults that pass: each once or twice, at a moment of their own, so that no call meets more than its patience."""
    reads = {"method": "GET"}
    actions: list[dict[str, Any]] = [
        {"kind": "status", "status": 429, "retry_after": 0.3},
        {"kind": "status", "status": 429, "shape": "plain"},
        {"kind": "status", "status": 502},
        {"kind": "status", "status": 503, "shape": "plain"},
        {"kind": "html"},
        {"kind": "empty", "status": 504},
        {"kind": "reset"},
        {"kind": "truncate"},
        {"kind": "malformed"},
    ]
    rng.shuffle(actions)
    outer = [
        {"match": {**reads, "batch_inner": False, "operation": "list"}, "skip": 3 + 5 * number, "action": action}
        for number, action in enumerate(actions)
    ]
    inner = [{"match": {"batch_inner": True}, "skip": 7 * number, "times": 2, "action": actions[number]} for number in range(5)
             if actions[number]["kind"] in ("status", "malformed", "html", "empty")]  # fmt: skip
    return outer + inner + [{"match": {"operation": "batch"}, "skip": 2, "action": {"kind": "reset"}}]


def names_of(world: World, set_id: str) -> list[DirectoryName]:
    """The names that a set keeps."""
    with world.caller.db.read() as session:
        return list(backups.get_names(session, set_id))


def check(seed: int, policies: int, url: str, folder: Path) -> dict[str, int]:
    """Back up under faults; return how many items ended in which way."""
    rng = random.Random(seed)
    tenant = make_tenant(policies, rng)
    rules, wanted, ended = permanent(tenant, rng)
    world = World.make(url, folder, {"contoso": tenant}, seed=seed)
    world.lease_for_long()
    try:
        world.break_with(*passing(rng))
        world.control("POST", "faults", [_plain(rule) for rule in rules])
        found = world.backup([*WITH_LIST, *ONE_BY_ONE])
        items = world.items(found.id)
        wrong = []
        for (key, identifier), item in items.items():
            reason = wanted.get((key, identifier))
            if item.status is ItemStatus.FETCHED:
                texts = b",".join(tenant.assignment_texts(key, identifier))
                if reason is not None or (item.assignments or "").encode() != b"[" + texts + b"]":
                    wrong.append((key, identifier, "fetched", reason))
            elif item.assignments is not None or item.failure is None or item.failure.reason is not reason:
                wrong.append((key, identifier, item.status, item.failure, reason))
        assert wrong == []
        failures = {
            f.subject.policy_type: f.reason for run in world.all_runs() for f in run.failures if not f.subject.policy_id
        }
        assert failures == ended
        for key, counts in found.by_type.items():
            is_ended = key in ended
            assert counts.status is (TypeStatus.PARTIAL if is_ended else TypeStatus.LISTED), key
            unseen = {policy.id for policy in tenant.shelves[key]} - {one for kind, one in items if kind == key}
            assert bool(unseen) is is_ended, key
        names = {name.id for name in names_of(world, found.id) if name.kind == "group" and name.is_gone}
        assert {group_id(3), group_id(7), group_id(11)} <= names
        world.check_all_is_settled()
        return {"items": len(items), "failed": sum(item.status is ItemStatus.FAILED for item in items.values())}
    finally:
        world.close()


def _plain(rule: Any) -> Any:
    return rule if isinstance(rule, dict) else msgspec.to_builtins(rule)


@pytest.mark.parametrize("seed", [1, 2])
def test_five_hundred_policies_under_mixed_faults(
    sqlite_store_url: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governor, "BACK_OFF_BASE_S", 0.1)
    assert check(seed, 500, sqlite_store_url, tmp_path) == {"items": 500, "failed": 16}


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(100, 120))
def test_ten_thousand_policies_under_mixed_faults(
    sqlite_store_url: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world_module, "LIMIT_S", 240.0)
    found = check(seed, 10_000, sqlite_store_url, tmp_path)
    assert found["failed"] == 16
    assert found["items"] > 8_500
