"""A bare HTTP server on loopback that answers byte for byte what a test says, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Answerer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def raw_server(answerer: Answerer):
    """Yield the server's address and the list of (method, path, headers, body) it received."""
    received: list[tuple[str, str, dict[str, str], bytes]] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        received.append((request.method, request.raw_path, headers, await request.read()))
        return await answerer(request)

    runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", received
    finally:
        await runner.cleanup()


def body(content: bytes, status: int = 200, content_type: str = "application/json", **headers: str) -> Answerer:
    """Return an answerer that always gives this."""

    async def give(_: web.BaseRequest) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=content, headers={"Content-Type": content_type, **named})

    return give
