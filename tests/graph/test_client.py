"""The client on the real SDK: exact bytes, one call at a time, no retries, no redirects, and the token to one place only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time

import pytest
from aiohttp import web

from opsconsole.config import AuthConfig, SecretSource, TenantConfig
from opsconsole.domain.failure import Reason
from opsconsole.errors import ConfigError
from opsconsole.graph.client import GraphFault, GraphRequest
from opsconsole.graph.connect import ROOTS, graph_root, open_client
from opsconsole.graph.credentials import SignIn
from opsconsole.graph.msgraph import SdkClient

from .raw_server import body, raw_server
from .world import simulated_tenant

READ = GraphRequest("GET", "/deviceManagement/x?$expand=assignments&$filter=a%20eq%20'b'")


@contextlib.asynccontextmanager
async def connected(base_url: str, token: str = "simulator"):
    sign_in = SignIn(simulated_tenant(base_url), {"TOKEN": token}, scope="x")
    client = SdkClient(base_url, sign_in)
    try:
        yield client
    finally:
        await client.close()


def send(answerer, *requests: GraphRequest):
    """Send requests one after the other; return the answers or faults, and what the server received."""

    async def run():
        outcomes = []
        async with raw_server(answerer) as (base_url, received), connected(base_url) as client:
            for request in requests:
                try:
                    outcomes.append(await client.send(request))
                except GraphFault as fault:
                    outcomes.append(fault)
        return outcomes, received

    return asyncio.run(run())


@pytest.mark.parametrize(
    "content", [b'{ "a" : 1.0e2,\r\n"\\u00e9":"\xc3\xa9" }  ', b"\xff\xfe\x00", b"", b"\xef\xbb\xbf{}", b"<html>"]
)
@pytest.mark.parametrize(
    "content_type", ["application/json", "text/html; charset=iso-8859-1", "application/octet-stream"]
)
def test_the_body_arrives_byte_for_byte_whatever_it_is(content, content_type):
    (answer,), _ = send(body(content, content_type=content_type), READ)
    assert (answer.status, answer.body) == (200, content)


def test_a_compressed_body_arrives_as_it_was_before():
    async def compressed(_: web.BaseRequest) -> web.StreamResponse:
        response = web.Response(body=b'{"value":[1.0]}' * 500)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    (answer,), received = send(compressed, READ)
    assert answer.body == b'{"value":[1.0]}' * 500
    assert "gzip" in received[0][2]["accept-encoding"]


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 400, 401, 403, 404, 409, 412, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_status_is_an_answer_and_nothing_is_sent_twice(status, method):
    answerer = body(b"" if status == 204 else b"{}", status, location="/elsewhere", retry_after="0", request_id="r")
    (answer,), received = send(answerer, GraphRequest(method, "/x", b"{}" if method == "POST" else None))
    assert answer.status == status
    assert answer.headers["request-id"] == "r"
    assert len(received) == 1


def test_the_request_is_sent_as_given():
    request = GraphRequest(
        "POST", "/deviceManagement/x('T_1')/assign", b'{ "a":1.0 }', (("x-msft-approval-justification", "YQ=="),)
    )
    _, received = send(body(b"{}"), READ, request)
    method, path, headers, content = received[0]
    assert (method, path) == ("GET", "/beta/deviceManagement/x?$expand=assignments&$filter=a%20eq%20'b'")
    assert headers["authorization"] == "Bearer simulator"
    assert headers["accept"] == "application/json"
    method, path, headers, content = received[1]
    assert (method, path, content) == ("POST", "/beta/deviceManagement/x('T_1')/assign", b'{ "a":1.0 }')
    assert headers["content-type"] == "application/json"
    assert headers["x-msft-approval-justification"] == "YQ=="


def test_the_token_goes_to_its_own_place_only():
    async def run():
        async with raw_server(body(b"{}")) as (base_url, received), raw_server(body(b"{}")) as (foreign, stolen):
            async with connected(base_url) as client:
                await client.send(GraphRequest("GET", f"{base_url}/beta/next?$skiptoken=a"))
                for link in (
                    f"{foreign}/beta/x",
                    f"{base_url}/v1.0/x",
                    f"{base_url.replace('127.0.0.1', 'localhost')}/beta/x",
                ):
                    with pytest.raises(GraphFault) as caught:
                        await client.send(GraphRequest("GET", link))
                    assert caught.value.reason is Reason.MALFORMED_RESPONSE
            return received, stolen

    received, stolen = asyncio.run(run())
    assert [path for _, path, _, _ in received] == ["/beta/next?$skiptoken=a"]
    assert stolen == []


def test_a_proxy_of_the_machine_does_not_see_what_goes_to_loopback(monkeypatch):
    async def run():
        async with raw_server(body(b"{}")) as (base_url, received), raw_server(body(b"{}", 502)) as (proxy, seen):
            for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy)
            monkeypatch.delenv("no_proxy", raising=False)
            monkeypatch.delenv("NO_PROXY", raising=False)
            async with connected(base_url) as client:
                await client.send(READ)
            return len(received), len(seen)

    assert asyncio.run(run()) == (1, 0)


def test_an_answer_that_takes_too_long_is_a_timeout_that_may_have_happened():
    async def slow(_: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    began = time.monotonic()
    (fault,), _ = send(slow, GraphRequest("POST", "/x", b"{}", is_write=True, timeout_s=0.1))
    assert (fault.reason, fault.is_maybe_applied) == (Reason.TIMEOUT, True)
    assert time.monotonic() - began < 3


def test_a_lost_connection_may_have_happened_and_a_refused_one_not():
    async def dropped(request: web.BaseRequest) -> web.StreamResponse:
        request.transport.abort()
        return web.Response()

    (fault,), received = send(dropped, GraphRequest("POST", "/x", b"{}", is_write=True))
    assert (fault.reason, fault.is_maybe_applied) == (Reason.NETWORK_UNREACHABLE, True)
    assert len(received) == 1

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        async def refused():
            async with connected(f"http://127.0.0.1:{port}") as client:
                await client.send(READ)

        with pytest.raises(GraphFault) as caught:
            asyncio.run(refused())
    assert (caught.value.reason, caught.value.is_maybe_applied) == (Reason.NETWORK_UNREACHABLE, False)
    assert str(port) not in caught.value.message


def test_a_body_cut_off_on_its_way_is_no_answer():
    async def cut(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b'{"value":[')
        request.transport.close()
        return response

    (fault,), _ = send(cut, READ)
    assert (fault.reason, fault.is_maybe_applied) == (Reason.NETWORK_UNREACHABLE, True)


def test_a_claims_challenge_is_answered_once():
    async def challenge(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=401, headers={"WWW-Authenticate": 'Bearer claims="eyJhIjoxfQ=="'})

    (answer,), received = send(challenge, READ)
    assert answer.status == 401
    assert len(received) == 2


def test_libraries_log_nothing_of_a_call(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    send(body(b"{}"), READ)
    assert [record.name for record in caplog.records if "127.0.0.1" in record.getMessage()] == []
    assert "Bearer" not in capfd.readouterr().err


def test_connections_are_reused_and_closed():
    async def run():
        ports = set()

        async def note(request: web.BaseRequest) -> web.StreamResponse:
            ports.add(request.transport.get_extra_info("peername")[1])
            return web.Response(body=b"{}")

        async with raw_server(note) as (base_url, _):
            async with connected(base_url) as client:
                for _ in range(5):
                    await client.send(READ)
                pools = client._transports
                assert pools
            return ports, [len(pool._pool.connections) for pool in pools]

    ports, left = asyncio.run(run())
    assert len(ports) == 1
    assert set(left) == {0}


def tenant(**changes) -> TenantConfig:
    values = {"name": "contoso", "tenant_id": "x", "auth": AuthConfig("azure_cli")} | changes
    return TenantConfig(**values)


@pytest.mark.parametrize("cloud", sorted(ROOTS))
def test_each_cloud_has_its_own_root(cloud):
    assert graph_root(tenant(cloud=cloud)) == ROOTS[cloud]
    assert open_client(tenant(cloud=cloud), {}).root == ROOTS[cloud]


@pytest.mark.parametrize(
    "base_url", ["https://graph.microsoft.com", "http://10.0.0.1", "http://127.0.0.1.evil", "ftp://127.0.0.1", "x"]
)
def test_an_address_that_is_not_loopback_is_refused_even_where_the_configuration_was_not_read(base_url):
    with pytest.raises(ConfigError):
        open_client(tenant(base_url=base_url), {})


def test_a_fixed_token_without_a_loopback_address_is_refused():
    with pytest.raises(ConfigError, match="loopback"):
        open_client(tenant(auth=AuthConfig("static_token", token=SecretSource(env="T"))), {})


def test_opening_reads_no_secret_and_sends_nothing():
    client = open_client(simulated_tenant("http://127.0.0.1:1"), {})
    with pytest.raises(GraphFault) as caught:
        asyncio.run(client.send(GraphRequest("GET", "/x", max_tries=1)))
    assert caught.value.reason is Reason.AUTHENTICATION_FAILED
    assert "TOKEN is not set" in caught.value.message
