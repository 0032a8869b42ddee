"""Multi Admin Approval, step by step."""

import base64

import pytest

from .client import Client, Reply
from .conftest import GROUPS, Start, entries_for, id_of, path_of

PATH = f"{path_of('deviceConfiguration')}/assign"
BODY = (
    b'{"assignments": [ '
    + b'{"target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"%s"}}' % (GROUPS[0].encode())
    + b" ]}"
)
REASON = {"x-msft-approval-justification": base64.b64encode("Wegen Änderung 4711".encode()).decode()}


@pytest.fixture
def client(start: Start) -> Client:
    client, _ = start()
    client.control("PUT", "settings", {"protected_types": ["deviceConfiguration", "termsAndConditions"]})
    return client


def file(client: Client) -> Reply:
    reply = client.post(PATH, BODY, REASON)
    assert reply.status == 412
    return reply


def kept(client: Client) -> list[dict]:
    return client.get(f"{path_of('deviceConfiguration')}/assignments").json["value"]


def test_without_a_reason_it_is_refused(client: Client) -> None:
    reply = client.post(PATH, BODY)
    assert reply.status == 400
    assert reply.innermost == "Header 'x-msft-approval-justification' is required to request approval"
    for reason in ("not base64!", "", base64.b64encode(b"x" * 1025).decode()):
        assert client.post(PATH, BODY, {"x-msft-approval-justification": reason}).status == 400
    assert kept(client) == []


def test_with_a_reason_it_waits_and_approved_it_goes_through(client: Client) -> None:
    code = file(client).headers["x-msft-approval-code"]
    assert kept(client) == []
    again = client.post(PATH, BODY, REASON)
    assert (again.status, again.innermost) == (409, "An active Approval Request already exists")
    assert client.post(PATH, BODY, {"x-msft-approval-code": code}).status == 400
    client.control("POST", f"approvals/{code}", {"status": "approved"})
    listed = client.get("/beta/deviceManagement/operationApprovalRequests").json["value"]
    assert [(one["id"], one["status"], one["requestJustification"]) for one in listed] == [
        (code, "approved", "Wegen Änderung 4711")
    ]
    other = BODY.replace(b" ]", b"]")
    assert client.post(PATH, other, {"x-msft-approval-code": code}).status == 400
    assert client.post(f"{PATH}?x=1", BODY, {"x-msft-approval-code": code}).status == 400
    assert client.post(PATH, BODY, {"x-msft-approval-code": code}).status == 200
    assert len(kept(client)) == 1
    one = client.get(f"/beta/deviceManagement/operationApprovalRequests/{code}")
    assert one.json["status"] == "completed"
    assert client.post(PATH, BODY, {"x-msft-approval-code": code}).status == 400


@pytest.mark.parametrize("status", ["rejected", "cancelled", "expired"])
def test_refused_it_can_be_asked_for_anew(client: Client, status: str) -> None:
    code = file(client).headers["x-msft-approval-code"]
    client.control("POST", f"approvals/{code}", {"status": status})
    assert client.post(PATH, BODY, {"x-msft-approval-code": code}).status == 400
    assert file(client).headers["x-msft-approval-code"] != code


def test_time_ends_a_request(client: Client) -> None:
    code = file(client).headers["x-msft-approval-code"]
    client.control("POST", "clock", {"ms": 31 * 86_400_000})
    assert client.get(f"/beta/deviceManagement/operationApprovalRequests/{code}").json["status"] == "expired"
    assert file(client).status == 412


def test_steps_are_protected_too_and_reads_and_other_types_are_not(client: Client) -> None:
    entry = entries_for("", GROUPS[0])[0]
    assert client.post(f"{path_of('termsAndConditions')}/assignments", entry).status == 400
    assert client.post(f"{path_of('termsAndConditions')}/assignments", entry, REASON).status == 412
    assert client.post(f"{path_of('mobileApp')}/assign", {"mobileAppAssignments": []}, REASON).status == 204
    assert client.get(path_of("deviceConfiguration")).status == 200
    gone = PATH.replace(id_of("deviceConfiguration"), "none")
    assert client.post(gone, BODY, REASON).status == 404
    assert client.get("/beta/deviceManagement/operationApprovalRequests/none").status == 404


def test_control_refuses_nonsense(client: Client) -> None:
    code = file(client).headers["x-msft-approval-code"]
    assert client.post(f"/_simulator/approvals/{code}", {"status": "maybe"}).status == 400
    assert client.post("/_simulator/approvals/none", {"status": "approved"}).status == 404
    assert client.control("GET", "approvals")[0]["url"] == PATH
