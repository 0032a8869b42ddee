"""`$batch`: answers of its own for each request, in any order, in the time of one."""

import time
from typing import Any

import pytest

from .conftest import GROUPS, Start, entries_for, path_of


def items(count: int) -> list[dict[str, Any]]:
    url = path_of("deviceConfiguration").removeprefix("/beta")
    return [{"id": str(number), "method": "GET", "url": f"{url}/assignments"} for number in range(count)]


def test_twenty_answers_in_another_order(start: Start) -> None:
    client, _ = start()
    client.post(f"{path_of('deviceConfiguration')}/assign", {"assignments": entries_for("", *GROUPS[:3])})
    responses = client.post("/beta/$batch", {"requests": items(20)}).json["responses"]
    assert {one["id"] for one in responses} == {str(number) for number in range(20)}
    assert [one["id"] for one in responses] != [str(number) for number in range(20)]
    assert all(one["status"] == 200 and len(one["body"]["value"]) == 3 for one in responses)
    assert responses[0]["headers"]["Content-Type"] == "application/json"


def test_the_order_is_the_same_for_one_seed(start: Start) -> None:
    orders = []
    for _ in range(2):
        client, _sim = start(seed=5)
        responses = client.post("/beta/$batch", {"requests": items(20)}).json["responses"]
        orders.append([one["id"] for one in responses])
    assert orders[0] == orders[1]


@pytest.mark.parametrize(
    "requests",
    [
        items(21),
        [],
        [{"id": "a", "method": "GET", "url": "/groups"}, {"id": "A", "method": "GET", "url": "/groups"}],
        [{"id": "a", "method": "GET", "url": "https://graph.microsoft.com/beta/groups"}],
        [{"id": "a", "method": "POST", "url": "/$batch"}],
        [{"method": "GET", "url": "/groups"}],
        [{"id": "a", "method": "GET", "url": "/groups", "dependsOn": ["b"]}],
        "nothing",
    ],
)
def test_a_bad_batch_is_refused_whole(start: Start, requests: Any) -> None:
    client, _ = start()
    reply = client.post("/beta/$batch", {"requests": requests})
    assert (reply.status, reply.error["code"]) == (400, "BadRequest")


def test_each_inner_request_has_its_own_fate(start: Start) -> None:
    client, _ = start(
        faults=[
            {
                "match": {"batch_inner": True, "type": "mobileApp"},
                "action": {"kind": "status", "status": 429, "retry_after": 7},
            },
            {"match": {"batch_inner": True, "type": "intent"}, "action": {"kind": "html"}},
            {"match": {"batch_inner": True, "type": "policySet"}, "action": {"kind": "empty"}},
            {"match": {"batch_inner": True, "type": "managedEBook"}, "action": {"kind": "malformed"}},
        ]
    )
    paths = {key: path_of(key).removeprefix("/beta") for key in ("mobileApp", "intent", "policySet", "managedEBook")}
    requests = [{"id": key, "method": "GET", "url": path} for key, path in paths.items()]
    requests.append({"id": "gone", "method": "GET", "url": "deviceManagement/intents/none"})
    requests.append({"id": "no", "method": "GET", "url": "/nothing/here"})
    reply = client.post("/beta/$batch", {"requests": requests})
    found = {one["id"]: one for one in reply.json["responses"]}
    assert reply.status == 200
    statuses = {key: one["status"] for key, one in found.items()}
    assert statuses == {"mobileApp": 429, "intent": 503, "policySet": 504, "managedEBook": 200, "gone": 404, "no": 400}
    assert found["mobileApp"]["headers"]["Retry-After"] == "7"
    assert found["intent"]["body"].startswith("<!DOCTYPE")
    assert "body" not in found["policySet"]
    assert isinstance(found["managedEBook"]["body"], str)


def test_a_dependent_of_a_failure_is_not_tried(start: Start) -> None:
    client, _ = start()
    requests = [
        {"id": "1", "method": "GET", "url": "/groups/none"},
        {"id": "2", "method": "GET", "url": "/groups", "dependsOn": ["1"]},
    ]
    found = {one["id"]: one["status"] for one in client.post("/v1.0/$batch", {"requests": requests}).json["responses"]}
    assert found == {"1": 404, "2": 424}


def test_bodies_inside_and_the_log(start: Start) -> None:
    client, _ = start()
    url = f"{path_of('deviceConfiguration').removeprefix('/beta')}/assign"
    body = {"assignments": entries_for("", GROUPS[4])}
    requests = [
        {"id": "w", "method": "POST", "url": url, "body": body, "headers": {"Content-Type": "application/json"}}
    ]
    assert client.post("/beta/$batch", {"requests": requests}).json["responses"][0]["status"] == 200
    log = client.control("GET", "log")
    assert [(line["operation"], line["batch"]) for line in log] == [("batch", False), ("assign", True)]
    assert client.control("GET", "writes")[0]["applied"] is True


def test_latency_counts_once_for_a_batch(start: Start) -> None:
    client, _ = start(latency_ms=60)
    began = time.monotonic()
    client.post("/beta/$batch", {"requests": items(20)})
    assert 0.055 < time.monotonic() - began < 0.6
    client.control("POST", "latency", {"ms": 0})
    rule = {"match": {"batch_inner": True}, "times": "forever", "action": {"kind": "delay_ms", "ms": 60}}
    client.control("POST", "faults", [rule])
    began = time.monotonic()
    client.post("/beta/$batch", {"requests": items(20)})
    assert 0.055 < time.monotonic() - began < 0.6
