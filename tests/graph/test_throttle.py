"""Graph's pace is kept: what is waited for, what is repeated, what never is; with time that only sleeping moves."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from email.utils import format_datetime

import pytest

from opsconsole.domain.failure import Reason
from opsconsole.domain.run import GraphUse
from opsconsole.graph.budget import DEVICES, INTUNE, costs_of
from opsconsole.graph.client import GraphFault, GraphRequest
from opsconsole.graph.governor import RETRY_AFTER_CAP_S, Governor, retry_after_s

from .world import START, Board, Scripted, Time, answer, throttled

READ = GraphRequest("GET", "/deviceManagement/x")
WRITE = GraphRequest("POST", "/deviceManagement/x/1/assign", b"{}", is_write=True)
OK = answer(200)
LOST = GraphFault(Reason.NETWORK_UNREACHABLE, "lost", is_maybe_applied=True)
LATE = GraphFault(Reason.TIMEOUT, "late", is_maybe_applied=True)


def send(script, request=READ, **options):
    """Send one request against a script; return the answer, the service, the time and the counts."""
    time, service = Time(), Scripted(script)
    client = throttled(service, time, **options)
    outcome = asyncio.run(client.send(request))
    return outcome, service, time, client.use


@pytest.mark.parametrize(
    ("header", "waited"),
    [("2", 2.0), ("2.128", 2.128), (format_datetime(START + timedelta(seconds=7), usegmt=True), 7.0)],
)
def test_retry_after_is_waited_out_in_every_form(header, waited):
    outcome, _service, time, use = send([answer(429, retry_after=header), OK])
    assert outcome.status == 200
    assert (time.now - START).total_seconds() == pytest.approx(waited, abs=0.26)
    assert (time.now - START).total_seconds() >= waited
    assert use == GraphUse(requests=2, throttled=1, waited_ms=use.waited_ms, retried=1)
    assert use.waited_ms == pytest.approx(waited * 1000, abs=260)


def test_what_is_spent_is_told_as_long_as_its_window_lasts():
    time = Time()
    governor = Governor(8, clock=time.clock, sleep=time.sleep, share=lambda: 2)
    for request in (READ, WRITE, GraphRequest("GET", "/deviceAppManagement/mobileApps")):
        governor.take_turn(request)
    told = {
        use.area: (use.requests, use.requests_limit, use.writes, use.writes_limit) for use in governor.budget().areas
    }
    assert told == {"configuration": (2, 1000, 1, 50), "apps": (1, 1000, 0, 50)}
    with governor.standing_in_line():
        assert governor.budget().waiting == 1 and not governor.budget().is_idle
    time.now += timedelta(seconds=INTUNE.period_s)
    assert governor.budget().areas == () and governor.budget().is_idle


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", RETRY_AFTER_CAP_S),
        ("999999999", RETRY_AFTER_CAP_S),
        ("Sun, 01 Mar 2020 12:00:00 GMT", None),
        ("1", 1.0),
    ],
)
def test_retry_after_that_says_nothing_or_too_much_is_bounded(header, wait_s):
    assert retry_after_s({"retry-after": header}, START) == wait_s


def test_without_retry_after_the_wait_doubles():
    outcome, _, time, use = send([answer(429)] * 4 + [OK])
    assert outcome.status == 200
    assert [s for s in time.slept if s >= 0.5] == [1.0, 2.0, 4.0, 5.0, 3.0]  # the last eight in steps
    assert use.throttled == 4


def test_a_retry_after_too_short_to_help_gives_way_to_the_back_off():
    answers = [answer(429, retry_after="0.001")] * 12 + [OK]
    outcome, service, time, _ = send(answers)
    assert outcome.status == 200
    assert len(service.requests) == 13
    assert (time.now - START).total_seconds() > 60


def test_waiting_longer_than_a_call_may_ends_as_throttled():
    outcome, service, time, _ = send([answer(429, retry_after="301"), OK])
    assert outcome.status == 429
    assert len(service.requests) == 1
    assert time.slept == []
    outcome, service, time, _ = send([answer(429, retry_after="100")] * 9)
    assert outcome.status == 429
    assert len(service.requests) == 3 or len(service.requests) == 4
    assert (time.now - START).total_seconds() <= 301


@pytest.mark.parametrize(
    ("status", "tries"), [(500, 2), (502, 4), (503, 4), (504, 4), (400, 1), (403, 1), (404, 1), (412, 1)]
)
def test_reads_are_repeated_within_bounds(status, tries):
    outcome, service, _, use = send([answer(status)] * 9)
    assert outcome.status == status
    assert len(service.requests) == tries
    assert use.retried == tries - 1


@pytest.mark.parametrize(
    ("fault", "tries"), [(LOST, 4), (LATE, 4), (GraphFault(Reason.AUTHENTICATION_FAILED, "no"), 1)]
)
def test_reads_without_an_answer_are_repeated_within_bounds(fault, tries):
    time, service = Time(), Scripted([fault] * 9)
    with pytest.raises(GraphFault):
        asyncio.run(throttled(service, time).send(READ))
    assert len(service.requests) == tries


@pytest.mark.parametrize("outcome", [answer(500), answer(502), answer(503, retry_after="1"), answer(504), LOST, LATE])
def test_a_write_is_never_repeated_unless_graph_said_429(outcome):
    time, service = Time(), Scripted([outcome, OK])
    client = throttled(service, time)
    if isinstance(outcome, GraphFault):
        with pytest.raises(GraphFault) as caught:
            asyncio.run(client.send(WRITE))
        assert caught.value.is_maybe_applied
    else:
        assert asyncio.run(client.send(WRITE)).status == outcome.status
    assert len(service.requests) == 1


def test_a_throttled_write_is_sent_again_after_the_wait():
    outcome, service, time, _ = send([answer(429, retry_after="3"), answer(204)], WRITE)
    assert outcome.status == 204
    assert len(service.requests) == 2
    assert (time.now - START).total_seconds() >= 3


def test_before_send_runs_after_all_waiting_and_for_each_sending():
    time, service = Time(), Scripted([answer(429, retry_after="30"), answer(204)])
    moments = []

    async def note() -> None:
        moments.append((time.now - START).total_seconds())

    request = GraphRequest("POST", "/x/1/assign", b"{}", is_write=True, before_send=note)
    asyncio.run(throttled(service, time).send(request))
    assert moments[0] == 0
    assert moments[1] >= 30


def test_what_before_send_raises_leaves_the_write_unsent_and_the_place_free():
    time, service = Time(), Scripted([OK])
    client = throttled(service, time, concurrency=1)

    async def refuse() -> None:
        raise RuntimeError("lease lost")

    async def run() -> None:
        with pytest.raises(RuntimeError):
            await client.send(GraphRequest("POST", "/x", b"", is_write=True, before_send=refuse))
        await client.send(READ)

    asyncio.run(run())
    assert [request.method for request in service.requests] == ["GET"]


def test_an_expired_token_is_renewed_once():
    expired = answer(401, b'{"error":{"code":"InvalidAuthenticationToken"}}')
    outcome, service, _, _ = send([expired, OK])
    assert (outcome.status, service.renewed, len(service.requests)) == (200, 1, 2)
    outcome, service, _, _ = send([expired, expired, OK])
    assert (outcome.status, service.renewed, len(service.requests)) == (401, 1, 2)
    outcome, service, _, _ = send([answer(401, b'{"error":{"code":"UnknownError"}}'), OK])
    assert (outcome.status, service.renewed, len(service.requests)) == (401, 0, 1)


def many(count, script, *, request=READ, **options):
    """Send many at once; return the service, the time, the client."""
    time, service = Time(), Scripted(script)
    client = throttled(service, time, **options)

    async def run():
        return await asyncio.gather(*(client.send(request) for _ in range(count)))

    return asyncio.run(run()), service, time, client


def test_no_more_calls_are_in_flight_than_allowed():
    _, service, _, _ = many(100, [OK], concurrency=8)
    assert service.most_in_flight == 8
    assert len(service.requests) == 100


def test_a_429_closes_the_tenant_for_all():
    time, service = Time(), Scripted(lambda _, number: answer(429, retry_after="60") if number == 10 else OK)
    client = throttled(service, time, concurrency=8)
    sent: list[tuple[int, float]] = []

    async def one(number):
        async def note():
            sent.append((number, (time.now - START).total_seconds()))

        await client.send(GraphRequest("GET", "/x", before_send=note))

    async def run():
        await asyncio.gather(*(one(number) for number in range(60)))

    asyncio.run(run())
    between = [when for _, when in sent if 0 < when < 60]
    assert between == []
    assert sum(when >= 60 for _, when in sent) >= 40


def test_the_limit_recovers_with_success():
    time, service = Time(), Scripted(lambda _, number: answer(429, retry_after="1") if number == 0 else OK)
    client = throttled(service, time, concurrency=8)

    async def run():
        await client.send(READ)
        low = client.governor.limit
        for _ in range(60):
            await client.send(READ)
        return low, client.governor.limit

    assert asyncio.run(run()) == (4, 8)


def test_a_pause_is_told_to_other_processes_and_theirs_is_heeded():
    board = Board()
    send([answer(429, retry_after="20"), OK], board=board)
    assert board.published == [START + timedelta(seconds=20)]
    board = Board(START + timedelta(seconds=42))
    _, service, time, _ = send([OK], board=board)
    assert (time.now - START).total_seconds() >= 42
    assert len(service.requests) == 1


def test_a_pause_that_another_process_makes_longer_is_waited_out_too():
    board = Board(START + timedelta(seconds=12))
    time, service = Time(), Scripted([OK])

    async def longer(wait_s):
        await Time.sleep(time, wait_s)
        if time.now < START + timedelta(seconds=12):
            board.until = START + timedelta(seconds=30)

    client = throttled(service, time, board=board)
    client.governor.sleep = longer
    asyncio.run(client.send(READ))
    assert (time.now - START).total_seconds() >= 30


def test_the_board_is_not_asked_more_than_four_times_a_second():
    board = Board()
    many(200, [OK], board=board)
    assert board.reads == 1


def test_the_run_is_told_until_when_it_waits_and_when_it_goes_on():
    told = []
    time, service = Time(), Scripted([answer(429, retry_after="12"), OK])
    view = throttled(service, time).for_run(told.append)
    asyncio.run(view.send(READ))
    assert told[0] == START + timedelta(seconds=12)
    assert told[-1] is None
    assert all(before != after for before, after in itertools.pairwise(told))


def test_time_in_which_several_calls_wait_is_counted_once():
    _, _, _, client = many(8, lambda _, number: answer(429, retry_after="10") if number < 8 else OK, concurrency=8)
    assert 10_000 <= client.use.waited_ms <= 11_500
    assert client.use.throttled == 8
    assert client.use.requests == 16


def test_views_count_for_themselves_and_share_the_pace():
    time, service = Time(), Scripted([answer(429, retry_after="30"), OK])
    client = throttled(service, time)
    one, other = client.for_run(), client.for_run()

    async def run():
        await one.send(READ)
        await other.send(READ)

    asyncio.run(run())
    assert (one.use.requests, other.use.requests, client.use.requests) == (2, 1, 0)
    assert one.governor is other.governor


def paced(count, path, *, share=None, is_write=True, inner=()):
    """Send many calls one after another; return when each left, in seconds, and the client."""
    time, service = Time(), Scripted([answer(204, b'{"responses":[]}')])
    client = throttled(service, time, share=share or (lambda: 1))
    sent = []

    async def note():
        sent.append((time.now - START).total_seconds())

    async def run():
        for _ in range(count):
            await client.send(GraphRequest("POST", path, b"{}", is_write=is_write, before_send=note, inner=inner))

    asyncio.run(run())
    return sent, client


def fullest(sent, period_s=20.0):
    """The most that left in any such period."""
    return max(sum(moment <= other < moment + period_s for other in sent) for moment in set(sent))


CATALOG, SCRIPT = "/deviceManagement/configurationPolicies/1/assign", "/deviceManagement/deviceHealthScripts/1/assign"


@pytest.mark.parametrize(
    ("path", "share", "most"),
    [(CATALOG, 1, 100), (CATALOG, 3, 33), (SCRIPT, 1, 200), (SCRIPT, 4, 50), (CATALOG, 500, 1)],
)
def test_no_twenty_seconds_hold_more_writes_than_this_engines_share(path, share, most):
    sent, client = paced(2 * most + most // 2 + 1, path, share=lambda: share)
    assert fullest(sent) == most
    assert sent[-1] == pytest.approx(2 * INTUNE.period_s, abs=1)
    assert client.use.paced_ms == pytest.approx(2 * INTUNE.period_s * 1000, abs=1000)
    assert client.use.throttled == 0
    assert client.governor.shown() == {"concurrency": 8, "engines": share}


def test_reads_have_a_budget_of_their_own_and_each_request_in_a_batch_counts():
    sent, _ = paced(INTUNE.requests + 1, CATALOG, is_write=False)
    assert fullest(sent) == INTUNE.requests
    assert sent[-1] >= 20
    sent, _ = paced(DEVICES.requests + 1, SCRIPT, is_write=False)
    assert fullest(sent) == DEVICES.requests
    sent, _ = paced(51, "/$batch", is_write=False, inner=(CATALOG,) * 20)
    assert (fullest(sent), sent[49], sent[50] >= 20) == (50, 0, True)


def test_areas_do_not_wait_for_each_other_and_reads_not_for_writes():
    time, service = Time(), Scripted([answer(204)])
    client = throttled(service, time)

    async def run():
        for path in (CATALOG, SCRIPT, "/deviceAppManagement/mobileApps/1/assign"):
            for _ in range(INTUNE.writes):
                await client.send(GraphRequest("POST", path, b"{}", is_write=True))
        await client.send(GraphRequest("GET", "/deviceManagement/configurationPolicies"))

    asyncio.run(run())
    assert time.now == START


def test_what_a_call_costs_is_read_from_its_path_whatever_its_form():
    link = "https://graph.microsoft.com/beta/deviceAppManagement/mobileApps?$skiptoken=/deviceManagement/intents"
    assert costs_of(GraphRequest("GET", link)) == {"apps": 1}
    assert costs_of(GraphRequest("POST", "/deviceAppManagement/iosManagedAppProtections('T_1')/assign")) == {
        "managed_apps": 1
    }
    assert costs_of(GraphRequest("POST", "/directoryObjects/getByIds")) == {"identity": 3}
    assert costs_of(GraphRequest("GET", "/groups?$filter=x")) == {"identity": 1}
    assert costs_of(GraphRequest("GET", "/deviceManagement/assignmentFilters")) == {"configuration": 1}


def test_an_engine_that_joins_takes_its_share_from_then_on():
    engines = [1]
    time, service = Time(), Scripted([answer(204)])
    client = throttled(service, time, share=lambda: engines[0])
    sent = []

    async def run():
        for number in range(200):
            engines[0] = 1 if number < 100 else 2
            await client.send(GraphRequest("POST", CATALOG, b"{}", is_write=True))
            sent.append((time.now - START).total_seconds())

    asyncio.run(run())
    later = [moment for moment in sent if moment >= INTUNE.period_s]
    assert fullest(later) == 50


def test_the_limit_never_leaves_its_bounds_under_any_mix_of_answers():
    governor = Governor(8, clock=Time().clock, uniform=lambda low, _: low)

    async def run():
        for number in range(500):
            await governor.close_for({}) if number % 7 == 0 else governor.note_success()
            assert 1 <= governor.limit <= 8

    asyncio.run(run())


def test_a_cancelled_call_gives_its_place_back():
    time = Time()

    async def run():
        gate = asyncio.Event()

        class Slow(Scripted):
            async def send(self, request):
                await gate.wait()
                return OK

        client = throttled(Slow([OK]), time, concurrency=2)
        calls = [asyncio.create_task(client.send(READ)) for _ in range(6)]
        for _ in range(5):
            await asyncio.sleep(0)
        for call in calls[:5]:
            call.cancel()
        await asyncio.gather(*calls[:5], return_exceptions=True)
        gate.set()
        return (await calls[5]).status, (await client.send(READ)).status

    assert asyncio.run(run()) == (200, 200)


def test_graph_that_gives_no_answer_is_lost_since_the_first_try_until_it_gives_one():
    time = Time()
    seen = []

    class Looking(Scripted):
        async def send(self, request):
            seen.append(client.lost)
            return await super().send(request)

    client = throttled(Looking([LOST, answer(503), OK]), time)
    asyncio.run(client.send(READ))
    assert seen[0] is None
    assert seen[1] == (Reason.NETWORK_UNREACHABLE, START)
    assert seen[2] == (Reason.SERVICE_UNAVAILABLE, START), "since when it is lost does not move with each try"
    assert client.lost is None


@pytest.mark.parametrize("outcome", [answer(429, retry_after="1"), answer(404), answer(500)])
def test_an_answer_of_any_other_kind_is_no_loss(outcome):
    client = throttled(Scripted([outcome, OK]), Time())
    asyncio.run(client.send(READ))
    assert client.lost is None
