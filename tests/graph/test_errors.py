"""Every recorded error, and every shape of one, means what was agreed, in clean text."""

from __future__ import annotations

import json
import re

import pytest

from opsconsole.domain.failure import REASONS, FailureCode, Reason, Subject
from opsconsole.graph.client import GraphAnswer, GraphFault
from opsconsole.graph.errors import classify, parse_error

from .world import fixtures

CODE = FailureCode.FETCH_FAILED

REVIEWED = {
    "400-create-driver-update-invalid-property": (Reason.INVALID_REQUEST, "Invalid property values", "BadRequest"),
    "400-segment-not-found": (
        Reason.UNSUPPORTED_POLICY_TYPE,
        "Resource not found for the segment 'groupAssignments'.",
        "BadRequest",
    ),
    "400-no-method-match-route-template": (
        Reason.UNSUPPORTED_POLICY_TYPE,
        "No OData route exists that match template",
        "No method match route template",
    ),
    "400-autopilot-create-generic": (Reason.INVALID_REQUEST, None, "BadRequest"),
    "400-maa-justification-header-missing": (
        Reason.APPROVAL_REQUIRED,
        "Header 'x-msft-approval-justification' is required to request",
        "",
    ),
    "401-invalid-authentication-token-key-order": (
        Reason.AUTHENTICATION_FAILED,
        "CompactToken parsing failed with error code: 80049217",
        "InvalidAuthenticationToken",
    ),
    "403-missing-scripts-scope": (
        Reason.PERMISSION_DENIED,
        "Application is not authorized to perform this operation. Application must have one of the following scopes: "
        "DeviceManagementScripts.Read.All, DeviceManagementScripts.ReadWrite.All",
        "",
    ),
    "404-group-gone": (Reason.GROUP_NOT_FOUND, "Resource '(id removed)' does not exist", "Request_ResourceNotFound"),
    "412-condition-not-met": (Reason.CONFLICT, None, "ConditionNotMet"),
    "429-intune-nested-with-filter": (Reason.THROTTLED, None, "TooManyRequests"),
    "500-unknown-nested-with-phrase": (Reason.SERVICE_UNAVAILABLE, None, "Unknown"),
    "internal-error-nested": (Reason.INVALID_REQUEST, None, "InternalError"),
    "504-empty-message": (Reason.TIMEOUT, None, "UnknownError"),
    "504-doubly-nested-device-name-in-skiptoken": (Reason.TIMEOUT, None, "UnknownError"),
}
"""Reason, start of the message (None: the reason's own sentence) and Graph code of each recorded error."""

LEAKS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-|https?:|manage\.microsoft|%27|@|eyJ|REDACTED|amsu|Operation ID|Activity ID|_version|skiptoken",
    re.I,
)


def recorded() -> list[dict]:
    return json.loads((fixtures() / "captured-graph-errors" / "errors.json").read_text(encoding="utf-8"))["entries"]


def test_every_recorded_error_is_in_the_reviewed_table():
    assert {entry["id"] for entry in recorded()} == set(REVIEWED)


@pytest.mark.parametrize("name", sorted(REVIEWED))
def test_a_recorded_error_means_what_was_agreed(name):
    entry = next(entry for entry in recorded() if entry["id"] == name)
    reason, said, graph_code = REVIEWED[name]
    failure = classify(GraphAnswer(entry["http_status"], {}, entry["body"].encode()), CODE, Subject("mobileApp"))
    assert failure.reason is reason
    assert failure.message.startswith(said or REASONS[reason].explanation)
    assert failure.trace.http_status == entry["http_status"]
    assert failure.trace.graph_code == graph_code
    assert failure.subject == Subject("mobileApp")
    assert not LEAKS.search(failure.message)
    assert not LEAKS.search(failure.trace.graph_code)


def test_the_ids_that_support_needs_are_kept_apart_from_the_text():
    entry = next(entry for entry in recorded() if entry["id"] == "400-autopilot-create-generic")
    trace = classify(GraphAnswer(400, {}, entry["body"].encode()), CODE).trace
    assert trace.request_id == "a8ed5cd5-3fc6-41a5-8788-9e6df37bce7a"
    assert trace.client_request_id == "f9d7bd85-b6bc-65b6-3223-48a5b0b6a656"


def body(code: str, message: str, **more: object) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, **more}}).encode()


def nested(message: str, error_code: str = "", phrase: str = "") -> str:
    """Return a message as Intune nests it: JSON in a string, twice where an inner code is given."""
    inner = json.dumps(
        {
            "_version": 3,
            "Message": f"{message} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: "
            "e51b8bfd-b616-4b35-bcd1-86c428f48538 - Url: https://fef.msub02.manage.microsoft.com/x/98cf933b-ffff-8881-0601-032415301251",
            "CustomApiErrorPhrase": phrase,
        }
    )
    if not error_code:
        return inner
    return json.dumps({"ErrorCode": error_code, "Message": inner, "Target": None, "InnerError": None})


@pytest.mark.parametrize(
    ("status", "content", "reason"),
    [
        (400, body("BadRequest", nested("Feature disabled.", phrase="FeatureDisabled")), Reason.LICENSE_REQUIRED),
        (400, body("BadRequest", nested("An error has occurred", phrase="FeatureDisabled")), Reason.LICENSE_REQUIRED),
        (400, body("BadRequest", "The MobileApp Assignment already exists, for AppId: x"), Reason.INVALID_REQUEST),
        (
            400,
            body("BadRequest", nested("Header 'x-msft-approval-justification' is required")),
            Reason.APPROVAL_REQUIRED,
        ),
        (401, body("UnknownError", nested("User is not licensed", "Forbidden")), Reason.LICENSE_REQUIRED),
        (401, body("UnknownError", nested("An error has occurred", "Forbidden")), Reason.PERMISSION_DENIED),
        (
            401,
            body("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
            Reason.AUTHENTICATION_FAILED,
        ),
        (401, b"", Reason.AUTHENTICATION_FAILED),
        (
            403,
            body("Forbidden", nested("User is not authorized to perform this operation", "Forbidden")),
            Reason.PERMISSION_DENIED,
        ),
        (
            403,
            body("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
            Reason.PERMISSION_DENIED,
        ),
        (403, body("insufficient_claims", "x"), Reason.AUTHENTICATION_FAILED),
        (404, body("ResourceNotFound", nested("An error has occurred")), Reason.POLICY_NOT_FOUND),
        (404, b"<html><body>404</body></html>", Reason.POLICY_NOT_FOUND),
        (409, body("Conflict", "An active Approval Request already exists"), Reason.APPROVAL_REQUIRED),
        (409, body("Conflict", "x"), Reason.CONFLICT),
        (
            412,
            body("ApprovalRequired", "Approval Required. Request Approval using the request ID"),
            Reason.APPROVAL_REQUIRED,
        ),
        (413, body("RequestEntityTooLarge", "x"), Reason.INVALID_REQUEST),
        (423, body("Locked", "x"), Reason.CONFLICT),
        (429, b"", Reason.THROTTLED),
        (302, b"", Reason.MALFORMED_RESPONSE),
        (200, b"not json", Reason.MALFORMED_RESPONSE),
        (500, body("InternalServerError", ""), Reason.SERVICE_UNAVAILABLE),
        (502, b"<html>Bad Gateway</html>", Reason.SERVICE_UNAVAILABLE),
        (503, b"<!DOCTYPE html><title>Service Unavailable</title>", Reason.SERVICE_UNAVAILABLE),
        (504, b"", Reason.TIMEOUT),
    ],
)
def test_every_shape_has_its_reason_and_a_sentence(status, content, reason):
    failure = classify(GraphAnswer(status, {}, content), CODE)
    assert failure.reason is reason
    assert failure.message
    assert "<" not in failure.message
    assert not LEAKS.search(failure.message)


def test_a_412_with_an_approval_code_waits_for_approval():
    failure = classify(GraphAnswer(412, {"x-msft-approval-code": "93f1"}, body("BadRequest", "x")), CODE)
    assert failure.reason is Reason.APPROVAL_REQUIRED


def test_numbers_in_a_text_do_not_decide():
    """Scale units and paths hold digits: only the status counts (graph.md 3.1)."""
    failure = classify(GraphAnswer(500, {}, body("InternalServerError", "unit amsua0429 at /403/404 said 401")), CODE)
    assert failure.reason is Reason.SERVICE_UNAVAILABLE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"error":',
        b'{"error":null}',
        b'{"error":[]}',
        b'{"error":{"message":5}}',
        b"\xff\xfe",
        b'{"error":{"message":' + b'"{' * 50,
        b"[" * 5_000,
        b'{"error":{"code":"' + b"A" * 500 + b'","message":"x"}}',
    ],
    ids=range(13),
)
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 412, 418, 429, 500, 503, 504, 599])
def test_broken_bodies_are_classified_all_the_same(content, status):
    failure = classify(GraphAnswer(status, {}, content), CODE)
    assert failure.reason in REASONS
    assert 0 < len(failure.message) <= 300
    assert len(failure.trace.graph_code) <= 60


def test_the_token_services_form_is_understood():
    content = json.dumps(
        {"error": "invalid_client", "error_description": "AADSTS7000215: secret for app 'a' wrong. Trace ID: x"}
    ).encode()
    assert parse_error(content).code == "invalid_client"
    assert classify(GraphAnswer(401, {}, content), CODE).reason is Reason.AUTHENTICATION_FAILED


def test_three_levels_are_unwrapped_and_a_fourth_is_not_shown():
    three = json.dumps({"Message": json.dumps({"Message": json.dumps({"Message": "the sentence"})})})
    assert classify(GraphAnswer(400, {}, body("BadRequest", three)), CODE).message == "the sentence"
    four = json.dumps({"Message": three})
    assert (
        classify(GraphAnswer(400, {}, body("BadRequest", four)), CODE).message
        == REASONS[Reason.INVALID_REQUEST].explanation
    )


def test_headers_give_the_request_id_where_the_body_does_not():
    identifier = "4939eb55-284a-4ba6-9f6d-182b3245654b"
    trace = classify(GraphAnswer(503, {"request-id": identifier, "client-request-id": "<script>"}, b""), CODE).trace
    assert (trace.request_id, trace.client_request_id) == (identifier, "")


def test_a_fault_keeps_its_reason_and_its_text_is_cleaned():
    failure = classify(
        GraphFault(Reason.NETWORK_UNREACHABLE, "no way to https://graph.microsoft.com/beta/users/x@y.com"), CODE
    )
    assert failure.reason is Reason.NETWORK_UNREACHABLE
    assert not LEAKS.search(failure.message)
