"""Failures: closed codes and reasons, each reason explained, and a failure that survives the store."""

from __future__ import annotations

import pytest

from opsconsole.domain.failure import REASONS, Failure, FailureCode, GraphTrace, Reason, Subject

CODES = [
    "backup.capture_failed",
    "assignments.fetch_failed",
    "assignments.preview_failed",
    "assignments.restore_failed",
    "assignments.restore_blocked",
    "assignments.verify_failed",
    "assignments.drift_failed",
    "tenant.check_failed",
    "operation.interrupted",
    "operation.internal_error",
]

REASON_CODES = [
    "permission_denied",
    "authentication_failed",
    "license_required",
    "policy_not_found",
    "policy_ambiguous",
    "group_not_found",
    "group_ambiguous",
    "filter_not_found",
    "unsupported_target",
    "unsupported_policy_type",
    "invalid_request",
    "conflict",
    "changed_since_preview",
    "verification_mismatch",
    "backup_incomplete",
    "throttled",
    "service_unavailable",
    "timeout",
    "network_unreachable",
    "malformed_response",
    "approval_required",
    "store_unavailable",
    "cancelled",
    "worker_lost",
    "internal_error",
]


def test_codes_and_reasons_are_the_products_and_no_others() -> None:
    assert [code.value for code in FailureCode] == CODES
    assert [reason.value for reason in Reason] == REASON_CODES


@pytest.mark.parametrize("reason", list(Reason), ids=lambda one: one.value)
def test_every_reason_is_explained_with_a_next_step(reason: Reason) -> None:
    info = REASONS[reason]
    for text in (info.explanation, info.next_step):
        assert text.endswith(".")
        assert len(text) > 20
    assert info.explanation != info.next_step


def test_no_two_reasons_are_explained_alike() -> None:
    assert set(REASONS) == set(Reason)
    assert len({info.explanation for info in REASONS.values()}) == len(Reason)


def test_what_a_retry_alone_cannot_help_is_not_called_transient() -> None:
    lasting = {Reason.PERMISSION_DENIED, Reason.CHANGED_SINCE_PREVIEW, Reason.GROUP_NOT_FOUND, Reason.INVALID_REQUEST}
    assert not any(REASONS[reason].is_transient for reason in lasting)
    assert REASONS[Reason.THROTTLED].is_transient


def test_a_failure_survives_the_store() -> None:
    failure = Failure(
        FailureCode.FETCH_FAILED,
        Reason.THROTTLED,
        "Too many requests.",
        Subject("mobileApp", "p", "Name\u202e"),
        GraphTrace(),
    )
    assert Failure.from_json(failure.to_json()).to_json() == failure.to_json()
    assert failure.to_json()["subject"] == {"policy_type": "mobileApp", "policy_id": "p", "policy_name": "Name\u202e"}
    assert Subject().to_json() == {}
