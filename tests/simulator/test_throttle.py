"""Budgets, with a clock that the test moves."""

import pytest

from opsconsole.simulator import Clock
from opsconsole.simulator.throttle import Bucket, Budget

from .client import Client
from .conftest import GROUPS, Start, entries_for, path_of


def write(client: Client, key: str = "deviceConfiguration", body_key: str = "assignments") -> int:
    return client.post(f"{path_of(key)}/assign", {body_key: entries_for(key, GROUPS[0])}).status


def test_a_hundred_writes_in_twenty_seconds(start: Start) -> None:
    client, _ = start(throttle=True)
    statuses = [write(client) for _ in range(125)]
    done = statuses.count(200)
    # The clock runs on while the test sends: five more are allowed each second.
    assert 100 <= done < 120
    assert set(statuses[:100]) == {200}
    reply = client.post(f"{path_of('deviceConfiguration')}/assign", {"assignments": []})
    assert (reply.status, reply.error["code"], reply.headers["Retry-After"]) == (429, "TooManyRequests", "1")
    assert client.get(path_of("deviceConfiguration")).status == 200
    client.control("POST", "clock", {"ms": 1000})
    assert write(client) == 200
    assert write(client, "windowsFeatureUpdateProfile") == 204


def test_scripts_have_twice_the_budget(start: Start) -> None:
    client, _ = start(throttle=True)
    statuses = [write(client, "deviceManagementScript", "deviceManagementScriptAssignments") for _ in range(180)]
    assert set(statuses) == {204}


def test_each_request_of_a_batch_is_counted(start: Start) -> None:
    client, _ = start(throttle=True)
    url = path_of("deviceConfiguration").removeprefix("/beta")
    requests = [{"id": str(number), "method": "GET", "url": url} for number in range(20)]
    statuses = []
    for _ in range(60):
        statuses += [one["status"] for one in client.post("/beta/$batch", {"requests": requests}).json["responses"]]
    assert 1000 <= statuses.count(200) < 1150
    assert 429 in statuses


def test_without_the_option_nothing_is_throttled(start: Start) -> None:
    client, _ = start()
    assert {write(client) for _ in range(130)} == {200}


class StoppedClock(Clock):
    """A clock that only moves when told."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = 0.0

    def seconds(self) -> float:
        return self.reading


def test_a_bucket_refills_with_the_clock_and_no_faster() -> None:
    clock = StoppedClock()
    bucket = Bucket(Budget(10, 20), clock)
    bucket.take(10)
    assert bucket.wait_s(1) == pytest.approx(2)
    for _ in range(50):
        bucket.wait_s(1)
    assert bucket.wait_s(1) == pytest.approx(2)
    clock.reading = 1.5
    assert bucket.wait_s(1) == pytest.approx(0.5)
    clock.reading = 2.0
    assert bucket.wait_s(1) == pytest.approx(0)
    clock.reading = 10_000
    bucket.take(bucket.wait_s(10) + 10)
    assert bucket.wait_s(1) > 0


def test_the_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="only moves forward"):
        Clock().advance(-1)
