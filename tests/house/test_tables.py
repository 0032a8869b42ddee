"""Data that varies by type is a table: each is walked whole, and holds the words of the product."""

from __future__ import annotations

import re

import pytest

from opsconsole.domain.access import (
    CAPABILITY_FROM,
    CAPABILITY_OF_RUN,
    ROLE_ORDER,
    Capability,
    Role,
    allows,
)
from opsconsole.domain.assignment import TargetKind
from opsconsole.domain.audit import Action, AuditOutcome
from opsconsole.domain.backup import ItemStatus, TypeStatus
from opsconsole.domain.failure import REASONS, FailureCode, Reason
from opsconsole.domain.plan import DANGER_WORDS, DANGER_WORDS_OF_MANY, Danger, Mode
from opsconsole.domain.restore import ItemState, RestoreStatus
from opsconsole.domain.run import ACTIVE, LEGAL_MOVES, Outcome, RunType, Status
from opsconsole.engine.worker import OPERATIONS
from opsconsole.graph.policy_types import POLICY_TYPES, Write, supported_types
from opsconsole.operations.completion import failure_code

WORDS: dict[type, str] = {
    RunType: "backup.capture assignments.fetch assignments.preview assignments.restore assignments.drift tenant.check"
    " maintenance.reconcile",
    Status: "queued running completed",
    Outcome: "pending succeeded failed cancelled partially_succeeded",
    FailureCode: "backup.capture_failed assignments.fetch_failed assignments.preview_failed assignments.restore_failed"
    " assignments.restore_blocked assignments.verify_failed assignments.drift_failed tenant.check_failed"
    " operation.interrupted operation.internal_error",
    Reason: "permission_denied authentication_failed license_required policy_not_found policy_ambiguous group_not_found"
    " group_ambiguous filter_not_found unsupported_target unsupported_policy_type invalid_request conflict"
    " changed_since_preview verification_mismatch backup_incomplete throttled service_unavailable timeout"
    " network_unreachable malformed_response approval_required store_unavailable cancelled worker_lost internal_error",
    Role: "readonly operator manager owner",
    Capability: "view fetch.start preview.create drift.start check.start restore.execute schedule.manage export.payload"
    " member.manage tenant.manage",
    TypeStatus: "pending listed partial failed not_available",
    ItemStatus: "pending fetched failed skipped",
    Mode: "exact add remove",
    RestoreStatus: "previewing previewed preview_failed executing completed cancelled",
    ItemState: "unchanged will_change blocked applied failed awaiting_approval skipped",
}
"""The product's words, as its description lists them."""

FROM_ROLE = {
    "readonly": "view",
    "operator": "fetch.start preview.create drift.start check.start",
    "manager": "restore.execute schedule.manage export.payload",
    "owner": "member.manage tenant.manage",
}
"""The weakest role with each capability, as the product's table says."""

OF_RUN = {
    "backup.capture": "fetch.start",
    "assignments.fetch": "fetch.start",
    "assignments.preview": "preview.create",
    "assignments.restore": "restore.execute",
    "assignments.drift": "drift.start",
    "tenant.check": "check.start",
    "maintenance.reconcile": "fetch.start",
}
"""What it takes to start, cancel and retry a run of each type."""


@pytest.mark.parametrize("enum", WORDS, ids=lambda enum: enum.__name__)
def test_the_words_are_the_products(enum: type) -> None:
    assert {member.value for member in enum} == set(WORDS[enum].split())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("table", "enum"),
    [
        (REASONS, Reason),
        (CAPABILITY_FROM, Capability),
        (CAPABILITY_OF_RUN, RunType),
        (DANGER_WORDS, Danger),
        (DANGER_WORDS_OF_MANY, Danger),
        (LEGAL_MOVES, Status),
    ],
    ids=["REASONS", "CAPABILITY_FROM", "CAPABILITY_OF_RUN", "DANGER_WORDS", "DANGER_WORDS_OF_MANY", "LEGAL_MOVES"],
)
def test_a_table_covers_what_it_is_about(table: dict[object, object], enum: type) -> None:
    assert set(table) == set(enum)  # type: ignore[call-overload]


def test_every_reason_says_why_and_what_next() -> None:
    for reason, info in REASONS.items():
        for text in (info.explanation, info.next_step):
            assert text[:1].isupper() or text.startswith("opsconsole"), reason
            assert text.endswith("."), reason
            assert len(text) > 20, reason
    assert len({info.explanation for info in REASONS.values()}) == len(REASONS)


def test_capabilities_are_as_the_products_table_says() -> None:
    assert [role.value for role in ROLE_ORDER] == list(FROM_ROLE)
    assert {capability.value: role.value for capability, role in CAPABILITY_FROM.items()} == {
        capability: role for role, words in FROM_ROLE.items() for capability in words.split()
    }
    assert {run_type.value: capability.value for run_type, capability in CAPABILITY_OF_RUN.items()} == OF_RUN
    for capability in Capability:
        allowed = [allows(role, capability) for role in ROLE_ORDER]
        assert allowed == sorted(allowed), "a stronger role has all that a weaker one has"
        assert allowed[-1]
        assert not allows(None, capability)


def test_status_moves_only_forward() -> None:
    order = list(Status)
    for before, afters in LEGAL_MOVES.items():
        assert all(order.index(after) > order.index(before) for after in afters)
    assert {status for status in Status if status is not Status.COMPLETED} == ACTIVE


def test_every_run_type_that_is_claimed_has_an_operation_and_a_failure_code() -> None:
    assert set(OPERATIONS) == set(RunType) - {RunType.RECONCILE}
    for run_type in RunType:
        assert failure_code(run_type) in FailureCode


def test_dangers_are_said_in_words_of_their_own() -> None:
    assert len(set(DANGER_WORDS.values())) == len(Danger)


def test_actions_are_unique_and_dotted() -> None:
    values = [action.value for action in Action]
    assert len(values) == len(Action.__members__), "two names for one action"
    assert all("." in value and value == value.lower() for value in values)
    assert "assignments.restore.executed" in values
    assert {outcome.value for outcome in Outcome if outcome is not Outcome.PENDING} <= {
        outcome.value for outcome in AuditOutcome
    }


@pytest.mark.parametrize("key", POLICY_TYPES)
def test_a_policy_type_is_whole(key: str) -> None:
    found = POLICY_TYPES[key]
    assert found.key == key
    assert key.isalnum()
    assert found.label
    if not found.is_supported:
        assert found.why_not.endswith(".")
        return
    assert re.fullmatch(r"/device(App)?Management/[A-Za-z]+(/[A-Za-z]+)?", found.path)
    assert re.fullmatch(r"DeviceManagement[A-Za-z]+", found.permission)
    assert found.name_field in ("name", "displayName")
    assert found.answer == 201 if found.write is Write.STEPS else found.answer in (200, 204)
    assert found.write in Write
    assert found.body_key or found.write is Write.STEPS
    assert TargetKind.OTHER not in found.legal_targets
    assert TargetKind.GROUP in found.legal_targets


def test_policy_types_are_distinct() -> None:
    supported = supported_types()
    assert [found.key for found in supported] == [key for key, found in POLICY_TYPES.items() if found.is_supported]
    assert len(supported) == 36
    for name in ("path", "label"):
        values = [getattr(found, name) for found in supported]
        assert len(set(values)) == len(values), name
