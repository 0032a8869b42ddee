"""Batches: their form, their answers in order and byte for byte, what of them is asked again, and what never is."""

from __future__ import annotations

import asyncio
import json

import pytest

from opsconsole.domain.failure import Reason
from opsconsole.graph.batch import parse_batch
from opsconsole.graph.client import GraphAnswer, GraphFault, GraphRequest

from .world import START, Scripted, Time, answer, throttled


def requests(count):
    return [GraphRequest("GET", f"/deviceManagement/x/{number}/assignments") for number in range(count)]


class Service(Scripted):
    """Answers a batch: ``inner(url, times asked)`` gives status, headers and raw body of each; shuffled."""

    def __init__(self, inner):
        self.asked: dict[str, int] = {}
        self.sizes: list[int] = []

        def script(request, _number):
            assert (request.method, request.path) == ("POST", "/$batch")
            assert request.is_write is False
            content = json.loads(request.body)
            assert set(content) == {"requests"}
            ids = [one["id"] for one in content["requests"]]
            assert len(set(ids)) == len(ids) <= 20
            self.sizes.append(len(ids))
            parts = []
            for one in reversed(content["requests"]):
                assert one["url"].startswith("/deviceManagement/")
                self.asked[one["url"]] = self.asked.get(one["url"], 0) + 1
                outcome = inner(one["url"], self.asked[one["url"]])
                if outcome is None:
                    continue
                status, headers, body = outcome
                parts.append(f'{{"id":"{one["id"]}","status":{status},"headers":{json.dumps(headers)},"body":{body}}}')
            return answer(200, f'{{"responses":[{",".join(parts)}]}}'.encode())

        super().__init__(script)


def batch(inner, count=45, **options):
    service, time = Service(inner), Time()
    client = throttled(service, time, **options)
    outcomes = asyncio.run(client.batch(requests(count)))
    return outcomes, service, time, client


def number_of(url):
    return int(url.split("/")[3])


def test_answers_come_in_order_byte_for_byte_in_batches_of_twenty():
    raw = '{ "value" : [ 1.0e2, "\\u00e9ü",{"n" :12345678901234567890.10} ] , "i": %d}'
    outcomes, service, _, client = batch(lambda url, _: (200, {"A": "b"}, raw % number_of(url)))
    assert [outcome.body for outcome in outcomes] == [(raw % number).encode() for number in range(45)]
    assert outcomes[0].headers == {"a": "b"}
    assert sorted(service.sizes) == [5, 20, 20]
    assert (client.use.requests, client.use.subrequests) == (3, 45)


def test_only_the_throttled_ones_are_asked_again_after_the_longest_wait():
    def inner(url, times):
        number = number_of(url)
        if number in (3, 7) and times == 1:
            return (
                429,
                {"Retry-After": "4" if number == 3 else "9"},
                '{"error":{"code":"TooManyRequests","message":""}}',
            )
        return 200, {}, '{"value":[]}'

    outcomes, service, time, client = batch(inner, 20)
    assert {outcome.status for outcome in outcomes} == {200}
    assert {url: times for url, times in service.asked.items() if times > 1} == {
        "/deviceManagement/x/3/assignments": 2,
        "/deviceManagement/x/7/assignments": 2,
    }
    assert 9 <= (time.now - START).total_seconds() < 10
    assert (client.use.requests, client.use.subrequests, client.use.throttled, client.use.retried) == (2, 22, 2, 2)


def test_an_inner_429_closes_the_tenant_for_other_calls():
    seen = []

    def inner(url, times):
        return (429, {"Retry-After": "50"}, "{}") if times == 1 else (200, {}, "{}")

    service, time = Service(inner), Time()
    client = throttled(service, time)

    async def run():
        task = asyncio.create_task(client.batch(requests(1)))
        for _ in range(30):
            await asyncio.sleep(0)
        seen.append(client.governor.closed_until)
        await task

    asyncio.run(run())
    assert (time.now - START).total_seconds() >= 50


@pytest.mark.parametrize(("status", "tries"), [(403, 1), (404, 1), (500, 2), (503, 4), (504, 4)])
def test_inner_refusals_stay_and_inner_failures_are_repeated_within_bounds(status, tries):
    outcomes, service, _, _ = batch(lambda url, _: (status if number_of(url) == 2 else 200, {}, "{}"), 5)
    assert [outcome.status for outcome in outcomes] == [200, 200, status, 200, 200]
    assert service.asked["/deviceManagement/x/2/assignments"] == tries
    assert service.asked["/deviceManagement/x/1/assignments"] == 1


def test_an_answer_that_graph_left_out_is_asked_for_again_then_a_fault():
    outcomes, _service, _, _ = batch(
        lambda url, times: None if number_of(url) == 1 and times < 3 else (200, {}, "{}"), 3
    )
    assert [outcome.status for outcome in outcomes] == [200, 200, 200]
    outcomes, _, _, _ = batch(lambda url, _: None if number_of(url) == 1 else (200, {}, "{}"), 3)
    assert isinstance(outcomes[1], GraphFault)
    assert outcomes[1].reason is Reason.MALFORMED_RESPONSE
    assert outcomes[2].status == 200


def test_a_tenant_closed_for_too_long_ends_as_throttled_not_as_missing():
    outcomes, service, _, _ = batch(lambda url, _: (429, {"Retry-After": "400"}, "{}"), 3)
    assert [outcome.status for outcome in outcomes] == [429, 429, 429]
    assert len(service.requests) == 1


@pytest.mark.parametrize("outer", [answer(403), answer(400)])
def test_a_refused_batch_is_the_answer_of_each(outer):
    outcomes = asyncio.run(throttled(Scripted([outer]), Time()).batch(requests(25)))
    assert outcomes == [outer] * 25


def test_a_lost_batch_is_sent_again_then_the_fault_of_each():
    lost = GraphFault(Reason.NETWORK_UNREACHABLE, "lost")
    service = Scripted([lost] * 20)
    assert asyncio.run(throttled(service, Time()).batch(requests(2))) == [lost, lost]
    assert len(service.requests) == 4


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"responses":{}}',
        b'{"responses":[{"id":1}]}',
        b'{"responses":[{"id":"1","status":200,"body":{"x":"\xff"}}]}',
    ],
)
def test_a_damaged_batch_is_a_fault_for_each(body):
    outcomes = parse_batch(body, 2)
    assert len(outcomes) == 2
    assert all(isinstance(outcome, GraphFault) for outcome in outcomes)


def test_bodies_that_are_no_json_come_as_text_or_nothing():
    body = b'{"responses":[{"id":"2","status":503,"body":"<html>"},{"id":"1","status":204},{"id":"9","status":200}]}'
    assert parse_batch(body, 3)[:2] == [GraphAnswer(204, {}, b""), GraphAnswer(503, {}, b"<html>")]


def test_nothing_is_sent_for_nothing():
    service = Scripted([answer(500)])
    assert asyncio.run(throttled(service, Time()).batch([])) == []
    assert service.requests == []
