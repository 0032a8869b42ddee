"""Sign-in, permissions, addresses: the shapes in which the service says no."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from opsconsole.simulator.errors import GraphError

from .client import Client
from .conftest import GROUPS, Start, entries_for, path_of

DEVICES = "/beta/deviceManagement/deviceConfigurations"


@pytest.mark.parametrize("token", [None, "other", ""])
def test_without_the_token_nothing_is_told(start: Start, token: str | None) -> None:
    _, sim = start(token="secret")
    client = Client(sim.base_url, token)
    for reply in (client.get(DEVICES), client.post("/beta/$batch", {"requests": []})):
        assert (reply.status, reply.error["code"]) == (401, "InvalidAuthenticationToken")
        assert reply.error["message"].startswith("CompactToken parsing failed")
    assert Client(sim.base_url, "secret").get(DEVICES).status == 200
    client.close()


def test_a_denied_type_names_the_scopes(start: Start) -> None:
    client, _ = start()
    client.control("PUT", "settings", {"denied_types": ["deviceManagementScript"], "denied_writes": ["mobileApp"]})
    reply = client.get("/beta/deviceManagement/deviceManagementScripts")
    assert (reply.status, reply.error["code"]) == (403, "Forbidden")
    assert reply.innermost == (
        "Application is not authorized to perform this operation. Application must have one of the following scopes: "
        "DeviceManagementScripts.Read.All, DeviceManagementScripts.ReadWrite.All"
    )
    assert client.get("/beta/deviceAppManagement/mobileApps").status == 200
    body = {"mobileAppAssignments": entries_for("mobileApp", GROUPS[0])}
    refused = client.post(f"{path_of('mobileApp')}/assign", body)
    assert refused.status == 403
    assert refused.innermost.endswith("scopes: DeviceManagementApps.ReadWrite.All")


def test_denied_groups_and_filters(start: Start) -> None:
    client, _ = start()
    client.control("PUT", "settings", {"denied_types": ["groups", "assignmentFilters"]})
    for reply in (
        client.get("/v1.0/groups"),
        client.get(f"/beta/groups/{GROUPS[0]}"),
        client.post("/beta/directoryObjects/getByIds", {"ids": GROUPS}),
    ):
        assert (reply.status, reply.error["code"]) == (403, "Authorization_RequestDenied")
        assert reply.error["message"] == "Insufficient privileges to complete the operation."
    assert client.get("/beta/deviceManagement/assignmentFilters").status == 403


def test_what_a_version_or_cloud_does_not_have_is_a_segment_error(start: Start) -> None:
    client, _ = start()
    client.control("PUT", "settings", {"unavailable_types": ["deviceConfiguration"]})
    for path, segment in (
        (DEVICES, "deviceConfigurations"),
        ("/v1.0/deviceManagement/deviceCompliancePolicies", "deviceCompliancePolicies"),
        ("/beta/deviceManagement/nonsense", "nonsense"),
        (f"{path_of('mobileApp')}/groupAssignments", "groupAssignments"),
        ("/v2/groups", "v2"),
    ):
        reply = client.get(path)
        assert (reply.status, reply.error["code"]) == (400, "BadRequest"), path
        assert reply.error["message"] == f"Resource not found for the segment '{segment}'."
    assert client.request("PATCH", path_of("mobileApp"), {}).status == 400


def test_ids_in_headers_and_inner_error(start: Start) -> None:
    client, _ = start()
    mine = "11111111-2222-4333-8444-555555555555"
    reply = client.get(f"{DEVICES}/none", **{"client-request-id": mine})
    inner = reply.error["innerError"]
    assert reply.headers["client-request-id"] == inner["client-request-id"] == mine
    assert reply.headers["request-id"] == inner["request-id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inner["date"])
    assert f"Activity ID: {inner['request-id']}" in reply.error["message"]
    assert client.get(DEVICES).headers["request-id"]


def test_the_query_ends_in_the_internal_address(start: Start) -> None:
    client, sim = start()
    message = json.loads(client.get(f"{DEVICES}('none')?$select=id").error["message"])["Message"]
    url = message.rpartition(" - Url: ")[2]
    assert url.startswith("https://fef.amsub0302.manage.microsoft.com/")
    assert f"/{sim.tenant.account_id}/deviceManagement/deviceConfigurations" in url
    assert url.endswith("?api-version=5025-05-19&$select=id")


def shape_of(value: Any) -> Any:
    """A body's keys, down through the JSON in its strings; the order of keys varies in the wild, so it is left out."""
    if isinstance(value, dict):
        return {key: shape_of(inner) for key, inner in sorted(value.items())}
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return {"json": shape_of(json.loads(value))}
    return type(value).__name__


@pytest.mark.parametrize(
    ("recorded", "error"),
    [
        ("412-condition-not-met", GraphError(412, "ConditionNotMet", "An error has occurred")),
        ("404-group-gone", GraphError(404, "Request_ResourceNotFound", "x", shape="plain")),
        ("401-invalid-authentication-token-key-order", GraphError(401, "x", "x", shape="plain")),
    ],
)
def test_bodies_have_the_shape_of_recorded_ones(exports: Path, recorded: str, error: GraphError) -> None:
    entries = json.loads((exports / "captured-graph-errors" / "errors.json").read_bytes())["entries"]
    body = next(entry["body"] for entry in entries if entry["id"] == recorded)
    ours = error.body(url="https://x", activity="a", client="c", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert shape_of(json.loads(ours)) == shape_of(json.loads(body))


def test_the_deep_form_is_two_texts_down(start: Start) -> None:
    client, _ = start(faults=[{"action": {"kind": "status", "status": 504, "shape": "deep", "message": "Slow"}}])
    reply = client.get(DEVICES)
    assert reply.error["code"] == "UnknownError"
    assert reply.innermost == "Slow"
    assert json.loads(json.loads(reply.error["message"])["Message"])["_version"] == 3
