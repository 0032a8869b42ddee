"""What ``tenant.check`` asks: one cheap call each, with the permission that is missing."""

from __future__ import annotations

import pytest

from opsconsole.domain.failure import FailureCode, Reason
from opsconsole.graph.checking import check_directory, check_type
from opsconsole.graph.policy_types import supported_types
from opsconsole.simulator import seeded_tenant

from .world import fault, on


def test_a_tenant_that_permits_everything_passes_in_one_call_each():
    async def use(_, client):
        view = client.for_run()
        checks = [await check_type(view, row.key) for row in supported_types()]
        return [*checks, *await check_directory(view)], view.use

    checks, use = on(seeded_tenant(30), use)
    assert [check.name for check in checks] == [*(row.key for row in supported_types()), "groups", "filters"]
    assert [check.failure for check in checks] == [None] * len(checks)
    assert all(check.permission.endswith(".Read.All") for check in checks)
    assert (use.requests, use.retried) == (len(checks), 0)


def test_a_missing_permission_is_named():
    tenant = seeded_tenant(30)
    tenant.denied_types = {"deviceHealthScript"}

    async def use(_, client):
        return await check_type(client, "deviceHealthScript"), await check_type(client, "mobileApp")

    bad, good = on(tenant, use)
    assert bad.failure.reason is Reason.PERMISSION_DENIED
    assert bad.failure.code is FailureCode.CHECK_FAILED
    assert bad.failure.subject.policy_type == "deviceHealthScript"
    assert bad.permission == "DeviceManagementScripts.Read.All"
    assert good.failure is None


@pytest.mark.parametrize(
    ("pattern", "failed"), [("getByIds", []), ("getByIds|/groups", ["groups"]), ("assignmentFilters", ["filters"])]
)
def test_groups_are_readable_with_the_smaller_permission_too(pattern, failed):
    async def use(_, client):
        return await check_directory(client)

    rules = [fault(403, {"path_regex": pattern}, times="forever", code="Authorization_RequestDenied")]
    assert [check.name for check in on(seeded_tenant(30), use, faults=rules) if check.failure] == failed


def test_an_answer_that_is_no_list_fails_the_check():
    async def use(_, client):
        return await check_type(client, "mobileApp")

    rules = [{"action": {"kind": "malformed"}, "times": "forever"}]
    assert on(seeded_tenant(30), use, faults=rules).failure.reason is Reason.MALFORMED_RESPONSE
