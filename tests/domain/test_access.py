"""Who may what: the whole table of roles and capabilities, and what it takes for each type of run."""

from __future__ import annotations

import pytest

from opsconsole.domain.access import CAPABILITY_FROM, CAPABILITY_OF_RUN, ROLE_ORDER, Capability, Role, allows
from opsconsole.domain.run import RunType

FROM_ROLE = {
    "view": "readonly",
    "fetch.start": "operator",
    "preview.create": "operator",
    "drift.start": "operator",
    "check.start": "operator",
    "restore.execute": "manager",
    "schedule.manage": "manager",
    "export.payload": "manager",
    "member.manage": "owner",
    "tenant.manage": "owner",
}
"""The table of the product's description."""

ORDER = ["readonly", "operator", "manager", "owner"]


@pytest.mark.parametrize("capability", list(Capability), ids=lambda one: one.value)
@pytest.mark.parametrize("role", list(Role), ids=lambda one: one.value)
def test_each_role_has_exactly_its_capabilities(role: Role, capability: Capability) -> None:
    expected = ORDER.index(role.value) >= ORDER.index(FROM_ROLE[capability.value])
    assert allows(role, capability) is expected


@pytest.mark.parametrize("capability", list(Capability))
def test_someone_who_is_no_member_has_none(capability: Capability) -> None:
    assert allows(None, capability) is False


def test_the_tables_are_whole() -> None:
    assert {one.value for one in Capability} == set(FROM_ROLE)
    assert set(CAPABILITY_FROM) == set(Capability)
    assert [role.value for role in ROLE_ORDER] == ORDER
    assert set(CAPABILITY_OF_RUN) == set(RunType)


def test_only_a_manager_may_execute_a_restore() -> None:
    assert CAPABILITY_OF_RUN[RunType.RESTORE] is Capability.RESTORE_EXECUTE
    assert not allows(Role.OPERATOR, CAPABILITY_OF_RUN[RunType.RESTORE])
